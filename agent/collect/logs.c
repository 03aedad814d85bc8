/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs.h"

#include "buf.h"
#include "check.h"
#include "log.h"
#include "process.h"

#include <string.h>

#define LOG_POST_MAGIC 0x6c6f6770u
#define LOG_LINES_MAX 10000
#define LOG_BYTES ((size_t)1 << 20)
#define ASKED_MAX 16 /* logs that wait for their turn */

struct log_post {
	uint32_t magic;
	struct log_post *next;
	struct logs *logs;
	struct httpm_call *call;
	struct child *child;
	int64_t id, lines;
	char *unit, *body;
	bool has_begun;
};

/* One at a time: each takes a few MB, and a host may have little memory. */
static void begin_next(struct logs *l);

static void log_post_free(struct log_post *p)
{
	httpm_cancel(p->call);
	child_free(p->child);
	free(p->unit);
	free(p->body);
	p->magic = 0;
	free(p);
}

static void on_log_sent(void *arg, const struct http_res *res, bool sent,
			const struct err *err)
{
	struct log_post *p = arg;
	struct logs *l = p->logs;

	(void)sent;
	CHECK_MAGIC(p, LOG_POST_MAGIC);
	CHECK(l->first == p);
	p->call = NULL;
	if (err || res->status > 299)
		log_warn("unit-log-not-sent", STR("error", err ? err->msg : "refused"));
	l->first = p->next;
	log_post_free(p);
	if (!err)
		logs_asked(l, res);
	begin_next(l);
}

static json_t *lines_json(char *text)
{
	json_t *list = json_array();
	char *next = text, *line;

	while (next && (line = strsep(&next, "\n"))) {
		if (*line || next)
			json_array_append_new(list, json_text(line));
	}
	return list;
}

/* Takes the text. */
static void post_log(struct log_post *p, char *text)
{
	CLEANUP(json_decref)
	json_t *doc = json_pack("{s:I,s:s,s:o}", "id", (json_int_t)p->id, "unit", p->unit,
				"lines", lines_json(text));

	free(text);
	p->body = json_dumps(doc, JSON_COMPACT);
	post_json(p->logs->post, "/v1/agent/logs", p->body, strlen(p->body), on_log_sent,
		  p, &p->call);
}

static void on_log(void *arg, const char *out, size_t len, const struct err *err)
{
	struct log_post *p = arg;

	(void)len;
	CHECK_MAGIC(p, LOG_POST_MAGIC);
	p->child = NULL;
	post_log(p, xstrdup(err ? err->msg : out));
}

/* systemd keeps the output of its units in the journal. */
static void read_journal(struct log_post *p, int64_t lines)
{
	char count[24];
	const char *const words[] = { "/usr/bin/journalctl",
				      "-q",
				      "--no-pager",
				      "-o",
				      "short-iso",
				      "-n",
				      count,
				      "-u",
				      p->unit };
	char *argv[ARRAY_SIZE(words) + 1] = { 0 };

	snprintf(count, sizeof(count), "%lld", (long long)lines);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		argv[i] = (char *)(uintptr_t)words[i];
	p->child = child_run(p->logs->loop, argv, POST_MS, LOG_BYTES, on_log, p);
}

/* Apart, as the disk may be slow. */
static int read_file(void *arg, struct buf *out, struct err *err)
{
	const struct log_post *p = arg;

	return unit_log_tail(p->logs->dir, p->unit, (size_t)p->lines, out, err);
}

static void begin_next(struct logs *l)
{
	struct log_post *p = l->first;

	if (!p || p->has_begun)
		return;
	p->has_begun = true;
	if (strcmp(l->units->ops->name, "systemd") == 0)
		read_journal(p, p->lines);
	else
		p->child = child_compute(l->loop, read_file, p, POST_MS, LOG_BYTES,
					 on_log, p);
}

static void add(struct logs *l, const json_t *request)
{
	struct log_post *p, **end = &l->first;
	const char *unit;
	int64_t id, lines = 100;
	size_t n = 0;

	if (jread_str(request, "unit", &unit, NULL) < 0 ||
	    jread_int(request, "id", &id, NULL) < 0 ||
	    jread_int_opt(request, "lines", &lines, NULL) < 0)
		return;
	for (; *end; end = &(*end)->next)
		n++;
	if (n >= ASKED_MAX)
		return; /* who asks is told that it takes too long */
	*end = p = xcalloc(1, sizeof(*p));
	p->magic = LOG_POST_MAGIC;
	p->logs = l;
	p->id = id;
	p->lines = MIN(MAX(lines, 1), LOG_LINES_MAX);
	p->unit = xstrdup(unit);
}

void logs_asked(struct logs *l, const struct http_res *answer)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *asks;

	if (json_parse(buf_str(&answer->body), answer->body.len, "answer", &doc, NULL) <
	    0)
		return;
	asks = json_object_get(doc, "logs");
	for (size_t i = 0; i < json_array_size(asks); i++)
		add(l, json_array_get(asks, i));
	begin_next(l);
}

void logs_done(struct logs *l)
{
	while (l->first) {
		struct log_post *p = l->first;

		l->first = p->next;
		log_post_free(p);
	}
	free(l->dir);
}
