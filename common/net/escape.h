/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * escape.h - texts as parts of URLs and forms; apart from http.h, so that who calls
 * through another's HTTP client, as drivers do, has none of its own.
 */
#ifndef COMMON_NET_ESCAPE_H
#define COMMON_NET_ESCAPE_H

#include "buf.h"

/* Adds text with everything but letters, digits and "-._~" escaped as %XX. */
void http_escape(struct buf *to, const char *text);

#endif
