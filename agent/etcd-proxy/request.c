/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request.h"

#include "check.h"

#include <string.h>
#include <strings.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define NAME_CHARS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
#define HOST_CHARS NAME_CHARS ".:[]"
#define LENGTH_DIGITS_MAX 15

/* ---------------------------------------------------------------- what may be called */

static bool is_call(const char *path)
{
	static const char *const versions[] = { "/v3/", "/v3beta/" };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		size_t n = strlen(versions[i]);
		const char *rest = path + n;

		if (strncmp(path, versions[i], n) == 0)
			return *rest && *rest != '/' &&
			       strspn(rest, LOWER "/") == strlen(rest) &&
			       !strstr(rest, "//");
	}
	return false;
}

static bool is_of_etcd(const char *method, const char *path)
{
	if (strcmp(method, "POST") == 0)
		return is_call(path);
	return strcmp(method, "GET") == 0 &&
	       (strcmp(path, "/health") == 0 || strcmp(path, "/version") == 0);
}

/* ---------------------------------------------------------------- reading a head */

/* What was understood; the strings are within the head. */
struct head {
	char *method, *path, *host, *type, *accept, *authorization, *length;
	bool is_chunked, is_last, expects;
	struct refusal refusal;
};

static bool refuse(struct head *h, unsigned status, const char *why)
{
	if (!h->refusal.status)
		h->refusal = (struct refusal){ status, why };
	return false;
}

static bool read_first_line(struct head *h, char *line)
{
	h->method = strsep(&line, " ");
	h->path = strsep(&line, " ");
	if (!line || strchr(line, ' ') || strncmp(line, "HTTP/", 5) != 0)
		return refuse(h, 400, "the request line cannot be read");
	if (strcmp(line, "HTTP/1.1") != 0)
		return refuse(h, 505, "only HTTP/1.1 and gRPC are spoken here");
	if (!is_of_etcd(h->method, h->path))
		return refuse(h, 403,
			      "programs of this host may call etcd's API (POST /v3/..., "
			      "GET /health, GET /version) and nothing else");
	return true;
}

/* The first value; a second one makes it unclear which holds. */
static bool once(struct head *h, char **to, char *value)
{
	if (*to)
		return refuse(h, 400, "a header is given twice");
	*to = value;
	return true;
}

static bool read_coding(struct head *h, const char *value)
{
	if (strcasecmp(value, "chunked") != 0)
		return refuse(h, 501, "the transfer coding is not known");
	if (h->is_chunked)
		return refuse(h, 400, "a header is given twice");
	h->is_chunked = true;
	return true;
}

/* Headers that are not named here do not pass. */
static bool read_header(struct head *h, const char *name, char *value)
{
	if (strcasecmp(name, "Host") == 0)
		return once(h, &h->host, value);
	if (strcasecmp(name, "Content-Length") == 0)
		return once(h, &h->length, value);
	if (strcasecmp(name, "Transfer-Encoding") == 0)
		return read_coding(h, value);
	if (strcasecmp(name, "Content-Type") == 0)
		return once(h, &h->type, value);
	if (strcasecmp(name, "Accept") == 0)
		h->accept = value;
	if (strcasecmp(name, "Authorization") == 0)
		return once(h, &h->authorization, value);
	if (strcasecmp(name, "Connection") == 0)
		h->is_last |= strcasestr(value, "close") != NULL;
	if (strcasecmp(name, "Expect") == 0)
		h->expects |= strcasecmp(value, "100-continue") == 0;
	return true;
}

