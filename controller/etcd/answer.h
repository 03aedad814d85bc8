/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer.h - answers in the JSON of etcd's gateway, and queueing them on a connection.
 */
#ifndef CONTROLLER_ETCD_ANSWER_H
#define CONTROLLER_ETCD_ANSWER_H

#include "buf.h"
#include "member.h"

#define KV_ANSWER_BYTES (64u << 20)

/* "header":{..}; with the lock held. */
void kv_add_header(struct buf *b, const struct kv *kv);
void kv_add_header_at(struct buf *b, const struct kv *kv, int64_t rev); /* without it */
void kv_add_change(struct buf *b, const char *name, const struct kv_change *c,
		   bool with_value);

/* Writes an error in place of what the answer has; returns its HTTP status. */
unsigned kv_answer_fault(struct buf *to, int code, const char *words);
/* The same; a limit names its owner. */
unsigned kv_answer_limit(struct buf *to, const struct kv_fault *f,
			 const struct kv_access *a);

/* Takes the body: JSON, or plain text; it counts for its owner until it was sent. */
enum MHD_Result kv_queue(struct kv *kv, struct MHD_Connection *conn,
			 const struct kv_access *a, unsigned status, struct buf *body);

#endif
