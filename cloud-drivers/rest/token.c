/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define EARLY_MAX_MS 60000

void rest_wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void rest_token_done(struct rest_token *t)
{
	rest_wipe(t->text);
	*t = (struct rest_token){ .text = NULL };
}

void rest_token_set(struct rest_token *t, const char *text, int64_t ttl_ms,
		    int64_t now_mono_ms)
{
	rest_token_done(t);
	t->text = xstrdup(text);
	t->until_mono_ms = INT64_MAX;
	if (ttl_ms > 0)
		t->until_mono_ms = now_mono_ms + ttl_ms - MIN(ttl_ms / 5, EARLY_MAX_MS);
}

const char *rest_token_get(const struct rest_token *t, int64_t now_mono_ms)
{
	return now_mono_ms < t->until_mono_ms ? t->text : NULL;
}
