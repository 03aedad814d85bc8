/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net.h - the event loop, an HTTP client: blocking (http.h) or many exchanges at once
 * on the loop (http_async.h), listening sockets (accept.h), and what keeps work that
 * waits for a disk off the loop (worker.h, files.h).
 */
#ifndef COMMON_NET_NET_H
#define COMMON_NET_NET_H

#include "accept.h"
#include "escape.h"
#include "files.h"
#include "http.h"
#include "http_async.h"
#include "loop.h"
#include "worker.h"

#endif
