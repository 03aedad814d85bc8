/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small parts of the agent: words and options of units, health, names, queues. */
#include "test.h"

#include "batch_queue.h"
#include "check.h"
#include "clock.h"
#include "health.h"
#include "key.h"
#include "options.h"
#include "process.h"
#include "registrator.h"
#include "spec.h"
#include "strv.h"
#include "values.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---------------------------------------------------------------- words */

static char *joined(char *const *words)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 10000);
	for (size_t i = 0; words && words[i]; i++)
		buf_printf(&b, "[%s]", words[i]);
	return buf_take(&b);
}

static void words_are_split_as_systemd_does(void **state)
{
	static const char *const cases[][2] = {
		{ "a  b\tc", "[a][b][c]" },
		{ "'a b' \"c d\"", "[a b][c d]" },
		{ "x'y z'w", "[xy zw]" },
		{ "\"a\\\"b\" \\x41\\101 a\\sb \\t", "[a\"b][AA][a b][\t]" },
		{ "'' \"\"", "[][]" },
		{ "  ", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strv_free) char **words = NULL;
		CLEANUP(free) char *text = NULL;
		struct err e;

		assert_ok(unit_words_split(cases[i][0], &words, &e), &e);
		text = joined(words);
		assert_string_equal(text, cases[i][1]);
	}
}

static void open_quotes_and_unknown_escapes_are_refused(void **state)
{
	static const char *const cases[] = { "'a", "a \"b c", "\\q", "\\x4", "\\" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char **words = NULL;
		struct err e;

		assert_int_equal(unit_words_split(cases[i], &words, &e), ERR_INVAL);
	}
}

static void specifiers_are_expanded(void **state)
{
	struct unit_specifiers s = { .unit = "app-web@a-b\\x2dc.service",
				     .host = "h1",
				     .machine_id = "m",
				     .boot_id = "b" };
	CLEANUP(free) char *text = NULL;
	struct err e;

	(void)state;
	assert_ok(unit_specifiers_expand("%n|%N|%p|%i|%I|%j|%H|%m|%b|%u|%h|%t|%%", &s,
					 &text, &e),
		  &e);
	assert_string_equal(text, "app-web@a-b\\x2dc.service|app-web@a-b\\x2dc|app-web|"
				  "a-b\\x2dc|a/b-c|web|h1|m|b|root|/root|/run|%");
	assert_int_equal(unit_specifiers_expand("%y", &s, &text, &e), ERR_INVAL);
	assert_string_equal(e.msg, "the specifier %y is unknown");
}

static void variables_are_put_in(void **state)
{
	char *env[] = { "A=1 2", "B=x", "E=", NULL };
	char *words[] = { "$A", "${A}", "a${B}c$B", "$$A", "$E", "${E}", "$NONE", NULL };
	CLEANUP(strv_free) char **got = unit_words_substitute(words, env);
	CLEANUP(free) char *text = joined(got);

	(void)state;
	assert_string_equal(text, "[1][2][1 2][axc$B][$A][]");
}

static void time_spans_are_systemds(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = { { "5", 5000 },         { "1min 20s", 80000 },
		      { "2h", 7200000 },     { "100ms", 100 },
		      { "1.5", 1500 },       { "infinity", -1 },
		      { "1 day", 86400000 }, { "0", 0 } };
	int64_t ms;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ok(unit_time_span(cases[i].text, &ms, &e), &e);
		assert_int_equal(ms, cases[i].ms);
	}
	assert_int_equal(unit_time_span("5 parsecs", &ms, &e), ERR_INVAL);
	assert_int_equal(unit_time_span("", &ms, &e), ERR_INVAL);
}

static void signals_have_names_and_numbers(void **state)
{
	int n;
	struct err e;

	(void)state;
	assert_ok(unit_signal("SIGTERM", &n, &e), &e);
	assert_int_equal(n, SIGTERM);
	assert_ok(unit_signal("usr1", &n, &e), &e);
	assert_int_equal(n, SIGUSR1);
	assert_ok(unit_signal("9", &n, &e), &e);
	assert_int_equal(n, 9);
	assert_ok(unit_signal("RTMIN+3", &n, &e), &e);
	assert_int_equal(n, SIGRTMIN + 3);
	assert_int_equal(unit_signal("SIGNONE", &n, &e), ERR_INVAL);
}

/* ---------------------------------------------------------------- specs */

