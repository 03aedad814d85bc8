/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owner.h - what each owner has in the store and asks of it, within its limits; who was
 * refused for that.
 *
 * Owners have a lock of their own, the books', which guards leases' times as well: a
 * lease is kept alive while the store waits for its disk. It is taken after the store's,
 * and held for a moment. Owner "", the controller, has no limits.
 */
#ifndef CONTROLLER_ETCD_OWNER_H
#define CONTROLLER_ETCD_OWNER_H

#include "batch.h"
#include "member.h"

#define KV_LATELY_MS 60000 /* a refusal is told for so long */

enum kv_price { KV_WRITES, KV_READS, KV_KEEPALIVES, N_KV_PRICES };

/* What an owner may still ask for; negative: it has to wait. */
struct kv_bucket {
	double tokens;
	int64_t at_ms; /* monotonic */
};

struct kv_owner {
	char *name;
	struct kv_watch *watch_list; /* with the store's lock */
	uint64_t certificate;        /* shown last; 0: none */
	size_t leases, watches, keys, bytes, answer_bytes;
	struct kv_bucket buckets[N_KV_PRICES];
	int64_t seen_ms; /* monotonic */

	/* The latest refusal; how many since it was last without one for a while. */
	const char *refused;                     /* NULL: none lately */
	int64_t n_refused, refused_ms, since_ms; /* monotonic; calendar */
	int64_t logged_ms;                       /* monotonic; 0: never */
};

void kv_books_init(struct kv *kv);
void kv_books_done(struct kv *kv);

/* Whether it is the name of a host, or of a host's programs. */
bool kv_is_host(const char *owner);
bool kv_is_programs(const char *owner);
/* Whether it stands for the programs of a stack, on all hosts; they are owners too. */
bool kv_is_stack(const struct kv_owner *o);
const struct kv_limits *kv_limits_of(const struct kv_access *a);
/* Of its keys, with what a key costs besides its name and value. */
size_t kv_owner_bytes(const struct kv_owner *o);

/* ---------------------------------------------------------------- with the books' lock
 */

/* By its name, added if missing. It stays while it has anything, and for a while. */
struct kv_owner *kv_owner_find(struct kv *kv, const char *name);
/* Those without anything that were not seen for a while. */
void kv_owners_forget(struct kv *kv, int64_t now_ms);
/* Counts a refusal; returns f. */
const struct kv_fault *kv_owner_refuse(struct kv_owner *o, const struct kv_fault *f);

/* ---------------------------------------------------------------- without it */

/* What one token pays: bytes of a request, keys looked at, keys of an answer, its bytes.
 */
#define KV_BODY_PAID 16384.0
#define KV_LOOKED_PAID 10000.0
#define KV_FOUND_PAID 100.0
#define KV_ANSWER_PAID 65536.0

/* Pays for a call before it is looked at; a fault: it has asked for too much lately. */
const struct kv_fault *kv_pay(struct kv *kv, const struct kv_access *a,
			      enum kv_price price, double n) MUST_CHECK;
/* Pays for what turned out to be more work. */
void kv_pay_more(struct kv *kv, const struct kv_access *a, enum kv_price price, double n);

/* Notes the certificate that a shows; ends the owner's watches of another. */
void kv_owner_shows(struct kv *kv, const struct kv_access *a);

/* Whether it may have so many more keys and bytes. */
const struct kv_fault *kv_owner_room(struct kv *kv, const struct kv_access *a,
				     size_t keys, size_t bytes) MUST_CHECK;
/* Whether the programs of the key's stack may have so many more bytes together. */
const struct kv_fault *kv_stack_room(struct kv *kv, const char *owner,
				     const struct kv_bytes *key, size_t bytes) MUST_CHECK;
/* The batch's keys are now its owner's, and what they were before nobody's. */
void kv_owner_take_keys(struct kv *kv, const struct kv_batch *b);
void kv_owner_take_key(struct kv *kv, struct kv_key *k, const char *owner);

/* Answers that wait to be sent: more is refused while there are too many bytes. */
const struct kv_fault *kv_owner_answers(struct kv *kv,
					const struct kv_access *a) MUST_CHECK;
struct kv_owner *kv_owner_sends(struct kv *kv, const struct kv_access *a, size_t bytes);
void kv_owner_sent(struct kv *kv, struct kv_owner *o, size_t bytes);

/* Logs who was refused since; forgets owners without anything. Holds no lock when it
 * logs. */
void kv_books_tend(struct kv *kv, int64_t now_ms);

#endif
