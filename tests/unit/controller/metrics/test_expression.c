/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "expression.h"
#include "expression_turn.h"

#include <pthread.h>

#define T0 ((int64_t)20000 * 86400000)

static void put(struct fixture *f, const char *name, const char *labels,
		enum db_series_kind kind, int64_t t, double v)
{
	struct db_sample_in in = { name, labels, kind, t, v };

	assert_ok(db_samples_add(f->db, &in, 1, t, NULL, &f->e), &f->e);
}

static void count(struct fixture *f, const char *instance, int64_t t, double v)
{
	CLEANUP(free) char *labels = xasprintf("i=\"%s\",stack=\"wp\"", instance);

	put(f, "req_total", labels, DB_COUNTER, t, v);
}

static struct metrics_expr *parsed(struct fixture *f, const char *text)
{
	struct metrics_expr *e = NULL;

	assert_ok(metrics_expr_parse(text, "wp", "web", &e, &f->e), &f->e);
	return e;
}

static double now_of(struct fixture *f, const char *text, int64_t now, int64_t *at)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, text);
	double v = -1;
	int64_t t;

	assert_ok(metrics_expr_now(f->db, e, now, &v, at ? at : &t, &f->e), &f->e);
	return v;
}

static void range_of(struct fixture *f, const char *text, int64_t from, int64_t step,
		     double *out, size_t n)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, text);

	assert_ok(metrics_expr_range(f->db, e, from, step, out, n, &f->e), &f->e);
}

#define RATE "sum(rate(req_total))"

static void rates_of_all_series_add_up(void **state)
{
	struct fixture *f = *state;
	int64_t at;

	for (int i = 0; i <= 30; i++) {
		count(f, "a", T0 + i * 10000, 1000 + i * 50);
		count(f, "b", T0 + i * 10000 + 3000, i * 20);
	}
	assert_close(now_of(f, RATE, T0 + 305000, &at), 7, 1e-9);
	assert_int_equal(at, T0 + 303000);
	assert_close(now_of(f, "avg(rate(req_total))", T0 + 305000, NULL), 3.5, 1e-9);
	assert_close(now_of(f, "max(rate(req_total[30s]))", T0 + 305000, NULL), 5, 1e-9);
	assert_close(now_of(f, "min(rate(req_total))", T0 + 305000, NULL), 2, 1e-9);
	assert_close(now_of(f, "count(rate(req_total))", T0 + 305000, NULL), 2, 0);
}

static void a_restarted_instance_makes_no_negative_rate(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i <= 30; i++)
		count(f, "a", T0 + i * 10000, i < 28 ? 100000 + i * 50 : (i - 27) * 50);
	assert_close(now_of(f, RATE, T0 + 300000, NULL), 5, 1e-9);
}

static void the_sum_stays_right_while_work_moves_to_a_new_instance(void **state)
{
	struct fixture *f = *state;

	/* a does 10/s until 300 s and is gone; b is born there and takes it over. */
	for (int i = 0; i <= 30; i++)
		count(f, "a", T0 + i * 10000, 5000 + i * 100);
	for (int i = 31; i <= 60; i++) {
		int64_t t = T0 + i * 10000;
		double v;

		count(f, "b", t, (i - 30) * 100);
		v = now_of(f, RATE, t, NULL);
		/* One sample of b says nothing yet; a is taken to go on for
		 * an interval. */
		assert_in_range((uintmax_t)(v * 1000), i == 32 ? 9900 : 9900, 11700);
	}
	assert_close(now_of(f, RATE, T0 + 600000, NULL), 10, 1e-9);
}

static void the_first_minute_of_all_is_not_too_low(void **state)
{
	struct fixture *f = *state;

	count(f, "a", T0, 100);
	assert_true(isnan(now_of(f, RATE, T0, NULL)));
	count(f, "a", T0 + 10000, 200);
	assert_close(now_of(f, RATE, T0 + 10000, NULL), 10, 1e-9);
	count(f, "a", T0 + 20000, 300);
	assert_close(now_of(f, RATE, T0 + 20000, NULL), 10, 1e-9);
}

