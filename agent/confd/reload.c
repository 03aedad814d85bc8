/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reload.h"

#include "check.h"
#include "clock.h"
#include "disk.h"
#include "log.h"
#include "problem.h"

#include <string.h>

bool confd_reload_is_needed(const struct confd_resource *r)
{
	return r->spec->reload_cmd && r->group->active;
}

static bool is_same_program(const struct confd_resource *a,
			    const struct confd_resource *b)
{
	return a->spec && b->spec && a->spec->reload_cmd && b->spec->reload_cmd &&
	       strcmp(a->spec->reload_cmd, b->spec->reload_cmd) == 0;
}

/* After a reload of other for which it may be reloaded again. */
static int64_t free_at_ms(const struct confd_resource *other)
{
	if (other->reloading)
		return INT64_MAX;
	if (!other->reloaded_ms || other->spec->verify_cmd)
		return 0;
	return other->reloaded_ms + other->group->confd->opts.reload_gap_ms;
}

int64_t confd_reload_next_ms(const struct confd_resource *r)
{
	int64_t at = r->reload_at_ms;

	if (!r->reload_due || r->group->starting)
		return INT64_MAX;
	for (const struct confd_group *g = r->group->confd->groups; g; g = g->next)
		for (const struct confd_resource *o = g->resources; o; o = o->next)
			if (is_same_program(r, o))
				at = MAX(at, free_at_ms(o));
	return at;
}

static void wake_others(const struct confd_resource *r)
{
	for (const struct confd_group *g = r->group->confd->groups; g; g = g->next)
		for (const struct confd_resource *o = g->resources; o; o = o->next)
			if (o != r && o->reload_due && is_same_program(r, o))
				loop_timer_in(o->timer, 0);
}

void confd_reload_drop(struct confd_resource *r)
{
	if (!r->reloading)
		return;
	r->reloading = false;
	wake_others(r);
}

void confd_reload_request(struct confd_resource *r)
{
	int64_t now = clock_mono_ms();

	if (!confd_reload_is_needed(r))
		return;
	r->marked = false;
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
	r->reloading = false;
	r->reloaded_ms = clock_mono_ms();
	wake_others(r);
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
	r->reloading = true;
	r->last_reload_ms = clock_mono_ms();
	if (rc == 0)
		rc = shell_run(c->loop, command,
			       r->spec->reload_ms ? r->spec->reload_ms
						  : c->opts.command_ms,
			       fn, r, &r->shell, &err);
	if (rc < 0)
		confd_reload_done(r, &err);
}
