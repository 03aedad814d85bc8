/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lease.h"

#include "access.h"
#include "check.h"
#include "clock.h"
#include "db.h"
#include "owner.h"
#include "persist.h"
#include "sorted.h"

#include <string.h>
#include <sys/random.h>

#define TTL_MIN_S 2   /* the thread looks more often */
#define RETRY_MS 1000 /* when the database could not be written */
#define LOOK_MS 20    /* from one look for expired leases to the next, at least */
#define LEASES_MAX 50000
#define LEASES_KEPT 1000 /* of them, for the controller */

static size_t place(const struct kv *kv, int64_t id)
{
	return SORTED_PLACE(kv->n_leases, i, kv->leases[i]->id < id);
}

struct kv_lease *kv_lease_find(struct kv *kv, int64_t id)
{
	size_t at = place(kv, id);

	return at < kv->n_leases && kv->leases[at]->id == id ? kv->leases[at] : NULL;
}

bool kv_lease_may(const struct kv_lease *l, const struct kv_access *a)
{
	const char *owner = l->owner->name;

	return kv_may_all(a) || (*owner && strcmp(owner, a->owner) == 0);
}

static struct kv_lease *lease_add(struct kv *kv, int64_t id, int64_t ttl_s,
				  const char *owner)
{
	struct kv_lease *l = xcalloc(1, sizeof(*l));
	size_t at = place(kv, id);

	l->id = id;
	l->ttl_s = ttl_s;
	l->deadline_ms = clock_mono_ms() + ttl_s * 1000;
	pthread_mutex_lock(&kv->books);
	l->owner = kv_owner_find(kv, owner);
	l->owner->leases++;
	if (kv->n_leases == kv->cap_leases) {
		kv->cap_leases = kv->cap_leases * 2 + 16;
		kv->leases =
			xrealloc(kv->leases, kv->cap_leases * sizeof(struct kv_lease *));
	}
	memmove(kv->leases + at + 1, kv->leases + at,
		(kv->n_leases++ - at) * sizeof(struct kv_lease *));
	kv->leases[at] = l;
	pthread_mutex_unlock(&kv->books);
	return l;
}

static void lease_remove(struct kv *kv, int64_t id)
{
	size_t at = place(kv, id);
	struct kv_lease *l = kv->leases[at];

	pthread_mutex_lock(&kv->books);
	l->owner->leases--;
	memmove(kv->leases + at, kv->leases + at + 1,
		(--kv->n_leases - at) * sizeof(struct kv_lease *));
	pthread_mutex_unlock(&kv->books);
	free(l);
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

static const struct kv_fault *check_grant(struct kv *kv, int64_t ttl_s, int64_t id,
					  const struct kv_access *a)
{
	const struct kv_limits *l = a->limits ? a->limits : &kv_host_limits;
	const bool is_limited = *a->owner;
	const struct kv_fault *f = NULL;
	struct kv_owner *o;

	if (!a->write_all && !(a->write && *a->write))
		return &kv_denied;
	if (id && kv_lease_find(kv, id))
		return &kv_lease_exists;
	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, a->owner);
	if (ttl_s > (is_limited ? l->ttl_s : KV_TTL_MAX_S))
		f = kv_owner_refuse(o, &kv_ttl_too_large);
	else if ((is_limited && o->leases >= l->leases) ||
		 kv->n_leases >= LEASES_MAX - (is_limited ? LEASES_KEPT : 0))
		f = kv_owner_refuse(o, &kv_too_many_leases);
	pthread_mutex_unlock(&kv->books);
	return f;
}

const struct kv_fault *kv_lease_grant(struct kv *kv, int64_t ttl_s, int64_t id,
				      const struct kv_access *a,
				      const struct kv_lease **ret)
{
	const struct kv_fault *f = check_grant(kv, ttl_s, id, a);
	struct db_kv_lease row = { .owner = a->owner };
	struct err err;

	if (f)
		return f;
	row.id = id ? id : new_id(kv);
	row.ttl_s = MAX(ttl_s, TTL_MIN_S);
	if (db_kv_lease_put(kv->db, &row, &err) < 0) {
		log_streak(&kv->write_fails, "store-write-failed", &err);
		return &kv_db_failed;
	}
	*ret = lease_add(kv, row.id, row.ttl_s, row.owner);
	return NULL;
}

/* ---------------------------------------------------------------- ends */

static void set_ending(struct kv *kv, struct kv_lease *l, bool ending)
{
	pthread_mutex_lock(&kv->books);
	l->ending = ending;
	if (!ending)
		l->deadline_ms = clock_mono_ms() + RETRY_MS;
	pthread_mutex_unlock(&kv->books);
}

