/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "disk.h"

#include "check.h"
#include "clock.h"
#include "destination.h"
#include "fnv.h"

#include <string.h>
#include <unistd.h>

#define END_MS 10000

struct disk_job {
	struct worker_job *job;
	char *text; /* NULL: it is staged already */
	size_t len;
	struct confd_spec
		rights; /* of the spec only mode and owner, which are no pointers */
	char *dest, *mark;
	bool publishes, needs_mark, unmarks;
	char *staged;
	enum disk_result how;
	struct err err;
	disk_fn *fn;
	void *arg;
};

/* ---------------------------------------------------------------- in the thread */

/* False: there is nothing (more) to do. */
static bool stage(struct disk_job *j)
{
	if (confd_file_equals(j->dest, j->text, j->len, &j->rights)) {
		j->how = DISK_EQUAL;
		return false;
	}
	if (confd_file_stage(j->dest, j->text, j->len, &j->rights, &j->staged, &j->err) <
	    0)
		return false;
	j->how = DISK_STAGED;
	return j->publishes;
}

static void publish(struct disk_job *j)
{
	/* First, so that the reload is not lost if we are killed in between. */
	if (j->needs_mark)
		confd_mark_set(j->mark);
	j->how = DISK_FAILED;
	if (confd_file_publish(j->staged, j->dest, &j->err) == 0) {
		free(TAKE(j->staged));
		j->how = DISK_PUBLISHED;
	}
}

static void run(void *arg)
{
	struct disk_job *j = arg;

	if (j->unmarks)
		confd_mark_clear(j->mark);
	else if (j->staged || stage(j))
		publish(j);
}

/* ---------------------------------------------------------------- on the loop */

static void done(void *arg)
{
	struct disk_job *j = arg;
	char *staged = j->how == DISK_STAGED ? TAKE(j->staged) : NULL;

	if (!j->fn)
		return;
	j->fn(j->arg, j->how, staged, j->how == DISK_FAILED ? &j->err : NULL);
}

static void job_free(void *arg)
{
	struct disk_job *j = arg;

	if (j->staged)
		(void)unlink(j->staged);
	free(j->staged);
	free(j->text);
	free(j->dest);
	free(j->mark);
	free(j);
}

static struct disk_job *start(struct confd_resource *r, struct disk_job *j, disk_fn *fn)
{
	const struct worker_work work = {
		.run = run, .done = done, .free = job_free, .arg = j
	};
	struct confd *c = r->group->confd;
	uint64_t which = fnv(FNV_START, r->dest, strlen(r->dest)) % CONFD_DISKS;

	j->rights = *r->spec;
	j->dest = xstrdup(r->dest);
	j->mark = xstrdup(r->mark);
	j->fn = fn;
	j->arg = r;
	j->job = worker_do(c->disks[which], &work);
	return j;
}

struct disk_job *disk_place(struct confd_resource *r, const char *text, size_t len,
			    bool reloads, disk_fn *fn)
{
	struct disk_job *j = xcalloc(1, sizeof(*j));

	j->text = xmalloc(len + 1);
	memcpy(j->text, text, len);
	j->len = len;
	j->needs_mark = reloads;
	j->publishes = !r->spec->check_cmd;
	return start(r, j, fn);
}

struct disk_job *disk_publish(struct confd_resource *r, char *staged, bool reloads,
			      disk_fn *fn)
{
	struct disk_job *j = xcalloc(1, sizeof(*j));

	j->staged = staged;
	j->needs_mark = reloads;
	return start(r, j, fn);
}

void disk_unmark(struct confd_resource *r)
{
	struct disk_job *j;

	if (!*r->mark)
		return;
	j = xcalloc(1, sizeof(*j));
	j->unmarks = true;
	(void)start(r, j, NULL);
}

void disk_cancel(struct disk_job *j)
{
	if (j)
		worker_cancel(j->job);
}

void disk_open(struct confd *c)
{
	/* A few descriptors at the start: as memory, an agent without cannot work. */
	for (size_t i = 0; i < CONFD_DISKS; i++)
		CHECK(worker_new(c->loop, "confd-disk", &c->disks[i], NULL) == 0);
}

void disk_close(struct confd *c)
{
	int64_t until = clock_mono_ms() + END_MS;

	for (size_t i = 0; i < CONFD_DISKS; i++)
		(void)worker_end(c->disks[i], MAX(until - clock_mono_ms(), 0));
}
