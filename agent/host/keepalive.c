/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keepalive.h"

#include "check.h"
#include "clock.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEEPALIVE_MAGIC 0x6b616c76u
#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 2000
#define TURN_MS 5000 /* the agent's loop shows that it turns */
#define NICE (-10)   /* where we may; of this thread alone */

struct keepalive {
	uint32_t magic;
	int64_t period_ms, stuck_ms;

	/* The agent's loop's. */
	struct loop *loop;
	struct loop_timer *turn;
	keepalive_fn *fn;
	void *arg;
	int told_fd; /* something was told */

	/* The thread's, once it runs. */
	struct loop *own;
	struct store *store;
	struct loop_timer *timer;
	struct store_call *call;
	int64_t id, retry_ms;

	int asked_fd; /* something was asked */
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	int64_t asked_id;
	int64_t turned_ms;
	bool asked, ending;
	bool told;
	int64_t told_id;
	struct err told_err; /* code 0: none */
};

static void wake(int fd)
{
	const uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

static void woken(int fd)
{
	uint64_t n;

	(void)!read(fd, &n, sizeof(n));
}

/* ---------------------------------------------------------------- the thread */

static void tell(struct keepalive *k, int64_t id, const struct err *err)
{
	pthread_mutex_lock(&k->lock);
	k->told = true;
	k->told_id = id;
	k->told_err = err ? *err : (struct err){ 0 };
	pthread_mutex_unlock(&k->lock);
	wake(k->told_fd);
}

static void on_kept(void *arg, int64_t id, int64_t ttl_s, const struct err *err)
{
	struct keepalive *k = arg;

	(void)id;
	(void)ttl_s;
	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	k->call = NULL;
	tell(k, k->id, err);
	if (!err) {
		k->retry_ms = RETRY_FIRST_MS;
		loop_timer_in(k->timer, k->period_ms);
	} else if (err->code == ERR_NOT_FOUND) {
		k->id = 0;
	} else {
		loop_timer_in(k->timer, k->retry_ms);
		k->retry_ms = MIN(k->retry_ms * 2, RETRY_MOST_MS);
	}
}

static bool is_stuck(struct keepalive *k)
{
	int64_t turned_ms;

	pthread_mutex_lock(&k->lock);
	turned_ms = k->turned_ms;
	pthread_mutex_unlock(&k->lock);
	return clock_mono_ms() - turned_ms > k->stuck_ms;
}

static void on_timer(void *arg)
{
	struct keepalive *k = arg;

	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	if (!k->id || k->call)
		return;
	if (is_stuck(k))
		loop_timer_in(k->timer, RETRY_FIRST_MS);
	else
		k->call = store_lease_keepalive(k->store, k->id, on_kept, k);
}

static void on_asked(void *arg, int fd, uint32_t events)
{
	struct keepalive *k = arg;
	bool asked, ending;

	(void)events;
	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	woken(fd);
	pthread_mutex_lock(&k->lock);
	asked = k->asked;
	ending = k->ending;
	k->asked = false;
	if (asked)
		k->id = k->asked_id;
	pthread_mutex_unlock(&k->lock);
	if (ending)
		loop_stop(k->own);
	if (!asked)
		return;
	store_cancel(TAKE(k->call));
	k->retry_ms = RETRY_FIRST_MS;
	loop_timer_in(k->timer, 0);
}

static void *run(void *arg)
{
	struct keepalive *k = arg;

	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	(void)pthread_setname_np(pthread_self(), "keepalive");
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	loop_run(k->own);
	return NULL;
}

/* ---------------------------------------------------------------- the agent's loop */

static void on_told(void *arg, int fd, uint32_t events)
{
	struct keepalive *k = arg;
	struct err err;
	int64_t id;
	bool told;

	(void)events;
	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	woken(fd);
	pthread_mutex_lock(&k->lock);
	told = k->told;
	id = k->told_id;
	err = k->told_err;
	k->told = false;
	pthread_mutex_unlock(&k->lock);
	if (told)
		k->fn(k->arg, id, err.code ? &err : NULL);
}

static void on_turn(void *arg)
{
	struct keepalive *k = arg;

	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	pthread_mutex_lock(&k->lock);
	k->turned_ms = clock_mono_ms();
	pthread_mutex_unlock(&k->lock);
	loop_timer_in(k->turn, MIN(TURN_MS, k->stuck_ms / 4));
}

void keepalive_set(struct keepalive *k, int64_t id)
{
	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	pthread_mutex_lock(&k->lock);
	k->asked = true;
	k->asked_id = id;
	k->told = false;
	pthread_mutex_unlock(&k->lock);
	wake(k->asked_fd);
}

/* ---------------------------------------------------------------- the object */

/* Signals are for the agent's loop. */
static int start_thread(struct keepalive *k, struct err *err)
{
	sigset_t all, old;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	k->started = pthread_create(&k->thread, NULL, run, k) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return k->started ? 0 : err_set(err, ERR_INTERNAL, "there can be no thread");
}

int keepalive_new(struct loop *l, const struct keepalive_opts *o, struct keepalive **ret,
		  struct err *err)
{
	CLEANUP(keepalive_free) struct keepalive *k = xcalloc(1, sizeof(*k));
	int rc;

	k->magic = KEEPALIVE_MAGIC;
	k->loop = l;
	k->period_ms = o->ttl_s * 1000 / 3;
	k->stuck_ms = o->stuck_ms ? o->stuck_ms : KEEPALIVE_STUCK_MS;
	k->retry_ms = RETRY_FIRST_MS;
	k->fn = o->fn;
	k->arg = o->arg;
	pthread_mutex_init(&k->lock, NULL);
	k->asked_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	k->told_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (k->asked_fd < 0 || k->told_fd < 0)
		return err_errno(err, ERR_INTERNAL, "eventfd");
	k->turn = loop_timer_new(l, on_turn, k);
	rc = loop_new(&k->own, err);
	if (rc == 0)
		rc = store_open(k->own, o->store, &k->store, err);
	if (rc < 0)
		return rc;
	k->timer = loop_timer_new(k->own, on_timer, k);
	rc = loop_io_add(k->own, k->asked_fd, EPOLLIN, on_asked, k, err);
	if (rc == 0)
		rc = loop_io_add(l, k->told_fd, EPOLLIN, on_told, k, err);
	if (rc < 0)
		return rc;
	on_turn(k);
	rc = start_thread(k, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(k);
	return 0;
}

void keepalive_free(struct keepalive *k)
{
	if (!k)
		return;
	CHECK_MAGIC(k, KEEPALIVE_MAGIC);
	if (k->started) {
		pthread_mutex_lock(&k->lock);
		k->ending = true;
		pthread_mutex_unlock(&k->lock);
		wake(k->asked_fd);
		pthread_join(k->thread, NULL);
	}
	store_close(k->store);
	loop_timer_free(k->timer);
	loop_timer_free(k->turn);
	loop_free(k->own);
	loop_io_del(k->loop, k->told_fd);
	if (k->asked_fd >= 0)
		close(k->asked_fd);
	if (k->told_fd >= 0)
		close(k->told_fd);
	pthread_mutex_destroy(&k->lock);
	k->magic = 0;
	free(k);
}
