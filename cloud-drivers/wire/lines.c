/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lines.h"

#include "check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FIRST_BYTES 4096u

void lines_init(struct lines *l, int fd, size_t max_bytes)
{
	*l = (struct lines){ .fd = fd, .max = max_bytes };
}

/* Lines may hold secrets, so what is given back to the heap is empty. */
static void forget(struct lines *l)
{
	if (l->data)
		explicit_bzero(l->data, l->cap);
	free(l->data);
}

void lines_done(struct lines *l)
{
	forget(l);
	*l = (struct lines){ .fd = -1 };
}

static void grow(struct lines *l)
{
	const size_t cap = l->cap ? MIN(2 * l->cap, l->max + 1) : FIRST_BYTES;
	char *data = xmalloc(cap);

	if (l->end)
		memcpy(data, l->data, l->end);
	forget(l);
	l->data = data;
	l->cap = cap;
}

static void make_room(struct lines *l)
{
	if (l->begin > 0) {
		memmove(l->data, l->data + l->begin, l->end - l->begin);
		l->end -= l->begin;
		l->searched -= l->begin;
		l->begin = 0;
	}
	if (l->end == l->cap && l->cap <= l->max)
		grow(l);
}

enum lines_state lines_read(struct lines *l)
{
	ssize_t n;

	make_room(l);
	if (l->end == l->cap)
		return LINES_FULL;
	do
		n = read(l->fd, l->data + l->end, l->cap - l->end);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return LINES_NONE;
	if (n <= 0)
		return LINES_ENDED;
	l->end += (size_t)n;
	return LINES_MORE;
}

char *lines_next(struct lines *l, size_t *ret_len)
{
	char *line = l->data + l->begin;
	char *stop = l->searched < l->end
			     ? memchr(l->data + l->searched, '\n', l->end - l->searched)
			     : NULL;

	l->searched = stop ? (size_t)(stop - l->data) + 1 : l->end;
	if (!stop)
		return NULL;
	*stop = '\0';
	*ret_len = (size_t)(stop - line);
	l->begin = l->searched;
	return line;
}