static int parse(const char *text, struct unit_spec **ret, struct err *err)
{
	struct unit_specifiers s = { .unit = "x@1.service", .host = "h" };

	return unit_spec_parse(text, &s, ret, err);
}

static void options_are_read(void **state)
{
	CLEANUP(unit_spec_free) struct unit_spec *s = NULL;
	struct err e;

	(void)state;
	assert_ok(parse("[Unit]\nAfter=a.service b.service\nAfter=c.service\n"
			"StartLimitBurst=9\n[Service]\nType=notify\n"
			"ExecStart=-@/bin/prog name %i\nEnvironment=A=1 \"B=2 3\"\n"
			"Restart=on-failure\nRestartSec=250ms\nTimeoutSec=7\n"
			"LimitNOFILE=1K:2K\nKillMode=mixed\nPrivateTmp=yes\n"
			"SuccessExitStatus=3 SIGUSR1\n[X-Fleet]\nConflicts=x@*\n",
			&s, &e),
		  &e);
	assert_int_equal(strv_len(s->after), 3);
	assert_int_equal(s->start_limit_burst, 9);
	assert_int_equal(s->type, UNIT_NOTIFY);
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].words[0], "/bin/prog");
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].argv0, "name");
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].words[1], "1");
	assert_true(s->cmds[UNIT_EXEC_START].v[0].ignore_failure);
	assert_string_equal(s->env[1], "B=2 3");
	assert_int_equal(s->restart, UNIT_RESTART_ON_FAILURE);
	assert_int_equal(s->restart_ms, 250);
	assert_int_equal(s->timeout_stop_ms, 7000);
	assert_int_equal(s->limits[0].limit.rlim_cur, 1024);
	assert_int_equal(s->limits[0].limit.rlim_max, 2048);
	assert_int_equal(s->kill_mode, UNIT_KILL_MIXED);
	assert_true(unit_exits_has(&s->success, false, 3));
	assert_true(unit_exits_has(&s->success, true, SIGUSR1));
	assert_false(unit_exits_has(&s->success, false, 4));
	assert_int_equal(strv_len(s->ignored), 1);
	assert_string_equal(s->ignored[0], "PrivateTmp");
}

static void empty_assignments_empty_lists(void **state)
{
	CLEANUP(unit_spec_free) struct unit_spec *s = NULL;
	struct err e;

	(void)state;
	assert_ok(parse("[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\n"
			"Environment=A=1\nEnvironment=\nEnvironment=B=2\n",
			&s, &e),
		  &e);
	assert_int_equal(s->cmds[UNIT_EXEC_START].n, 1);
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].words[0], "/bin/b");
	assert_int_equal(strv_len(s->env), 1);
}

