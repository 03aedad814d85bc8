/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "hold_guard.h"
#include "removals.h"
#include "shown.h"

#include <string.h>

/* ---------------------------------------------------------------- pools */

static size_t hosts_in(const struct db_host_list *hosts, const char *pool, bool up)
{
	size_t n = 0;

	for (size_t i = 0; i < hosts->n; i++)
		n += strcmp(hosts->v[i].pool, pool) == 0 &&
		     (!up ||
		      (hosts->v[i].state == DB_HOST_UP && !hosts->v[i].unknown_ms));
	return n;
}

/* What its cloud said of it, as far as it was asked. */
static void add_live(struct request *r, const struct db_pool *p, json_t *doc)
{
	CLEANUP(json_decref)
	json_t *live = API_HOOK(r, pool_live)
			       ? API_HOOK(r, pool_live)(API_HOOK(r, arg), p)
			       : NULL;

	if (!live)
		live = json_pack("{s:[], s:n, s:n, s:n, s:n}", "types", "checked",
				 "quota", "quota_read", "last_failure");
	json_object_update(doc, live);
}

static json_t *pool_json(struct request *r, const struct db_pool *p,
			 const struct db_host_list *hosts)
{
	json_t *doc = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:f, s:I, s:I, s:I, s:b, s:s, s:o, "
		"s:I, "
		"s:s, s:o, s:o, s:I, s:I, s:s, s:f, s:I, s:I, s:I, s:I, s:s}",
		"name", p->name, "stack", p->stack, "driver", p->driver, "profile",
		p->profile, "type", p->type, "min", (json_int_t)p->min, "max",
		(json_int_t)p->max, "cpu", p->cpu, "memory_bytes",
		(json_int_t)p->memory_bytes, "billing_ms", (json_int_t)p->billing_ms,
		"lost_after_ms", (json_int_t)p->lost_after_ms, "lose_stateful",
		(int)p->lose_stateful, "user_data", p->user_data, "config",
		json_of_text(p->config_json), "want", (json_int_t)p->want, "state",
		p->state, "backoff_until", json_time(p->backoff_until_ms), "last_error",
		json_text(p->last_error), "hosts",
		(json_int_t)hosts_in(hosts, p->name, false), "up",
		(json_int_t)hosts_in(hosts, p->name, true), "type_order", p->type_order,
		"spot_share", p->spot_share, "spot_base", (json_int_t)p->spot_base,
		"cloud_billing_ms", (json_int_t)p->cloud_billing_ms, "billing_min_ms",
		(json_int_t)p->billing_min_ms, "cloud_billing_min_ms",
		(json_int_t)p->cloud_billing_min_ms, "cloud_interruption",
		p->cloud_interruption);

	add_live(r, p, doc);
	return doc;
}

int api_pool_list(struct request *r, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list all = { NULL, 0 };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	const struct db_host_filter present = { .present = true };
	const char *stack = request_query(r, "stack");
	struct page page;
	json_t *items;
	int rc = request_page(r, &page, err);

	if (rc == 0)
		rc = db_pool_list(r->api->db, &all, err);
	if (rc == 0)
		rc = db_host_list(r->api->db, &present, &hosts, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < all.n && json_array_size(items) <= page.limit; i++)
		if (strcmp(all.v[i].name, page.after) > 0 &&
		    (!stack || strcmp(all.v[i].stack, stack) == 0))
			json_array_append_new(items, pool_json(r, &all.v[i], &hosts));
	reply_items(r, items, page.limit, "name");
	return 0;
}

int api_pool_get(struct request *r, struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool p = { .name = NULL };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	const struct db_host_filter in = { .present = true, .pool = r->args[0] };
	int rc = db_pool_get(r->api->db, r->args[0], &p, err);

	if (rc == 0)
		rc = db_host_list(r->api->db, &in, &hosts, err);
	if (rc == 0)
		reply_json(r, 200, pool_json(r, &p, &hosts));
	return rc;
}

/* ---------------------------------------------------------------- hosts */

static json_t *load_of(struct request *r, const char *host)
{
	json_t *load = API_HOOK(r, host_load)
			       ? API_HOOK(r, host_load)(API_HOOK(r, arg), host)
			       : NULL;

	return load ? load : json_null();
}

/* A host that is up and not heard is unknown. */
static const char *state_of(const struct db_host *h)
{
	return h->state == DB_HOST_UP && h->unknown_ms ? "unknown"
						       : db_host_state_name(h->state);
}

/* Without the join token's hash and the certificate's serial. */
static json_t *host_json(struct request *r, const struct db_host *h)
{
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:I, s:o, s:o, s:o}",
				"id", h->id, "pool", h->pool, "state", state_of(h),
				"address", h->address, "vm", h->vm_id, "cpu", h->cpu,
				"memory_bytes", (json_int_t)h->memory_bytes, "metadata",
				json_of_text(h->metadata_json), "message",
				json_text(h->message), "load", load_of(r, h->id));

	json_object_set_new(doc, "requested", json_time(h->requested_ms));
	json_object_set_new(doc, "booted", json_time(h->booted_ms));
	json_object_set_new(doc, "joined", json_time(h->joined_ms));
	json_object_set_new(doc, "ready", json_time(h->ready_ms));
	json_object_set_new(doc, "seen", json_time(h->seen_ms));
	json_object_set_new(doc, "unknown", json_time(h->unknown_ms));
	json_object_set_new(doc, "gone",
			    json_time(h->state >= DB_HOST_GONE ? h->gone_ms : 0));
	return doc;
}

