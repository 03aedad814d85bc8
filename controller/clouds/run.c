/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.c - takes what the process writes, and tells all who wait when it ends.
 */
#include "run.h"

#include "check.h"
#include "clock.h"
#include "text.h"
#include "wire.h"

#include <gnutls/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define STDERR_LINE_MAX 4096u
#define PARTS_WAKE 256    /* the caller may begin with so many */
#define PARTS_MAX 200000u /* of one answer: VMs of a list */
#define CLOSED_MS 1000    /* from the end of its output to its own */
#define LEFT_MAX 4096     /* reads of what it left when it ended */
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 60000

/* ---------------------------------------------------------------- what it writes */

static struct pending *find_call(struct drv *d, const json_t *id)
{
	struct pending *p = d->calls;

	while (p && (json_int_t)p->id != json_integer_value(id))
		p = p->next;
	return p;
}

/* Whether it ends its call; what only seems to do so is none of the protocol. */
static bool is_end(struct drv *d, const json_t *message)
{
	const json_t *ok = json_object_get(message, "ok");
	const json_t *error = json_object_get(message, "error");

	if (json_is_object(error))
		return true;
	if ((!error || json_is_null(error)) && (!ok || json_is_true(ok)))
		return ok;
	life_end(d, true,
		 "it wrote an 'ok' that is not true, or an 'error' that is no "
		 "object");
	return false;
}

/* Takes the message over when it returns true. */
static bool take_answer(struct drv *d, json_t *message)
{
	struct pending *p = find_call(d, json_object_get(message, "id"));

	if (!p || p->is_over)
		return false;
	if (is_end(d, message)) {
		p->end = message;
		p->is_over = true;
		pthread_cond_broadcast(&d->changed);
		return true;
	}
	json_array_append_new(p->parts, message);
	if (++p->n_parts == PARTS_MAX)
		life_end(d, true, "an answer has %u parts, more than any may have",
			 PARTS_MAX);
	if (json_array_size(p->parts) == PARTS_WAKE)
		pthread_cond_broadcast(&d->changed);
	return true;
}

static void take_message(struct drv *d, json_t *message)
{
	const json_t *log = json_object_get(message, "log");

	if (log) {
		said_event(&d->said, d->name, log);
		json_decref(message);
		return;
	}
	pthread_mutex_lock(&d->lock);
	if (json_is_integer(json_object_get(message, "id"))) {
		if (take_answer(d, message))
			message = NULL;
		else
			life_end(d, true, "it answered a call that it was not asked");
	} else if (json_object_get(message, "protocol") && !d->greeting) {
		d->greeting = message;
		message = NULL;
		pthread_cond_broadcast(&d->changed);
	} else {
		life_end(d, true, "it wrote a message that is none of the protocol");
	}
	pthread_mutex_unlock(&d->lock);
	json_decref(message);
}

static void garbage(struct drv *d, const char *why)
{
	pthread_mutex_lock(&d->lock);
	life_end(d, true, "%s", why);
	pthread_mutex_unlock(&d->lock);
}

static bool is_ending(struct drv *d)
{
	bool is;

	pthread_mutex_lock(&d->lock);
	is = d->life == DRV_ENDING;
	pthread_mutex_unlock(&d->lock);
	return is;
}

static enum lines_state take_out(struct drv *d, struct lines *out)
{
	const enum lines_state state = lines_read(out);
	char *line;
	size_t len;

	if (state == LINES_FULL)
		garbage(d, "it wrote a line that is too long");
	while (state == LINES_MORE && (line = lines_next(out, &len))) {
		json_t *message = json_loadb(line, len, 0, NULL);

		if (json_is_object(message) && !is_ending(d)) {
			take_message(d, message);
			continue;
		}
		garbage(d, "it wrote a line that is not a JSON object");
		json_decref(message);
	}
	return state;
}

/* What is longer than a line may be is told of in pieces. */
static enum lines_state take_err(struct drv *d, struct lines *err)
{
	enum lines_state state = lines_read(err);
	char *line;
	size_t len;

