/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files.h"

#include "check.h"
#include "file.h"
#include "worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define END_MS 10000
#define AGAIN_MS 3000

enum action { ACTION_WRITE, ACTION_REMOVE, ACTION_SYNC };

struct change {
	struct change *next, **link; /* of all; the loop's alone */
	struct files *files;
	bool begun, needless; /* under the lock */
	bool repeat;          /* until it works */
	bool failed;          /* waits for the next try; the worker has it no more */
	bool told;            /* that it, or what it took the place of, failed */
	files_done_fn *done;
	void *arg;
	enum action action;
	enum files_sync sync;
	unsigned mode;
	char *path;
	char *data;
	size_t len;
	struct err err; /* code 0: it worked */
};

struct files {
	struct worker *worker;
	struct loop_timer *again;
	files_done_fn *done;
	void *arg;
	bool closing;
	pthread_mutex_t lock;
	struct change *changes;
};

/* False: a later one of its path makes it needless. */
static bool begin(struct change *c)
{
	pthread_mutex_lock(&c->files->lock);
	c->begun = true;
	pthread_mutex_unlock(&c->files->lock);
	return !c->needless;
}

static void sync_file(struct change *c)
{
	CLEANUP(close_fd) int fd = open(c->path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fsync(fd) < 0)
		err_errno(&c->err, ERR_STORE, "syncing %s", c->path);
}

static void run(void *arg)
{
	struct change *c = arg;

	if (!begin(c))
		return;
	switch (c->action) {
	case ACTION_WRITE:
		(void)!file_replace(c->path, c->data, c->len, c->mode,
				    c->sync == FILES_SYNCED, &c->err);
		return;
	case ACTION_REMOVE:
		(void)unlink(c->path);
		return;
	case ACTION_SYNC:
		sync_file(c);
		return;
	}
}

/* ---------------------------------------------------------------- the loop's side */

static bool replaces(const struct change *c, const char *path)
{
	return c->action != ACTION_SYNC && strcmp(c->path, path) == 0;
}

/* A later change of its path: newer ones are first. */
static struct change *newer(const struct change *c)
{
	for (struct change *n = c->files->changes; n != c; n = n->next)
		if (replaces(n, c->path))
			return n;
	return NULL;
}

/* Each change knows how the one before it ended, so that a failure is told once. */
static void on_done(void *arg)
{
	struct change *c = arg, *next = newer(c);
	const bool failed = c->err.code != 0, is_known = failed && c->told && c->repeat;

	if (c->needless)
		return;
	c->told = failed;
	if (next)
		next->told = failed;
	if (c->done && !is_known)
		c->done(c->arg, c->path, failed ? &c->err : NULL);
}

static void change_free(struct change *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	free(c->path);
	free(c->data);
	free(c);
}

/* The worker is done with it. It is tried again unless its user has another by now. */
static void on_left(void *arg)
{
	struct change *c = arg;
	struct files *f = c->files;

	c->failed = c->err.code && c->repeat && !c->needless && !f->closing && !newer(c);
	if (!c->failed)
		change_free(c);
	else if (!loop_timer_is_set(f->again))
		loop_timer_in(f->again, AGAIN_MS);
}

static void give(struct change *c)
{
	const struct worker_work work = {
		.run = run, .done = on_done, .free = on_left, .arg = c
	};

	(void)worker_do(c->files->worker, &work);
}

static void on_again(void *arg)
{
	struct files *f = arg;

	for (struct change *c = f->changes; c; c = c->next) {
		if (!c->failed)
			continue;
		c->failed = c->begun = false;
		c->err = (struct err){ 0 };
		give(c);
	}
}

/* A write or a removal makes needless what waits for the same path. True: that failed. */
static bool supersede(struct files *f, const char *path)
{
	bool told = false;

	pthread_mutex_lock(&f->lock);
	for (struct change *c = f->changes, *next; c; c = next) {
		next = c->next;
		if (strcmp(c->path, path) != 0)
			continue;
		told |= c->told && !c->needless;
		if (c->failed) {
			change_free(c);
		} else if (!c->begun) {
			c->needless = true;
			free(TAKE(c->data));
		}
	}
	pthread_mutex_unlock(&f->lock);
	return told;
}

static void enqueue(struct files *f, struct change *c)
{
	if (c->action != ACTION_SYNC)
		c->told = supersede(f, c->path);
	c->files = f;
	c->next = f->changes;
	if (c->next)
		c->next->link = &c->next;
	c->link = &f->changes;
	f->changes = c;
	give(c);
}

static struct change *change_new(const struct files *f, enum action action,
				 const char *path)
{
	struct change *c = xcalloc(1, sizeof(*c));

	c->action = action;
	c->path = xstrdup(path);
	c->done = f->done;
	c->arg = f->arg;
	return c;
}

static struct change *write_new(const struct files *f, const char *path, const void *data,
				size_t len, unsigned mode, enum files_sync sync)
{
	struct change *c = change_new(f, ACTION_WRITE, path);

	c->sync = sync;
	c->mode = mode;
	c->data = xmalloc(len + 1);
	if (len)
		memcpy(c->data, data, len);
	c->len = len;
	return c;
}

void files_write(struct files *f, const char *path, const void *data, size_t len,
		 unsigned mode, enum files_sync sync)
{
	struct change *c = write_new(f, path, data, len, mode, sync);

	c->repeat = true;
	enqueue(f, c);
}

void files_write_then(struct files *f, const char *path, const void *data, size_t len,
		      unsigned mode, enum files_sync sync, files_done_fn *done, void *arg)
{
	struct change *c = write_new(f, path, data, len, mode, sync);

	c->done = done;
	c->arg = arg;
	enqueue(f, c);
}

void files_forget(struct files *f, const void *arg)
{
	for (struct change *c = f->changes; c; c = c->next)
		if (c->arg == arg)
			c->done = NULL;
}

void files_remove(struct files *f, const char *path)
{
	enqueue(f, change_new(f, ACTION_REMOVE, path));
}

void files_sync(struct files *f, const char *path)
{
	enqueue(f, change_new(f, ACTION_SYNC, path));
}

int files_open(struct loop *l, files_done_fn *done, void *arg, struct files **ret,
	       struct err *err)
{
	CLEANUP(free) struct files *f = xcalloc(1, sizeof(*f));
	int rc = worker_new(l, "files", &f->worker, err);

	if (rc < 0)
		return rc;
	f->done = done;
	f->arg = arg;
	f->again = loop_timer_new(l, on_again, f);
	pthread_mutex_init(&f->lock, NULL);
	*ret = TAKE(f);
	return 0;
}

void files_close(struct files *f)
{
	if (!f)
		return;
	f->closing = true;
	on_again(f);
	loop_timer_free(f->again);
	/* While a write hangs, its thread uses all of this. */
	if (!worker_end(f->worker, END_MS))
		return;
	pthread_mutex_destroy(&f->lock);
	free(f);
}
