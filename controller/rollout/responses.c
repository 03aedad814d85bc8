/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "responses.h"

#include "check.h"
#include "samples.h"

#include <ctype.h>
#include <string.h>

#define BALANCER "haproxy_server_http_responses_total"
#define SERIES_MAX 2000 /* of a tier; more are not looked at */

/* Where codes are found. */
static const struct source {
	const char *name;  /* of the series; "": any that counts requests or responses */
	const char *label; /* with the code */
	bool by_balancer;
} sources[] = {
	{ BALANCER, "code", true },
	{ "", "code", false },
	{ "", "status", false },
	{ "", "status_code", false },
};

/* A series of an instance. */
struct counter {
	int64_t id;
	char *of;      /* unit's name, or the server's */
	char *name;    /* of the series */
	bool is_error; /* it counts errors */
	double last;   /* its newest sample */
	int64_t last_ms;
};

/* An instance, by its unit's name on a host with a text. */
struct instance {
	char *unit, *host, *hash;
	int64_t since_ms; /* it serves; 0: it does not yet */
	bool is_seen;
	bool is_balanced; /* a balancer counts it */
};

struct response_count {
	char *stack, *tier;
	struct db_selector *selectors[ARRAY_SIZE(sources)];
	size_t n_seen[ARRAY_SIZE(sources)];
	struct counter *counters;
	size_t n_counters;
	struct instance *instances;
	size_t n_instances;
	struct responses of_new, of_old;
};

/* ---------------------------------------------------------------- the object */

struct response_count *response_count_new(const char *stack, const char *tier)
{
	struct response_count *c = xcalloc(1, sizeof(*c));

	c->stack = xstrdup(stack);
	c->tier = xstrdup(tier);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct db_matcher m[] = {
			{ "stack", DB_MATCH_EQ, stack },
			{ sources[i].label, DB_MATCH_NE, "" },
			{ "tier", DB_MATCH_EQ, tier },
		};

		CHECK(db_selector_new(sources[i].name, m, sources[i].by_balancer ? 2 : 3,
				      &c->selectors[i], NULL) == 0);
	}
	return c;
}

static void instance_done(struct instance *i)
{
	free(i->unit);
	free(i->host);
	free(i->hash);
}

static void forget_counters(struct response_count *c)
{
	for (size_t i = 0; i < c->n_counters; i++) {
		free(c->counters[i].of);
		free(c->counters[i].name);
	}
	free(TAKE(c->counters));
	c->n_counters = 0;
}

void response_count_free(struct response_count *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		db_selector_free(c->selectors[i]);
	for (size_t i = 0; i < c->n_instances; i++)
		instance_done(&c->instances[i]);
	forget_counters(c);
	free(c->instances);
	free(c->stack);
	free(c->tier);
	free(c);
}

/* ---------------------------------------------------------------- series */

static char *label(const struct db_series *s, const char *name)
{
	struct label_span span;

	return labels_get(s->labels, name, &span) ? xstrndup(span.value, span.value_len)
						  : xstrdup("");
}

static bool ends_in(const char *name, const char *end)
{
	const size_t n = strlen(name), n_end = strlen(end);

	return n >= n_end && strcmp(name + n - n_end, end) == 0;
}

static bool counts_responses(const struct source *from, const struct db_series *s)
{
	return s->kind == DB_COUNTER &&
	       (from->by_balancer || ends_in(s->name, "requests_total") ||
		ends_in(s->name, "responses_total"));
}

static struct counter *find_counter(const struct response_count *c, int64_t id)
{
	for (size_t i = 0; i < c->n_counters; i++)
		if (c->counters[i].id == id)
			return &c->counters[i];
	return NULL;
}

static void add_counter(struct response_count *c, const struct source *from,
			const struct db_series *s)
{
	CLEANUP(free) char *code = label(s, from->label);
	struct counter *n;

	if (!counts_responses(from, s) || c->n_counters == SERIES_MAX ||
	    find_counter(c, s->id) ||
	    (!from->by_balancer && strcmp(s->name, BALANCER) == 0))
		return;
	c->counters = xrealloc(c->counters, (c->n_counters + 1) * sizeof(*c->counters));
	n = &c->counters[c->n_counters++];
	*n = (struct counter){
		.id = s->id,
		.of = label(s, from->by_balancer ? "server" : "unit"),
		.name = xstrdup(s->name),
		.is_error = *code == '5',
		.last = -1,
	};
}

static void find_counters(struct response_count *c, struct db *db)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const int64_t *ids;
		size_t n;

		if (db_selector_ids(db, c->selectors[i], &ids, &n, NULL) < 0 ||
		    n == c->n_seen[i])
			continue;
		c->n_seen[i] = n;
		for (size_t k = 0; k < n; k++) {
			CLEANUP(db_series_done) struct db_series s = { 0 };

			if (db_series_get(db, ids[k], &s, NULL) == 0)
				add_counter(c, &sources[i], &s);
		}
	}
}

/* ---------------------------------------------------------------- instances */

/* "web@3.service" to "web-3-"; the record's name goes on with the port, or of a unit that
 * is no instance with its host. */
