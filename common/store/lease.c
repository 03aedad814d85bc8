/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leases: granted, kept alive, revoked, listed. */
#include "call.h"
#include "check.h"
#include "etcd_json.h"
#include "wire.h"

static int read_lease(const json_t *doc, int64_t *ret_id, int64_t *ret_ttl_s,
		      struct err *err)
{
	int rc = ejson_read_int(doc, "ID", ret_id, err);

	return rc == 0 ? ejson_read_int(doc, "TTL", ret_ttl_s, err) : rc;
}

static void on_lease(struct store_call *c, const json_t *doc, const struct err *err)
{
	int64_t id = 0, ttl_s = 0;
	struct err bad;

	if (!err && read_lease(doc, &id, &ttl_s, &bad) < 0)
		err = &bad;
	/* An unknown lease is not an error on the wire: its TTL is omitted. */
	if (!err && ttl_s <= 0) {
		err_set(&bad, ERR_NOT_FOUND, "the lease has expired");
		err = &bad;
	}
	c->fn.lease(c->arg, id, ttl_s, err);
}

struct store_call *store_lease_grant(struct store *s, int64_t ttl_s, int64_t id,
				     store_lease_fn *fn, void *arg)
{
	/* A second grant with a free id only creates a lease that expires unused. */
	struct store_call *c =
		store_call_new(s, "/v3/lease/grant", id == 0, on_lease, arg);

	c->fn.lease = fn;
	ejson_add_int(&c->body, "TTL", ttl_s);
	ejson_add_int(&c->body, "ID", id);
	return store_call_send(c);
}

struct store_call *store_lease_keepalive(struct store *s, int64_t id, store_lease_fn *fn,
					 void *arg)
{
	struct store_call *c =
		store_call_new(s, "/v3/lease/keepalive", true, on_lease, arg);

	c->fn.lease = fn;
	ejson_add_int(&c->body, "ID", id);
	return store_call_send(c);
}

static void on_revoke(struct store_call *c, const json_t *doc, const struct err *err)
{
	int64_t rev = 0;
	struct err bad;

	if (!err && store_wire_rev(doc, &rev, &bad) < 0)
		err = &bad;
	c->fn.done(c->arg, rev, err);
}

struct store_call *store_lease_revoke(struct store *s, int64_t id, store_done_fn *fn,
				      void *arg)
{
	struct store_call *c =
		store_call_new(s, "/v3/lease/revoke", false, on_revoke, arg);

	c->fn.done = fn;
	ejson_add_int(&c->body, "ID", id);
	return store_call_send(c);
}

static int read_keys(const json_t *doc, struct store_kv_list *l, struct err *err)
{
	const json_t *list;
	int rc = ejson_read_array(doc, "keys", &list, err);

	if (rc < 0)
		return rc;
	l->kvs = xcalloc(json_array_size(list) + 1, sizeof(*l->kvs));
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		/* As an object, for the common reader of bytes. */
		CLEANUP(json_decref)
		json_t *o = json_pack("{s:O}", "key", json_array_get(list, i));

		rc = store_wire_kv(o, &l->kvs[i], err);
		l->n += rc == 0;
	}
	return rc;
}

static void on_timetolive(struct store_call *c, const json_t *doc, const struct err *err)
{
	CLEANUP(store_kv_list_done) struct store_kv_list keys = { 0 };
	struct store_lease_info info = { 0 };
	struct err bad;
	int rc = 0;

	if (err) {
		c->fn.lease_info(c->arg, NULL, err);
		return;
	}
	rc = read_lease(doc, &info.id, &info.ttl_s, &bad);
	if (rc == 0)
		rc = ejson_read_int(doc, "grantedTTL", &info.granted_ttl_s, &bad);
	if (rc == 0)
		rc = read_keys(doc, &keys, &bad);
	if (rc == 0 && info.ttl_s < 0)
		rc = err_set(&bad, ERR_NOT_FOUND, "there is no such lease");
	info.keys = keys.kvs;
	info.n = keys.n;
	c->fn.lease_info(c->arg, rc < 0 ? NULL : &info, rc < 0 ? &bad : NULL);
}

struct store_call *store_lease_timetolive(struct store *s, int64_t id, bool keys,
					  store_lease_info_fn *fn, void *arg)
{
	struct store_call *c =
		store_call_new(s, "/v3/lease/timetolive", true, on_timetolive, arg);

	c->fn.lease_info = fn;
	ejson_add_int(&c->body, "ID", id);
	ejson_add_true(&c->body, "keys", keys);
	return store_call_send(c);
}
