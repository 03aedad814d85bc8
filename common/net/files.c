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

enum action { ACTION_WRITE, ACTION_REMOVE, ACTION_SYNC };

struct change {
	struct change *next, **link; /* of all; the loop's alone */
	struct files *files;
	bool begun, needless; /* under the lock */
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
	files_done_fn *done;
	void *arg;
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

static void on_done(void *arg)
{
	const struct change *c = arg;

	if (c->done && !c->needless)
		c->done(c->arg, c->path, c->err.code ? &c->err : NULL);
}

static void change_free(void *arg)
{
	struct change *c = arg;

	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	free(c->path);
	free(c->data);
	free(c);
}

/* A write or a removal makes needless what waits for the same path. */
static void supersede(struct files *f, const char *path)
{
	pthread_mutex_lock(&f->lock);
	for (struct change *c = f->changes; c; c = c->next)
		if (!c->begun && strcmp(c->path, path) == 0) {
			c->needless = true;
			free(TAKE(c->data));
		}
	pthread_mutex_unlock(&f->lock);
}

static void enqueue(struct files *f, struct change *c)
{
	const struct worker_work work = {
		.run = run, .done = on_done, .free = change_free, .arg = c
	};

	if (c->action != ACTION_SYNC)
		supersede(f, c->path);
	c->files = f;
	c->next = f->changes;
	if (c->next)
		c->next->link = &c->next;
	c->link = &f->changes;
	f->changes = c;
	(void)worker_do(f->worker, &work);
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

void files_write(struct files *f, const char *path, const void *data, size_t len,
		 unsigned mode, enum files_sync sync)
{
	files_write_then(f, path, data, len, mode, sync, f->done, f->arg);
}

void files_write_then(struct files *f, const char *path, const void *data, size_t len,
		      unsigned mode, enum files_sync sync, files_done_fn *done, void *arg)
{
	struct change *c = change_new(f, ACTION_WRITE, path);

	c->sync = sync;
	c->mode = mode;
	c->data = xmalloc(len + 1);
	if (len)
		memcpy(c->data, data, len);
	c->len = len;
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
	pthread_mutex_init(&f->lock, NULL);
	*ret = TAKE(f);
	return 0;
}

void files_close(struct files *f)
{
	/* While a write hangs, its thread uses all of this. */
	if (!f || !worker_end(f->worker, END_MS))
		return;
	pthread_mutex_destroy(&f->lock);
	free(f);
}