static void a_series_that_was_long_counting_when_it_came_makes_no_spike(void **state)
{
	struct fixture *f = *state;

	count(f, "a", T0, 1e12);
	count(f, "a", T0 + 10000, 1e12 + 50);
	count(f, "a", T0 + 20000, 1e12 + 100);
	assert_close(now_of(f, RATE, T0 + 20000, NULL), 5, 1e-9);
}

static void what_is_stale_is_no_number_but_says_since_when(void **state)
{
	struct fixture *f = *state;
	int64_t at;

	assert_true(isnan(now_of(f, RATE, T0, &at)));
	assert_int_equal(at, 0);
	for (int i = 0; i <= 30; i++)
		count(f, "a", T0 + i * 10000, i * 50);
	assert_close(now_of(f, RATE, T0 + 599000, &at), 5, 1e-9);
	assert_int_equal(at, T0 + 300000);
	assert_true(isnan(now_of(f, RATE, T0 + 601000, &at)));
	assert_int_equal(at, T0 + 300000);
}

static void a_late_sample_corrects_the_next_answer(void **state)
{
	struct fixture *f = *state;

	count(f, "a", T0, 1000);
	count(f, "a", T0 + 60000, 1100);
	count(f, "a", T0 + 70000, 1200);
	/* 100 over the minute before, spread evenly. */
	assert_close(now_of(f, RATE, T0 + 70000, NULL) * 60, 100 + 100 * 50 / 60.0, 1e-6);
	count(f, "a", T0 + 10000, 1090);
	assert_close(now_of(f, RATE, T0 + 70000, NULL) * 60, 110, 1e-6);
}

static void a_gauge_of_a_gone_instance_does_not_stay(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i <= 20; i++) {
		int64_t t = T0 + i * 10000;

		if (i <= 10)
			put(f, "busy", "i=\"a\",stack=\"wp\"", DB_GAUGE, t, 4);
		put(f, "busy", "i=\"b\",stack=\"wp\"", DB_GAUGE, t, 6);
	}
	assert_close(now_of(f, "sum(busy)", T0 + 100000, NULL), 10, 0);
	assert_close(now_of(f, "avg(busy)", T0 + 100000, NULL), 5, 0);
	assert_close(now_of(f, "sum(busy)", T0 + 130000, NULL), 10, 0);
	assert_close(now_of(f, "sum(busy)", T0 + 140000, NULL), 6, 0);
	assert_close(now_of(f, "count(busy)", T0 + 140000, NULL), 1, 0);
}

static void labels_choose_and_the_own_stack_is_the_default(void **state)
{
	struct fixture *f = *state;

	put(f, "g", "stack=\"wp\",tier=\"web\"", DB_GAUGE, T0, 1);
	put(f, "g", "stack=\"wp\",tier=\"db\"", DB_GAUGE, T0, 2);
	put(f, "g", "stack=\"shop\",tier=\"web\"", DB_GAUGE, T0, 4);
	assert_close(now_of(f, "sum(g)", T0, NULL), 3, 0);
	assert_close(now_of(f, "sum(g{tier=\"web\"})", T0, NULL), 1, 0);
	assert_close(now_of(f, "sum(g{stack=~\".*\", tier='web'})", T0, NULL), 5, 0);
	assert_close(now_of(f, "sum(g{stack=\"shop\"})", T0, NULL), 4, 0);
	assert_close(now_of(f, "sum(g{tier!=\"web\"})", T0, NULL), 2, 0);
	assert_close(now_of(f, "sum(g{tier!~\"w.*\"})", T0, NULL), 2, 0);
}

