/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "etcd.h"

#include "access.h"
#include "check.h"
#include "clock.h"
#include "db.h"
#include "lease.h"
#include "member.h"
#include "owner.h"
#include "persist.h"
#include "watch.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#define KEEP_CHANGES 10000
#define MAX_BYTES (128u << 20)
/* The thread wakes regularly to notice when it was late: the process was stopped or
 * starved and could not receive keepalives, so no lease must expire for that. */
#define PULSE_MS 500
#define STOPPED_MS 1000
#define BOOKS_MS 2000 /* from one look at the owners to the next */

/* ---------------------------------------------------------------- the thread */

static void wait_until(struct kv *kv, int64_t mono_ms)
{
	struct timespec until = {
		.tv_sec = mono_ms / 1000,
		.tv_nsec = mono_ms % 1000 * 1000000,
	};

	pthread_cond_timedwait(&kv->wake, &kv->lock, &until);
}

static void *run(void *arg)
{
	struct kv *kv = arg;
	int64_t tend_ms = 0, books_ms = 0;

	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->lock);
	while (!kv->closing) {
		int64_t now = clock_mono_ms();
		int64_t due = kv_lease_expire(kv, now);

		if (tend_ms <= now)
			tend_ms = kv_watch_tend(kv, now);
		if (books_ms <= now) {
			books_ms = now + BOOKS_MS;
			pthread_mutex_unlock(&kv->lock);
			kv_books_tend(kv, now);
			pthread_mutex_lock(&kv->lock);
		}
		due = MIN(MIN(due, tend_ms), now + PULSE_MS);
		if (!kv->closing)
			wait_until(kv, due);
		now = clock_mono_ms();
		if (now > due + STOPPED_MS)
			kv_lease_renew_all(kv, now);
	}
	pthread_mutex_unlock(&kv->lock);
	return NULL;
}

static int start_thread(struct kv *kv, struct err *err)
{
	pthread_condattr_t attr;

	CHECK(pthread_mutex_init(&kv->lock, NULL) == 0);
	CHECK(pthread_condattr_init(&attr) == 0);
	CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	CHECK(pthread_cond_init(&kv->wake, &attr) == 0);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&kv->thread, NULL, run, kv) != 0)
		return err_set(err, ERR_INTERNAL, "cannot start the store's thread");
	kv->has_thread = true;
	return 0;
}

/* ---------------------------------------------------------------- open and close */

/* A random number, constant for this database; never 0. */
static int identify(struct kv *kv, const char *name, uint64_t *ret, struct err *err)
{
	int64_t id = 0;
	int rc = db_kv_state_get(kv->db, name, &id, err);

	if (rc < 0)
		return rc;
	if (id == 0) {
		CHECK(getrandom(&id, sizeof(id), 0) == sizeof(id));
		id = (id & INT64_MAX) | 1;
		rc = db_kv_state_put(kv->db, name, id, err);
	}
	*ret = (uint64_t)id;
	return rc;
}

int kv_open(struct db *db, const struct kv_opts *opts, struct kv **ret, struct err *err)
{
	CLEANUP(kv_close) struct kv *kv = xcalloc(1, sizeof(*kv));
	int rc;

	kv->magic = KV_MAGIC;
	kv->db = db;
	kv->on_changes = kv_watch_notify;
	kv_books_init(kv);
	kv->hang_up_fd = epoll_create1(EPOLL_CLOEXEC);
	if (kv->hang_up_fd < 0)
		return err_errno(err, ERR_INTERNAL, "epoll_create1");
	if (opts)
		kv->opts = *opts;
	if (kv->opts.keep_changes == 0)
		kv->opts.keep_changes = KEEP_CHANGES;
	if (kv->opts.max_bytes == 0)
		kv->opts.max_bytes = MAX_BYTES;
	kv->url = xstrdup(kv->opts.url ? kv->opts.url : "");
	if ((rc = identify(kv, "cluster", &kv->cluster_id, err)) < 0 ||
	    (rc = identify(kv, "member", &kv->member_id, err)) < 0 ||
	    (rc = kv_load(kv, err)) < 0 || (rc = kv_lease_load(kv, err)) < 0 ||
	    (rc = start_thread(kv, err)) < 0)
		return rc;
	*ret = TAKE(kv);
	return 0;
}

void kv_end_watches(struct kv *kv)
{
	pthread_mutex_lock(&kv->lock);
	kv_watch_end_all(kv);
	pthread_mutex_unlock(&kv->lock);
}

void kv_close(struct kv *kv)
{
	if (!kv)
		return;
	CHECK_MAGIC(kv, KV_MAGIC);
	if (kv->has_thread) {
		pthread_mutex_lock(&kv->lock);
		kv->closing = true;
		pthread_cond_signal(&kv->wake);
		pthread_mutex_unlock(&kv->lock);
		pthread_join(kv->thread, NULL);
		pthread_cond_destroy(&kv->wake);
		pthread_mutex_destroy(&kv->lock);
	}
	CHECK(!kv->watches && !kv->watched);
	if (kv->hang_up_fd >= 0)
		close(kv->hang_up_fd);
	kv_lease_done(kv);
	kv_rights_done(kv);
	keyspace_done(&kv->space);
	kv_books_done(kv);
	free(kv->url);
	kv->magic = 0;
	free(kv);
}

void kv_stats(struct kv *kv, struct kv_stats *ret)
{
	pthread_mutex_lock(&kv->lock);
	*ret = (struct kv_stats){
		.rev = kv->space.rev,
		.compacted = kv->space.compacted,
		.keys = kv->space.n_keys,
		.changes = kv->space.n_log,
		.bytes = kv->space.bytes,
		.leases = kv->n_leases,
		.watches = kv->n_watches,
	};
	pthread_mutex_unlock(&kv->lock);
}
