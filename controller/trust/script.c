/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "script.h"

#include "buf.h"
#include "check.h"
#include "embedded.h"
#include "heap.h"

#include <stdlib.h>
#include <string.h>

static int check(const struct script_place *p, struct err *err)
{
	if (!p->allowed ||
	    (*p->value && strspn(p->value, p->allowed) == strlen(p->value)))
		return 0;
	return err_set(err, ERR_INVAL,
		       "user data: the %s '%s' cannot be used in a script", p->name,
		       p->value);
}

/* Comments are for who reads the source. */
static bool is_comment(const char *line)
{
	line += strspn(line, "\t ");
	return line[0] == '#' && line[1] != '!';
}

static char *without_comments(const char *text)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, SIZE_MAX);
	while (*text) {
		const size_t n = strcspn(text, "\n") + 1;

		if (!is_comment(text))
			buf_add(&b, text, n);
		text += n;
	}
	return buf_take(&b);
}

static const struct script_place *find_place(const struct script_place *places,
					     const char *name, size_t len)
{
	while (strlen(places->name) != len || memcmp(places->name, name, len) != 0) {
		places++;
		CHECK(places->name);
	}
	return places;
}

/* Values were checked: none contains a quote. */
static void fill_in(struct buf *b, const char *text, const struct script_place *places)
{
	const char *at;

	while ((at = strchr(text, '@')) != NULL) {
		const char *end = strchr(at + 1, '@');

		CHECK(end);
		buf_add(b, text, (size_t)(at - text));
		buf_puts(b, find_place(places, at + 1, (size_t)(end - at - 1))->value);
		text = end + 1;
	}
	buf_puts(b, text);
}

char *script_file(const char *name)
{
	return without_comments(embedded_text(user_data_files, name));
}

static int check_all(const struct script_place *places, struct err *err)
{
	for (const struct script_place *p = places; p->name; p++) {
		int rc = check(p, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int script_make(const char *name, const struct script_place *places, char **ret,
		struct err *err)
{
	CLEANUP(free) char *text = script_file(name);
	CLEANUP(buf_done) struct buf b;
	int rc;

	buf_init(&b, SIZE_MAX);
	rc = check_all(places, err);
	if (rc < 0)
		return rc;
	fill_in(&b, text, places);
	*ret = buf_take(&b);
	return 0;
}