static void arithmetic_has_its_usual_order(void **state)
{
	struct fixture *f = *state;
	int64_t at;

	put(f, "g", "stack=\"wp\"", DB_GAUGE, T0, 6);
	put(f, "h", "stack=\"wp\"", DB_GAUGE, T0 + 5000, 2);
	assert_close(now_of(f, "sum(g) + 2 * 3 - 4 / 2", T0 + 5000, NULL), 10, 0);
	assert_close(now_of(f, "(sum(g) + 2) * -0.5", T0 + 5000, NULL), -4, 0);
	assert_close(now_of(f, "sum(g)/sum(h)", T0 + 5000, &at), 3, 0);
	assert_int_equal(at, T0);
	assert_true(isnan(now_of(f, "sum(g) / 0", T0 + 5000, NULL)));
	assert_true(isnan(now_of(f, "sum(g) + sum(none)", T0 + 5000, &at)));
	assert_int_equal(at, 0);
}

static void a_wrong_expression_is_refused_with_its_column(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "column 1: sum(" },
		{ "sum", "column 4: ( is" },
		{ "sum(", "column 5: a metric's name" },
		{ "sum(x", "column 6: ) is" },
		{ "sum(rate(x)", "column 12: ) is" },
		{ "sum(rate(x[1y]))", "a duration" },
		{ "sum(x{a})", "one of = !=" },
		{ "sum(x{a=1})", "quoted" },
		{ "sum(x{a=\"1})", "not closed" },
		{ "sum(x{a=~\"(\"})", "regular expression" },
		{ "rate(x)", "sum(" },
		{ "sum(x) y", "unexpected text after the expression" },
		{ "1 + 2", "no metric" },
		{ "sum(x) +", "a number" },
		{ "prometheus(ftp://x, y)", "http" },
		{ "prometheus(http://x, )", "query is missing" },
		{ "prometheus(http://x y)", "prometheus(URL, QUERY)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct metrics_expr *e = NULL;

		assert_int_equal(metrics_expr_parse(bad[i].text, "wp", "web", &e, &f->e),
				 ERR_INVAL);
		if (!strstr(f->e.msg, bad[i].words))
			fail_msg("'%s': %s", bad[i].text, f->e.msg);
	}
}

static void deep_nesting_is_refused(void **state)
{
	struct fixture *f = *state;
	struct metrics_expr *e = NULL;
	char text[1001];

	memset(text, '(', 1000);
	text[1000] = '\0';
	assert_int_equal(metrics_expr_parse(text, "wp", "web", &e, &f->e), ERR_INVAL);
}

/* What is refused costs no more than reading it; walking the rest needs no deep stack. */
static void a_long_expression_is_refused(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_done) struct buf text;

	buf_init(&text, 8 << 20);
	buf_puts(&text, "sum(a)");
	for (size_t n = 1; n <= 200000; n++) {
		struct metrics_expr *e = NULL;
		int rc, expected = n < METRICS_EXPR_MAX_TERMS ? 0
				   : n < 4000                 ? ERR_INVAL
							      : ERR_LIMIT;

		buf_puts(&text, "+1");
		if (n != METRICS_EXPR_MAX_TERMS - 1 && n != METRICS_EXPR_MAX_TERMS &&
		    n != 5000 && n != 200000)
			continue;
		rc = metrics_expr_parse(buf_str(&text), "wp", "web", &e, &f->e);
		assert_int_equal(rc, expected);
		if (rc < 0)
			assert_non_null(strstr(f->e.msg, rc == ERR_INVAL
								 ? "more than 100 terms"
								 : "at most 8192"));
		metrics_expr_free(e);
	}
}