const struct kv_fault *kv_lease_end(struct kv *kv, struct kv_lease *l)
{
	struct kv_batch b = { .space = &kv->space, .owner = "", .ended_lease = l->id };
	const struct kv_fault *f;
	struct kv_key *k;

	set_ending(kv, l, true);
	/* What is deleted has no lease any more. */
	while ((k = kv_leased(&kv->space, l->id, 0)))
		kv_batch_delete(&b, k);
	f = kv_batch_commit(kv, &b);
	if (f) {
		set_ending(kv, l, false);
		return f;
	}
	lease_remove(kv, l->id);
	return NULL;
}

bool kv_lease_end_owner(struct kv *kv, const char *owner)
{
	for (size_t i = 0; i < kv->n_leases;)
		if (strcmp(kv->leases[i]->owner->name, owner) != 0)
			i++;
		else if (kv_lease_end(kv, kv->leases[i]) != NULL)
			return false;
	return true;
}

#define EXPIRED_MAX 256 /* in one look */

/* Those that have expired: how many, and when the next one will. */
static size_t find_expired(struct kv *kv, int64_t now_ms, struct kv_lease **ret,
			   int64_t *ret_next_ms)
{
	int64_t next = INT64_MAX;
	size_t n = 0;

	pthread_mutex_lock(&kv->books);
	for (size_t i = 0; i < kv->n_leases && n < EXPIRED_MAX; i++) {
		struct kv_lease *l = kv->leases[i];

		if (l->deadline_ms > now_ms) {
			next = MIN(next, l->deadline_ms);
			continue;
		}
		/* Nobody keeps it alive between this look and its end. */
		l->ending = true;
		ret[n++] = l;
	}
	pthread_mutex_unlock(&kv->books);
	*ret_next_ms = n == EXPIRED_MAX ? now_ms : next;
	return n;
}

int64_t kv_lease_expire(struct kv *kv, int64_t now_ms)
{
	struct kv_lease *expired[EXPIRED_MAX];
	int64_t next;
	size_t n = find_expired(kv, now_ms, expired, &next);

	for (size_t i = 0; i < n; i++)
		if (kv_lease_end(kv, expired[i]) != NULL)
			next = MIN(next, now_ms + RETRY_MS);
	return MAX(next, now_ms + LOOK_MS);
}

const struct kv_fault *kv_lease_renew(struct kv *kv, int64_t id,
				      const struct kv_access *a, int64_t *ret_ttl_s)
{
	const struct kv_fault *f = NULL;
	struct kv_lease *l;

	*ret_ttl_s = 0;
	pthread_mutex_lock(&kv->books);
	l = kv_lease_find(kv, id);
	if (l && !kv_lease_may(l, a)) {
		f = &kv_denied;
	} else if (l && !l->ending) {
		l->deadline_ms = clock_mono_ms() + l->ttl_s * 1000;
		*ret_ttl_s = l->ttl_s;
	}
	pthread_mutex_unlock(&kv->books);
	return f;
}

void kv_lease_renew_all(struct kv *kv, int64_t now_ms)
{
	pthread_mutex_lock(&kv->books);
	for (size_t i = 0; i < kv->n_leases; i++)
		kv->leases[i]->deadline_ms = now_ms + kv->leases[i]->ttl_s * 1000;
	pthread_mutex_unlock(&kv->books);
}

int64_t kv_lease_left_s(struct kv *kv, const struct kv_lease *l)
{
	int64_t left_s;

	pthread_mutex_lock(&kv->books);
	left_s = (l->deadline_ms - clock_mono_ms()) / 1000;
	pthread_mutex_unlock(&kv->books);
	return left_s;
}

/* ---------------------------------------------------------------- start and end */

/* A host's from before there were limits ends as well. */
static int load_lease(void *arg, const struct db_kv_lease *row, struct err *err)
{
	struct kv *kv = arg;

	(void)err;
	lease_add(kv, row->id,
		  kv_is_host(row->owner) ? MIN(row->ttl_s, kv_host_limits.ttl_s)
					 : row->ttl_s,
		  row->owner);
	return 0;
}

int kv_lease_load(struct kv *kv, struct err *err)
{
	return db_kv_leases(kv->db, load_lease, kv, err);
}

void kv_lease_done(struct kv *kv)
{
	for (size_t i = 0; i < kv->n_leases; i++)
		free(kv->leases[i]);
	free(kv->leases);
}
