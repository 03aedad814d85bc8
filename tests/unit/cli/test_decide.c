/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decisions on a stream of samples, as another program asks for them. */
#include "cli.h"
#include "cli_fixture.h"

#define INIT                                                                             \
	"{\"type\":\"init\",\"capacity\":100,\"boot_delay\":60,\"max\":9,\"running\":1}" \
	"\n"

/* The answers in short, a line each: "ready 3", "5 of 5 forecast": desired, needed and
 * what bound it. The caller's. */
static char *shorten(const char *text)
{
	CLEANUP(buf_done) struct buf out;

	buf_init(&out, 1 << 16);
	for (; *text; text += strcspn(text, "\n") + 1) {
		CLEANUP(free) char *line = xstrndup(text, strcspn(text, "\n"));
		CLEANUP(json_decref) json_t *doc = json_loads(line, 0, NULL);

		assert_non_null(doc);
		if (json_object_get(doc, "ready"))
			buf_printf(&out, "ready %lld\n", field_int(doc, "history"));
		else if (json_object_get(doc, "error"))
			buf_puts(&out, "error\n");
		else
			buf_printf(&out, "%lld of %lld %s\n", field_int(doc, "desired"),
				   field_int(doc, "needed"), field_text(doc, "binding"));
	}
	return xstrdup(buf_str(&out));
}

static void expect(const char *in, const char *out, const char *err)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(free) char *lines = NULL;

	cli_run(cli_decide, WORDS("decide", "--jsonl"), in, &p);
	lines = shorten(p.out);
	assert_string_equal(p.err, err);
	assert_string_equal(lines, out);
	assert_int_equal(p.status, *err ? EXIT_FAILED : EXIT_OK);
}

static void demand_is_followed_out_and_in(void **state)
{
	(void)state;
	expect(INIT "{\"t\":0,\"value\":250,\"running\":1,\"booting\":0}\n"
		    "{\"t\":60,\"value\":250,\"running\":1,\"booting\":4}\n"
		    "{\"t\":120,\"value\":250,\"running\":5,\"leads\":[60,70]}\n"
		    "{\"t\":180,\"value\":50}\n"
		    "{\"t\":240,\"value\":50}\n"
		    "{\"type\":\"end\"}\n"
		    "this is not read\n",
	       "ready 0\n5 of 5 forecast\n5 of 5 none\n5 of 5 none\n"
	       "5 of 3 dwell\n4 of 4 forecast\n",
	       "");
}

static void a_missing_sample_changes_nothing(void **state)
{
	(void)state;
	expect(INIT "{\"t\":0,\"value\":250}\n{\"t\":60,\"value\":null}\n",
	       "ready 0\n5 of 5 forecast\n5 of 5 none\n", "");
}

static void bounds_hold(void **state)
{
	(void)state;
	expect("{\"type\":\"init\",\"capacity\":100,\"min\":2,\"max\":3,\"running\":2}\n"
	       "{\"t\":0,\"value\":900}\n"
	       "{\"type\":\"init\",\"capacity\":100,\"step_out\":1,\"running\":1}\n"
	       "{\"t\":0,\"value\":900}\n",
	       "ready 0\n3 of 16 max\nready 0\n2 of 16 step-out\n", "");
}

/* Decisions to keep all three before they go, when one would do. */
static int kept_for(int billing_s, int least_s)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(buf_done) struct buf in;
	const char *at;
	int n = 0;

	buf_init(&in, 1 << 16);
	buf_printf(&in,
		   "{\"type\":\"init\",\"capacity\":100,\"billing\":%d,\"billing_min\":%"
		   "d,\"running\":3,"
		   "\"history\":[50",
		   billing_s, least_s);
	for (int i = 1; i < 200; i++)
		buf_puts(&in, ",50");
	buf_puts(&in, "]}\n");
	for (int i = 200; i < 270; i++)
		buf_printf(&in, "{\"t\":%d,\"value\":50}\n", 60 * i);
	cli_run(cli_decide, WORDS("decide", "--jsonl"), buf_str(&in), &p);
	assert_int_equal(p.status, EXIT_OK);
	for (at = p.out; (at = strstr(at, "{\"desired\":3,")); at++)
		n++;
	assert_non_null(strstr(p.out, "{\"desired\":1,"));
	return n;
}

static void what_is_paid_for_by_the_hour_goes_as_its_hour_ends(void **state)
{
	(void)state;
	assert_int_equal(kept_for(0, 0), 2); /* the dwell */
	assert_int_equal(kept_for(3600, 0), 59);
	assert_int_equal(kept_for(1, 60), 2);
	assert_int_equal(kept_for(1, 3600), 59);
}

static void a_line_that_cannot_be_used_ends_it(void **state)
{
	static const struct {
		const char *line, *out, *words;
	} rows[] = {
		{ "{\"t\":0,\"value\":1}\n", "", "a sample before init" },
		{ "nonsense\n", "",
		  "line is not JSON: '[' or '{' expected near 'nonsense' at line 1, "
		  "column 8" },
		{ "{\"type\":\"stop\"}\n", "",
		  "type 'stop' is not one of init, sample, end" },
		{ "{\"type\":\"init\"}\n", "", "\"capacity\" is missing" },
		{ "{\"type\":\"init\",\"capacity\":1,\"interval\":0}\n", "",
		  "interval is not between 1 and 86400 s" },
		{ "{\"type\":\"init\",\"capacity\":1,\"max\":-1}\n", "",
		  "max is not between 0 and 1e+09" },
		{ "{\"type\":\"init\",\"capacity\":1,\"boot_delay\":1e6}\n", "",
		  "boot_delay is not between 0 and 254 intervals" },
		{ "{\"type\":\"init\",\"capacity\":1,\"history\":3}\n", "",
		  "history is not an array" },
		{ "{\"type\":\"init\",\"capacity\":1,\"history\":[1,\"2\"]}\n", "",
		  "history[1] is not a number" },
		{ INIT "{\"t\":0,\"value\":1,\"running\":1e10}\n", "ready 0\n",
		  "running and booting are not between 0 and 1e9" },
		{ INIT "{\"t\":0,\"value\":1,\"leads\":1}\n", "ready 0\n",
		  "leads is not an array" },
		{ INIT "{\"t\":0,\"value\":1,\"leads\":[-1]}\n", "ready 0\n",
		  "leads[0] is not a number of seconds" },
		{ INIT "{\"t\":0,\"value\":1,\"failed\":-1}\n", "ready 0\n",
		  "failed is not between 0 and 1e9" },
		{ INIT "{\"t\":0,\"value\":\"many\"}\n", "ready 0\n",
		  "\"value\" must be a number" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free) char *out = xasprintf("%serror\n", rows[i].out);
		CLEANUP(free)
		char *err = xasprintf("foretide decide: %s\n", rows[i].words);

		expect(rows[i].line, out, err);
	}
}

static void it_takes_lines_only(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_decide, .argv = WORDS("decide"),
		   .err = "foretide decide: takes only --jsonl\n", .status = EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demand_is_followed_out_and_in),
		cmocka_unit_test(a_missing_sample_changes_nothing),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(what_is_paid_for_by_the_hour_goes_as_its_hour_ends),
		cmocka_unit_test(a_line_that_cannot_be_used_ends_it),
		cmocka_unit_test(it_takes_lines_only),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
