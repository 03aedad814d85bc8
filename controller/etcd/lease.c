/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lease.h"

#include "access.h"
#include "check.h"
#include "clock.h"
#include "db.h"
#include "log.h"
#include "persist.h"

#include <string.h>
#include <sys/random.h>

#define TTL_MIN_S 2
#define TTL_MAX_S 9000000000
#define RETRY_MS 1000 /* when the database could not be written */
#define LEASES_MAX 10000

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

/* An unused positive number. */
static int64_t new_id(struct kv *kv)
{
	int64_t id = 0;

	while (id == 0 || kv_lease_find(kv, id)) {
		CHECK(getrandom(&id, sizeof(id), 0) == sizeof(id));
		id &= INT64_MAX;
	}
	return id;
}

const struct kv_fault *kv_lease_grant(struct kv *kv, int64_t ttl_s, int64_t id,
				      const struct kv_access *a,
				      const struct kv_lease **ret)
{
	struct db_kv_lease row = { .owner = a->owner };
	struct err err;

	if (!a->write_all && !(a->write && *a->write))
		return &kv_denied;
	if (ttl_s > TTL_MAX_S)
		return &kv_ttl_too_large;
	if (id && kv_lease_find(kv, id))
		return &kv_lease_exists;
	if (kv->n_leases >= LEASES_MAX)
		return &kv_too_many_leases;
	row.id = id ? id : new_id(kv);
	row.ttl_s = MAX(ttl_s, TTL_MIN_S);
	if (db_kv_lease_put(kv->db, &row, &err) < 0) {
		log_error("store-write-failed", ERR(&err));
		return &kv_db_failed;
	}
	lease_add(kv, row.id, row.ttl_s, row.owner);
	*ret = &kv->leases[kv->n_leases - 1];
	return NULL;
}

/* ---------------------------------------------------------------- ends */

const struct kv_fault *kv_lease_end(struct kv *kv, struct kv_lease *l)
{
	struct kv_batch b = { .space = &kv->space, .ended_lease = l->id };
	int64_t id = l->id;
	const struct kv_fault *f;
	struct kv_key *k;

	/* What is deleted has no lease any more. */
	while ((k = kv_leased(&kv->space, id, 0)))
		kv_batch_delete(&b, k);
	f = kv_batch_commit(kv, &b);
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

		if (l->deadline_ms <= now_ms && kv_lease_end(kv, l) == NULL)
			continue; /* the last lease moved here */
		if (l->deadline_ms <= now_ms)
			l->deadline_ms = now_ms + RETRY_MS;
		next = MIN(next, l->deadline_ms);
		i++;
	}
	return next;
}

void kv_lease_renew(struct kv_lease *l, int64_t now_ms)
{
	l->deadline_ms = now_ms + l->ttl_s * 1000;
}

void kv_lease_renew_all(struct kv *kv, int64_t now_ms)
{
	for (size_t i = 0; i < kv->n_leases; i++)
		kv_lease_renew(&kv->leases[i], now_ms);
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
