/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_stream.h - watches as chunked responses. A connection is suspended while there is
 * nothing to send.
 */
#ifndef CONTROLLER_ETCD_WATCH_STREAM_H
#define CONTROLLER_ETCD_WATCH_STREAM_H

#include "etcd.h"

/* Starts the stream of POST /v3/watch. */
enum MHD_Result kv_watch_serve(struct kv *kv, struct MHD_Connection *conn,
			       const char *body, size_t body_len,
			       const struct kv_access *access);

#endif
