/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "removals.h"

#include "buf.h"
#include "check.h"
#include "clock.h"

#include <string.h>

#define NAMES_MAX 8 /* that are listed; of more, how many */
#define DETAIL_MAX_BYTES 16384

static void add(json_t *to, const char *action, const char *kind, const char *name,
		const char *detail)
{
	json_array_append_new(to,
			      json_pack("{s:s, s:s, s:s, s:s}", "action", action, "kind",
					kind, "name", name, "detail", detail));
}

/* Adds one more of a list: "a, b and 3 more" once list_end() was called. */
static void list_add(struct buf *to, size_t n, const char *name)
{
	if (n < NAMES_MAX)
		buf_printf(to, "%s%s", n ? ", " : "", name);
}

static void list_end(struct buf *to, size_t n)
{
	if (n > NAMES_MAX)
		buf_printf(to, " and %zu more", n - NAMES_MAX);
}

/* ---------------------------------------------------------------- tiers and pools */

static int describe_tier(struct db *db, const char *stack, const char *tier,
			 struct buf *to, struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(buf_done) struct buf names;
	const struct db_unit_filter of = { .stack = stack, .tier = tier };
	int rc = db_tier_get(db, stack, tier, &t, err);

	buf_init(&names, DETAIL_MAX_BYTES);
	if (rc == 0)
		rc = db_unit_list(db, &of, &units, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < units.n; i++)
		list_add(&names, i, units.v[i].name);
	list_end(&names, units.n);
	buf_puts(to, "its units are drained and stopped");
	if (units.n)
		buf_printf(to, ": %zu (%s)", units.n, buf_str(&names));
	if (t.stateful)
		buf_puts(to, "; it is stateful: its data goes with its hosts");
	return 0;
}

static int describe_pool(struct db *db, const char *pool, const char *words,
			 struct buf *to, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	CLEANUP(buf_done) struct buf names;
	const struct db_host_filter in = { .pool = pool, .present = true };
	int rc = db_host_list(db, &in, &hosts, err);

	buf_init(&names, DETAIL_MAX_BYTES);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < hosts.n; i++)
		list_add(&names, i, hosts.v[i].id);
	list_end(&names, hosts.n);
	buf_puts(to, words);
	if (hosts.n)
		buf_printf(to, ": %zu (%s)", hosts.n, buf_str(&names));
	return 0;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

int removals_describe(struct db *db, const char *stack, json_t *changes, struct err *err)
{
	size_t i;
	json_t *c;

	json_array_foreach(changes, i, c)
	{
		CLEANUP(buf_done) struct buf detail;
		const char *kind = text_of(c, "kind");
		int rc = 0;

		buf_init(&detail, DETAIL_MAX_BYTES);
		if (strcmp(text_of(c, "action"), "remove") != 0)
			continue;
		if (strcmp(kind, "tier") == 0)
			rc = describe_tier(db, stack, text_of(c, "name"), &detail, err);
		else if (strcmp(kind, "pool") == 0)
			rc = describe_pool(db, text_of(c, "name"), text_of(c, "detail"),
					   &detail, err);
		if (rc < 0)
			return rc;
		if (detail.len)
			json_object_set_new(c, "detail", json_string(buf_str(&detail)));
	}
	return 0;
}

int removals_of_stack(struct db *db, const char *stack, json_t *changes, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	int rc = db_tier_list(db, stack, &tiers, err);

	if (rc == 0)
		rc = db_pool_list(db, &pools, err);
	if (rc < 0)
		return rc;
	add(changes, "remove", "stack", stack,
	    "with its secrets, its holds and what was learned of its demand");
	for (size_t i = 0; i < tiers.n; i++)
		add(changes, "remove", "tier", tiers.v[i].name, "");
	for (size_t i = 0; i < pools.n; i++)
		if (strcmp(pools.v[i].stack, stack) == 0)
			add(changes, "remove", "pool", pools.v[i].name,
			    "its hosts are drained and removed");
	return 0;
}

/* ---------------------------------------------------------------- a host */

static int add_unit(struct db *db, const struct db_unit *u, json_t *changes,
		    struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(free) char *detail = NULL;
	int rc = db_tier_get(db, u->stack, u->tier, &t, err);

	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	detail = xasprintf("of %s/%s: replaced elsewhere, then stopped%s", u->stack,
			   u->tier,
			   rc == 0 && t.stateful ? "; it is stateful: its data on this "
						   "host goes with it"
						 : "");
	add(changes, "end", "unit", u->name, detail);
	return 0;
}

/* One that is not heard never says that it is empty. */
static int describe_host(struct db *db, const struct db_host *h, int64_t lost_after_ms,
			 char **ret, struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool p = { .name = NULL };
	char text[CLOCK_TEXT];
	int rc = db_pool_get(db, h->pool, &p, err);

	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	if (p.lost_after_ms)
		lost_after_ms = p.lost_after_ms;
	*ret = h->unknown_ms
		       ? xasprintf("of pool %s: its VM is removed once it is empty or, "
				   "as it is not heard, with all that is on it once it "
				   "has been silent for %s",
				   h->pool, clock_format_duration(lost_after_ms, text))
		       : xasprintf("of pool %s: its VM is removed once it is empty",
				   h->pool);
	return 0;
}

int removals_of_host(struct db *db, const struct db_host *h, int64_t lost_after_ms,
		     json_t *changes, struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	const struct db_unit_filter on = { .host = h->id };
	CLEANUP(free) char *detail = NULL;
	int rc = db_unit_list(db, &on, &units, err);

	if (rc == 0)
		rc = describe_host(db, h, lost_after_ms, &detail, err);
	if (rc < 0)
		return rc;
	add(changes, "remove", "host", h->id, detail);
	for (size_t i = 0; rc == 0 && i < units.n; i++)
		rc = add_unit(db, &units.v[i], changes, err);
	return rc;
}
