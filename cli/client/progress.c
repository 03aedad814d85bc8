/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "progress.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 200

void progress_show(void *shown, double share)
{
	int *last = shown;
	const int percent = (int)(100 * share);

	if (percent == *last)
		return;
	*last = percent;
	fprintf(stderr, "\r[%-40.*s] %3d %%", percent * 40 / 100,
		"########################################", percent);
	if (percent == 100)
		fprintf(stderr, "\r%60s\r", "");
}

struct look {
	struct client *client;
	const char *path;
	sem_t over;
	int shown;
};

/* False when the call has returned. */
static bool is_due(struct look *l)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += LOOK_EVERY_MS * 1000000L;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return sem_clockwait(&l->over, CLOCK_MONOTONIC, &at) != 0;
}

static void *watch(void *arg)
{
	struct look *l = arg;
	/* Its own answers. */
	struct client client = { .url = l->client->url,
				 .token = l->client->token,
				 .ca = l->client->ca };

	while (is_due(l)) {
		CLEANUP(json_decref) json_t *doc = NULL;
		double share = -1;
		struct err err;

		if (client_get(&client, l->path, &doc, &err) == 0 &&
		    jread_num_opt(doc, "progress", &share, &err) == 0 && share >= 0)
			progress_show(&l->shown, share);
	}
	if (l->shown >= 0)
		progress_show(&l->shown, 1);
	return NULL;
}

int progress_send(struct client *c, const char *progress_path, const char *method,
		  const char *path, const json_t *body, json_t **ret, struct err *err)
{
	struct look l = { .client = c, .path = progress_path, .shown = -1 };
	pthread_t thread;
	int rc;

	if (!isatty(STDERR_FILENO))
		return client_send(c, method, path, body, ret, err);
	sem_init(&l.over, 0, 0);
	rc = pthread_create(&thread, NULL, watch, &l) == 0
		     ? 0
		     : err_set(err, ERR_INTERNAL, "no thread can be started");
	if (rc == 0) {
		rc = client_send(c, method, path, body, ret, err);
		sem_post(&l.over);
		pthread_join(thread, NULL);
	}
	sem_destroy(&l.over);
	return rc;
}
