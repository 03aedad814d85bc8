/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "failure.h"

#include "buf.h"
#include "check.h"
#include "utf8.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

#define RETRY_AFTER_MAX_MS INT64_C(3600000)
#define PLAIN_MAX 4096

bool rest_only_reads(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

enum drv_class rest_class(long status, const char *method, bool has_retry_after)
{
	switch (status) {
	case 401:
	case 402:
	case 403:
	case 407:
		return DRV_AUTH;
	case 404:
	case 410:
		return DRV_NOTFOUND;
	case 408:
	case 425:
		return DRV_TRANSIENT;
	case 409:
	case 423:
		return DRV_CONFLICT;
	case 413:
		return has_retry_after ? DRV_THROTTLED : DRV_BADREQ;
	case 429:
		return DRV_THROTTLED;
	case 501:
		return DRV_NOTSUP;
	case 503:
		if (has_retry_after)
			return DRV_THROTTLED;
		break;
	default:
		if (status >= 400 && status < 500)
			return DRV_BADREQ;
		/* A redirect, which is not followed, is another address than configured.
		 */
		if (status < 500)
			return status >= 300 && status < 400 ? DRV_BADREQ : DRV_BUG;
	}
	return rest_only_reads(method) ? DRV_TRANSIENT : DRV_AMBIGUOUS;
}

bool rest_header(const struct drv_http_answer *a, const char *name, char *text,
		 size_t size)
{
	const size_t n = strlen(name);

	for (const char *line = a->headers; line && *line;) {
		const char *end = strchrnul(line, '\n');

		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			const char *from = line + n + 1, *to = end;

			while (from < to && isspace((unsigned char)*from))
				from++;
			while (to > from && isspace((unsigned char)to[-1]))
				to--;
			if ((size_t)(to - from) >= size)
				return false;
			memcpy(text, from, (size_t)(to - from));
			text[to - from] = '\0';
			return true;
		}
		line = *end ? end + 1 : end;
	}
	return false;
}

int64_t rest_retry_after_ms(const struct drv_http_answer *a, int64_t wall_ms)
{
	char text[64], *end;
	int64_t ms;

	if (!rest_header(a, "Retry-After", text, sizeof(text)))
		return -1;
	if (isdigit((unsigned char)text[0])) {
		unsigned long long s = strtoull(text, &end, 10);

		if (*end)
			return -1;
		return s > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS
						     : (int64_t)s * 1000;
	}
	ms = (int64_t)curl_getdate(text, NULL) * 1000;
	if (ms < 0)
		return -1;
	return MAX(0, MIN(ms - wall_ms, RETRY_AFTER_MAX_MS));
}

/* The length of the secret that text begins with, or 0. */
static size_t secret_at(const char *text, const char *const *secrets)
{
	for (; secrets && *secrets; secrets++) {
		const size_t n = strlen(*secrets);

		if (n > 0 && strncmp(text, *secrets, n) == 0)
			return n;
	}
	return 0;
}

void rest_plain(char *to, size_t size, const char *text, const char *const *secrets)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(free) char *all = NULL;

	buf_init(&b, PLAIN_MAX);
	while (*text && !buf_is_full(&b)) {
		const size_t secret = secret_at(text, secrets);

		if (secret)
			buf_puts(&b, "***");
		else
			buf_putc(&b, isspace((unsigned char)*text) ? ' ' : *text);
		text += secret ? secret : 1;
	}
	all = xstrdup(buf_str(&b));
	utf8_make_plain(all, size - 1);
	snprintf(to, size, "%s", all);
}
