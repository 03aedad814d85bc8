/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reload.h"

#include "check.h"
#include "clock.h"
#include "disk.h"
#include "log.h"
#include "problem.h"

bool confd_reload_is_needed(const struct confd_resource *r)
{
	return r->spec->reload_cmd && r->group->active;
}

bool confd_reload_may_start(const struct confd_resource *r)
{
	return r->reload_due && !r->group->starting;
}

void confd_reload_request(struct confd_resource *r)
{
	int64_t now = clock_mono_ms();

	if (!confd_reload_is_needed(r))
		return;
	r->reload_due = true;
	r->reload_retry_ms = 0;
	r->reload_at_ms = now;
	if (r->last_reload_ms)
		r->reload_at_ms = MAX(now, r->last_reload_ms + r->spec->min_reload_ms);
}

static void retry_reload(struct confd_resource *r, const struct err *err)
{
	confd_problem_set(r, "confd-reload-failed", err);
	r->reload_retry_ms = confd_retry_longer(r, r->reload_retry_ms);
	r->reload_due = true;
	r->reload_at_ms = clock_mono_ms() + r->reload_retry_ms;
}

void confd_reload_done(struct confd_resource *r, const struct err *err)
{
	if (err && r->group->active) {
		retry_reload(r, err);
		return;
	}
	disk_unmark(r);
	r->group->confd->stats.reloads += !err;
	confd_problem_clear(r);
	log_info("confd-reloaded", STR("resource", r->key));
}

void confd_reload_start(struct confd_resource *r, shell_fn *fn)
{
	const struct confd *c = r->group->confd;
	CLEANUP(free) char *command = NULL;
	struct err err;
	int rc = confd_command(r, r->spec->reload_cmd, r->dest, &command, &err);

	r->reload_due = false;
	r->last_reload_ms = clock_mono_ms();
	if (rc == 0)
		rc = shell_run(c->loop, command,
			       r->spec->reload_ms ? r->spec->reload_ms
						  : c->opts.command_ms,
			       fn, r, &r->shell, &err);
	if (rc < 0)
		retry_reload(r, &err);
}
