/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lease_calls.h"

#include "access.h"
#include "answer.h"
#include "lease.h"
#include "store.h"

static const struct kv_fault bad_number = {
	.code = 3, .words = "a number of the lease is not valid"
};

static void add_lease(struct kv *kv, int64_t rev, int64_t id, int64_t ttl_s,
		      struct buf *to)
{
	ejson_open(to, NULL, '{');
	kv_add_header_at(to, kv, rev);
	ejson_add_int(to, "ID", id);
	ejson_add_int(to, "TTL", ttl_s);
}

const struct kv_fault *kv_call_grant(struct kv *kv, const json_t *o,
				     const struct kv_access *a, struct buf *to)
{
	const struct kv_fault *f;
	const struct kv_lease *l;
	int64_t ttl_s, id;

	if (ejson_read_int(o, "TTL", &ttl_s, NULL) < 0 ||
	    ejson_read_int(o, "ID", &id, NULL) < 0)
		return &bad_number;
	pthread_mutex_lock(&kv->lock);
	f = kv_lease_grant(kv, ttl_s, id, a, &l);
	if (!f) {
		add_lease(kv, kv->space.rev, l->id, l->ttl_s, to);
		ejson_close(to, '}');
	}
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
	f = kv_lease_end(kv, l);
	if (f)
		return f;
	ejson_open(to, NULL, '{');
	kv_add_header(to, kv);
	ejson_close(to, '}');
	return NULL;
}

const struct kv_fault *kv_call_revoke(struct kv *kv, const json_t *o,
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

/* Without the store's lock: it must not wait for what others write. */
const struct kv_fault *kv_call_keepalive(struct kv *kv, const json_t *o,
					 const struct kv_access *a, struct buf *to)
{
	const struct kv_fault *f;
	int64_t id, ttl_s;

	if (ejson_read_int(o, "ID", &id, NULL) < 0)
		return &bad_number;
	f = kv_lease_renew(kv, id, a, &ttl_s);
	if (f)
		return f;
	buf_puts(to, "{\"result\":");
	add_lease(kv, kv->told_rev, id, ttl_s, to); /* TTL 0: there is no such lease */
	buf_puts(to, "}}\n");
	return NULL;
}

static void add_keys(const struct kv *kv, int64_t lease, struct buf *to)
{
	const struct kv_key *k = kv_leased(&kv->space, lease, 0);

	if (!k)
		return;
	ejson_open(to, "keys", '[');
	for (size_t i = 1; k; k = kv_leased(&kv->space, lease, i++))
		ejson_add_bytes(to, NULL, k->name, k->len);
	ejson_close(to, ']');
}

const struct kv_fault *kv_call_timetolive(struct kv *kv, const json_t *o,
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
		add_lease(kv, kv->space.rev, id, -1, to);
	} else if (!a->read_all && !kv_lease_may(l, a)) {
		pthread_mutex_unlock(&kv->lock);
		return &kv_denied;
	} else {
		add_lease(kv, kv->space.rev, id, kv_lease_left_s(kv, l), to);
		ejson_add_int(to, "grantedTTL", l->ttl_s);
		if (keys)
			add_keys(kv, id, to);
	}
	pthread_mutex_unlock(&kv->lock);
	ejson_close(to, '}');
	return NULL;
}

const struct kv_fault *kv_call_leases(struct kv *kv, const json_t *o,
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
			ejson_add_int(to, "ID", kv->leases[i]->id);
			ejson_close(to, '}');
		}
		ejson_close(to, ']');
	}
	ejson_close(to, '}');
	pthread_mutex_unlock(&kv->lock);
	return NULL;
}
