/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work_queue.h - requests that wait for a worker, and whose is next: of the caller who
 * has the fewest at work, and among those of the one who had no turn for the longest.
 *
 * It owns nothing and has no lock. Requests are linked by request.next, and must have a
 * caller and a route.
 */
#ifndef CONTROLLER_API_WORK_QUEUE_H
#define CONTROLLER_API_WORK_QUEUE_H

#include "request.h"

#define WORKERS 6
#define AT_WORK_PER_CALLER 4
#define AT_WORK_PROGRAMS 4        /* of all hosts */
#define WAITING_MAX ((size_t)256) /* of people; of programs as many */
#define WAITING_PER_CALLER 32

struct work_queue {
	struct request *first, *last; /* oldest first */
	size_t n[2];                  /* of people, of programs */
	uint64_t turn;
};

void work_queue_remove(struct work_queue *q, struct request *r);

/* Takes the one that is next beside those at work (NULL: none), of which so many may be
 * queries. NULL: none may run. */
struct request *work_queue_next(struct work_queue *q,
				const struct request *const at_work[WORKERS],
				size_t queries);

/* Whether r, which is not in it, may wait. *ret_instead: who must give way before it is
 * put, still in the queue; NULL: nobody has to. */
int work_queue_admit(const struct work_queue *q, struct request *r,
		     struct request **ret_instead, struct err *err) MUST_CHECK;
void work_queue_put(struct work_queue *q, struct request *r); /* once it is admitted */

#endif
