/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status.c - the state of the controller: its store, its tick, and its problems.
 */
#include "check.h"
#include "text.h"
#include "wiring.h"

#include <string.h>

static json_t *store_json(struct daemon *d)
{
	struct view_status s = { 0 };

	if (d->view)
		view_status(d->view, &s);
	return json_pack("{s:s, s:[s], s:b, s:o}", "mode", d->kv ? "embedded" : "etcd",
			 "endpoints", s.endpoint, "ok", (int)s.ok, "message",
			 json_text(s.problem));
}

/* The problem that a pool's state means; NULL: none. */
static const char *pool_problem(const struct db_pool *p)
{
	if (strcmp(p->state, "backoff") == 0)
		return "pool-failing";
	return strcmp(p->state, "limited") == 0 ? "pool-limited" : NULL;
}

static void add_pool_problems(struct daemon *d, json_t *problems)
{
	CLEANUP(db_pool_list_done) struct db_pool_list l = { 0 };

	if (db_pool_list(d->db, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		const struct db_pool *p = &l.v[i];
		CLEANUP(free)
		char *message = xasprintf("pool %s: %s", p->name, p->last_error);

		if (!pool_problem(p))
			continue;
		json_array_append_new(problems, json_pack("{s:s, s:o, s:n}", "kind",
							  pool_problem(p), "message",
							  json_text(message), "since"));
	}
}

/* Of states that the database has, then those of the pools' workers. */
static void add_all_pool_problems(struct daemon *d, json_t *problems)
{
	add_pool_problems(d, problems);
	if (d->pools)
		pools_problems(d->pools, problems);
	if (d->profiles)
		profiles_problems(d->profiles, problems);
}

/* Who asks more of the built-in store than it may. */
static void add_refusals(struct daemon *d, json_t *problems)
{
	CLEANUP(free) char *others = NULL;
	CLEANUP(free) char *message = NULL;
	struct kv_refusals r;

	if (!d->kv || !kv_refusals(d->kv, &r))
		return;
	others = r.n_owners > 1 ? xasprintf("; %zu others as well", r.n_owners - 1)
				: xstrdup("");
	message =
		xasprintf("%s asks more of the built-in store than one may: %s, refused "
			  "%lld times%s",
			  r.owner, r.why, (long long)r.n, others);
	json_array_append_new(
		problems, json_pack("{s:s, s:o, s:o}", "kind", "store-limit", "message",
				    json_text(message), "since", json_time(r.since_ms)));
}

/* Before anybody is refused for that. */
static void add_filling(struct daemon *d, json_t *problems)
{
	CLEANUP(free) char *message = NULL;
	struct kv_filling f;

	if (!d->kv || !kv_is_filling(d->kv, &f))
		return;
	message = xasprintf("the built-in store has %zu of %zu MiB, the most of it, %zu "
			    "MiB, of %s: delete keys that nobody needs",
			    f.bytes >> 20, f.max_bytes >> 20, f.owner_bytes >> 20,
			    *f.owner ? f.owner : "the controller");
	json_array_append_new(problems, json_pack("{s:s, s:o, s:o}", "kind", "store-full",
						  "message", json_text(message), "since",
						  json_time(f.since_ms)));
}

json_t *daemon_status(struct daemon *d)
{
	json_t *tick = NULL, *problems = NULL;

	if (d->tick)
		tick_status(d->tick, &tick, &problems);
	if (!problems)
		problems = json_array();
	add_all_pool_problems(d, problems);
	add_refusals(d, problems);
	add_filling(d, problems);
	if (d->api) {
		CLEANUP(json_decref) json_t *limits = api_problems(d->api);

		json_array_extend(problems, limits);
	}
	if (d->prompull)
		prompull_problems(d->prompull, problems);
	if (d->refused)
		refused_samples_problems(d->refused, problems);
	if (d->health) {
		CLEANUP(json_decref) json_t *own = health_problems(d->health, false);

		json_array_extend(problems, own);
	}
	return json_pack("{s:o, s:o, s:o}", "store", store_json(d), "tick",
			 tick ? tick : json_null(), "problems", problems);
}
