/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interruption.h"

#include "check.h"
#include "log_streak.h"
#include "source.h"

#include <string.h>

#define INTERRUPTION_MAGIC 0x696e7472u
#define ANSWER_MAX_BYTES (64 * 1024)
#define TIMEOUT_MS 2000
#define HEADERS_MAX 3

struct interruption {
	uint32_t magic;
	struct httpm *http;
	struct loop_timer *timer;
	struct interruption_opts opts;
	const struct source *source;
	char kept[KEPT_MAX]; /* "": the first question is to be asked */
	bool is_renewed;     /* kept, in this round */
	size_t next;         /* question */
	struct httpm_call *call;
	struct interruption_notice told;
	struct log_streak failed;
};

static void ask(struct interruption *i);

static bool is_last(const struct interruption *i)
{
	return i->next >= ARRAY_SIZE(i->source->questions) ||
	       !i->source->questions[i->next].path;
}

static bool is_first(const struct interruption *i)
{
	return i->source->first_path && !*i->kept;
}

static void end_round(struct interruption *i, const struct err *err)
{
	log_streak(&i->failed, "no-word-of-interruptions", err);
	i->next = 0;
	i->is_renewed = false;
	loop_timer_in(i->timer, i->opts.interval_ms);
}

static void tell(struct interruption *i, const struct interruption_notice *n)
{
	if (strcmp(i->told.how, n->how) == 0 && strcmp(i->told.at, n->at) == 0)
		return;
	i->told = *n;
	i->opts.fn(i->opts.arg, n);
}

/* A notice, or the last answer without one, ends the round. */
static void take_answer(struct interruption *i, const struct http_res *res)
{
	struct interruption_notice n = { .how = "" };

	if (res->status == 200)
		i->source->questions[i->next].read(buf_str(&res->body), res->body.len,
						   i->kept, &n);
	i->next++;
	if (!*n.how && !is_last(i)) {
		ask(i);
		return;
	}
	tell(i, &n);
	end_round(i, NULL);
}

static void on_answer(void *arg, const struct http_res *res, bool sent,
		      const struct err *err)
{
	struct interruption *i = arg;
	struct err e;

	(void)sent;
	CHECK_MAGIC(i, INTERRUPTION_MAGIC);
	i->call = NULL;
	if (err) {
		end_round(i, err);
	} else if (res->status == 401 && *i->kept && !i->is_renewed) {
		i->kept[0] = '\0'; /* it has run out */
		i->is_renewed = true;
		ask(i);
	} else if (res->status != 200 && (res->status != 404 || is_first(i))) {
		i->kept[0] = '\0';
		(void)err_set(&e, ERR_UNAVAIL, "the metadata service answers %ld",
			      res->status);
		end_round(i, &e);
	} else if (!is_first(i)) {
		take_answer(i, res);
	} else if (source_keep(buf_str(&res->body), res->body.len, i->kept)) {
		ask(i);
	} else {
		(void)err_set(&e, ERR_PROTO,
			      "the metadata service's answer is not one line");
		end_round(i, &e);
	}
}

static void ask(struct interruption *i)
{
	const struct source *s = i->source;
	const bool first = is_first(i);
	CLEANUP(free)
	char *url = xasprintf("%s%s", i->opts.url,
			      first ? s->first_path : s->questions[i->next].path);
	char kept[KEPT_MAX + 64];
	const char *headers[HEADERS_MAX + 1] = { NULL };
	size_t n = 0;
	struct http_req req = {
		.method = first ? s->first_method : NULL,
		.url = url,
		.headers = headers,
		.timeout_ms = TIMEOUT_MS,
		.connect_timeout_ms = TIMEOUT_MS,
		.max_answer_bytes = ANSWER_MAX_BYTES,
	};

	if (s->header)
		headers[n++] = s->header;
	if (first && s->first_header)
		headers[n++] = s->first_header;
	if (!first && s->kept_header) {
		snprintf(kept, sizeof(kept), "%s: %s", s->kept_header, i->kept);
		headers[n++] = kept;
	}
	i->call = httpm_start(i->http, &req, NULL, on_answer, i);
}

static void on_timer(void *arg)
{
	struct interruption *i = arg;

	CHECK_MAGIC(i, INTERRUPTION_MAGIC);
	ask(i);
}

struct interruption *interruption_new(struct loop *loop, struct httpm *http,
				      const struct interruption_opts *opts)
{
	const struct source *source = source_find(opts->source);
	struct interruption *i;

	if (!source)
		return NULL;
	i = xcalloc(1, sizeof(*i));
	i->magic = INTERRUPTION_MAGIC;
	i->http = http;
	i->opts = *opts;
	i->source = source;
	i->timer = loop_timer_new(loop, on_timer, i);
	loop_timer_in(i->timer, 0);
	return i;
}

void interruption_free(struct interruption *i)
{
	if (!i)
		return;
	CHECK_MAGIC(i, INTERRUPTION_MAGIC);
	httpm_cancel(i->call);
	loop_timer_free(i->timer);
	i->magic = 0;
	free(i);
}
