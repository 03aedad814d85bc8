/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host and its units tell of themselves, pushed to a controller that is away,
 * refuses and asks for logs; units are only listed. */
#include "catch_log.h"
#include "http_script.h"
#include "loop_until.h"
#include "test.h"

#include "fake_controller.h"
#include "fake_units.h"

#include "collect.h"

#include <errno.h>
#include <sys/wait.h>

#define METRICS "/v1/agent/metrics"
#define LOGS "/v1/agent/logs"
#define PAGE                                                                       \
	"[Service]\nExecStart=/bin/true\n[X-Metrics]\nCollect=prometheus\nUrl=%s/" \
	"metrics\n"

/* In place of the agent's. */
struct wanted {
	struct wanted_unit v[2];
	size_t n;
};

bool wanted_at(const struct wanted *w, size_t i, struct wanted_unit *ret)
{
	if (i >= w->n)
		return false;
	*ret = w->v[i];
	return true;
}

struct bench {
	struct fake_controller c;
	char dir[40];
	struct loop *loop;
	struct httpm *http;
	struct fake_units units;
	struct wanted wanted;
	struct metrics *metrics;
};

#define UNTIL(b, condition) LOOP_UNTIL((b)->loop, condition)

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct err e;

	fake_open(&b->c);
	strcpy(b->dir, "/tmp/foretide-pu-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->units.base.ops = &fake_units_ops;
	assert_ok(loop_new(&b->loop, &e), &e);
	assert_ok(httpm_open(b->loop, &b->http, &e), &e);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *command = xasprintf("rm -r %s", b->dir);

	metrics_free(b->metrics);
	httpm_close(b->http);
	loop_free(b->loop);
	fake_close(&b->c);
	free(b);
	return system(command);
}

static void start(struct bench *b)
{
	CLEANUP(free) char *file = xasprintf("%s/ca.pem", b->c.dir);
	const struct metrics_opts o = { .controller = b->c.url,
					.ca_file = file, /* only looked for */
					.cert_file = file,
					.key_file = file,
					.host = "h1",
					.address = "10.0.0.1",
					.log_dir = b->dir,
					.interval_ms = 100,
					.queue_bytes = 1 << 20,
					.wanted = &b->wanted,
					.units = &b->units.base };

	b->metrics = metrics_new(b->loop, b->http, b->http, &o);
}

static void add_unit(struct bench *b, const char *name, const char *text)
{
	units_set(&b->units.base, name, "aa", text, true);
	b->wanted.v[b->wanted.n++] = (struct wanted_unit){ .name = name,
							   .stack = "shop",
							   .tier = "web",
							   .text = text,
							   .active = true,
							   .up = true,
							   .health = HEALTH_PASSING };
}

/* Some push had these words. */
static bool has_no_child(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 &&
	       errno == ECHILD;
}

static bool is_pushed(struct bench *b, const char *words)
{
	return fake_was_told(&b->c, METRICS, words);
}

/* The last push has these words. */
static bool is_pushed_now(struct bench *b, const char *words)
{
	return fake_is_told(&b->c, METRICS, words);
}

/* ---------------------------------------------------------------- samples */

static void the_host_its_units_and_their_sources_are_pushed(void **state)
{
	const char *const answers[] = { SCRIPT_JSON("jobs_waiting 7\n"), NULL };
	struct bench *b = *state;
	CLEANUP(free) char *text = NULL;
	struct script s;

	script_start(&s, answers);
	text = xasprintf(PAGE, s.url);
	add_unit(b, "a.service", text);
	start(b);
	UNTIL(b, is_pushed(b, "jobs_waiting"));
	assert_true(is_pushed(b, "\"host\":\"h1\",\"address\":\"10.0.0.1\""));
	assert_true(is_pushed(b, "agent_loop_pause_seconds_max"));
	assert_true(is_pushed(b, "host_memory_bytes"));
	assert_true(is_pushed(b, "unit_up"));
	assert_true(is_pushed(b, "unit_restarts_total"));
	assert_true(is_pushed(b, "unit_cpu_seconds_total"));
	assert_true(is_pushed(b, "\"tier\":\"web\""));
	/* Once there is no such page any more the rest comes still. */
	UNTIL(b, !is_pushed_now(b, "jobs_waiting"));
	assert_true(is_pushed_now(b, "unit_up"));
	script_done(&s);
	script_free(&s);
}