static bool read_header_line(struct head *h, char *line)
{
	char *value = strchr(line, ':');
	size_t n;

	if (!value || value == line ||
	    strspn(line, NAME_CHARS ".!#$&'*+^`|~%") != (size_t)(value - line))
		return refuse(h, 400, "a header cannot be read");
	*value++ = '\0';
	value += strspn(value, " \t");
	for (n = strlen(value); n > 0 && strchr(" \t", value[n - 1]); n--)
		value[n - 1] = '\0';
	for (const char *c = value; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return refuse(h, 400, "a header has a control character");
	return read_header(h, line, value);
}

static bool read_framing(struct head *h)
{
	if (!h->host || !*h->host || strspn(h->host, HOST_CHARS) != strlen(h->host))
		return refuse(h, 400, "there must be one Host");
	if (h->length && h->is_chunked)
		return refuse(h, 400,
			      "a length and a transfer coding exclude each other");
	if (h->length && (!*h->length || strlen(h->length) > LENGTH_DIGITS_MAX ||
			  strspn(h->length, "0123456789") != strlen(h->length)))
		return refuse(h, 400, "Content-Length is no number");
	return true;
}

/* text: a head without the empty line; each line ends with "\r\n", none has a NUL. */
static bool read_head(struct head *h, char *text)
{
	char *line, *end;

	for (line = text; *line; line = end + 2) {
		end = strchr(line, '\n');
		if (!end || end == line || end[-1] != '\r')
			return refuse(h, 400, "a line must end with CR LF");
		*--end = '\0';
		if (strchr(line, '\r'))
			return refuse(h, 400, "a line has a CR");
		if (!(line == text ? read_first_line(h, line)
				   : read_header_line(h, line)))
			return false;
	}
	return read_framing(h);
}

/* ---------------------------------------------------------------- moving it on */

static void put_header(struct buf *out, const char *name, const char *value)
{
	if (value)
		buf_printf(out, "%s: %s\r\n", name, value);
}

/* A token that has ended would be refused with a log-in, too. */
static bool is_login(const struct head *h)
{
	return strcmp(h->path, "/v3/auth/authenticate") == 0 ||
	       strcmp(h->path, "/v3beta/auth/authenticate") == 0;
}

static void write_head(const struct head *h, const char *token, struct buf *out)
{
	buf_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", h->method, h->path, h->host);
	put_header(out, "Content-Type", h->type);
	put_header(out, "Accept", h->accept);
	put_header(out, "Authorization",
		   !token        ? h->authorization
		   : is_login(h) ? NULL
				 : token);
	put_header(out, "Expect", h->expects ? "100-continue" : NULL);
	put_header(out, "Connection", h->is_last ? "close" : NULL);
	if (h->is_chunked)
		put_header(out, "Transfer-Encoding", "chunked");
	else if (h->length || strcmp(h->method, "POST") == 0)
		put_header(out, "Content-Length", h->length ? h->length : "0");
	buf_puts(out, "\r\n");
}

static bool move_head(struct request *r, struct buf *in, struct buf *out,
		      struct refusal *ret)
{
	const char *end = memmem(in->data, in->len, "\r\n\r\n", 4);
	size_t n = end ? (size_t)(end - in->data) + 2 : in->len;
	CLEANUP(free) char *text = NULL;
	struct head h = { .is_last = false };

	if (n > REQUEST_HEAD_MAX)
		refuse(&h, 431, "the head of the request is too long");
	else if (!end)
		return false;
	else if (memchr(in->data, '\0', n))
		refuse(&h, 400, "the head has a NUL");
	if (!h.refusal.status) {
		text = xstrndup(in->data, n);
		(void)read_head(&h, text);
	}
	*ret = h.refusal;
	if (h.refusal.status)
		return false;
	write_head(&h, r->token, out);
	buf_drop(in, n + 2);
	r->is_last = h.is_last;
	r->in_body = true;
	if (h.is_chunked)
		body_chunked(&r->body, true);
	else
		body_of_length(&r->body, h.length ? strtoull(h.length, NULL, 10) : 0);
	return true;
}

static void move_body(struct request *r, struct buf *in, struct buf *out, size_t max,
		      struct refusal *ret)
{
	ssize_t n = body_take(&r->body, in->data, MIN(in->len, max));

	if (n < 0) {
		*ret = (struct refusal){ 400, "the body is malformed" };
		return;
	}
	buf_add(out, in->data, (size_t)n);
	buf_drop(in, (size_t)n);
}

bool request_move(struct request *r, struct buf *in, struct buf *out, size_t max,
		  struct refusal *ret)
{
	*ret = (struct refusal){ 0, NULL };
	if (r->in_body) {
		move_body(r, in, out, max, ret);
		r->in_body = r->body.part != BODY_NONE;
	}
	if (r->in_body || ret->status || !in->len)
		return false;
	if (r->is_last) {
		buf_clear(in); /* what follows is no request of this connection */
		return false;
	}
	return move_head(r, in, out, ret);
}

/* ---------------------------------------------------------------- saying no */

static const char *reason(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 431:
		return "Request Header Fields Too Large";
	case 501:
		return "Not Implemented";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	default:
		return "HTTP Version Not Supported";
	}
}

/* Codes of gRPC, as etcd's own errors have. */
static int code_of(unsigned status)
{
	return status == 403 ? 7 : status >= 502 && status <= 503 ? 14 : 3;
}

void refusal_write(const struct refusal *r, struct buf *out)
{
	CLEANUP(free)
	char *text =
		xasprintf("{\"error\":\"%s\",\"code\":%d}", r->why, code_of(r->status));

	buf_printf(out,
		   "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\n"
		   "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
		   r->status, reason(r->status), strlen(text), text);
}
