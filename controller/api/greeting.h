/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * greeting.h - whether a new connection has said enough to be let in: the headers of a
 * request, or the first record of a TLS handshake. It is looked at and left where it is.
 */
#ifndef CONTROLLER_API_GREETING_H
#define CONTROLLER_API_GREETING_H

#include <stdbool.h>

enum greeting {
	GREETING_PART, /* more is to come */
	GREETING_WHOLE,
	GREETING_NONE, /* it ended, or this is none */
};

enum greeting greeting_of(int fd, bool is_tls);

#endif
