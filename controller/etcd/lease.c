/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "clock.h"
#include "db.h"
#include "kv.h"
#include "log.h"

#include <string.h>
#include <sys/random.h>

#define TTL_MIN_S 2
#define TTL_MAX_S 9000000000
#define RETRY_MS 1000 /* when the database could not be written */

const struct kv_fault kv_lease_not_found = { 5, "etcdserver: requested lease not found" };
const struct kv_fault kv_lease_exists = { 9, "etcdserver: lease already exists" };
const struct kv_fault kv_ttl_too_large = { 11, "etcdserver: too large lease TTL" };
const struct kv_fault kv_too_many_leases = { 8, "etcdserver: too many leases" };
static const struct kv_fault bad_number = { 3, "a lease's numbers cannot be read" };

struct kv_lease *kv_lease_find(struct kv *kv, int64_t id)
{
	for (size_t i = 0; i < kv->n_leases; i++)
		if (kv->leases[i].id == id)
			return &kv->leases[i];
	return NULL;
}

bool kv_lease_may(const struct kv_lease *l, const struct kv_access *a)
{
	return kv_may_all(a) || (*l->owner && strcmp(l->owner, a->owner) == 0);
}

static void lease_add(struct kv *kv, int64_t id, int64_t ttl_s, const char *owner)
{
	if (kv->n_leases == kv->cap_leases) {
		kv->cap_leases = kv->cap_leases * 2 + 16;
		kv->leases = xrealloc(kv->leases, kv->cap_leases * sizeof(*kv->leases));
	}
	kv->leases[kv->n_leases++] = (struct kv_lease){
		.id = id,
		.ttl_s = ttl_s,
		.deadline_ms = clock_mono_ms() + ttl_s * 1000,
		.owner = xstrdup(owner),
	};
	pthread_cond_signal(&kv->wake);
}

/* ---------------------------------------------------------------- ends */

/* Deletes the lease's keys and the lease, at one revision. */
static const struct kv_fault *end_lease(struct kv *kv, struct kv_lease *l)
{
	struct kv_batch b = { .kv = kv, .ended_lease = l->id };
	int64_t id = l->id;
	const struct kv_fault *f;

	for (size_t i = 0; i < kv->n_keys; i++) {
		const struct kv_change *c = kv_at(kv->keys[i], 0);

		if (c && c->lease == id)
			kv_batch_delete(&b, c->key);
	}
	f = kv_batch_commit(&b);
	if (f)
		return f;
	l = kv_lease_find(kv, id);
	CHECK(l);
	free(l->owner);
	*l = kv->leases[--kv->n_leases];
	return NULL;
}

int64_t kv_lease_expire(struct kv *kv, int64_t now_ms)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < kv->n_leases;) {
		struct kv_lease *l = &kv->leases[i];

		if (l->deadline_ms <= now_ms && end_lease(kv, l) == NULL)
			continue; /* another one is in its place */
		if (l->deadline_ms <= now_ms)
			l->deadline_ms = now_ms + RETRY_MS;
		next = MIN(next, l->deadline_ms);
		i++;
	}
	return next;
}

void kv_lease_renew_all(struct kv *kv, int64_t now_ms)
{
	for (size_t i = 0; i < kv->n_leases; i++)
		kv->leases[i].deadline_ms = now_ms + kv->leases[i].ttl_s * 1000;
}

/* ---------------------------------------------------------------- requests */

static void add_lease(struct kv *kv, int64_t id, int64_t ttl_s, struct buf *to)
{
	ejson_open(to, NULL, '{');
	kv_add_header(to, kv);
	ejson_add_int(to, "ID", id);
	ejson_add_int(to, "TTL", ttl_s);
}

/* A positive number that no lease has. */
static int64_t new_id(struct kv *kv)
{
	int64_t id = 0;

	while (id == 0 || kv_lease_find(kv, id)) {
		CHECK(getrandom(&id, sizeof(id), 0) == sizeof(id));
		id &= INT64_MAX;
	}
	return id;
}

static const struct kv_fault *grant_one(struct kv *kv, int64_t ttl_s, int64_t id,
					const struct kv_access *a, struct buf *to)
{
	struct db_kv_lease row = { .owner = a->owner };
	struct err err;

	if (!a->write_all && !(a->write && *a->write))
		return &kv_denied;
	if (ttl_s > TTL_MAX_S)
		return &kv_ttl_too_large;
	if (id && kv_lease_find(kv, id))
		return &kv_lease_exists;
	if (kv->n_leases >= KV_MAX_LEASES)
		return &kv_too_many_leases;
	row.id = id ? id : new_id(kv);
	row.ttl_s = MAX(ttl_s, TTL_MIN_S);
	if (db_kv_lease_put(kv->db, &row, &err) < 0) {
		log_error("store-write-failed", ERR(&err));
		return &kv_db_failed;
	}
	lease_add(kv, row.id, row.ttl_s, row.owner);
	add_lease(kv, row.id, row.ttl_s, to);
	ejson_close(to, '}');
	return NULL;
}

