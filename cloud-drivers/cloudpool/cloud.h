/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cloud.h - one cloudpool, as the driver's operations see it.
 *
 * A cloudpool keeps as many machines as its size says and knows nothing of launches. So
 * which launch has which machine is in a book (cloud-drivers/book): a launch is entered
 * there, synced, before the pool is asked for anything, and gets a machine of the pool's
 * list when one is there. The size that is asked for is computed from the book, and
 * absolute: asking twice, or again after a crash, changes nothing.
 *
 * The pool's own loop never chooses a victim among hosts: a machine that was given is
 * protected (evictable false) until it is terminated by its id.
 */
#ifndef CLOUDPOOL_CLOUD_H
#define CLOUDPOOL_CLOUD_H

#include "book.h"
#include "options.h"

#include "text.h"

#define USER_DATA_MAX 65536 /* that no machine gets: it is asked for by it */
#define LABELS_MAX 32       /* likewise */

enum cp_state {
	CP_REQUESTED, /* it has no machine yet, perhaps never */
	CP_PENDING,
	CP_RUNNING,
	CP_ENDING, /* being terminated */
	CP_ENDED,  /* terminated or refused */
};

struct cp_machine {
	char id[BOOK_MACHINE_MAX];
	enum cp_state state;
	bool is_active;    /* it counts in the pool's size */
	bool is_evictable; /* the pool may terminate it */
	bool is_refused;   /* the cloud did not grant it */
	const json_t *doc; /* the rest of it */
};

struct cp_pool {
	struct rest_answer answer;
	struct cp_machine *v;
	size_t n;
};

struct drv {
	struct cp_options opt;
	struct rest rest;
	char *token;   /* of basic authentication, encoded */
	char *base;    /* of the paths: endpoint and, in a multipool, the pool's */
	char book[32]; /* its name in the state folder */
	const char *hidden[2]; /* secrets, as struct rest wants them */
};

static inline int64_t cp_now_ms(const struct drv *d)
{
	return d->rest.host->wall_ms(d->rest.host->ctx);
}

/* ---------------------------------------------------------------- call.c */

/* A rest_explain_fn. */
void cp_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault);

/* What the pool has now; the caller frees *ret with cp_pool_done(). */
int cp_pool_get(struct drv *d, int64_t deadline, struct cp_pool *ret,
		struct drv_err *err);
void cp_pool_done(struct cp_pool *p);
DEFINE_CLEANUP_OBJECT(struct cp_pool, cp_pool_done);
/* NULL: it is not in the list. */
const struct cp_machine *cp_pool_find(const struct cp_pool *p, const char *id);

/* The size that the pool was asked for, and asking for one. */
int cp_size_get(struct drv *d, int64_t deadline, int64_t *ret, struct drv_err *err);
int cp_size_set(struct drv *d, int64_t size, int64_t deadline, struct drv_err *err);

/* Whether the pool may terminate the machine. */
int cp_evictable(struct drv *d, const char *machine, bool is, int64_t deadline,
		 struct drv_err *err);
/* Terminates it, and the pool's size is one less. NOTFOUND: there is no such machine. */
int cp_end(struct drv *d, const char *machine, int64_t deadline, struct drv_err *err);

/* Whether the pool runs and has a configuration. */
int cp_status(struct drv *d, int64_t deadline, bool *ret_started, bool *ret_configured,
	      struct drv_err *err);

/* ---------------------------------------------------------------- arrange.c */

/* Locks the book. TRANSIENT: it cannot be had or read. */
int cp_book_open(struct drv *d, int64_t deadline, struct book *ret, struct drv_err *err);
int cp_book_save(struct drv *d, struct book *b, struct drv_err *err);

/*
 * Brings book and pool together: launches without a machine get those of the pool's that
 * nobody has, each is protected, and the pool grows when it has too few.
 */
int cp_arrange(struct drv *d, struct book *b, const struct cp_pool *p, int64_t deadline,
	       struct drv_err *err);

/* How many machines the book and strangers in the pool need. */
int64_t cp_needed(const struct book *b, const struct cp_pool *p);
/* A machine that nobody has and no launch waits for; NULL: there is none. */
const struct cp_machine *cp_spare(const struct book *b, const struct cp_pool *p);

/* m: NULL when it has none, or the list lacks it. */
void cp_vm(const struct drv *d, const struct book_entry *e, const struct cp_machine *m,
	   struct drv_vm *ret);

#endif