/* Each term looks at each series. */
static void an_evaluation_over_its_steps_is_no_number_and_says_so(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_done) struct buf text;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	CLEANUP(free) struct db_sample_in *in = xcalloc(30000, sizeof(*in));
	struct metrics_missing m;
	double v = 7, before;
	int64_t at;

	for (size_t i = 0; i < 30000; i++)
		in[i] = (struct db_sample_in){ "g",
					       xasprintf("i=\"%05zu\",stack=\"wp\"", i),
					       DB_GAUGE, T0, 1 };
	assert_ok(db_samples_add(f->db, in, 30000, T0, NULL, &f->e), &f->e);
	for (size_t i = 0; i < 30000; i++)
		free((char *)(uintptr_t)in[i].labels);
	assert_close(now_of(f, "sum(g)", T0, NULL), 30000, 0);
	buf_init(&text, 1 << 20);
	buf_puts(&text, "sum(g)");
	for (size_t i = 1; i < METRICS_EXPR_MAX_TERMS; i++)
		buf_puts(&text, "+sum(g)");
	e = parsed(f, buf_str(&text));
	assert_int_equal(metrics_expr_now(f->db, e, T0, &v, &at, &f->e), ERR_LIMIT);
	assert_true(isnan(v));
	assert_int_equal(at, 0);
	/* Steps end it, or the time where a sanitizer makes them slow. */
	assert_non_null(strstr(f->e.msg, "match fewer"));
	/* That is found out within the same bound. */
	before = cpu_ms();
	assert_true(metrics_expr_missing(f->db, e, T0, NULL, &m));
	assert_true(m.is_unread && m.is_costly);
	assert_true(cpu_ms() - before < 2 * METRICS_EXPR_MAX_MS);
}

static void many(struct fixture *f, const char *name, const char *value, size_t n)
{
	CLEANUP(free) struct db_sample_in *in = xcalloc(n, sizeof(*in));

	for (size_t i = 0; i < n; i++)
		in[i] = (struct db_sample_in){
			name, xasprintf("a=\"%s%zu\",stack=\"wp\"", value, i), DB_GAUGE,
			T0, 1
		};
	assert_ok(db_samples_add(f->db, in, n, T0, NULL, &f->e), &f->e);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)in[i].labels);
}

/* sum(x{a=~"..."}) + ..., each another pattern, which takes long on values of many a. */
static char *dear_patterns(size_t n)
{
	CLEANUP(buf_done) struct buf text;

	buf_init(&text, METRICS_EXPR_MAX_BYTES);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%ssum(x{a=~\"a*?[^z]*?%zu?[zy]\"})", i ? "+" : "", i);
	return buf_take(&text);
}

/* Also while it looks for its series, all of which are new to it. */
static void an_evaluation_over_its_time_ends_wherever_it_is(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *text = dear_patterns(METRICS_EXPR_MAX_TERMS);
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, text);
	struct metrics_missing m;
	double v = 7, before;
	int64_t at;
	char a[91] = "";

	memset(a, 'a', sizeof(a) - 1);
	many(f, "x", a, 10000);
	metrics_expr_limit(e, METRICS_DEAR_MS);
	before = cpu_ms();
	assert_true(metrics_expr_missing(f->db, e, T0, NULL, &m));
	assert_true(m.is_unread && m.is_costly);
	assert_int_equal(metrics_expr_now(f->db, e, T0, &v, &at, &f->e), ERR_LIMIT);
	assert_true(isnan(v));
	assert_true(cpu_ms() - before < 20 * METRICS_DEAR_MS);
}

/* One that a host of another stack pushed, once. */
static void another_stacks_series_does_not_disturb(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_done) struct buf labels;

	buf_init(&labels, LABELS_MAX_BYTES);
	buf_puts(&labels, "path=\"");
	for (int i = 0; i < 1500; i++)
		buf_putc(&labels, 'a');
	buf_puts(&labels, "\",stack=\"alpha\"");
	put(f, "m0", buf_str(&labels), DB_GAUGE, T0, 1);
	put(f, "m0", "path=\"aaa\",stack=\"wp\"", DB_GAUGE, T0, 5);
	assert_close(now_of(f, "sum(m0{path=~\"(?:a?){900}(?:a{900})?\"})", T0, NULL), 5,
		     0);
}

