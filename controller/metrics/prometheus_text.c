/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prometheus_text.h"

#include "check.h"
#include "samples.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *p;   /* in the line */
	const char *end; /* of the line */
	size_t line;
	const struct label *extra;
	size_t n_extra;
	int64_t now_ms;
	size_t max_samples;
	char *family; /* of the last TYPE line */
	char *type;
	struct promtext *out;
	struct err *err;
};

void promtext_done(struct promtext *p)
{
	for (size_t i = 0; i < 2 * p->n; i++)
		free(p->text[i]);
	free(p->text);
	free(p->v);
	memset(p, 0, sizeof(*p));
}

static int fail(struct reader *r, const char *what)
{
	return err_set(r->err, ERR_INVAL, "line %zu: %s", r->line, what);
}

static void blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

static bool take_char(struct reader *r, char c)
{
	blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Up to a space or one of stops; the caller frees it. */
static char *take_word(struct reader *r, const char *stops)
{
	const char *from;

	blanks(r);
	from = r->p;
	while (r->p < r->end && *r->p != ' ' && *r->p != '\t' && !strchr(stops, *r->p))
		r->p++;
	return xstrndup(from, (size_t)(r->p - from));
}

/* ---------------------------------------------------------------- comments */

static void read_comment(struct reader *r)
{
	CLEANUP(free) char *word = take_word(r, "");

	if (strcmp(word, "TYPE") != 0)
		return;
	free(r->family);
	free(r->type);
	r->family = take_word(r, "");
	r->type = take_word(r, "");
}

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

static enum db_series_kind kind_of(const struct reader *r, const char *name)
{
	static const char *const counted[] = { "_bucket", "_count", "_sum", NULL };
	size_t len = r->family ? strlen(r->family) : 0;

	if (!len || strncmp(name, r->family, len) != 0)
		return ends_with(name, "_total") ? DB_COUNTER : DB_GAUGE;
	if (strcmp(r->type, "counter") == 0)
		return DB_COUNTER;
	if (strcmp(r->type, "histogram") == 0 || strcmp(r->type, "summary") == 0)
		for (size_t i = 0; counted[i]; i++)
			if (strcmp(name + len, counted[i]) == 0)
				return DB_COUNTER;
	if (strcmp(r->type, "untyped") == 0 && ends_with(name, "_total"))
		return DB_COUNTER;
	return DB_GAUGE;
}

/* ---------------------------------------------------------------- labels */

struct label_list {
	struct label v[LABELS_MAX];
	char *text[2 * LABELS_MAX]; /* owned */
	size_t n, n_text;
};

static void label_list_done(struct label_list *l)
{
	for (size_t i = 0; i < l->n_text; i++)
		free(l->text[i]);
}
DEFINE_CLEANUP_OBJECT(struct label_list, label_list_done);

static int take_value(struct reader *r, char **ret)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, LABELS_MAX_BYTES);
	if (!take_char(r, '"'))
		return fail(r, "a label's value must be quoted");
	for (; r->p < r->end && *r->p != '"'; r->p++) {
		char c = *r->p;

		if (c == '\\' && r->p + 1 < r->end) {
			c = *++r->p;
			c = c == 'n' ? '\n' : c;
		}
		buf_putc(&b, c);
	}
	if (r->p == r->end)
		return fail(r, "a label's value is not closed");
	if (buf_is_full(&b))
		return fail(r, "a label's value is too long");
	r->p++;
	*ret = xstrdup(buf_str(&b));
	return 0;
}

static int take_label(struct reader *r, struct label_list *l)
{
	char *name, *value = NULL;
	int rc;

	if (l->n_text == ARRAY_SIZE(l->text))
		return fail(r, "there are too many labels");
	name = l->text[l->n_text++] = take_word(r, "=,}\"");
	if (!take_char(r, '='))
		return fail(r, "= is expected after a label's name");
	rc = take_value(r, &value);
	if (rc < 0)
		return rc;
	l->text[l->n_text++] = value;
	/* A label with an empty value is the same as none. */
	if (*value)
		l->v[l->n++] = (struct label){ name, value };
	return 0;
}