static size_t record_label(const char *unit, char *text, size_t size)
{
	const char *dot = strrchr(unit, '.');
	size_t n = MIN(dot ? (size_t)(dot - unit) : strlen(unit), size - 2);

	for (size_t i = 0; i < n; i++)
		text[i] = isalnum((unsigned char)unit[i])
				  ? (char)tolower((unsigned char)unit[i])
				  : '-';
	text[n] = '-';
	text[n + 1] = '\0';
	return n + 1;
}

static bool is_record_of(const char *server, const struct instance *i)
{
	char text[UNIT_NAME_TEXT + 1];
	const size_t n = record_label(i->unit, text, sizeof(text));
	const size_t n_host = strlen(i->host);
	const char *rest = server + n;

	if (strncmp(server, text, n) != 0)
		return false;
	if (!strchr(i->unit, '@') && strncmp(rest, i->host, n_host) == 0 &&
	    rest[n_host] == '-')
		rest += n_host + 1;
	return *rest && strspn(rest, "0123456789") == strlen(rest);
}

static bool is_of(const struct counter *n, const struct instance *i)
{
	return strcmp(n->name, BALANCER) == 0 ? is_record_of(n->of, i)
					      : strcmp(n->of, i->unit) == 0;
}

static struct instance *find_instance(struct response_count *c,
				      const struct fleet_unit *u, const char *name)
{
	for (size_t i = 0; i < c->n_instances; i++) {
		struct instance *x = &c->instances[i];

		if (strcmp(x->unit, name) == 0 && strcmp(x->host, u->u.host) == 0 &&
		    strcmp(x->hash, u->u.hash) == 0)
			return x;
	}
	c->instances =
		xrealloc(c->instances, (c->n_instances + 1) * sizeof(*c->instances));
	c->instances[c->n_instances] = (struct instance){ .unit = xstrdup(name),
							  .host = xstrdup(u->u.host),
							  .hash = xstrdup(u->u.hash) };
	return &c->instances[c->n_instances++];
}

static void forget_instances(struct response_count *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n_instances; i++) {
		if (c->instances[i].is_seen)
			c->instances[kept++] = c->instances[i];
		else
			instance_done(&c->instances[i]);
	}
	c->n_instances = kept;
}

static void find_instances(struct response_count *c, const struct fleet *f,
			   const struct fleet_tier *t)
{
	for (size_t i = 0; i < c->n_instances; i++)
		c->instances[i].is_seen = false;
	for (size_t k = t->first_unit; k < t->first_unit + t->n_units; k++) {
		const struct fleet_unit *u = &f->units[k];
		char name[UNIT_NAME_TEXT];
		struct instance *i;

		if (u->u.goal != DB_GOAL_RUN || !*u->u.host)
			continue;
		i = find_instance(c, u, fleet_unit_name(u, name));
		i->is_seen = true;
		/* Errors while it comes and goes are not its text's. */
		if (!u->healthy)
			i->since_ms = 0;
		else if (!i->since_ms || i->since_ms > f->now_ms)
			i->since_ms = f->now_ms;
	}
	forget_instances(c);
}

/* ---------------------------------------------------------------- counting */

/* What a counter has grown by since the last look. It begins at the first sample after
 * its instance came to serve; one that begins to exist later counts from 0. */
static double growth(struct counter *n, struct db *db, const struct instance *i,
		     int64_t now_ms)
{
	struct db_sample s;
	int64_t first_ms = 0;
	double more = 0;

	if (db_samples_recent(db, n->id, now_ms, now_ms, &s, 1, &first_ms) == 0 ||
	    s.t_ms == n->last_ms)
		return 0;
	if (i->since_ms && n->last >= 0 && n->last_ms > i->since_ms)
		more = s.v >= n->last ? s.v - n->last : s.v;
	else if (i->since_ms && n->last < 0 && first_ms > i->since_ms)
		more = s.v;
	n->last = s.v;
	n->last_ms = s.t_ms;
	return more;
}

static void count(struct response_count *c, struct db *db, struct instance *i,
		  bool by_balancer, int64_t now_ms, struct responses *to)
{
	for (size_t k = 0; k < c->n_counters; k++) {
		struct counter *n = &c->counters[k];
		double more;

		if ((strcmp(n->name, BALANCER) == 0) != by_balancer || !is_of(n, i))
			continue;
		i->is_balanced |= by_balancer;
		more = growth(n, db, i, now_ms);
		to->all += more;
		to->errors += n->is_error ? more : 0;
	}
}

void response_count_update(struct response_count *c, struct db *db, const struct fleet *f,
			   const struct fleet_tier *t, const char *hash,
			   struct responses *of_new, struct responses *of_old)
{
	find_counters(c, db);
	find_instances(c, f, t);
	for (size_t k = 0; k < c->n_instances; k++) {
		struct instance *i = &c->instances[k];
		struct responses *to =
			strcmp(i->hash, hash) == 0 ? &c->of_new : &c->of_old;

		count(c, db, i, true, f->now_ms, to);
		if (!i->is_balanced)
			count(c, db, i, false, f->now_ms, to);
	}
	*of_new = c->of_new;
	*of_old = c->of_old;
}
