/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net.h - the event loop, and HTTP with and without it.
 */
#ifndef COMMON_NET_NET_H
#define COMMON_NET_NET_H

#include "http.h"
#include "http_async.h"
#include "loop.h"

#endif