static int take_labels(struct reader *r, struct label_list *l)
{
	if (!take_char(r, '{'))
		return 0;
	while (!take_char(r, '}')) {
		int rc;

		if (l->n_text && !take_char(r, ','))
			return fail(r, "a comma or } is expected after a label");
		if (l->n_text && take_char(r, '}'))
			return 0;
		rc = take_label(r, l);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_extra(struct reader *r, struct label_list *l)
{
	for (size_t i = 0; i < r->n_extra; i++) {
		bool there = false;

		for (size_t k = 0; k < l->n; k++)
			there |= strcmp(l->v[k].name, r->extra[i].name) == 0;
		if (there)
			continue;
		if (l->n == LABELS_MAX)
			return fail(r, "there are too many labels");
		l->v[l->n++] = r->extra[i];
	}
	return 0;
}

/* The canonical text; the caller frees it. */
static int labels_text(struct reader *r, struct label_list *l, char **ret)
{
	CLEANUP(buf_done) struct buf b;
	int rc;

	buf_init(&b, 2 * LABELS_MAX_BYTES);
	rc = labels_format(l->v, l->n, &b, r->err);
	if (rc < 0)
		return err_wrap(r->err, ERR_INVAL, "line %zu", r->line);
	*ret = xstrdup(buf_str(&b));
	return 0;
}

/* ---------------------------------------------------------------- samples */

static int take_number(struct reader *r, double *ret)
{
	CLEANUP(free) char *word = take_word(r, "");
	char *end;

	*ret = strtod(word, &end);
	if (!*word || *end)
		return fail(r, "a number is expected");
	return 0;
}

static int take_time(struct reader *r, int64_t *ret)
{
	CLEANUP(free) char *word = take_word(r, "");
	char *end;
	long long t;

	if (!*word)
		return 0;
	errno = 0;
	t = strtoll(word, &end, 10);
	if (*end || errno)
		return fail(r, "a time in milliseconds is expected after the value");
	*ret = t;
	blanks(r);
	return r->p < r->end ? fail(r, "unexpected text after the time") : 0;
}

static void keep(struct reader *r, char *name, char *labels, int64_t t_ms, double v)
{
	struct promtext *o = r->out;

	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 64;
		o->v = xrealloc(o->v, o->cap * sizeof(*o->v));
		o->text = xrealloc(o->text, 2 * o->cap * sizeof(char *));
	}
	o->text[2 * o->n] = name;
	o->text[2 * o->n + 1] = labels;
	o->v[o->n++] = (struct db_sample_in){ name, labels, kind_of(r, name), t_ms, v };
}

static int read_sample(struct reader *r)
{
	CLEANUP(label_list_done) struct label_list l = { .n = 0 };
	CLEANUP(free) char *name = take_word(r, "{");
	CLEANUP(free) char *labels = NULL;
	int64_t t_ms = r->now_ms;
	double v;
	int rc;

	if (!labels_metric_ok(name))
		return fail(r, "a metric's name is expected");
	if ((rc = take_labels(r, &l)) < 0 || (rc = take_number(r, &v)) < 0 ||
	    (rc = take_time(r, &t_ms)) < 0 || (rc = add_extra(r, &l)) < 0 ||
	    (rc = labels_text(r, &l, &labels)) < 0)
		return rc;
	if (!isfinite(v)) {
		r->out->skipped++;
		return 0;
	}
	if (r->out->n == r->max_samples)
		return err_set(r->err, ERR_LIMIT, "there are more than %zu samples",
			       r->max_samples);
	keep(r, TAKE(name), TAKE(labels), t_ms, v);
	return 0;
}

static int read_line(struct reader *r)
{
	if (r->end > r->p && r->end[-1] == '\r')
		r->end--;
	blanks(r);
	if (r->p == r->end)
		return 0;
	if (*r->p != '#')
		return read_sample(r);
	r->p++;
	read_comment(r);
	return 0;
}

int promtext_parse(const char *text, size_t len, const struct label *extra,
		   size_t n_extra, int64_t now_ms, size_t max_samples,
		   struct promtext *ret, struct err *err)
{
	CLEANUP(promtext_done) struct promtext out = { .n = 0 };
	struct reader r = { .extra = extra,
			    .n_extra = n_extra,
			    .now_ms = now_ms,
			    .max_samples = max_samples,
			    .out = &out,
			    .err = err };
	const char *p = text, *end = text + len;
	int rc = 0;

	while (rc == 0 && p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		r.line++;
		r.p = p;
		r.end = eol ? eol : end;
		p = eol ? eol + 1 : end;
		rc = memchr(r.p, '\0', (size_t)(r.end - r.p))
			     ? fail(&r, "there is a NUL byte")
			     : read_line(&r);
	}
	free(r.family);
	free(r.type);
	if (rc < 0)
		return rc;
	*ret = out;
	memset(&out, 0, sizeof(out));
	return 0;
}

/* ---------------------------------------------------------------- writing */

void promtext_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s ", name);
	for (; *help; help++) {
		if (*help == '\\' || *help == '\n')
			buf_putc(out, '\\');
		buf_putc(out, *help == '\n' ? 'n' : *help);
	}
	buf_printf(out, "\n# TYPE %s %s\n", name, type);
}

void promtext_sample(struct buf *out, const char *name, const char *labels, double v)
{
	buf_puts(out, name);
	if (*labels)
		buf_printf(out, "{%s}", labels);
	if (isnan(v))
		buf_puts(out, " NaN\n");
	else if (isinf(v))
		buf_puts(out, v > 0 ? " +Inf\n" : " -Inf\n");
	else
		buf_printf(out, " %.17g\n", v);
}
