/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk.h - what a rendered text needs of the disk, off the loop: it is compared with the
 * destination, staged beside it, and published. For resource.c.
 *
 * All that concerns one destination happens in order, also when the resource is another
 * by then: what is asked for last is there in the end.
 */
#ifndef AGENT_CONFD_DISK_H
#define AGENT_CONFD_DISK_H

#include "resource.h"

enum disk_result {
	DISK_FAILED,
	DISK_EQUAL,  /* the destination has this text and these rights */
	DISK_STAGED, /* beside it, for the check */
	DISK_PUBLISHED,
};

/* staged: the path, for DISK_STAGED; the callee's. err: for DISK_FAILED. */
typedef void disk_fn(void *arg, enum disk_result how, char *staged,
		     const struct err *err);

/*
 * Compares, stages and, unless the resource has a check, publishes a copy of text.
 * reloads: a reload is due when it is published, and the resource is marked for it first.
 */
struct disk_job *disk_place(struct confd_resource *r, const char *text, size_t len,
			    bool reloads, disk_fn *fn);
/* Publishes what was staged, which is the job's from then on. */
struct disk_job *disk_publish(struct confd_resource *r, char *staged, bool reloads,
			      disk_fn *fn);
/* Takes the resource's mark away: its reload is done, or not due any more. */
void disk_unmark(struct confd_resource *r);
/* fn is not called. What is under way goes on. NULL is allowed. */
void disk_cancel(struct disk_job *j);

void disk_open(struct confd *c);
void disk_close(struct confd *c); /* after what is under way */

#endif
