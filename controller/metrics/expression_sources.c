/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_sources.c - what the series of a part are called, and whose they are.
 */
#include "expression_tree.h"

#include "buf.h"
#include "check.h"
#include "samples.h"

#include <string.h>

#define TEXT_MAX_BYTES 1024

void node_forget_sources(struct node *n)
{
	for (size_t i = 0; i < n->n_sources; i++) {
		free(n->sources[i].host);
		free(n->sources[i].unit);
		free(n->sources[i].text);
	}
	free(n->sources);
	n->sources = NULL;
	n->n_sources = 0;
}

static char *label_of(const struct db_series *series, const char *name)
{
	CLEANUP(buf_done) struct buf value;
	struct label_span l;

	buf_init(&value, LABELS_MAX_BYTES);
	if (labels_get(series->labels, name, &l))
		labels_unescape(&l, &value);
	return xstrdup(buf_str(&value));
}

static bool is_named(const struct label_span *l, const char *name)
{
	return l->name_len == strlen(name) && memcmp(l->name, name, l->name_len) == 0;
}

static char *text_of(const struct db_series *series)
{
	CLEANUP(buf_done) struct buf text;
	const char *pos = series->labels;
	struct label_span l;
	size_t n = 0;

	buf_init(&text, TEXT_MAX_BYTES);
	/* Of a Prometheus query's answer: the labels that the server gave. */
	if (strcmp(series->name, METRICS_PROMETHEUS_SERIES) == 0)
		return label_of(series, METRICS_PROMETHEUS_LABEL);
	buf_puts(&text, series->name);
	while (labels_next(&pos, &l))
		if (!is_named(&l, "stack"))
			buf_printf(&text, "%s%.*s=\"%.*s\"", n++ ? "," : "{",
				   (int)l.name_len, l.name, (int)l.value_len, l.value);
	buf_puts(&text, n ? "}" : "");
	return xstrdup(buf_str(&text));
}

static int find_ours(struct db *db, const char *host, bool *ret)
{
	CLEANUP(db_host_done) struct db_host h = { 0 };
	const int rc = *host ? db_host_get(db, host, &h, NULL) : ERR_NOT_FOUND;

	*ret = rc == 0;
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

int source_read(struct db *db, int64_t id, struct source *ret)
{
	CLEANUP(db_series_done) struct db_series series = { 0 };
	CLEANUP(free) char *host = NULL;
	bool is_ours;
	int rc;

	*ret = (struct source){ .id = id };
	if (db_series_get(db, id, &series, NULL) < 0) {
		ret->host = xstrdup("");
		ret->unit = xstrdup("");
		ret->text = xstrdup("");
		return 0;
	}
	host = label_of(&series, "host");
	rc = find_ours(db, host, &is_ours);
	if (rc < 0)
		return rc;
	ret->is_ours = is_ours;
	ret->host = TAKE(host);
	ret->unit = label_of(&series, "unit");
	ret->text = text_of(&series);
	return 0;
}