const struct kv_fault *kv_lease_grant(struct kv *kv, const json_t *o,
				      const struct kv_access *a, struct buf *to)
{
	const struct kv_fault *f;
	int64_t ttl_s, id;

	if (ejson_read_int(o, "TTL", &ttl_s, NULL) < 0 ||
	    ejson_read_int(o, "ID", &id, NULL) < 0)
		return &bad_number;
	pthread_mutex_lock(&kv->lock);
	f = grant_one(kv, ttl_s, id, a, to);
	pthread_mutex_unlock(&kv->lock);
	return f;
}

static const struct kv_fault *revoke_one(struct kv *kv, int64_t id,
					 const struct kv_access *a, struct buf *to)
{
	struct kv_lease *l = kv_lease_find(kv, id);
	const struct kv_fault *f;

	if (!l)
		return &kv_lease_not_found;
	if (!kv_lease_may(l, a))
		return &kv_denied;
	f = end_lease(kv, l);
	if (f)
		return f;
	ejson_open(to, NULL, '{');
	kv_add_header(to, kv);
	ejson_close(to, '}');
	return NULL;
}

const struct kv_fault *kv_lease_revoke(struct kv *kv, const json_t *o,
				       const struct kv_access *a, struct buf *to)
{
	const struct kv_fault *f;
	int64_t id;

	if (ejson_read_int(o, "ID", &id, NULL) < 0)
		return &bad_number;
	pthread_mutex_lock(&kv->lock);
	f = revoke_one(kv, id, a, to);
	pthread_mutex_unlock(&kv->lock);
	return f;
}

const struct kv_fault *kv_lease_keepalive(struct kv *kv, const json_t *o,
					  const struct kv_access *a, struct buf *to)
{
	struct kv_lease *l;
	int64_t id;

	if (ejson_read_int(o, "ID", &id, NULL) < 0)
		return &bad_number;
	pthread_mutex_lock(&kv->lock);
	l = kv_lease_find(kv, id);
	if (l && !kv_lease_may(l, a)) {
		pthread_mutex_unlock(&kv->lock);
		return &kv_denied;
	}
	if (l)
		l->deadline_ms = clock_mono_ms() + l->ttl_s * 1000;
	buf_puts(to, "{\"result\":");
	add_lease(kv, id, l ? l->ttl_s : 0, to); /* no TTL: there is no such lease */
	pthread_mutex_unlock(&kv->lock);
	buf_puts(to, "}}\n");
	return NULL;
}

static void add_keys(const struct kv *kv, int64_t lease, struct buf *to)
{
	bool any = false;

	for (size_t i = 0; i < kv->n_keys; i++) {
		const struct kv_change *c = kv_at(kv->keys[i], 0);

		if (!c || c->lease != lease)
			continue;
		if (!any)
			ejson_open(to, "keys", '[');
		any = true;
		ejson_add_bytes(to, NULL, c->key->name, c->key->len);
	}
	if (any)
		ejson_close(to, ']');
}

const struct kv_fault *kv_lease_timetolive(struct kv *kv, const json_t *o,
					   const struct kv_access *a, struct buf *to)
{
	const struct kv_lease *l;
	bool keys;
	int64_t id;

	if (ejson_read_int(o, "ID", &id, NULL) < 0 ||
	    ejson_read_bool(o, "keys", &keys, NULL) < 0)
		return &bad_number;
	pthread_mutex_lock(&kv->lock);
	l = kv_lease_find(kv, id);
	if (!l) {
		add_lease(kv, id, -1, to);
	} else if (!a->read_all && !kv_lease_may(l, a)) {
		pthread_mutex_unlock(&kv->lock);
		return &kv_denied;
	} else {
		add_lease(kv, id, (l->deadline_ms - clock_mono_ms()) / 1000, to);
		ejson_add_int(to, "grantedTTL", l->ttl_s);
		if (keys)
			add_keys(kv, id, to);
	}
	pthread_mutex_unlock(&kv->lock);
	ejson_close(to, '}');
	return NULL;
}

const struct kv_fault *kv_lease_list(struct kv *kv, const json_t *o,
				     const struct kv_access *a, struct buf *to)
{
	(void)o;
	if (!kv_may_all(a))
		return &kv_denied;
	pthread_mutex_lock(&kv->lock);
	ejson_open(to, NULL, '{');
	kv_add_header(to, kv);
	if (kv->n_leases) {
		ejson_open(to, "leases", '[');
		for (size_t i = 0; i < kv->n_leases; i++) {
			ejson_open(to, NULL, '{');
			ejson_add_int(to, "ID", kv->leases[i].id);
			ejson_close(to, '}');
		}
		ejson_close(to, ']');
	}
	ejson_close(to, '}');
	pthread_mutex_unlock(&kv->lock);
	return NULL;
}

/* ---------------------------------------------------------------- start and end */

static int load_lease(void *arg, const struct db_kv_lease *row, struct err *err)
{
	struct kv *kv = arg;

	(void)err;
	lease_add(kv, row->id, row->ttl_s, row->owner);
	return 0;
}

int kv_lease_load(struct kv *kv, struct err *err)
{
	return db_kv_leases(kv->db, load_lease, kv, err);
}

void kv_lease_done(struct kv *kv)
{
	for (size_t i = 0; i < kv->n_leases; i++)
		free(kv->leases[i].owner);
	free(kv->leases);
}
