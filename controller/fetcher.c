/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fetcher.h"

#include "check.h"
#include "clock.h"
#include "metrics_eval.h"
#include "promquery.h"
#include "sched.h"

#include <pthread.h>
#include <string.h>

#define FETCHER_MAGIC 0x66657463u
#define WORKERS 2
#define TIMEOUT_MS 5000
#define EACH_TIER "*" /* the job that makes those of the tiers; no tier is named so */

/* A tier whose server fails, and what was said of it. */
struct failing {
	char *tier; /* "stack/tier" */
	char *message;
	struct failing *next;
};

struct fetcher {
	uint32_t magic;
	const struct fetcher_opts *o;
	struct sched *sched;
	pthread_mutex_t lock; /* of failing */
	struct failing *failing;
};

/* ---------------------------------------------------------------- what fails */

static void failing_free(struct failing *x)
{
	free(x->tier);
	free(x->message);
	free(x);
}

/* Notes how it went (NULL: well); true when that differs from the time before. */
static bool note(struct fetcher *f, const char *tier, const char *message)
{
	struct failing **at, *x;
	bool is_news;

	pthread_mutex_lock(&f->lock);
	for (at = &f->failing; *at && strcmp((*at)->tier, tier) != 0;)
		at = &(*at)->next;
	x = *at;
	is_news = !x != !message || (x && strcmp(x->message, message) != 0);
	if (x && is_news) {
		*at = x->next;
		failing_free(x);
	}
	if (message && is_news) {
		x = xcalloc(1, sizeof(*x));
		x->tier = xstrdup(tier);
		x->message = xstrdup(message);
		x->next = f->failing;
		f->failing = x;
	}
	pthread_mutex_unlock(&f->lock);
	return is_news;
}

/* ---------------------------------------------------------------- one tier */

static int ask(struct fetcher *f, const struct db_tier *t, struct err *err)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	struct promquery_opts o = { .timeout_ms = TIMEOUT_MS };
	const char *query;
	int rc = metrics_expr_parse(t->demand, t->stack, t->name, &e, err);

	if (rc < 0)
		return rc;
	if (!metrics_expr_prometheus(e, &o.url, &query))
		return 0;
	return promquery_fetch(f->o->db, t->stack, t->name, &o, query, clock_now_ms(),
			       err);
}

static void fetch(struct fetcher *f, const char *name)
{
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	const char *slash = strchr(name, '/');
	CLEANUP(free) char *stack = xstrndup(name, (size_t)(slash - name));
	struct err err;
	int rc = db_tier_get(f->o->db, stack, slash + 1, &t, &err);

	if (rc < 0) /* gone meanwhile */
		return;
	rc = ask(f, &t, &err);
	if (!note(f, name, rc < 0 ? err.msg : NULL))
		return;
	if (rc < 0)
		event_add(f->o->events, "demand-not-fetched", DB_LEVEL_WARN,
			  EVENT_ABOUT(.stack = t.stack, .tier = t.name),
			  "the demand of %s cannot be fetched: %s", name, err.msg);
	else
		event_add(f->o->events, "demand-fetched", DB_LEVEL_INFO,
			  EVENT_ABOUT(.stack = t.stack, .tier = t.name),
			  "the demand of %s is fetched again", name);
}

/* ---------------------------------------------------------------- all of them */

static void poke_each(struct fetcher *f)
{
	static const char word[] = "prometheus";
	CLEANUP(db_tier_list_done) struct db_tier_list l = { 0 };

	if (db_tier_list(f->o->db, NULL, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		const char *demand = l.v[i].demand + strspn(l.v[i].demand, " \t");
		CLEANUP(free)
		char *name = xasprintf("%s/%s", l.v[i].stack, l.v[i].name);

		if (strncmp(demand, word, strlen(word)) == 0)
			sched_poke(f->sched, name);
	}
}

static int64_t run(void *arg, const char *name)
{
	struct fetcher *f = arg;

	CHECK_MAGIC(f, FETCHER_MAGIC);
	if (strcmp(name, EACH_TIER) == 0) {
		poke_each(f);
		return f->o->period_ms;
	}
	fetch(f, name);
	return -1;
}

int fetcher_start(const struct fetcher_opts *opts, struct fetcher **ret, struct err *err)
{
	CLEANUP(fetcher_stop) struct fetcher *f = xcalloc(1, sizeof(*f));
	int rc;

	f->magic = FETCHER_MAGIC;
	f->o = opts;
	pthread_mutex_init(&f->lock, NULL);
	rc = sched_new(WORKERS, run, f, &f->sched, err);
	if (rc < 0)
		return rc;
	sched_poke(f->sched, EACH_TIER);
	*ret = TAKE(f);
	return 0;
}

void fetcher_stop(struct fetcher *f)
{
	if (!f)
		return;
	CHECK_MAGIC(f, FETCHER_MAGIC);
	sched_free(f->sched);
	while (f->failing) {
		struct failing *x = f->failing;

		f->failing = x->next;
		failing_free(x);
	}
	pthread_mutex_destroy(&f->lock);
	free(f);
}
