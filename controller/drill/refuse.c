/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "refuse.h"

#include "check.h"
#include "clock.h"
#include "stacks.h"

#include <string.h>

/* ERR_CONFLICT when the window is not open. whose: "its own", of the message. */
static int check_open(const char *window, const char *whose, const char *zone,
		      int64_t now_ms, struct err *err)
{
	bool is_open = false;
	int rc = drill_window_is_open(window, zone, now_ms, &is_open, err);

	if (rc == 0 && !is_open)
		rc = err_set(err, ERR_CONFLICT,
			     "it is outside the window %s (%s, by the clock of %s): wait "
			     "for it, or state another",
			     window, whose, zone);
	return rc;
}

int refuse_window(struct db *db, const char *stack, const char *window, int64_t now_ms,
		  struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(stack_file_free) struct stack_file *file = NULL;
	const char *own = "";
	int rc = db_stack_get(db, stack, &s, err);

	if (rc < 0)
		return rc;
	if (stack_file_parse(s.text_json, &file, NULL) == 0)
		own = file->drill_window;
	if (!*own && !window)
		return err_set(err, ERR_CONFLICT,
			       "no window is stated for faults of %s: give one, such as "
			       "--window 'sun 02:00-04:00', or set drill_window in its "
			       "stack.conf",
			       stack);
	if (window)
		rc = check_open(window, "as the call states", s.timezone, now_ms, err);
	if (rc == 0 && *own)
		rc = check_open(own, "drill_window of its stack.conf", s.timezone, now_ms,
				err);
	return rc;
}

static bool has_hosts_of(const struct look *l, const char *pool)
{
	for (size_t i = 0; i < l->hosts.n; i++)
		if (strcmp(l->hosts.v[i].pool, pool) == 0)
			return true;
	return false;
}

int refuse_long(const struct drill_opts *o, const struct look *l, int64_t for_ms,
		struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	char after[CLOCK_TEXT];
	int rc = db_pool_list(o->db, &pools, err);

	for (size_t i = 0; rc == 0 && i < pools.n; i++) {
		const struct db_pool *p = &pools.v[i];
		const int64_t lost_ms =
			p->lost_after_ms ? p->lost_after_ms : o->lost_after_ms;

		if (for_ms >= lost_ms / 2 && has_hosts_of(l, p->name))
			rc = err_set(err, ERR_INVAL,
				     "a host of pool %s that is silent for %s is ended "
				     "(lost_after), and a drill only cuts it off: state "
				     "less than half of that (--for)",
				     p->name, clock_format_duration(lost_ms, after));
	}
	return rc;
}

int refuse_hold(struct db *db, const char *stack, int64_t now_ms, struct err *err)
{
	CLEANUP(db_hold_list_done) struct db_hold_list l = { NULL, 0 };
	int rc = db_hold_list(db, stack, now_ms, &l, err);

	if (rc == 0 && l.n > 0)
		rc = err_set(err, ERR_CONFLICT,
			     "hold %lld of %s is on %s%s%s: release it first (foretide "
			     "release %lld). Its reason: %.200s",
			     (long long)l.v[0].id, l.v[0].owner, stack,
			     *l.v[0].tier ? "/" : "", l.v[0].tier, (long long)l.v[0].id,
			     l.v[0].reason);
	return rc;
}

/* The first one that counts: a stranger may break connections off for ever. */
static const json_t *first_problem(const json_t *list)
{
	const json_t *p;
	size_t i;

	json_array_foreach(list, i, p)
	{
		const char *kind = json_string_value(json_object_get(p, "kind"));

		if (!kind || strcmp(kind, "connections-refused") != 0)
			return p;
	}
	return NULL;
}

int refuse_problems(const json_t *list, struct err *err)
{
	const json_t *p = first_problem(list);
	const char *kind = json_string_value(json_object_get(p, "kind"));
	const char *words = json_string_value(json_object_get(p, "message"));

	if (!p)
		return 0;
	return err_set(
		err, ERR_CONFLICT,
		"there is a problem, which must be solved first (foretide status): "
		"%s: %.300s",
		kind ? kind : "", words ? words : "");
}