static void a_source_that_hangs_or_is_wrong_holds_up_nothing(void **state)
{
	const char *const answers[] = { "hang", NULL };
	struct bench *b = *state;
	CLEANUP(free) char *text = NULL;
	struct script s;

	script_start(&s, answers);
	text = xasprintf(PAGE, s.url);
	add_unit(b, "a.service", text);
	add_unit(b, "b.service", "[X-Metrics]\nCollect=nothing\n");
	start(b);
	UNTIL(b, fake_asked(&b->c, METRICS) >= 3);
	assert_true(is_pushed(b, "b.service"));
	metrics_free(TAKE(b->metrics)); /* while that source is read */
	script_done(&s);
	script_free(&s);
}

static void each_source_is_told_of_once_however_many_fail(void **state)
{
	static struct catch_log log;
	struct bench *b = *state;

	add_unit(b, "a.service", "[X-Metrics]\nCollect=nothing\n");
	add_unit(b, "b.service", "[X-Metrics]\nCollect=nowhere\n");
	catch_log_begin(&log);
	start(b);
	UNTIL(b, fake_asked(&b->c, METRICS) >= 4);
	catch_log_end(&log);
	assert_int_equal(catch_log_count(&log, "metrics-source-failed"), 2);
	assert_int_equal(catch_log_count(&log, "unit=\"a.service\""), 1);
	assert_int_equal(catch_log_count(&log, "unit=\"b.service\""), 1);
}

static void a_sample_that_is_no_text_is_left_out(void **state)
{
	const char *const answers[] = { SCRIPT_JSON("bad{l=\"\xff\"} 1\ngood 2\n"),
					NULL };
	struct bench *b = *state;
	CLEANUP(free) char *text = NULL;
	struct script s;

	script_start(&s, answers);
	text = xasprintf(PAGE, s.url);
	add_unit(b, "a.service", text);
	start(b);
	UNTIL(b, is_pushed(b, "\"good\""));
	assert_false(is_pushed(b, "\"bad\""));
	script_done(&s);
	script_free(&s);
}

/* ---------------------------------------------------------------- the controller */

/* A batch that is told from the others by what a page gave once. */
static void push_page(struct bench *b, unsigned status)
{
	const char *const answers[] = { SCRIPT_JSON("jobs_waiting 7\n"), NULL };
	CLEANUP(free) char *text = NULL;
	struct script s;

	script_start(&s, answers);
	text = xasprintf(PAGE, s.url);
	fake_answer(&b->c, status, "no");
	add_unit(b, "a.service", text);
	start(b);
	UNTIL(b, fake_has_answered(&b->c));
	b->wanted.v[0].text = NULL;
	script_done(&s);
	script_free(&s);
}

static void what_is_not_taken_now_is_sent_again(void **state)
{
	struct bench *b = *state;

	push_page(b, 503);
	UNTIL(b, fake_asked(&b->c, METRICS) > 3);
	assert_int_equal(fake_times(&b->c, METRICS, "jobs_waiting"), 2);
}

static void what_is_never_taken_is_not_sent_again(void **state)
{
	struct bench *b = *state;

	push_page(b, 400);
	UNTIL(b, fake_asked(&b->c, METRICS) > 3);
	assert_int_equal(fake_times(&b->c, METRICS, "jobs_waiting"), 1);
	/* Of single samples it is told, and goes on. */
	fake_answer_push(
		&b->c, "{\"refused\":{\"samples\":[{\"sample\":\"x\",\"why\":\"y\"}]}}");
	UNTIL(b, fake_asked(&b->c, METRICS) > 5);
	fake_answer_push(&b->c, "no JSON");
	UNTIL(b, fake_asked(&b->c, METRICS) > 7);
}

static void that_the_loop_was_held_is_told_once_it_arrives(void **state)
{
	struct bench *b = *state;

	start(b);
	metrics_held(b->metrics, 1500, "slow \"thing\"");
	metrics_held(b->metrics, 1200, "less");
	UNTIL(b, is_pushed(b, "\"held\":{\"ms\":1500,\"by\":\"slow \\\"thing\\\"\"}"));
	UNTIL(b, !is_pushed_now(b, "\"held\""));
}

