/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "targets.h"

#include "check.h"
#include "clock.h"
#include "load.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define LOOK_UP_MS 500
#define TARGETS_MAX 64

struct targets {
	const char *service;
	struct client client; /* the thread's, once it runs */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop; /* stopping is set */
	char *address[TARGETS_MAX];
	size_t n;
	bool has_new, stopping;
};

static void clear(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->address[i]);
	t->n = 0;
}

static void update(struct targets *t, const json_t *list)
{
	const json_t *o;
	size_t i;

	pthread_mutex_lock(&t->lock);
	clear(t);
	json_array_foreach(list, i, o)
	{
		const char *stack = "", *name = "", *address = "";
		int64_t port = 0;
		CLEANUP(free) char *full = NULL;

		if (jread_str(o, "stack", &stack, NULL) < 0 ||
		    jread_str(o, "name", &name, NULL) < 0 ||
		    jread_str(o, "address", &address, NULL) < 0 ||
		    jread_int(o, "port", &port, NULL) < 0)
			continue;
		full = xasprintf("%s/%s", stack, name);
		if (strcmp(full, t->service) == 0 && t->n < TARGETS_MAX)
			t->address[t->n++] =
				xasprintf("%s:%lld", address, (long long)port);
	}
	t->has_new = t->n > 0;
	pthread_mutex_unlock(&t->lock);
}

/* Until the next look-up is due; false when there is to be none. */
static bool is_due(struct targets *t)
{
	const int64_t at_ms = clock_mono_ms() + LOOK_UP_MS;
	const struct timespec at = { at_ms / 1000, at_ms % 1000 * 1000000 };
	bool stopping;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	while (!t->stopping && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&t->stop, &t->lock, &at);
	stopping = t->stopping;
	pthread_mutex_unlock(&t->lock);
	return !stopping;
}

/* While the controller does not answer, the last known addresses remain in use. */
static void *look_up(void *arg)
{
	struct targets *t = arg;

	do {
		CLEANUP(json_decref) json_t *list = NULL;

		if (client_list(&t->client, "/v1/services", &list, NULL) == 0)
			update(t, list);
	} while (is_due(t));
	return NULL;
}

int targets_start(const struct args *a, const char *service, struct targets **ret,
		  struct err *err)
{
	struct targets *t = xcalloc(1, sizeof(*t));
	pthread_condattr_t monotonic;
	int rc = client_init(&t->client, a, err);

	t->service = service;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (rc == 0 && pthread_create(&t->thread, NULL, look_up, t) != 0)
		rc = err_set(err, ERR_INTERNAL, "cannot start a thread");
	if (rc < 0) {
		pthread_cond_destroy(&t->stop);
		pthread_mutex_destroy(&t->lock);
		client_done(&t->client);
		free(t);
		return rc;
	}
	*ret = t;
	return 0;
}

void targets_apply(struct targets *t, struct load *l)
{
	pthread_mutex_lock(&t->lock);
	if (t->has_new)
		load_set_targets(l, (const char *const *)t->address, t->n);
	t->has_new = false;
	pthread_mutex_unlock(&t->lock);
}

void targets_stop(struct targets *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_cond_signal(&t->stop);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	clear(t);
	pthread_cond_destroy(&t->stop);
	pthread_mutex_destroy(&t->lock);
	client_done(&t->client);
	free(t);
}
