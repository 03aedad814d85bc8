/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "problem.h"
#include "reload.h"

#define PAUSE_MS 40
#define VERIFY_MS 5000

static int64_t limit_ms(const struct confd_resource *r)
{
	return r->spec->verify_ms ? r->spec->verify_ms : VERIFY_MS;
}

/* What nobody reloads, or runs right now, or is about to change, need not be right. */
static bool is_comparable(const struct confd_resource *r)
{
	return r->spec && r->spec->verify_cmd && r->rendered && r->group->active &&
	       !r->group->starting && !r->reload_due;
}

int64_t confd_verify_at_ms(const struct confd_resource *r)
{
	/* What has begun comes to its end, whatever is asked for meanwhile. */
	return r->verifying || is_comparable(r) ? r->verify_at_ms : INT64_MAX;
}

static void begin(struct confd_resource *r)
{
	r->verifying = true;
	r->verify_until_ms = clock_mono_ms() + limit_ms(r);
}

void confd_verify_begin(struct confd_resource *r)
{
	begin(r);
	r->verify_at_ms = clock_mono_ms();
}

static void end(struct confd_resource *r)
{
	r->verifying = false;
	r->verify_at_ms = clock_mono_ms() + r->group->confd->opts.verify_every_ms;
}

void confd_verify_drop(struct confd_resource *r)
{
	if (!r->verifying)
		return;
	end(r);
	if (r->reloading)
		confd_reload_done(r, NULL);
}

/* Found without a reload: somebody else changed it, or a reload was lost long ago. */
static void reload_again(struct confd_resource *r, const struct err *err)
{
	log_warn("confd-stale", STR("resource", r->key), STR("dest", r->dest),
		 STR("effect", "what runs is not what was rendered: it is reloaded"),
		 ERR(err));
	confd_reload_request(r);
}

void confd_verify_done(struct confd_resource *r, const struct err *err)
{
	struct err lost;

	if (!r->verifying)
		return;
	if (err && clock_mono_ms() < r->verify_until_ms) {
		r->verify_at_ms = clock_mono_ms() + PAUSE_MS;
		return;
	}
	end(r);
	if (err)
		(void)err_set(&lost, ERR_TIMEOUT,
			      "what runs is not what was rendered %lld ms after the "
			      "reload, by verify_cmd: %s",
			      (long long)limit_ms(r), err->msg);
	if (r->reloading)
		confd_reload_done(r, err ? &lost : NULL);
	else if (err)
		reload_again(r, err);
}

void confd_verify_start(struct confd_resource *r, shell_fn *fn)
{
	const struct confd *c = r->group->confd;
	CLEANUP(free) char *command = NULL;
	struct err err;
	int rc = confd_command(r, r->spec->verify_cmd, r->dest, &command, &err);

	if (!r->verifying)
		begin(r);
	if (rc == 0)
		rc = shell_run(c->loop, command, limit_ms(r), fn, r, &r->shell, &err);
	if (rc < 0)
		confd_verify_done(r, &err);
}
