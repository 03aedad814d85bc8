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

struct log_post {
	uint32_t magic;
	struct log_post *next;
	struct logs *logs;
	struct httpm_call *call;
	struct child *child;
	int64_t id, lines;
	char *unit, *body;
};

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
	struct log_post **at = &p->logs->first;

	(void)sent;
	CHECK_MAGIC(p, LOG_POST_MAGIC);
	p->call = NULL;
	if (err || res->status > 299)
		log_warn("unit-log-not-sent", STR("error", err ? err->msg : "refused"));
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	log_post_free(p);
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

static void post_log(struct log_post *p, char *text)
{
	CLEANUP(json_decref)
	json_t *doc = json_pack("{s:I,s:s,s:o}", "id", (json_int_t)p->id, "unit", p->unit,
				"lines", lines_json(text));

	p->body = json_dumps(doc, JSON_COMPACT);
	post_json(p->logs->post, "/v1/agent/logs", p->body, strlen(p->body), on_log_sent,
		  p, &p->call);
}

static void on_log(void *arg, const char *out, size_t len, const struct err *err)
{
	struct log_post *p = arg;
	CLEANUP(free) char *text = xstrdup(err ? err->msg : out);

	(void)len;
	CHECK_MAGIC(p, LOG_POST_MAGIC);
	p->child = NULL;
	post_log(p, text);
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

void logs_send(struct logs *l, const json_t *request)
{
	struct log_post *p;
	const char *unit;
	int64_t id, lines = 100;

	if (jread_str(request, "unit", &unit, NULL) < 0 ||
	    jread_int(request, "id", &id, NULL) < 0 ||
	    jread_int_opt(request, "lines", &lines, NULL) < 0)
		return;
	p = xcalloc(1, sizeof(*p));
	p->magic = LOG_POST_MAGIC;
	p->logs = l;
	p->id = id;
	p->lines = MIN(MAX(lines, 1), LOG_LINES_MAX);
	p->unit = xstrdup(unit);
	p->next = l->first;
	l->first = p;
	if (strcmp(l->units->ops->name, "systemd") == 0)
		read_journal(p, p->lines);
	else
		p->child = child_compute(l->loop, read_file, p, POST_MS, LOG_BYTES,
					 on_log, p);
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
