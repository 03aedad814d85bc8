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
void kv_add_change(struct buf *b, const char *name, const struct kv_change *c,
		   bool with_value);

/* These take the body. */
enum MHD_Result kv_queue(struct MHD_Connection *conn, unsigned status, const char *type,
			 struct buf *body);
enum MHD_Result kv_queue_json(struct MHD_Connection *conn, struct buf *body);
/* An error response. */
enum MHD_Result kv_queue_fault(struct MHD_Connection *conn, int code, const char *words);

#endif
