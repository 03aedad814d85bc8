/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack_check.c - whether a stack that was read can be applied at all.
 */
#include "stack_change.h"

#include "check.h"
#include "clock.h"
#include "handlers.h"
#include "tier_options.h"

#include <string.h>

/* Of the option whose name the error begins with. */
static const char *tier_place(const struct stack_file *s, const char *tier,
			      const struct err *err, char at[STACK_PLACE])
{
	CLEANUP(free) char *option = xstrndup(err->msg, strcspn(err->msg, ":"));

	return stack_tier_place(s, tier, option, at);
}

/* Checks by the rest of the controller. */
static int check_outside(struct request *r, const struct stack_file *s, struct err *err)
{
	char at[STACK_PLACE];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->pools.n && API_HOOK(r, check_pool); i++) {
		CLEANUP(free) char *section = xasprintf("pool %s", s->pools.v[i].name);

		rc = API_HOOK(r, check_pool)(API_HOOK(r, arg), &s->pools.v[i], err);
		if (rc < 0)
			rc = err_wrap(err, rc, "%s: [%s]",
				      stack_file_place(s, section, "driver", at),
				      section);
	}
	for (size_t i = 0; rc == 0 && i < s->tiers.n; i++) {
		rc = api_tier_check(r, &s->tiers.v[i], err);
		if (rc < 0)
			rc = err_wrap(err, rc, "%s: [tier %s]",
				      tier_place(s, s->tiers.v[i].name, err, at),
				      s->tiers.v[i].name);
	}
	return rc;
}

/* Events from now on: a rule may repeat too often. */
static int check_events(const struct stack_file *s, struct err *err)
{
	CLEANUP(tz_free) struct tz *zone = NULL;
	CLEANUP(event_list_done) struct event_list l = { 0 };
	int rc = tz_open(s->timezone, &zone, err);

	return rc < 0 ? rc : event_list_read(&s->events, zone, clock_now_ms(), &l, err);
}

int stack_check_whole(struct request *r, const struct stack_file *s, struct err *err)
{
	int rc = check_events(s, err);

	if (rc == 0) {
		/* Whatever is missing, the stack is invalid. */
		rc = check_outside(r, s, err);
		if (rc < 0 && !err_is_transient(rc))
			r->fail_status = 400;
	}
	return rc < 0 ? rc : stack_check(r->api->db, s, err);
}