/* *doc gets what runs on the host: the database finds units by host. */
static int add_units(struct request *r, json_t *doc, const char *host, struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	const struct db_unit_filter on = { .host = host };
	json_t *items;
	int rc = db_unit_list(r->api->db, &on, &units, err);

	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < units.n; i++)
		json_array_append_new(items, unit_json(&units.v[i]));
	json_object_set_new(doc, "units", items);
	return 0;
}

int api_host_list(struct request *r, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	CLEANUP(json_decref) json_t *items = NULL;
	struct db_host_filter f = { .present = true, .pool = request_query(r, "pool") };
	bool every = false;
	struct page page;
	int rc = request_page(r, &page, err);

	if (rc == 0)
		rc = request_query_bool(r, "all", &every, err);
	if (rc < 0)
		return rc;
	f.present = !every;
	f.after = page.after;
	f.limit = page.limit + 1;
	rc = db_host_list(r->api->db, &f, &hosts, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < hosts.n; i++) {
		json_t *doc = host_json(r, &hosts.v[i]);

		json_array_append_new(items, doc);
		rc = add_units(r, doc, hosts.v[i].id, err);
		if (rc < 0)
			return rc;
	}
	reply_items(r, TAKE(items), page.limit, "id");
	return 0;
}

int api_host_get(struct request *r, struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc = db_host_get(r->api->db, r->args[0], &h, err);

	if (rc < 0)
		return rc;
	doc = host_json(r, &h);
	rc = add_units(r, doc, h.id, err);
	if (rc == 0)
		reply_json(r, 200, TAKE(doc));
	return rc;
}

struct drain {
	struct db_host h;
	bool dry_run;
	json_t *changes, *holds;
	char tag[SHOWN_TAG];
};

static void drain_done(struct drain *d)
{
	db_host_done(&d->h);
	json_decref(d->changes);
	json_decref(d->holds);
}
DEFINE_CLEANUP_OBJECT(struct drain, drain_done);

/* What it would do, whether this is what was shown, and whether no hold forbids it. */
static int check_drain(struct request *r, struct drain *d, struct err *err)
{
	CLEANUP(free) char *what = xasprintf("drain %s", d->h.id);
	int rc;

	if (d->h.state == DB_HOST_GONE || d->h.state == DB_HOST_FAILED ||
	    d->h.state == DB_HOST_TERMINATING)
		return err_set(err, ERR_CONFLICT, "%s is already %s", d->h.id,
			       db_host_state_name(d->h.state));
	rc = removals_of_host(r->api->db, &d->h, r->api->opts.lost_after_ms, d->changes,
			      err);
	if (rc < 0)
		return rc;
	shown_tag(1, d->changes, d->tag);
	rc = shown_check(r, d->h.id, 1, d->tag, err);
	if (rc == 0 && d->h.state != DB_HOST_DRAINING)
		rc = hold_guard_add_host(r, d->holds, &d->h, err);
	if (rc == 0)
		rc = hold_guard_forced(r, d->holds, err);
	return rc < 0 || d->dry_run ? rc : hold_guard(r, d->holds, what, err);
}

static int do_drain(struct request *r, const struct db_host *h, struct err *err)
{
	int rc = API_HOOK(r, drain_host)
			 ? API_HOOK(r, drain_host)(API_HOOK(r, arg), h->id, err)
			 : db_host_set_state(r->api->db, h->id, DB_HOST_DRAINING,
					     "requested by an operator", clock_now_ms(),
					     err);

	if (rc < 0)
		return rc;
	api_event(r, "host-drain", "", "", h->id, "%s drains host %s", r->who, h->id);
	api_poke(r, "drain");
	return 0;
}

int api_host_drain(struct request *r, struct err *err)
{
	CLEANUP(drain_done)
	struct drain d = { .changes = json_array(), .holds = json_array() };
	int rc = request_dry_run(r, &d.dry_run, err);

	if (rc == 0)
		rc = db_host_get(r->api->db, r->args[0], &d.h, err);
	if (rc == 0)
		rc = check_drain(r, &d, err);
	if (rc == 0 && !d.dry_run && d.h.state != DB_HOST_DRAINING)
		rc = do_drain(r, &d.h, err);
	if (rc < 0)
		return rc;
	if (d.dry_run)
		r->etag = xasprintf("\"%s\"", d.tag);
	reply_json(r, d.dry_run ? 200 : 202,
		   json_pack("{s:s, s:s, s:b, s:O, s:O, s:s}", "id", d.h.id, "state",
			     d.dry_run ? db_host_state_name(d.h.state) : "draining",
			     "applied", !d.dry_run, "changes", d.changes, "holds",
			     d.holds, "plan", d.tag));
	return 0;
}
