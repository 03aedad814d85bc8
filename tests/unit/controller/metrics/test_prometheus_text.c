/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prometheus_text.h"

#include "check.h"
#include "test.h"

#include <string.h>

static int parse(const char *text, struct promtext *ret, struct err *e)
{
	struct label extra[] = { { "stack", "wp" }, { "tier", "web" } };

	return promtext_parse(text, strlen(text), extra, 2, 1000, 100, ret, e);
}

static const struct db_sample_in *by_name(const struct promtext *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0)
			return &p->v[i];
	fail_msg("no %s", name);
	return NULL;
}

static void names_labels_values_and_times_are_read(void **state)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	struct err e;

	(void)state;
	assert_ok(parse("# HELP a_total words\n"
			"# TYPE a_total counter\n"
			"a_total{z=\"1\" , b = \"q\\\"\\\\\\n\",} 1.5e3 1700000000123\n"
			"\n"
			"  plain 7\r\n"
			"owned{stack=\"other\"} -0.25\n"
			"empty{stack=\"\"} 1",
			&p, &e),
		  &e);
	assert_int_equal(p.n, 4);
	assert_string_equal(p.v[0].labels,
			    "b=\"q\\\"\\\\\\n\",stack=\"wp\",tier=\"web\",z=\"1\"");
	assert_close(p.v[0].v, 1500, 0);
	assert_int_equal(p.v[0].t_ms, 1700000000123);
	assert_int_equal(p.v[0].kind, DB_COUNTER);
	assert_int_equal(p.v[1].t_ms, 1000);
	assert_string_equal(p.v[3].labels, "stack=\"wp\",tier=\"web\"");
	assert_string_equal(p.v[2].labels, "stack=\"other\",tier=\"web\"");
	assert_close(p.v[2].v, -0.25, 0);
}

static void counters_are_told_from_gauges(void **state)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	struct err e;

	(void)state;
	assert_ok(parse("# TYPE g gauge\ng 1\ng_total 1\n"
			"# TYPE lat histogram\nlat_bucket{le=\"0.1\"} 1\nlat_sum 2\n"
			"# TYPE rpc summary\nrpc{quantile=\"0.5\"} 3\nrpc_count 1\n"
			"# TYPE u untyped\nu 1\n",
			&p, &e),
		  &e);
	assert_int_equal(by_name(&p, "g")->kind, DB_GAUGE);
	assert_int_equal(by_name(&p, "lat_bucket")->kind, DB_COUNTER);
	assert_int_equal(by_name(&p, "lat_sum")->kind, DB_COUNTER);
	assert_int_equal(by_name(&p, "rpc")->kind, DB_GAUGE);
	assert_int_equal(by_name(&p, "rpc_count")->kind, DB_COUNTER);
	assert_int_equal(by_name(&p, "u")->kind, DB_GAUGE);
}

static void what_is_not_finite_is_counted_and_left_out(void **state)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	struct err e;

	(void)state;
	assert_ok(parse("a NaN\nb +Inf\nc -Inf\nd 1\n", &p, &e), &e);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.skipped, 3);
}

static void a_bad_line_is_named_by_its_number(void **state)
{
	static const char *const bad[] = {
		"x",         "9x 1",
		"x{ 1",      "x{a} 1",
		"x{a=b} 1",  "x{a=\"b} 1",
		"x{a=\"b\"", "x{a=\"b\" 1",
		"x 1 2 3",   "x one",
		"x 1 soon",  "x{9=\"1\"} 1",
		"x{} ",      "x{a=\"1\" b=\"2\"} 1",
		"x 1,5",     "x{a=\"1\",a=\"2\"} 1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(free) char *text = xasprintf("good 1\n# c\n%s\n", bad[i]);
		CLEANUP(promtext_done) struct promtext p = { .n = 0 };
		struct err e = { 0 };

		assert_int_equal(parse(text, &p, &e), ERR_INVAL);
		if (strncmp(e.msg, "line 3: ", 8) != 0)
			fail_msg("'%s': %s", bad[i], e.msg);
		assert_int_equal(p.n, 0);
	}
}

static void too_many_samples_are_refused(void **state)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	CLEANUP(buf_done) struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, 1 << 16);
	for (int i = 0; i < 101; i++)
		buf_printf(&b, "m%d 1\n", i);
	assert_int_equal(parse(buf_str(&b), &p, &e), ERR_LIMIT);
}

static void a_nul_byte_is_refused(void **state)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	struct err e;

	(void)state;
	assert_int_equal(promtext_parse("a\0b 1\n", 6, NULL, 0, 1, 9, &p, &e), ERR_INVAL);
}

static void what_is_written_can_be_read(void **state)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	CLEANUP(buf_done) struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, 4096);
	promtext_head(&b, "t_total", "counter", "a\nb\\c");
	promtext_sample(&b, "t_total", "a=\"x\"", 0.1);
	promtext_sample(&b, "t_total", "", NAN);
	assert_string_equal(buf_str(&b), "# HELP t_total a\\nb\\\\c\n"
					 "# TYPE t_total counter\n"
					 "t_total{a=\"x\"} 0.10000000000000001\n"
					 "t_total NaN\n");
	assert_ok(promtext_parse(buf_str(&b), b.len, NULL, 0, 1, 9, &p, &e), &e);
	assert_int_equal(p.n, 1);
	assert_close(p.v[0].v, 0.1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_labels_values_and_times_are_read),
		cmocka_unit_test(counters_are_told_from_gauges),
		cmocka_unit_test(what_is_not_finite_is_counted_and_left_out),
		cmocka_unit_test(a_bad_line_is_named_by_its_number),
		cmocka_unit_test(too_many_samples_are_refused),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(what_is_written_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