/* What is there without it is a lower bound, when it is known to be one. */
static void a_value_that_cannot_be_matched_is_missing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free)
	struct metrics_expr *e = parsed(f, "sum(m0{path=~\"(?:a?){900}(?:a{900})?\"})");
	CLEANUP(buf_done) struct buf labels;
	struct metrics_missing m;
	double v = 7;
	int64_t at;

	buf_init(&labels, LABELS_MAX_BYTES);
	buf_puts(&labels, "path=\"");
	for (int i = 0; i < 1500; i++)
		buf_putc(&labels, 'a');
	buf_puts(&labels, "!\",stack=\"wp\"");
	put(f, "m0", buf_str(&labels), DB_GAUGE, T0, 1);
	put(f, "m0", "path=\"aaa\",stack=\"wp\"", DB_GAUGE, T0, 5);
	assert_int_equal(metrics_expr_now(f->db, e, T0, &v, &at, &f->e), ERR_LIMIT);
	assert_non_null(strstr(f->e.msg, "label path"));
	assert_true(metrics_expr_missing(f->db, e, T0, NULL, &m));
	assert_true(m.is_undecided && m.is_unread && m.is_bound && !m.is_costly);
	assert_ok(metrics_expr_now(f->db, e, T0, &v, &at, &f->e), &f->e);
	assert_close(v, 5, 0);
}

/* As after a start, when of none it is known what it costs. */
static void what_is_not_known_yet_takes_no_more_than_the_rounds_time(void **state)
{
	enum { EXPRESSIONS = 40, ROUND_MS = 200 };
	struct fixture *f = *state;
	CLEANUP(free) char *text = dear_patterns(METRICS_EXPR_MAX_TERMS);
	struct metrics_expr *e[EXPRESSIONS];
	CLEANUP(metrics_expr_free) struct metrics_expr *cheap = parsed(f, "sum(y)");
	struct metrics_turns turns;
	double v, before = cpu_ms();
	int64_t at;
	char a[91] = "";

	memset(a, 'a', sizeof(a) - 1);
	many(f, "x", a, 10000);
	put(f, "y", "stack=\"wp\"", DB_GAUGE, T0, 3);
	assert_close(now_of(f, "sum(y)", T0, NULL), 3, 0);
	assert_ok(metrics_expr_now(f->db, cheap, T0, &v, &at, &f->e), &f->e);
	for (size_t i = 0; i < EXPRESSIONS; i++)
		e[i] = parsed(f, text);
	before = cpu_ms();
	metrics_turns_begin(&turns, ROUND_MS);
	for (size_t i = 0; i < EXPRESSIONS; i++) {
		assert_ok(metrics_expr_in_turn(f->db, e[i], &turns, T0, &v, &at, &f->e),
			  &f->e);
		assert_true(isnan(v));
		assert_int_equal(at, 0);
	}
	assert_true(cpu_ms() - before < 3 * ROUND_MS);
	assert_int_equal(turns.n_waiting, EXPRESSIONS);
	assert_int_equal(metrics_expr_cost(e[0]), METRICS_DEAR);
	assert_int_equal(metrics_expr_cost(e[EXPRESSIONS - 1]), METRICS_UNKNOWN);
	/* What is known to be cheap has no turn to wait for. */
	assert_ok(metrics_expr_in_turn(f->db, cheap, &turns, T0, &v, &at, &f->e), &f->e);
	assert_close(v, 3, 0);
	for (size_t i = 0; i < EXPRESSIONS; i++)
		metrics_expr_free(e[i]);
}

