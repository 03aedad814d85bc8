/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "path.h"

#include "buf.h"
#include "check.h"
#include "net.h"

#include <stdarg.h>
#include <string.h>

#define PATH_MAX_BYTES 65536

char *client_path(const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf out;
	va_list ap;

	buf_init(&out, PATH_MAX_BYTES);
	va_start(ap, fmt);
	while (*fmt) {
		size_t n = strcspn(fmt, "%");

		buf_add(&out, fmt, n);
		fmt += n;
		if (*fmt == '\0')
			break;
		CHECK(fmt[1] == 's');
		http_escape(&out, va_arg(ap, const char *));
		fmt += 2;
	}
	va_end(ap);
	return xstrdup(buf_str(&out));
}

char *client_tier_path(const char *tier, const char *rest)
{
	const size_t n = strcspn(tier, "/");
	CLEANUP(free) char *stack = xasprintf("%.*s", (int)n, tier);
	CLEANUP(free)
	char *path = tier[n] ? client_path("/v1/tiers/%s/%s", stack, tier + n + 1)
			     : client_path("/v1/tiers/%s", stack);

	return xasprintf("%s%s", path, rest);
}

int client_path_check(const char *path, struct err *err)
{
	while (*path == '/') {
		const size_t n = strcspn(++path, "/?");

		if (n == 0)
			return err_set(err, ERR_INVAL, "a name is empty");
		if (*path == '.' && (n == 1 || (n == 2 && path[1] == '.')))
			return err_set(err, ERR_INVAL, "'%.*s' is not a name", (int)n,
				       path);
		if (memmem(path, n, "%2F", 3))
			return err_set(err, ERR_INVAL, "a name has no '/'");
		path += n;
	}
	return 0;
}
