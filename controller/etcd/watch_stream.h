/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_stream.h - watches as chunked responses. A connection is suspended while there is
 * nothing to send.
 */
#ifndef CONTROLLER_ETCD_WATCH_STREAM_H
#define CONTROLLER_ETCD_WATCH_STREAM_H

#include "member.h"

#include <jansson.h>

/* Starts the stream; takes the lock. */
enum MHD_Result kv_watch_serve(struct kv *kv, struct MHD_Connection *conn,
			       const json_t *create, const struct kv_access *a);

/* These are called with the lock held. */
/* n changes were appended to the log. */
void kv_watch_notify(struct kv *kv, size_t n);
/* Ends streams whose peer has disconnected, sends progress reports; returns when to call
 * it again. */
int64_t kv_watch_tend(struct kv *kv, int64_t now_ms);
void kv_watch_end_all(struct kv *kv);

#endif