static void a_range_ends_after_its_time_and_says_so(void **state)
{
	enum { SERIES = 2000, POINTS = 7200 };
	struct fixture *f = *state;
	CLEANUP(free) struct db_sample_in *in = xcalloc(SERIES, sizeof(*in));
	CLEANUP(free) double *out = xcalloc(POINTS, sizeof(*out));
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;

	for (size_t i = 0; i < SERIES; i++)
		in[i] = (struct db_sample_in){ "g",
					       xasprintf("i=\"%05zu\",stack=\"wp\"", i),
					       DB_GAUGE, T0, 1 };
	assert_ok(db_samples_add(f->db, in, SERIES, T0, NULL, &f->e), &f->e);
	for (size_t i = 0; i < SERIES; i++)
		free((char *)(uintptr_t)in[i].labels);
	e = parsed(f, "sum(g)");
	assert_ok(metrics_expr_range(f->db, e, T0, 1000, out, 10, &f->e), &f->e);
	assert_close(out[0], SERIES, 0);
	metrics_expr_limit(e, 0);
	assert_int_equal(metrics_expr_range(f->db, e, T0 - POINTS * 1000, 1000, out,
					    POINTS, &f->e),
			 ERR_LIMIT);
	assert_non_null(strstr(f->e.msg, "ask for fewer series"));
}

#define PACKED_SERIES 90
#define PASS_MS 1260000 /* in which samples are packed once */

struct packer {
	struct fixture *f;
	int64_t to;   /* atomic; until then there are samples */
	bool is_over; /* atomic */
};

static void add_pass(struct packer *p)
{
	const int64_t from = __atomic_load_n(&p->to, __ATOMIC_ACQUIRE);
	struct db_sample_in in[PACKED_SERIES];
	char labels[PACKED_SERIES][32];
	struct err e;

	for (int64_t t = from; t < from + PASS_MS; t += 60000) {
		for (size_t i = 0; i < PACKED_SERIES; i++) {
			snprintf(labels[i], sizeof(labels[i]), "i=\"%zu\",stack=\"wp\"",
				 i);
			in[i] = (struct db_sample_in){ "packed", labels[i], DB_GAUGE, t,
						       1 };
		}
		CHECK(db_samples_add(p->f->db, in, PACKED_SERIES, t, NULL, &e) == 0);
	}
	__atomic_store_n(&p->to, from + PASS_MS, __ATOMIC_RELEASE);
}

