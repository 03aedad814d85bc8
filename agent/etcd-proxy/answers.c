/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answers.h"

#include "check.h"

#include <string.h>
#include <strings.h>

#define HEAD_MAX ((size_t)32 << 10)

void answers_init(struct answers *a)
{
	*a = (struct answers){ .n = 0 };
	buf_init(&a->head, HEAD_MAX);
}

void answers_done(struct answers *a)
{
	buf_done(&a->head);
}

/* The value of a header, or NULL; lines end with "\r\n". */
static const char *find(const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = strchr(head, '\n'); at; at = strchr(at, '\n')) {
		at++;
		if (strncasecmp(at, name, n) == 0 && at[n] == ':')
			return at + n + 1 + strspn(at + n + 1, " \t");
	}
	return NULL;
}

static void begin_body(struct answers *a, const char *head)
{
	unsigned status = 0;
	const char *length = find(head, "Content-Length");
	const char *coding = find(head, "Transfer-Encoding");

	if (sscanf(head, "HTTP/1.%*1u %3u ", &status) != 1 || status < 100) {
		a->is_lost = true;
		return;
	}
	/* An interim answer: the one that counts follows. */
	if (status < 200) {
		a->is_lost = status == 101;
		return;
	}
	a->in_body = true;
	if (status == 204 || status == 304)
		body_of_length(&a->body, 0);
	else if (coding && strncasecmp(coding, "chunked", 7) == 0)
		body_chunked(&a->body, false);
	else if (length)
		body_of_length(&a->body, strtoull(length, NULL, 10));
	else
		body_to_the_end(&a->body);
}

/* How many bytes belong to the head. */
static size_t take_head(struct answers *a, const char *data, size_t n)
{
	size_t before = a->head.len;
	const char *end;
	size_t all;

	buf_add(&a->head, data, n);
	if (buf_is_full(&a->head)) {
		a->is_lost = true;
		return n;
	}
	end = memmem(a->head.data, a->head.len, "\r\n\r\n", 4);
	if (!end)
		return n;
	all = (size_t)(end - a->head.data) + 4;
	a->head.data[all - 1] = '\0';
	begin_body(a, a->head.data);
	buf_clear(&a->head);
	return all - before;
}

void answers_take(struct answers *a, const char *data, size_t n)
{
	while (!a->is_lost && (n > 0 || (a->in_body && a->body.part == BODY_NONE))) {
		size_t some = 0;

		if (!a->in_body) {
			some = take_head(a, data, n);
		} else if (a->body.part == BODY_NONE) {
			a->in_body = false;
			a->n++;
		} else {
			ssize_t taken = body_take(&a->body, data, n);

			a->is_lost = taken < 0;
			some = taken < 0 ? 0 : (size_t)taken;
		}
		data += some;
		n -= some;
	}
}