static void wrong_units_are_refused_by_line_and_name(void **state)
{
	static const char *const cases[][2] = {
		{ "[Service]\nExecStart=/bin/a\nRestartSec=soon\n",
		  "x@1.service:3: RestartSec: 'soon' is no time span" },
		{ "[Service]\nType=dbus\nExecStart=/bin/a\n",
		  "x@1.service:2: Type: 'dbus' is not supported" },
		{ "[Unit]\nDescription=x\n", "x@1.service: the unit has no ExecStart" },
		{ "[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n",
		  "x@1.service: more than one ExecStart needs Type=oneshot" },
		{ "[Service]\nExecStart=/bin/a 'b\n",
		  "x@1.service:2: ExecStart: the quote ' is not closed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct unit_spec *s = NULL;
		struct err e;

		assert_int_equal(parse(cases[i][0], &s, &e), ERR_INVAL);
		assert_string_equal(e.msg, cases[i][1]);
	}
}

/* ---------------------------------------------------------------- health */

static void a_service_rises_and_falls(void **state)
{
	struct health h;

	(void)state;
	health_start(&h, 2, 3, 1000, 0);
	assert_int_equal(h.now, HEALTH_STARTING);
	assert_int_equal(health_pause_ms(&h, 10), HEALTH_QUICK_MS);
	assert_false(health_take(&h, true));
	assert_false(health_take(&h, false));
	assert_false(health_take(&h, true));
	assert_true(health_take(&h, true));
	assert_int_equal(h.now, HEALTH_PASSING);
	assert_int_equal(health_pause_ms(&h, 10), 1000);
	assert_false(health_take(&h, false));
	assert_false(health_take(&h, false));
	assert_true(health_take(&h, false));
	assert_int_equal(h.now, HEALTH_FAILING);
}

static void what_never_passes_is_checked_slowly_in_the_end(void **state)
{
	struct health h;

	(void)state;
	health_start(&h, 1, 1, 1000, 0);
	assert_false(health_take(&h, false));
	assert_int_equal(h.now, HEALTH_STARTING);
	assert_int_equal(health_pause_ms(&h, HEALTH_QUICK_FOR_MS), 1000);
}

/* ---------------------------------------------------------------- names */

static void registrations_have_skydns_keys_and_values(void **state)
{
	CLEANUP(free)
	char *key = registrator_key("foretide.local", "wordpress", "web", "web@3.service",
				    8080);
	CLEANUP(free)
	char *odd = registrator_key("a.b.C", "s", "n", "My_App@x.y.service", 1);
	CLEANUP(free) char *host = registrator_host_key("foretide.local", "web-1");
	CLEANUP(free) char *value = registrator_value("10.90.0.7", 8080, 0, 0);
	CLEANUP(free) char *weighted = registrator_value("10.90.0.7", 80, 5, 7);

	(void)state;
	assert_string_equal(key, "/skydns/local/foretide/wordpress/web/web-3-8080");
	assert_string_equal(odd, "/skydns/C/b/a/s/n/my-app-x-y-1");
	assert_string_equal(host, "/skydns/local/foretide/hosts/web-1");
	assert_string_equal(value, "{\"host\":\"10.90.0.7\",\"port\":8080}");
	assert_string_equal(
		weighted,
		"{\"host\":\"10.90.0.7\",\"port\":80,\"priority\":5,\"weight\":7}");
}

static void the_oldest_batches_are_dropped_first(void **state)
{
	CLEANUP(buf_done) struct buf b;
	struct batch_queue q;

	(void)state;
	buf_init(&b, 1000);
	batch_queue_init(&q, 10);
	batch_queue_push(&q, "aaaa", 4);
	batch_queue_push(&q, "bbbb", 4);
	batch_queue_push(&q, "cccc", 4);
	assert_int_equal(q.dropped, 1);
	assert_int_equal(batch_queue_peek(&q, 100, &b), 2);
	assert_string_equal(buf_str(&b), "bbbb,cccc");
	buf_clear(&b);
	assert_int_equal(batch_queue_peek(&q, 5, &b), 1);
	batch_queue_push(&q, "much too long", 13);
	assert_int_equal(q.dropped, 2);
	batch_queue_pop(&q, 1);
	buf_clear(&b);
	assert_int_equal(batch_queue_peek(&q, 1, &b), 1);
	assert_string_equal(buf_str(&b), "cccc");
	batch_queue_done(&q);
	assert_int_equal(q.bytes, 0);
}

/* ---------------------------------------------------------------- commands */

struct outcome {
	bool told;
	int code;
	char text[ERR_MSG_MAX];
	char out[64];
};

static void on_child(void *arg, const char *out, size_t len, const struct err *err)
{
	struct outcome *o = arg;

	(void)len;
	o->told = true;
	o->code = err ? err->code : 0;
	snprintf(o->text, sizeof(o->text), "%s", err ? err->msg : "");
	snprintf(o->out, sizeof(o->out), "%s", out);
}

static struct outcome run_child(const char *command, int64_t ms, size_t max)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct outcome o = { 0 };
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct err e;

	assert_ok(loop_new(&loop, &e), &e);
	assert_non_null(child_shell(loop, command, ms, max, on_child, &o));
	while (!o.told && clock_mono_ms() < until)
		loop_once(loop, 50);
	assert_true(o.told);
	return o;
}

static void commands_tell_output_status_and_limits(void **state)
{
	struct outcome o = run_child("echo hello", PATIENCE_MS, 100);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_string_equal(o.out, "hello\n");
	o = run_child("echo no >&2; exit 3", PATIENCE_MS, 100);
	assert_int_equal(o.code, ERR_UNAVAIL);
	assert_string_equal(o.text, "the command exited with status 3: no\n");
	o = run_child("sleep 100 & sleep 100", 50, 100);
	assert_int_equal(o.code, ERR_TIMEOUT);
	o = run_child("yes", PATIENCE_MS, 1000);
	assert_int_equal(o.code, ERR_LIMIT);
}

/* ---------------------------------------------------------------- keys */

