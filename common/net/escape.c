/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "escape.h"

#include "check.h"

#include <curl/curl.h>

void http_escape(struct buf *to, const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);

	CHECK(escaped);
	buf_puts(to, escaped);
	curl_free(escaped);
}
