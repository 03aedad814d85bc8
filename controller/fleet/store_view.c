/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_view.h"

#include "check.h"
#include "clock.h"
#include "store.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define VIEW_MAGIC 0x76696577u
#define WORK_MS 2000 /* of one round of its loop, above which nobody listened */

struct view {
	uint32_t magic;
	/* The lock is held by the view's thread while its loop handles events. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool running;
	int stop_fd;
	struct loop *loop;
	struct store *store;
	struct mirror *foretide;
	struct mirror *skydns;
	view_changed_fn *fn;
	void *arg;
	struct listening *listening;
};

static void on_change(void *arg, const struct mirror_change *changes, size_t n)
{
	struct view *v = arg;

	(void)changes;
	(void)n;
	CHECK_MAGIC(v, VIEW_MAGIC);
	pthread_cond_broadcast(&v->changed);
	v->fn(v->arg);
}

static void on_stop(void *arg, int fd, uint32_t events)
{
	struct view *v = arg;

	(void)fd;
	(void)events;
	v->running = false;
}

/*
 * Readers take the lock between two rounds of the loop: it is not held while waiting for
 * events, which is done on the loop's descriptor.
 */
static void *run(void *arg)
{
	struct view *v = arg;
	struct listening_work work;
	bool goes_on = true;

	CHECK_MAGIC(v, VIEW_MAGIC);
	while (goes_on) {
		loop_wait(v->loop, -1);
		listening_begin(v->listening, &work, "reading the store's changes",
				WORK_MS);
		pthread_mutex_lock(&v->lock);
		loop_once(v->loop, 0);
		pthread_cond_broadcast(&v->changed);
		goes_on = v->running;
		pthread_mutex_unlock(&v->lock);
		listening_end(v->listening, &work);
	}
	return NULL;
}

static int open_parts(struct view *v, const struct store_opts *opts, struct err *err)
{
	int rc = loop_new(&v->loop, err);

	if (rc == 0)
		rc = store_open(v->loop, opts, &v->store, err);
	if (rc < 0)
		return rc;
	v->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->stop_fd < 0)
		return err_errno(err, ERR_INTERNAL, "eventfd");
	rc = loop_io_add(v->loop, v->stop_fd, EPOLLIN, on_stop, v, err);
	if (rc < 0)
		return rc;
	v->foretide = mirror_new(v->store, "/foretide/", on_change, v);
	v->skydns = mirror_new(v->store, "/skydns/", on_change, v);
	return 0;
}

int view_start(const struct store_opts *opts, struct listening *listening,
	       view_changed_fn *fn, void *arg, struct view **ret, struct err *err)
{
	CLEANUP(view_stop) struct view *v = xcalloc(1, sizeof(*v));
	pthread_condattr_t attr;
	int rc;

	v->magic = VIEW_MAGIC;
	v->stop_fd = -1;
	v->listening = listening;
	v->fn = fn;
	v->arg = arg;
	pthread_mutex_init(&v->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&v->changed, &attr);
	pthread_condattr_destroy(&attr);
	rc = open_parts(v, opts, err);
	if (rc < 0)
		return rc;
	v->running = true;
	if (pthread_create(&v->thread, NULL, run, v) != 0) {
		v->running = false;
		return err_set(err, ERR_INTERNAL, "cannot start the view's thread");
	}
	*ret = TAKE(v);
	return 0;
}

void view_stop(struct view *v)
{
	if (!v)
		return;
	if (v->thread) {
		CHECK(eventfd_write(v->stop_fd, 1) == 0);
		pthread_join(v->thread, NULL);
	}
	mirror_free(v->foretide);
	mirror_free(v->skydns);
	store_close(v->store);
	if (v->loop && v->stop_fd >= 0)
		loop_io_del(v->loop, v->stop_fd);
	if (v->stop_fd >= 0)
		close(v->stop_fd);
	loop_free(v->loop);
	pthread_cond_destroy(&v->changed);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

static bool copy_kv(void *arg, const struct store_kv *kv)
{
	struct view_snapshot *s = arg;

	s->kvs[s->n++] = (struct view_kv){
		.key = xstrdup(kv->key),
		.value = xstrndup(kv->value, kv->value_len),
		.len = kv->value_len,
	};
	return true;
}

static bool count_kv(void *arg, const struct store_kv *kv)
{
	(void)kv;
	++*(size_t *)arg;
	return true;
}

static const struct mirror *mirror_of(const struct view *v, const char *key)
{
	return strncmp(key, "/skydns/", strlen("/skydns/")) == 0 ? v->skydns
								 : v->foretide;
}

void view_snapshot(struct view *v, const char *prefix, struct view_snapshot *ret)
{
	size_t n = 0;
	const struct mirror *m;
	int64_t since;

	pthread_mutex_lock(&v->lock);
	m = mirror_of(v, prefix);
	mirror_each(m, prefix, count_kv, &n);
	since = mirror_stale_since_ms(m);
	*ret = (struct view_snapshot){
		.has_copy = mirror_has_copy(m),
		.is_synced = mirror_is_synced(m),
		.stale_ms = since ? clock_mono_ms() - since : 0,
		.rev = mirror_rev(m),
		.kvs = xcalloc(n, sizeof(struct view_kv)),
	};
	mirror_each(m, prefix, copy_kv, ret);
	pthread_mutex_unlock(&v->lock);
}

void view_snapshot_done(struct view_snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->kvs[i].key);
		free(s->kvs[i].value);
	}
	free(s->kvs);
	*s = (struct view_snapshot){ 0 };
}

static int by_key(const void *key, const void *kv)
{
	return strcmp(key, ((const struct view_kv *)kv)->key);
}

const struct view_kv *view_find(const struct view_snapshot *s, const char *key)
{
	return s->n ? bsearch(key, s->kvs, s->n, sizeof(*s->kvs), by_key) : NULL;
}

bool view_has(struct view *v, const char *key, bool *ret_synced)
{
	const struct mirror *m;
	bool has;

	pthread_mutex_lock(&v->lock);
	m = mirror_of(v, key);
	has = mirror_get(m, key) != NULL;
	*ret_synced = mirror_has_copy(m) && mirror_is_synced(m);
	pthread_mutex_unlock(&v->lock);
	return has;
}

int view_wait(struct view *v, int64_t rev, int64_t timeout_ms, struct err *err)
{
	int64_t until = clock_mono_ms() + timeout_ms;
	struct timespec ts = { .tv_sec = until / 1000,
			       .tv_nsec = until % 1000 * 1000000 };
	int rc = 0;

	pthread_mutex_lock(&v->lock);
	while (mirror_rev(v->foretide) < rev && rc == 0)
		rc = pthread_cond_timedwait(&v->changed, &v->lock, &ts);
	rc = mirror_rev(v->foretide) < rev
		     ? err_set(err, ERR_TIMEOUT,
			       "the store did not confirm revision %lld", (long long)rev)
		     : 0;
	pthread_mutex_unlock(&v->lock);
	return rc;
}

void view_status(struct view *v, struct view_status *ret)
{
	pthread_mutex_lock(&v->lock);
	ret->ok = mirror_is_synced(v->foretide) && mirror_is_synced(v->skydns);
	snprintf(ret->endpoint, sizeof(ret->endpoint), "%s", store_endpoint(v->store));
	snprintf(ret->problem, sizeof(ret->problem), "%s", store_problem(v->store));
	if (!ret->ok && !*ret->problem)
		snprintf(ret->problem, sizeof(ret->problem), "reading the store");
	pthread_mutex_unlock(&v->lock);
}