static void a_host_key_is_made_once_and_kept_private(void **state)
{
	char dir[] = "/tmp/ftk.XXXXXX";
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *first = NULL;
	CLEANUP(free) char *second = NULL;
	CLEANUP(free) char *csr = NULL;
	int64_t from, until;
	struct stat st;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/key.pem", dir);
	assert_ok(host_key_ensure(path, &e), &e);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(conf_read_file(path, 10000, &first, NULL, &e), &e);
	assert_ok(host_key_ensure(path, &e), &e);
	assert_ok(conf_read_file(path, 10000, &second, NULL, &e), &e);
	assert_string_equal(first, second);
	assert_ok(host_key_csr(path, "web-1", &csr, &e), &e);
	assert_non_null(strstr(csr, "BEGIN NEW CERTIFICATE REQUEST"));
	assert_int_equal(host_cert_check("nonsense", path, &from, &until, &e), ERR_INVAL);
	unlink(path);
	rmdir(dir);
}

static void the_manual_names_every_option(void **state)
{
	CLEANUP(free) char *manual = NULL;
	struct err e;

	(void)state;
	assert_ok(conf_read_file("agent/foretide-agent.8", 1 << 20, &manual, NULL, &e),
		  &e);
	for (const struct conf_option *o = agent_conf_table; o->name; o++) {
		CLEANUP(free) char *section = xasprintf(".It Cm [%s]", o->section);
		CLEANUP(free) char *name = xasprintf("Cm %s", o->name);
		const char *at = strstr(manual, section);

		if (!at || !strstr(at, name))
			fail_msg("the manual lacks [%s] %s", o->section, o->name);
	}
}

static void a_configuration_is_judged_as_a_whole(void **state)
{
	struct agent_conf conf = { 0 };
	struct err e;

	(void)state;
	conf_defaults(agent_conf_table, &conf);
	assert_int_equal(agent_conf_check(&conf, &e), ERR_INVAL);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "id", "web-1", &e), &e);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "ca", "/dev/null", &e), &e);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "controller",
			   "http://10.0.0.1:7071", &e),
		  &e);
	assert_int_equal(agent_conf_check(&conf, &e), ERR_INVAL);
	assert_ok(conf_set(agent_conf_table, &conf, "agent", "controller",
			   "https://10.0.0.1:7071", &e),
		  &e);
	assert_ok(agent_conf_check(&conf, &e), &e);
	conf_done(agent_conf_table, &conf);
}

/* Between two programs a process has no environment for a moment. */
static void a_process_keeps_its_mark_while_it_executes_another_program(void **state)
{
	(void)state;
	assert_int_equal(setenv("FT_MARK", "here", 1), 0);
	for (int i = 0; i < 60; i++) {
		int64_t until = clock_mono_ms() + PATIENCE_MS;
		bool has_mark = true;
		/* The environment of this process itself is of before. */
		char *const argv[] = { "sh", "-c", "exec setsid sleep 1000", NULL };
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			execv("/bin/sh", argv);
			_exit(127);
		}
		while (!proc_has_env(pid, "FT_MARK=here") && clock_mono_ms() < until)
			;
		until = clock_mono_ms() + 5;
		while (has_mark && clock_mono_ms() < until)
			has_mark = proc_has_env(pid, "FT_MARK=here");
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_true(has_mark);
	}
	unsetenv("FT_MARK");
	assert_false(proc_has_env(getpid(), "FT_MARK=here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_as_systemd_does),
		cmocka_unit_test(open_quotes_and_unknown_escapes_are_refused),
		cmocka_unit_test(specifiers_are_expanded),
		cmocka_unit_test(variables_are_put_in),
		cmocka_unit_test(time_spans_are_systemds),
		cmocka_unit_test(signals_have_names_and_numbers),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(empty_assignments_empty_lists),
		cmocka_unit_test(wrong_units_are_refused_by_line_and_name),
		cmocka_unit_test(a_service_rises_and_falls),
		cmocka_unit_test(what_never_passes_is_checked_slowly_in_the_end),
		cmocka_unit_test(registrations_have_skydns_keys_and_values),
		cmocka_unit_test(the_oldest_batches_are_dropped_first),
		cmocka_unit_test(commands_tell_output_status_and_limits),
		cmocka_unit_test(a_host_key_is_made_once_and_kept_private),
		cmocka_unit_test(the_manual_names_every_option),
		cmocka_unit_test(a_configuration_is_judged_as_a_whole),
		cmocka_unit_test(
			a_process_keeps_its_mark_while_it_executes_another_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
