/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kept.h - the inside of a lease: the keys that are kept under it. kept.c writes them,
 * put_right.c finds what others did to them. For lease.c.
 */
#ifndef AGENT_HOST_KEPT_H
#define AGENT_HOST_KEPT_H

#include "lease.h"

#define LEASE_MAGIC 0x6c656173u
#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 2000

struct kept {
	uint32_t magic;
	struct kept *next;
	struct lease *lease;
	char *key;
	char *want;   /* NULL: it should not exist */
	char *stored; /* what the store has under this lease, as far as we know */
	char *sent;   /* what the call that is under way puts; NULL: a delete */
	int64_t sent_lease;
	struct store_call *call;
	bool unknown; /* a write failed and may have happened */
	int64_t rev;  /* of the store, at which it was written */
	int64_t written_ms;
	int64_t righted_ms, right_pause_ms; /* when it was last put right */
	int64_t looked_ms;                  /* when it was last looked at */
	int64_t refused_ms; /* since when the store refuses what is put; 0: it does not */
	bool is_told;       /* of that */
};

struct lease {
	uint32_t magic;
	struct loop *loop;
	struct store *store;
	struct keepalive *keepalive;
	int64_t ttl_s;
	char *file;
	struct files *files;
	lease_found_fn *found;
	void (*put_right)(void *arg, const char *key, const char *why);
	void *arg;
	int64_t id;   /* 0: none */
	bool held;    /* the store has confirmed it */
	bool listed;  /* the keys under it were read */
	bool failing; /* logged once, not at every attempt */
	struct store_call *call;
	struct loop_timer *timer; /* the next try of a grant */
	struct loop_timer *retry; /* of failed writes */
	struct loop_timer *look;  /* the next look at the keys */
	struct store_call *looking;
	int64_t look_ms; /* when it began */
	int64_t look_pause_ms;
	char **looked; /* [n_looked] keys that are asked for */
	size_t n_looked;
	int64_t pause_ms, retry_ms;
	struct kept *kept;
};

/* NULL when there is none. */
struct kept *kept_find(const struct lease *l, const char *key);
struct kept *kept_find_or_add(struct lease *l, const char *key);
void kept_done(struct kept *k);
/* Brings the store to what is wanted, if it is not and if that can be done now. */
void kept_write(struct kept *k);
void kept_write_all(struct lease *l);
/* Logged once, until the lease is confirmed again. */
void lease_report(struct lease *l, const char *event, const struct err *err);

/* ---- put_right.c */

/* Looks at all keys from now on; pause_ms as in lease_opts. */
void look_open(struct lease *l, int64_t pause_ms);
void look_close(struct lease *l);

#endif