/* ---------------------------------------------------------------- logs */

static void put_log(const struct bench *b, const char *unit, const char *text)
{
	CLEANUP(free) char *path = xasprintf("%s/%s.log", b->dir, unit);
	CLEANUP(fclose) FILE *f = fopen(path, "w");

	assert_true(f && fputs(text, f) >= 0);
}

static void logs_that_are_asked_for_are_sent(void **state)
{
	struct bench *b = *state;

	put_log(b, "a.service", "one\ntwo\nthree\n");
	fake_answer_push(&b->c,
			 "{\"logs\":[{\"unit\":\"a.service\"},{\"id\":6,\"lines\":2},"
			 "{\"id\":7,\"unit\":\"a.service\",\"lines\":2},"
			 "{\"id\":8,\"unit\":\"none.service\"}]}");
	start(b);
	UNTIL(b, fake_asked(&b->c, LOGS) >= 1);
	UNTIL(b, fake_was_told(&b->c, LOGS, "\"id\":8"));
	assert_true(fake_was_told(&b->c, LOGS, "\"lines\":[]"));
	fake_answer_push(&b->c,
			 "{\"logs\":[{\"id\":9,\"unit\":\"a.service\",\"lines\":2}]}");
	UNTIL(b, fake_was_told(&b->c, LOGS, "\"id\":9"));
	assert_int_equal(fake_times(&b->c, LOGS, "\"lines\":[\"two\",\"three\"]"), 2);
	assert_int_equal(fake_asked(&b->c, LOGS), 3);
}

static void more_logs_than_wait_are_not_sent(void **state)
{
	struct bench *b = *state;
	CLEANUP(buf_done) struct buf many;

	buf_init(&many, 10000);
	buf_puts(&many, "{\"logs\":[");
	for (int i = 1; i <= 40; i++)
		buf_printf(&many, "%s{\"id\":%d,\"unit\":\"a.service\"}",
			   i > 1 ? "," : "", i);
	buf_puts(&many, "]}");
	fake_answer_push(&b->c, buf_str(&many));
	start(b);
	UNTIL(b, fake_was_told(&b->c, LOGS, "\"id\":16"));
	fake_answer_push(&b->c, "{\"logs\":[{\"id\":50,\"unit\":\"a.service\"}]}");
	UNTIL(b, fake_was_told(&b->c, LOGS, "\"id\":50"));
	assert_int_equal(fake_asked(&b->c, LOGS), 17);
}

/* Whatever journalctl says, or that there is none. */
static void of_systemds_units_the_journal_is_sent(void **state)
{
	struct bench *b = *state;
	struct units_ops ops = fake_units_ops;

	ops.name = "systemd";
	b->units.base.ops = &ops;
	put_log(b, "a.service", "not this\n");
	fake_answer_push(&b->c, "{\"logs\":[{\"id\":7,\"unit\":\"a.service\"}]}");
	start(b);
	UNTIL(b, fake_was_told(&b->c, LOGS, "\"id\":7"));
	assert_false(fake_was_told(&b->c, LOGS, "not this"));
	/* One that waits ends with the agent. */
	fake_answer_push(&b->c, "{\"logs\":[{\"id\":8,\"unit\":\"a.service\"}]}");
	UNTIL(b, fake_has_pushed(&b->c));
	metrics_free(TAKE(b->metrics));
	UNTIL(b, has_no_child());
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_host_its_units_and_their_sources_are_pushed),
		TEST(a_source_that_hangs_or_is_wrong_holds_up_nothing),
		TEST(each_source_is_told_of_once_however_many_fail),
		TEST(a_sample_that_is_no_text_is_left_out),
		TEST(what_is_not_taken_now_is_sent_again),
		TEST(what_is_never_taken_is_not_sent_again),
		TEST(that_the_loop_was_held_is_told_once_it_arrives),
		TEST(logs_that_are_asked_for_are_sent),
		TEST(more_logs_than_wait_are_not_sent),
		TEST(of_systemds_units_the_journal_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