	while ((line = lines_next(err, &len)))
		said_line(&d->said, d->name, line);
	if (state == LINES_FULL) {
		lines_done(err);
		lines_init(err, d->child.err, STDERR_LINE_MAX);
		state = LINES_MORE;
	}
	return state;
}

/* ---------------------------------------------------------------- from start to end */

/* Its pipes may stay open when it has ended: what it started may have inherited them. */
static void read_until_end(struct drv *d, struct lines *out, struct lines *err)
{
	enum { OUT, ERR_OUT, ENDED };
	struct pollfd p[] = {
		{ .fd = d->child.out, .events = POLLIN },
		{ .fd = d->child.err, .events = POLLIN },
		{ .fd = d->child.pidfd, .events = POLLIN },
	};

	while (!p[ENDED].revents) {
		const int n = poll(p, ARRAY_SIZE(p), p[OUT].fd < 0 ? CLOSED_MS : -1);

		if (n == 0)
			garbage(d, "it closed its output");
		if (n <= 0)
			continue;
		if (p[OUT].revents && take_out(d, out) == LINES_ENDED)
			p[OUT].fd = -1;
		if (p[ERR_OUT].revents && take_err(d, err) == LINES_ENDED)
			p[ERR_OUT].fd = -1;
	}
	for (int i = 0; i < LEFT_MAX && take_out(d, out) == LINES_MORE; i++)
		;
	for (int i = 0; i < LEFT_MAX && take_err(d, err) == LINES_MORE; i++)
		;
}

/* The more ends in a row the longer, and never all drivers at the same time. */
static int64_t backoff_ms(int failures)
{
	uint32_t random = 0;
	int64_t most_ms;

	if (failures <= 1)
		return 0;
	most_ms = MIN((int64_t)BACKOFF_FIRST_MS << MIN(failures - 2, 16), BACKOFF_MAX_MS);
	CHECK(gnutls_rnd(GNUTLS_RND_NONCE, &random, sizeof(random)) == 0);
	return (int64_t)(random % (uint64_t)most_ms);
}

/* The lock is held. */
static void tell_all(struct drv *d)
{
	for (struct pending *p = d->calls; p; p = p->next) {
		if (p->is_over)
			continue;
		p->is_over = true;
		p->is_garbage = d->is_garbage;
		snprintf(p->why, sizeof(p->why), "%s", d->why);
	}
	d->not_before = clock_mono_ms() + backoff_ms(d->failures);
	d->life = DRV_DOWN;
	pthread_cond_broadcast(&d->changed);
}

static void look_after(struct drv *d)
{
	CLEANUP(lines_done) struct lines out, err;
	char how[64] = "";

	lines_init(&out, d->child.out, WIRE_LINE_MAX);
	lines_init(&err, d->child.err, STDERR_LINE_MAX);
	read_until_end(d, &out, &err);
	child_kill(&d->child); /* what it has left */

	pthread_mutex_lock(&d->writing);
	pthread_mutex_lock(&d->lock);
	d->has_child = false;
	pthread_mutex_unlock(&d->lock);
	child_reap(&d->child, how, sizeof(how));
	pthread_mutex_unlock(&d->writing);

	pthread_mutex_lock(&d->lock);
	life_end(d, false, "its process %s", how);
	tell_all(d);
	pthread_mutex_unlock(&d->lock);
}

void *run_process(void *arg)
{
	struct drv *d = arg;
	struct child child;
	struct err e = { 0 };
	int rc;

	CHECK_MAGIC(d, DRV_MAGIC);
	rc = child_start(&d->order.spec, &child, &e);
	pthread_mutex_lock(&d->lock);
	if (rc < 0) {
		life_end(d, false, "%.200s", e.msg);
		tell_all(d);
		pthread_mutex_unlock(&d->lock);
		return NULL;
	}
	d->child = child;
	d->has_child = true;
	/* Nobody waits for it any more. */
	if (d->life == DRV_ENDING)
		child_kill(&child);
	pthread_mutex_unlock(&d->lock);
	look_after(d);
	return NULL;
}
