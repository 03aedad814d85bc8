/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "toml.h"

#include "buf.h"
#include "check.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define STRING_MAX ((size_t)1 << 20)
#define LIST_MAX 256

struct toml {
	const char *p;
	const char *what;
	int line;
	char *table;
	char *key;
	char *list[LIST_MAX];
	size_t n_list;
};

static int fail(const struct toml *t, const char *words, struct err *err)
{
	return err_set(err, ERR_INVAL, "%s:%d: %s", t->what, t->line, words);
}

/* Blanks; with lines also line ends and comments. */
static void skip(struct toml *t, bool lines)
{
	for (;; t->p++) {
		if (lines && *t->p == '#')
			while (t->p[1] && t->p[1] != '\n')
				t->p++;
		else if (lines && *t->p == '\n')
			t->line++;
		else if (*t->p != ' ' && *t->p != '\t' && *t->p != '\r')
			return;
	}
}

/* ---------------------------------------------------------------- strings */

static void put_rune(struct buf *out, uint32_t r)
{
	if (r < 0x80) {
		buf_putc(out, (char)r);
		return;
	}
	if (r < 0x800) {
		buf_putc(out, (char)(0xc0 | r >> 6));
	} else if (r < 0x10000) {
		buf_putc(out, (char)(0xe0 | r >> 12));
		buf_putc(out, (char)(0x80 | (r >> 6 & 0x3f)));
	} else {
		buf_putc(out, (char)(0xf0 | r >> 18));
		buf_putc(out, (char)(0x80 | (r >> 12 & 0x3f)));
		buf_putc(out, (char)(0x80 | (r >> 6 & 0x3f)));
	}
	buf_putc(out, (char)(0x80 | (r & 0x3f)));
}

static int read_unicode(struct toml *t, int digits, struct buf *out, struct err *err)
{
	uint32_t r = 0;

	for (int i = 0; i < digits; i++) {
		char c = *++t->p;

		if (!isxdigit((unsigned char)c))
			return fail(t, "an invalid \\u in a string", err);
		r = r << 4 |
		    (uint32_t)(isdigit((unsigned char)c) ? c - '0'
							 : (c | 0x20) - 'a' + 10);
	}
	if (r == 0 || r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return fail(t, "an invalid \\u in a string", err);
	put_rune(out, r);
	return 0;
}

/* t->p is on the character after the backslash; leaves it on the last one used. */
static int read_escape(struct toml *t, bool lines, struct buf *out, struct err *err)
{
	static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	const char *hit = *t->p ? strchr(names, *t->p) : NULL;

	if (hit) {
		buf_putc(out, values[hit - names]);
		return 0;
	}
	if (*t->p == 'u' || *t->p == 'U')
		return read_unicode(t, *t->p == 'u' ? 4 : 8, out, err);
	if (lines && strchr(" \t\r\n", *t->p) && *t->p) {
		/* A backslash at the end of a line joins it with the next. */
		while (*t->p && strchr(" \t\r\n", *t->p))
			t->line += *t->p++ == '\n';
		t->p--;
		return 0;
	}
	return fail(t, "an unknown escape in a string", err);
}

static int read_string(struct toml *t, char **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b;
	char quote = *t->p;
	bool lines = t->p[1] == quote && t->p[2] == quote;
	size_t n_quotes = lines ? 3 : 1;

	buf_init(&b, STRING_MAX);
	t->p += n_quotes;
	if (lines && *t->p == '\r' && t->p[1] == '\n')
		t->p++;
	if (lines && *t->p == '\n') {
		t->line++;
		t->p++;
	}
	for (;; t->p++) {
		if (*t->p == '\0' || (*t->p == '\n' && !lines))
			return fail(t, "a string has no end", err);
		if (*t->p == quote && (!lines || (t->p[1] == quote && t->p[2] == quote)))
			break;
		if (*t->p == '\\' && quote == '"') {
			int rc;

			t->p++;
			rc = read_escape(t, lines, &b, err);
			if (rc < 0)
				return rc;
			continue;
		}
		t->line += *t->p == '\n';
		buf_putc(&b, *t->p);
	}
	t->p += n_quotes;
	if (buf_is_full(&b))
		return err_set(err, ERR_LIMIT, "%s:%d: a string is too long", t->what,
			       t->line);
	*ret = buf_take(&b);
	return 0;
}

/* ---------------------------------------------------------------- values */

static void drop_list(struct toml *t)
{
	for (size_t i = 0; i < t->n_list; i++)
		free(t->list[i]);
	t->n_list = 0;
}

static int read_list(struct toml *t, struct err *err)
{
	t->p++;
	for (;;) {
		int rc;

		skip(t, true);
		if (*t->p == ']') {
			t->p++;
			return 0;
		}
		if (*t->p != '"' && *t->p != '\'')
			return fail(t, "an array may contain only strings", err);
		if (t->n_list == LIST_MAX)
			return fail(t, "an array has too many members", err);
		rc = read_string(t, &t->list[t->n_list], err);
		if (rc < 0)
			return rc;
		t->n_list++;
		skip(t, true);
		if (*t->p == ',')
			t->p++;
		else if (*t->p != ']')
			return fail(t, "an array needs a comma or \"]\"", err);
	}
}

static int read_number(struct toml *t, int64_t *ret, struct err *err)
{
	char text[32];
	size_t n = 0;
	int base = 10;
	char *end;

	for (; isalnum((unsigned char)*t->p) || (*t->p && strchr("+-_.:", *t->p)); t->p++)
		if (*t->p != '_' && n + 1 < sizeof(text))
			text[n++] = *t->p;
	text[n] = '\0';
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b')) {
		base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
		memmove(text, text + 2, n - 1);
	}
	errno = 0;
	*ret = strtoll(text, &end, base);
	if (errno || end == text || *end)
		return fail(t, "a value is not a string, integer, boolean or array", err);
	return 0;
}

