/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "greeting.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#define LOOK_BYTES 16384 /* of longer headers libmicrohttpd judges */
#define RECORD_HEAD 5    /* type, version, length */
#define RECORD_MAX 16384
#define HANDSHAKE 0x16

/* Source: RFC 8446, section 5.1. */
static enum greeting handshake(const unsigned char *p, size_t n)
{
	size_t len;

	if (n > 0 && p[0] != HANDSHAKE)
		return GREETING_NONE;
	if (n < RECORD_HEAD)
		return GREETING_PART;
	len = (size_t)p[3] << 8 | p[4];
	if (len == 0 || len > RECORD_MAX)
		return GREETING_NONE;
	return n >= RECORD_HEAD + len ? GREETING_WHOLE : GREETING_PART;
}

static enum greeting headers(const char *p, size_t n)
{
	return n == LOOK_BYTES || memmem(p, n, "\n\r\n", 3) || memmem(p, n, "\n\n", 2)
		       ? GREETING_WHOLE
		       : GREETING_PART;
}

enum greeting greeting_of(int fd, bool is_tls)
{
	char text[RECORD_HEAD + RECORD_MAX];
	ssize_t n = recv(fd, text, is_tls ? sizeof(text) : LOOK_BYTES,
			 MSG_PEEK | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? GREETING_PART : GREETING_NONE;
	if (n == 0)
		return GREETING_NONE;
	return is_tls ? handshake((unsigned char *)text, (size_t)n)
		      : headers(text, (size_t)n);
}
