/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life.h - a driver's process as all see it who call it, look after it, or end it.
 */
#ifndef CLOUDS_LIFE_H
#define CLOUDS_LIFE_H

#include "child.h"
#include "driver.h"
#include "order.h"
#include "said.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum drv_life {
	DRV_DOWN,     /* no process, and no thread that looks after one */
	DRV_STARTING, /* until it has answered to open */
	DRV_UP,
	DRV_ENDING, /* killed, or told to end; not gone yet */
};

#define DRV_MAGIC 0x64727663u
#define DRV_WHY_MAX 256

/* A call under way. */
struct pending {
	uint64_t id;
	json_t *parts; /* that came and are not taken yet */
	size_t n_parts;
	json_t *end; /* NULL: not yet, or never */
	bool is_over;
	bool is_garbage;       /* never, because of what the process wrote */
	char why[DRV_WHY_MAX]; /* never */
	struct pending *next;
};

/* What the ABI calls an opened driver: here it is the process that has opened it. */
struct drv {
	uint32_t magic;
	/* Constant: */
	char *name;
	struct order order;

	/* Constant once it was open: */
	struct drv_ops ops;
	struct drv_caps caps;
	json_t *hello; /* what ops points to */

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	enum drv_life life;
	bool is_halted; /* for ever */
	bool has_thread;
	pthread_t thread;
	bool has_child; /* it is running, as far as is known */
	struct child child;
	json_t *greeting;      /* of this run; NULL: none yet */
	int failures;          /* ends in a row without an answer between them */
	int64_t not_before;    /* monotonic: of the next start */
	char why[DRV_WHY_MAX]; /* it ended the last time */
	bool is_garbage;       /* that was because of what it wrote */
	struct pending *calls;
	unsigned n_calls;
	uint64_t last_id;

	pthread_mutex_t writing; /* whole lines; child.in is not closed meanwhile */
	struct said said;        /* the thread's */
};

/* Ends the process; why is told to all whose calls are under way. The lock is held. */
void life_end(struct drv *d, bool is_garbage, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Waits for the next change until then; false: the time is over. The lock is held. */
bool life_wait(struct drv *d, int64_t deadline_mono_ms);

#endif
