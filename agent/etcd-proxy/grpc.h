/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grpc.h - requests of HTTP/2: those of etcd's gRPC services pass, frame by frame; any
 * other ends the connection.
 *
 * The block of a request's headers is read (libnghttp2), and written anew from what was
 * understood. It must be in one frame, as those of gRPC's clients are.
 */
#ifndef AGENT_ETCD_PROXY_GRPC_H
#define AGENT_ETCD_PROXY_GRPC_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

struct grpc;

struct grpc *grpc_new(void);
void grpc_free(struct grpc *g);

/*
 * Moves what may pass from in to out, about max bytes. false: what comes is refused. With
 * a token requests have that in place of any of their own, but for a log-in.
 */
bool grpc_move(struct grpc *g, struct buf *in, struct buf *out, size_t max,
	       const char *token);

#endif
