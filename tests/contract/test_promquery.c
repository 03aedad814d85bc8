/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Debian's Prometheus server, with two days of made-up history, scraping itself.
 */
#include "db_fixture.h"

#include "clock.h"
#include "metrics.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MIN_MS ((int64_t)60000)
#define HISTORY_MIN 2880

struct server {
	struct fixture *f;
	char dir[64];
	char url[64];
	int port;
	pid_t pid;
	int64_t start_ms; /* of the history, a full minute */
};

static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static pid_t spawn(struct server *s, const char *const *argv)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int log;

		if (chdir(s->dir) < 0)
			_exit(126);
		log = open("server.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(log, 1);
		dup2(log, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static void write_files(struct server *s)
{
	CLEANUP(free) char *config = xasprintf("%s/prometheus.yml", s->dir);
	CLEANUP(free) char *past = xasprintf("%s/past.txt", s->dir);
	CLEANUP(fclose) FILE *c = fopen(config, "w");
	CLEANUP(fclose) FILE *p = fopen(past, "w");

	assert_non_null(c);
	assert_non_null(p);
	fprintf(c,
		"global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: self\n"
		"  static_configs: [{targets: ['127.0.0.1:%d']}]\n",
		s->port);
	fprintf(p, "# TYPE past_load gauge\n");
	for (int part = 0; part < 2; part++)
		for (int i = 0; i < HISTORY_MIN; i++)
			fprintf(p, "past_load{part=\"%d\"} %d %lld\n", part,
				part * 1000 + i % 100,
				(long long)(s->start_ms + i * MIN_MS) / 1000);
	fprintf(p, "# EOF\n");
}

static void make_history(struct server *s)
{
	const char *const argv[] = { "promtool",    "tsdb",     "create-blocks-from",
				     "openmetrics", "past.txt", "data",
				     NULL };
	int status;
	pid_t pid = spawn(s, argv);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Until the server has scraped itself twice. */
static void wait_ready(struct server *s)
{
	struct promquery_opts o = { .url = s->url, .hosts = "127.0.0.1" };
	int64_t deadline = clock_mono_ms() + PATIENCE_MS, at;
	struct timespec pause = { .tv_nsec = 50000000 };
	double v;

	while (promquery_now(&o, "count_over_time(up[1m]) > 1", &v, &at, &s->f->e) < 0) {
		if (clock_mono_ms() > deadline)
			fail_msg("Prometheus does not answer: %s", s->f->e.msg);
		nanosleep(&pause, NULL);
	}
}

static int setup(void **state)
{
	struct server *s = xcalloc(1, sizeof(*s));
	CLEANUP(free) char *listen = NULL;
	const char *argv[6] = { "prometheus", "--config.file=prometheus.yml",
				"--storage.tsdb.path=data", NULL, NULL };

	fixture_setup((void **)&s->f);
	snprintf(s->dir, sizeof(s->dir), "/tmp/foretide-prom-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->port = free_port();
	s->start_ms = (clock_wall_ms() / MIN_MS - HISTORY_MIN - 180) * MIN_MS;
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d/", s->port);
	listen = xasprintf("--web.listen-address=127.0.0.1:%d", s->port);
	argv[3] = listen;
	write_files(s);
	make_history(s);
	s->pid = spawn(s, argv);
	*state = s;
	wait_ready(s);
	return 0;
}

static int unlink_each(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct server *s = *state;

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	nftw(s->dir, unlink_each, 16, FTW_DEPTH | FTW_PHYS);
	fixture_teardown((void **)&s->f);
	free(s);
	return 0;
}

/* ---------------------------------------------------------------- tests */

static void the_values_of_a_vector_are_added_up(void **state)
{
	struct server *s = *state;
	struct promquery_opts o = { .url = s->url, .hosts = "127.0.0.1" };
	int64_t before = clock_wall_ms(), at = 0;
	double v = 0;

	assert_ok(promquery_now(&o, "sum(up) + 41", &v, &at, &s->f->e), &s->f->e);
	assert_close(v, 42, 0);
	assert_in_range(at, before - 10000, clock_wall_ms() + 1000);
	assert_ok(promquery_now(&o, "scalar(vector(7))", &v, &at, &s->f->e), &s->f->e);
	assert_close(v, 7, 0);
	assert_ok(promquery_now(&o, "label_replace(up, \"x\", \"y\", \"\", \"\") or up",
				&v, &at, &s->f->e),
		  &s->f->e);
	assert_close(v, 2, 0);
}

static void an_empty_answer_and_a_wrong_query_are_told_apart(void **state)
{
	struct server *s = *state;
	struct promquery_opts o = { .url = s->url, .hosts = "127.0.0.1" };
	int64_t at;
	double v;

	assert_int_equal(promquery_now(&o, "no_such_metric", &v, &at, &s->f->e),
			 ERR_NOT_FOUND);
	assert_int_equal(promquery_now(&o, "sum(", &v, &at, &s->f->e), ERR_INVAL);
	assert_non_null(strstr(s->f->e.msg, "parse error"));
	assert_int_equal(promquery_now(&o, "up[5m]", &v, &at, &s->f->e), ERR_INVAL);
}

static void a_range_comes_on_its_grid_with_gaps(void **state)
{
	struct server *s = *state;
	struct promquery_opts o = { .url = s->url, .hosts = "127.0.0.1" };
	CLEANUP(free) double *v = xcalloc(HISTORY_MIN + 20, sizeof(*v));

	assert_ok(promquery_range(&o, "past_load", s->start_ms - 10 * MIN_MS, MIN_MS, v,
				  HISTORY_MIN + 20, &s->f->e),
		  &s->f->e);
	for (int i = 0; i < 10; i++)
		assert_true(isnan(v[i]));
	for (int i = 0; i < HISTORY_MIN; i++)
		assert_close(v[10 + i], 1000 + 2 * (i % 100), 0);
	assert_true(isnan(v[HISTORY_MIN + 19]));
}

static void a_long_range_is_asked_for_in_parts(void **state)
{
	struct server *s = *state;
	struct promquery_opts o = { .url = s->url, .hosts = "127.0.0.1" };
	size_t n = 34000;
	CLEANUP(free) double *v = xcalloc(n, sizeof(*v));

	assert_ok(promquery_range(&o, "past_load{part=\"0\"}", s->start_ms, 5000, v, n,
				  &s->f->e),
		  &s->f->e);
	for (size_t i = 0; i < n; i++)
		assert_close(v[i], (double)(i / 12 % 100), 0);
}

static void a_tiers_demand_and_its_past_come_from_there(void **state)
{
	struct server *s = *state;
	struct promquery_opts o = { .url = s->url, .hosts = "127.0.0.1" };
	CLEANUP(free)
	char *text = xasprintf("prometheus(%s, sum(past_load) or sum(up))", s->url);
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	const char *url, *query;
	int64_t now = clock_now_ms(), at;
	double v, past[HISTORY_MIN];

	assert_ok(metrics_expr_parse(text, "wp", "web", &e, &s->f->e), &s->f->e);
	assert_true(metrics_expr_prometheus(e, &url, &query));
	for (int round = 0; round < 2; round++) {
		now = clock_now_ms();
		assert_ok(
			promquery_fetch(s->f->db, "wp", "web", &o, query, now, &s->f->e),
			&s->f->e);
	}
	assert_ok(metrics_expr_now(s->f->db, e, clock_now_ms() + 1000, &v, &at, &s->f->e),
		  &s->f->e);
	assert_close(v, 1, 0);
	assert_in_range(at, now - 5000, clock_now_ms() + 1000);
	assert_ok(db_demand_range(s->f->db, "wp", "web", s->start_ms, past, HISTORY_MIN,
				  &s->f->e),
		  &s->f->e);
	/* The value at the end of a minute represents it. */
	for (int i = 0; i + 1 < HISTORY_MIN; i++)
		assert_close(past[i], 1000 + 2 * ((i + 1) % 100), 0);
}

static size_t n_stored(struct server *s, const char *tier, const char *query)
{
	struct promquery_opts o = { .url = s->url, .hosts = "127.0.0.1" };
	const struct db_matcher m = { "tier", DB_MATCH_EQ, tier };
	CLEANUP(db_selector_free) struct db_selector *selector = NULL;
	CLEANUP(db_series_list_done) struct db_series_list l = { NULL, 0 };

	assert_ok(promquery_fetch(s->f->db, "wp", tier, &o, query, clock_now_ms(),
				  &s->f->e),
		  &s->f->e);
	assert_ok(db_selector_new("foretide_prometheus", &m, 1, &selector, &s->f->e),
		  &s->f->e);
	assert_ok(db_series_find(s->f->db, selector, 0, 1000, &l, &s->f->e), &s->f->e);
	return l.n;
}

static void series_are_kept_one_by_one_up_to_256_and_else_as_their_sum(void **state)
{
	struct server *s = *state;

	assert_true(n_stored(s, "few", "{__name__=~\"go_memstats_.*\"}") > 5);
	assert_int_equal(n_stored(s, "many", "{__name__=~\"go_.*|prometheus_.*\"}"), 1);
}

/* Until the demand of a tier is known. */
static double wait_for_demand(struct server *s, const struct db_tier *t)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	int64_t deadline = clock_mono_ms() + PATIENCE_MS, at;
	struct timespec pause = { .tv_nsec = 10000000 };
	double v = NAN;

	assert_ok(metrics_expr_parse(t->demand, t->stack, t->name, &e, &s->f->e),
		  &s->f->e);
	while (isnan(v) && clock_mono_ms() < deadline) {
		nanosleep(&pause, NULL);
		assert_ok(
			metrics_expr_now(s->f->db, e, clock_now_ms(), &v, &at, &s->f->e),
			&s->f->e);
	}
	return v;
}

static void a_thread_fetches_for_the_tiers_that_want_it(void **state)
{
	struct server *s = *state;
	CLEANUP(free) char *good = xasprintf("prometheus(%s, sum(up) * 3)", s->url);
	CLEANUP(free)
	char *away = xasprintf("prometheus(http://127.0.0.1:%d, up)", free_port());
	CLEANUP(prompull_stop) struct prompull *p = NULL;
	struct db_tier tiers[] = { { .stack = "a", .name = "away", .demand = away },
				   { .stack = "a", .name = "none", .demand = "" },
				   { .stack = "a", .name = "wrong", .demand = "sum(" },
				   { .stack = "b", .name = "good", .demand = good } };

	for (size_t i = 0; i < ARRAY_SIZE(tiers); i++)
		assert_ok(db_tier_put(s->f->db, &tiers[i], &s->f->e), &s->f->e);
	assert_ok(prompull_start(s->f->db, 100, "127.0.0.1", &p, &s->f->e), &s->f->e);
	assert_close(wait_for_demand(s, &tiers[3]), 3, 0);
	prompull_stop(TAKE(p));
}

static void a_server_that_is_away_or_none_is_an_error_in_words(void **state)
{
	struct server *s = *state;
	CLEANUP(free) char *away = xasprintf("http://127.0.0.1:%d", free_port());
	CLEANUP(free) char *wrong = xasprintf("%sfederate", s->url);
	struct promquery_opts o = { .url = away,
				    .hosts = "127.0.0.1",
				    .timeout_ms = PATIENCE_MS };
	int64_t at;
	double v;

	assert_int_equal(promquery_now(&o, "up", &v, &at, &s->f->e), ERR_UNAVAIL);
	o.url = wrong;
	assert_int_equal(promquery_now(&o, "up", &v, &at, &s->f->e), ERR_NOT_FOUND);
	assert_non_null(strstr(s->f->e.msg, "status 404"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_values_of_a_vector_are_added_up),
		cmocka_unit_test(an_empty_answer_and_a_wrong_query_are_told_apart),
		cmocka_unit_test(a_range_comes_on_its_grid_with_gaps),
		cmocka_unit_test(a_long_range_is_asked_for_in_parts),
		cmocka_unit_test(a_tiers_demand_and_its_past_come_from_there),
		cmocka_unit_test(
			series_are_kept_one_by_one_up_to_256_and_else_as_their_sum),
		cmocka_unit_test(a_thread_fetches_for_the_tiers_that_want_it),
		cmocka_unit_test(a_server_that_is_away_or_none_is_an_error_in_words),
	};
	int failed;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	failed = cmocka_run_group_tests(tests, setup, teardown);
	curl_global_cleanup();
	return failed;
}
