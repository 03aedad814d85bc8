/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "strict.h"

#include "check.h"
#include "server.h"

#include <ctype.h>
#include <string.h>

const char *strict_path(const char *path)
{
	const char *at;

	if (strncasecmp(path, "http://", 7) != 0 && strncasecmp(path, "https://", 8) != 0)
		return path;
	at = strchr(strstr(path, "://") + 3, '/');
	return at ? at : "/";
}

/* ---------------------------------------------------------------- the target */

/* An escape that proxies and we may read differently: NUL, a slash, half of one. */
static bool is_bad_escape(const char *p, bool in_path)
{
	char hex[3] = { p[1], p[1] ? p[2] : '\0', '\0' };
	long c;

	if (!isxdigit((unsigned char)hex[0]) || !isxdigit((unsigned char)hex[1]))
		return true;
	c = strtol(hex, NULL, 16);
	return c == 0 || (in_path && (c == '/' || c == '\\'));
}

static int check_target(struct request *r, struct err *err)
{
	bool in_path = true;

	for (const char *p = r->target; *p; p++) {
		in_path = in_path && *p != '?';
		if (*p == '%' && is_bad_escape(p, in_path))
			return request_fail(r, 400, err,
					    "'%.3s' is no escape that is allowed in the "
					    "target of a request",
					    p);
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '#')
			return request_fail(r, 400, err,
					    "the target of a request must be printable "
					    "ASCII without '#': escape other bytes");
	}
	return 0;
}

/* ---------------------------------------------------------------- header fields */

struct fields {
	bool is_bad; /* a name or a value that others may read differently */
	size_t hosts, lengths, codings;
	const char *host, *length, *coding;
};

/* "Content-Length : 3" is a length to some, a line that ends with CR alone two fields. */
static bool is_clear(const char *name, const char *value)
{
	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", *p))
			return false;
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if ((*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return *name != '\0';
}

static enum MHD_Result count_field(void *arg, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	struct fields *f = arg;

	(void)kind;
	value = value ? value : "";
	f->is_bad = f->is_bad || !is_clear(name, value);
	if (strcasecmp(name, "Host") == 0) {
		f->hosts++;
		f->host = value;
	} else if (strcasecmp(name, "Content-Length") == 0) {
		f->lengths++;
		f->length = value;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		f->codings++;
		f->coding = value;
	}
	return MHD_YES;
}

static int check_length(struct request *r, const struct fields *f, struct err *err)
{
	if (f->is_bad)
		return request_fail(r, 400, err,
				    "a header field has a name or a value that is none");
	if (f->lengths > 1)
		return request_fail(r, 400, err, "Content-Length is given %zu times",
				    f->lengths);
	if (f->lengths &&
	    (!*f->length || strspn(f->length, "0123456789") != strlen(f->length)))
		return request_fail(r, 400, err, "Content-Length must be a number");
	if (f->codings && f->lengths)
		return request_fail(
			r, 400, err,
			"Content-Length and Transfer-Encoding exclude each other");
	if (f->codings && r->is_http_1_0)
		return request_fail(r, 400, err, "HTTP/1.0 has no Transfer-Encoding");
	if (f->codings > 1 || (f->codings && strcasecmp(f->coding, "chunked") != 0))
		return request_fail(r, 501, err,
				    "the one Transfer-Encoding that is known is chunked");
	return 0;
}

static size_t name_len(const char *host)
{
	return *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
}

static bool ends_with(const char *s, size_t n, const char *tail)
{
	const size_t len = strlen(tail);

	return n >= len && strncasecmp(s + n - len, tail, len) == 0;
}

static bool is_name(const char *s, size_t n, const char *want)
{
	return n == strlen(want) && strncasecmp(s, want, n) == 0;
}

/* Whether it is among names, separated by commas or spaces. */
static bool is_among(const char *names, const char *host, size_t n)
{
	size_t len;

	for (names += strspn(names, ", "); *names; names += strspn(names, ", ")) {
		len = strcspn(names, ", ");
		if (len == n && strncasecmp(names, host, n) == 0)
			return true;
		names += len;
	}
	return false;
}

/* Names of this machine for itself, the one that hosts are told, and those of a proxy. */
static bool is_own_name(const struct api *api, const char *host)
{
	const char *advertised = strstr(api->opts.advertise, "://");
	const size_t n = name_len(host);

	if (is_name(host, n, "localhost") || ends_with(host, n, ".localhost") ||
	    is_name(host, n, "[::1]") ||
	    (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= n))
		return true;
	if (api->opts.names && is_among(api->opts.names, host, n))
		return true;
	return advertised && name_len(advertised + 3) == n &&
	       strncasecmp(advertised + 3, host, n) == 0;
}

static int check_host(struct request *r, const struct fields *f, struct err *err)
{
	const char *host = f->host;

	if (f->hosts > 1)
		return request_fail(r, 400, err, "Host is given %zu times", f->hosts);
	if (f->hosts == 0 && !r->is_http_1_0)
		return request_fail(r, 400, err, "Host is missing");
	/* What an absolute target says counts, not the field. */
	if (strict_path(r->target) != r->target)
		host = strstr(r->target, "://") + 3;
	if (host && strpbrk(host, "@ \t,") &&
	    strcspn(host, "@ \t,") < strcspn(host, "/?"))
		return request_fail(r, 400, err, "Host must be a NAME or NAME:PORT");
	if (host && r->is_local_only && !is_own_name(r->api, host))
		return request_fail(
			r, 421, err,
			"this listener serves this machine alone, as "
			"localhost, not as '%.*s': a proxy's name belongs into "
			"[controller] names",
			(int)MIN(name_len(host), 100), host);
	return 0;
}

int strict_check(struct request *r, struct err *err)
{
	struct fields f = { 0 };
	int rc;

	MHD_get_connection_values(r->conn, MHD_HEADER_KIND, count_field, &f);
	rc = check_length(r, &f, err);
	if (rc == 0)
		rc = check_target(r, err);
	if (rc == 0)
		rc = check_host(r, &f, err);
	/* What follows may not be what its sender means. */
	r->ends_connection = rc < 0;
	return rc;
}
