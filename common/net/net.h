/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net.h - the event loop, and an HTTP client: blocking (http.h) or many exchanges at once
 * on the loop (http_async.h).
 */
#ifndef COMMON_NET_NET_H
#define COMMON_NET_NET_H

#include "http.h"
#include "http_async.h"
#include "loop.h"

#endif
