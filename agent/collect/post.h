/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * post.h - inside of metrics: metrics.c reads and pushes samples, logs.c
 * sends the logs that were asked for.
 */
#ifndef AGENT_COLLECT_POST_H
#define AGENT_COLLECT_POST_H

#include "batch_queue.h"
#include "collect.h"
#include "process.h"
#include "text.h"

#define METRICS_MAGIC 0x6d657472u
#define POST_MS 10000

struct reading;
struct log_post;

struct metrics {
	uint32_t magic;
	struct loop *loop;
	struct httpm *http;
	char *controller, *ca_file, *cert_file, *key_file, *host, *log_dir;
	int64_t interval_ms;
	const struct wanted *wanted;
	const struct units *units;
	struct loop_timer *timer;
	struct buf round;
	struct reading *readings;
	struct batch_queue queue;
	struct httpm_call *push;
	struct buf push_body;
	size_t push_n;
	struct log_post *log_posts;
	bool failing; /* said once */
	struct {
		const struct reading *r; /* labels of what is being added */
		int64_t at_ms;
	} now;
	char *complained; /* "unit: words" of the last failed source */
};

struct log_post {
	uint32_t magic;
	struct log_post *next;
	struct metrics *m;
	struct httpm_call *call;
	struct child *child;
	int64_t id;
	char *unit, *body;
};

/* A POST of JSON to the controller with the host's certificate; body stays the caller's.
 */
void metrics_post(struct metrics *m, const char *path, const char *body, size_t len,
		  httpm_done_fn *fn, void *arg, struct httpm_call **ret);
/* ask: {"id","unit","lines"} of the controller's answer. */
void metrics_send_log(struct metrics *m, const json_t *ask);
void log_post_free(struct log_post *p);

#endif
