/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prometheus_pull.h"

#include "expression.h"
#include "prometheus_query.h"

#include "check.h"
#include "clock.h"
#include "log_streak.h"
#include "text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAGIC 0x70726f6du
#define TIMEOUT_MS 5000

/* How a tier's last query went. */
struct reported {
	struct reported *next;
	char *stack, *tier;
	char *error; /* "" on success */
	int64_t since_ms;
	bool is_seen; /* in this round */
};

struct prompull {
	uint32_t magic;
	struct db *db;
	int64_t interval_ms;
	const char *hosts;
	pthread_t thread;
	atomic_bool stop;
	pthread_mutex_t lock; /* for wake and reported */
	pthread_cond_t wake;
	struct reported *reported; /* written by the thread alone */
	struct log_streak streak;  /* the thread's */
};

static bool is_stopped(void *arg)
{
	struct prompull *p = arg;

	CHECK_MAGIC(p, MAGIC);
	return atomic_load(&p->stop);
}

static struct reported *reported_of(struct prompull *p, const struct db_tier *t)
{
	struct reported *s;

	for (s = p->reported; s; s = s->next)
		if (strcmp(s->stack, t->stack) == 0 && strcmp(s->tier, t->name) == 0)
			return s;
	s = xcalloc(1, sizeof(*s));
	s->stack = xstrdup(t->stack);
	s->tier = xstrdup(t->name);
	s->error = xstrdup("");
	s->next = p->reported;
	pthread_mutex_lock(&p->lock);
	p->reported = s;
	pthread_mutex_unlock(&p->lock);
	return s;
}

static void reported_free(struct reported *s)
{
	free(s->stack);
	free(s->tier);
	free(s->error);
	free(s);
}

/* Those of tiers that are no more, or ask no Prometheus. */
static void forget_unseen(struct prompull *p)
{
	pthread_mutex_lock(&p->lock);
	for (struct reported **at = &p->reported; *at;) {
		struct reported *s = *at;

		if (s->is_seen) {
			s->is_seen = false;
			at = &s->next;
			continue;
		}
		*at = s->next;
		reported_free(s);
	}
	pthread_mutex_unlock(&p->lock);
}

/* error: "" on success. */
static void report(struct prompull *p, const struct db_tier *t, const char *error)
{
	struct reported *s = reported_of(p, t);

	s->is_seen = true;
	if (strcmp(s->error, error) == 0)
		return;
	if (*error)
		log_warn("prometheus-demand-missing", STR("stack", t->stack),
			 STR("tier", t->name), STR("error", error));
	else
		log_info("prometheus-demand-recovered", STR("stack", t->stack),
			 STR("tier", t->name));
	pthread_mutex_lock(&p->lock);
	if (!*s->error)
		s->since_ms = clock_now_ms();
	free(s->error);
	s->error = xstrdup(error);
	pthread_mutex_unlock(&p->lock);
}

static void fetch(struct prompull *p, const struct db_tier *t)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	struct promquery_opts o = { .hosts = p->hosts,
				    .timeout_ms = TIMEOUT_MS,
				    .stop = is_stopped,
				    .stop_arg = p };
	struct err err = { 0 };
	const char *query;

	/* The tick reports an invalid demand. */
	if (metrics_expr_parse(t->demand, t->stack, t->name, &e, &err) < 0 ||
	    !metrics_expr_prometheus(e, &o.url, &query))
		return;
	if (promquery_fetch(p->db, t->stack, t->name, &o, query, clock_now_ms(), &err) ==
	    0)
		report(p, t, "");
	else if (!is_stopped(p))
		report(p, t, err.msg);
}

static void round_of(struct prompull *p)
{
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { 0 };
	struct err err;
	const int rc = db_tier_list(p->db, NULL, &tiers, &err);

	log_streak(&p->streak, "prometheus-round-failed", rc < 0 ? &err : NULL);
	if (rc < 0)
		return;
	for (size_t i = 0; i < tiers.n && !is_stopped(p); i++)
		fetch(p, &tiers.v[i]);
	if (!is_stopped(p))
		forget_unseen(p);
}

static void wait_until(struct prompull *p, int64_t mono_ms)
{
	struct timespec at = { mono_ms / 1000, mono_ms % 1000 * 1000000 };

	pthread_mutex_lock(&p->lock);
	while (!is_stopped(p) && clock_mono_ms() < mono_ms)
		pthread_cond_timedwait(&p->wake, &p->lock, &at);
	pthread_mutex_unlock(&p->lock);
}

static void *run(void *arg)
{
	struct prompull *p = arg;

	CHECK_MAGIC(p, MAGIC);
	while (!is_stopped(p)) {
		int64_t next = clock_mono_ms() + clock_real_ms(p->interval_ms);

		round_of(p);
		wait_until(p, next);
	}
	return NULL;
}

static void prompull_free(struct prompull *p)
{
	while (p->reported) {
		struct reported *s = p->reported;

		p->reported = s->next;
		reported_free(s);
	}
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	p->magic = 0;
	free(p);
}

int prompull_start(struct db *db, int64_t interval_ms, const char *hosts,
		   struct prompull **ret, struct err *err)
{
	struct prompull *p = xcalloc(1, sizeof(*p));
	pthread_condattr_t attr;

	p->magic = MAGIC;
	p->db = db;
	p->interval_ms = interval_ms;
	p->hosts = hosts;
	CHECK(pthread_mutex_init(&p->lock, NULL) == 0);
	CHECK(pthread_condattr_init(&attr) == 0);
	CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	CHECK(pthread_cond_init(&p->wake, &attr) == 0);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&p->thread, NULL, run, p) != 0) {
		prompull_free(p);
		return err_set(err, ERR_INTERNAL, "cannot start a thread");
	}
	*ret = p;
	return 0;
}

void prompull_halt(struct prompull *p)
{
	if (!p || is_stopped(p))
		return;
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->stop, true);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
}

void prompull_stop(struct prompull *p)
{
	if (!p)
		return;
	prompull_halt(p);
	prompull_free(p);
}

void prompull_problems(struct prompull *p, json_t *problems)
{
	const struct reported *first = NULL;
	CLEANUP(free) char *message = NULL;
	char more[64] = "";
	size_t n = 0;

	CHECK_MAGIC(p, MAGIC);
	pthread_mutex_lock(&p->lock);
	for (const struct reported *s = p->reported; s; s = s->next) {
		if (!*s->error)
			continue;
		n++;
		if (!first || s->since_ms < first->since_ms)
			first = s;
	}
	if (n > 1)
		snprintf(more, sizeof(more), " (and so for %zu more tiers)", n - 1);
	if (first) {
		message = xasprintf("the demand of %s/%s cannot be fetched: %s%s",
				    first->stack, first->tier, first->error, more);
		json_array_append_new(problems, json_pack("{s:s, s:o, s:o}", "kind",
							  "demand-not-fetched", "message",
							  json_text(message), "since",
							  json_time(first->since_ms)));
	}
	pthread_mutex_unlock(&p->lock);
}