static void *pack(void *arg)
{
	struct packer *p = arg;
	bool has_more = true;
	struct err e;

	for (int i = 0; i < 100; i++) {
		add_pass(p);
		while (db_maintain(p->f->db, p->to, 1000, &has_more, &e) == 0 && has_more)
			;
	}
	__atomic_store_n(&p->is_over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whether each minute of the last two passes has all series. */
static bool has_all(struct packer *p, struct metrics_expr *e)
{
	const int64_t to = __atomic_load_n(&p->to, __ATOMIC_ACQUIRE);
	double out[40];
	struct err err;

	if (metrics_expr_range(p->f->db, e, to - 2 * PASS_MS, 60000, out, 40, &err) < 0)
		return false;
	for (int i = 0; i < 40; i++)
		if (out[i] != PACKED_SERIES)
			return false;
	return true;
}

/* Several series are read in one transaction, which does not see what is packed then. */
static void samples_that_are_packed_meanwhile_are_not_missing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = parsed(f, "count(packed)");
	struct packer p = { .f = f, .to = T0 };
	int n = 0, n_whole = 0;
	pthread_t thread;

	add_pass(&p);
	add_pass(&p);
	assert_int_equal(pthread_create(&thread, NULL, pack, &p), 0);
	for (; !__atomic_load_n(&p.is_over, __ATOMIC_ACQUIRE); n++)
		n_whole += has_all(&p, e);
	pthread_join(thread, NULL);
	assert_true(n > 0);
	assert_int_equal(n_whole, n);
}

static void fetched(struct fixture *f, const char *url, const char *query,
		    const char *tier, double v)
{
	char mark[METRICS_QUERY_TEXT];
	CLEANUP(free)
	char *labels = xasprintf("query=\"%s\",series=\"{}\",stack=\"wp\",tier=\"%s\"",
				 metrics_query_mark(url, query, mark), tier);

	put(f, METRICS_PROMETHEUS_SERIES, labels, DB_GAUGE, T0, v);
}

static void a_prometheus_demand_gives_url_and_query(void **state)
{
	struct fixture *f = *state;
	CLEANUP(metrics_expr_free)
	struct metrics_expr *e =
		parsed(f, "prometheus(http://p:9090, sum(rate(x{a=\"b,c\"}[1m])) )");
	const char *url, *query;

	assert_true(metrics_expr_prometheus(e, &url, &query));
	assert_string_equal(url, "http://p:9090");
	assert_string_equal(query, "sum(rate(x{a=\"b,c\"}[1m]))");
	fetched(f, "http://p:9090", "x", "web", 12);
	fetched(f, "http://p:9090", "x", "db", 5);
	fetched(f, "http://p:9090", "y", "web", 7);
	assert_close(now_of(f, "prometheus(http://p:9090, x)", T0, NULL), 12, 0);
}

static void a_range_is_the_mean_of_each_step(void **state)
{
	struct fixture *f = *state;
	double out[6];

	/* 5/s for two minutes, then 10/s for two minutes. */
	for (int i = 0; i <= 24; i++)
		count(f, "a", T0 + i * 10000, i <= 12 ? i * 50 : 600 + (i - 12) * 100);
	range_of(f, RATE, T0 - 60000, 60000, out, 6);
	assert_true(isnan(out[0]));
	assert_close(out[1], 5, 1e-9);
	assert_close(out[2], 5, 1e-9);
	assert_close(out[3], 10, 1e-9);
	assert_close(out[4], 10, 1e-9);
	assert_true(isnan(out[5]));
	range_of(f, RATE " * 2", T0 + 90000, 60000, out, 1);
	assert_close(out[0], 15, 1e-9);
}

static void a_range_counts_series_that_come_and_go_for_their_part(void **state)
{
	struct fixture *f = *state;
	double out[2];

	for (int i = 0; i <= 12; i++) {
		count(f, "a", T0 + i * 10000, i * 50);
		if (i >= 3 && i <= 6)
			count(f, "b", T0 + i * 10000, (i - 3) * 100);
		put(f, "g", "stack=\"wp\"", DB_GAUGE, T0 + i * 10000, i < 3 ? 1 : 3);
	}
	range_of(f, RATE, T0, 60000, out, 2);
	assert_close(out[0], 5 + 5, 1e-9);
	assert_close(out[1], 5, 1e-9);
	range_of(f, "sum(g)", T0, 60000, out, 2);
	assert_close(out[0], 2, 1e-9);
	assert_close(out[1], 3, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(rates_of_all_series_add_up),
		DB_TEST(a_restarted_instance_makes_no_negative_rate),
		DB_TEST(the_sum_stays_right_while_work_moves_to_a_new_instance),
		DB_TEST(the_first_minute_of_all_is_not_too_low),
		DB_TEST(a_series_that_was_long_counting_when_it_came_makes_no_spike),
		DB_TEST(what_is_stale_is_no_number_but_says_since_when),
		DB_TEST(a_late_sample_corrects_the_next_answer),
		DB_TEST(a_gauge_of_a_gone_instance_does_not_stay),
		DB_TEST(labels_choose_and_the_own_stack_is_the_default),
		DB_TEST(arithmetic_has_its_usual_order),
		DB_TEST(a_wrong_expression_is_refused_with_its_column),
		DB_TEST(deep_nesting_is_refused),
		DB_TEST(a_long_expression_is_refused),
		DB_TEST(a_range_ends_after_its_time_and_says_so),
		DB_TEST(an_evaluation_over_its_steps_is_no_number_and_says_so),
		DB_TEST(an_evaluation_over_its_time_ends_wherever_it_is),
		DB_TEST(another_stacks_series_does_not_disturb),
		DB_TEST(a_value_that_cannot_be_matched_is_missing),
		DB_TEST(what_is_not_known_yet_takes_no_more_than_the_rounds_time),
		DB_TEST(a_prometheus_demand_gives_url_and_query),
		DB_TEST(a_range_is_the_mean_of_each_step),
		DB_TEST(a_range_counts_series_that_come_and_go_for_their_part),
		DB_TEST(samples_that_are_packed_meanwhile_are_not_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