static bool take_word(struct toml *t, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(t->p, word, n) != 0 || isalnum((unsigned char)t->p[n]))
		return false;
	t->p += n;
	return true;
}

static int read_value(struct toml *t, struct toml_item *item, char **str, struct err *err)
{
	int rc;

	if (*t->p == '"' || *t->p == '\'') {
		item->type = TOML_STRING;
		rc = read_string(t, str, err);
		item->str = *str;
		return rc;
	}
	if (*t->p == '[') {
		item->type = TOML_LIST;
		rc = read_list(t, err);
		item->list = (const char *const *)t->list;
		item->n = t->n_list;
		return rc;
	}
	item->type = TOML_BOOL;
	if (take_word(t, "true")) {
		item->yes = true;
		return 0;
	}
	if (take_word(t, "false"))
		return 0;
	item->type = TOML_INT;
	return read_number(t, &item->number, err);
}

/* ---------------------------------------------------------------- lines */

static int read_key(struct toml *t, char **ret, struct err *err)
{
	const char *from = t->p;

	if (*t->p == '"' || *t->p == '\'')
		return read_string(t, ret, err);
	while (isalnum((unsigned char)*t->p) || (*t->p && strchr("_-.", *t->p)))
		t->p++;
	if (t->p == from)
		return fail(t, "a line is not a table, \"key = value\" or comment", err);
	*ret = xstrndup(from, (size_t)(t->p - from));
	return 0;
}

static int end_of_line(struct toml *t, struct err *err)
{
	skip(t, false);
	if (*t->p && *t->p != '\n' && *t->p != '#')
		return fail(t, "unexpected text after the value", err);
	return 0;
}

static int read_table(struct toml *t, struct err *err)
{
	int rc;

	t->p++;
	if (*t->p == '[')
		return fail(t, "arrays of tables are not supported", err);
	skip(t, false);
	free(TAKE(t->table));
	rc = read_key(t, &t->table, err);
	if (rc < 0)
		return rc;
	skip(t, false);
	if (*t->p != ']')
		return fail(t, "a table's name needs a \"]\"", err);
	t->p++;
	return end_of_line(t, err);
}

static int read_pair(struct toml *t, toml_each_fn *fn, void *arg, struct err *err)
{
	CLEANUP(free) char *str = NULL;
	struct toml_item item = { .line = t->line };
	int rc;

	free(TAKE(t->key));
	rc = read_key(t, &t->key, err);
	if (rc < 0)
		return rc;
	skip(t, false);
	if (*t->p != '=')
		return fail(t, "\"=\" is missing", err);
	t->p++;
	skip(t, false);
	drop_list(t);
	rc = read_value(t, &item, &str, err);
	if (rc == 0)
		rc = end_of_line(t, err);
	if (rc < 0)
		return rc;
	item.table = t->table ? t->table : "";
	item.key = t->key;
	rc = fn(arg, &item, err);
	return rc < 0 ? err_wrap(err, rc, "%s:%d", t->what, item.line) : rc;
}

int toml_each(const char *text, const char *what, toml_each_fn *fn, void *arg,
	      struct err *err)
{
	struct toml t = { .p = text, .what = what, .line = 1 };
	int rc = 0;

	while (rc == 0) {
		skip(&t, true);
		if (*t.p == '\0')
			break;
		rc = *t.p == '[' ? read_table(&t, err) : read_pair(&t, fn, arg, err);
	}
	drop_list(&t);
	free(t.table);
	free(t.key);
	return rc;
}
