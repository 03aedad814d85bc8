/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "document.h"

#include "check.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

int document_find_word(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return (int)i;
	return -1;
}

char *document_copy(const char *s)
{
	return xstrdup(s ? s : "");
}

char *document_copy_text(const char *s)
{
	char *text = document_copy(s);

	utf8_mend(text);
	return text;
}

char *document_dump(json_t *doc)
{
	CLEANUP(json_decref) json_t *owned = doc;
	char *text = json_dumps(owned, JSON_COMPACT);

	CHECK(text);
	return text;
}
