/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct paper {
	char path[64];
	struct options o;
};

static int setup(void **state)
{
	struct paper *p = xcalloc(1, sizeof(*p));
	int fd;

	snprintf(p->path, sizeof(p->path), "/tmp/foretide-options-XXXXXX");
	fd = mkstemp(p->path);
	assert_true(fd >= 0);
	close(fd);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct paper *p = *state;

	options_done(&p->o);
	unlink(p->path);
	free(p);
	return 0;
}

static int load(struct paper *p, const char *text, struct err *e)
{
	FILE *f = fopen(p->path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return options_load(&p->o, p->path, e);
}

static void without_a_file_there_are_defaults(void **state)
{
	struct paper *p = *state;
	struct err e;

	assert_ok(options_load(&p->o, NULL, &e), &e);
	assert_int_equal(p->o.tick_ms, 10000);
	assert_close(p->o.time_scale, 1, 0);
	assert_int_equal(p->o.host_grace_ms, 3000);
	assert_string_equal(p->o.listen, "127.0.0.1:7070");
	assert_false(p->o.insecure_listen);
	assert_int_equal(json_object_size(p->o.drivers), 0);
}

static void a_file_is_read_with_its_drivers(void **state)
{
	struct paper *p = *state;
	struct err e;
	const json_t *local;

	assert_ok(load(p,
		       "[controller]\ntick = 2s\ninsecure_listen = yes\n"
		       "[driver local]\nsubnet = 10.9.0.0/24\nboot_delay = 5s\n"
		       "[driver fake]\ndir = /x\n",
		       &e),
		  &e);
	assert_int_equal(p->o.tick_ms, 2000);
	assert_true(p->o.insecure_listen);
	local = json_object_get(p->o.drivers, "local");
	assert_string_equal(json_string_value(json_object_get(local, "subnet")),
			    "10.9.0.0/24");
	assert_string_equal(json_string_value(json_object_get(local, "boot_delay")),
			    "5s");
	assert_int_equal(json_object_size(p->o.drivers), 2);
}

static void prices_are_of_a_driver_or_a_profile_of_it(void **state)
{
	struct paper *p = *state;
	struct err e;

	assert_ok(load(p,
		       "[prices ec2]\nt3.small = 0.02 USD/h\n"
		       "[prices ec2/test]\nany = 0.1 USD/h, spot 0.05 USD/h\n",
		       &e),
		  &e);
	assert_int_equal(json_object_size(p->o.prices), 2);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(p->o.prices, "ec2"), "t3.small")),
			    "0.02 USD/h");
}

static void the_command_line_comes_over_the_file(void **state)
{
	struct paper *p = *state;
	struct err e;

	assert_ok(load(p, "[controller]\ntick = 2s\n[driver local]\nsubnet = a\n", &e),
		  &e);
	assert_ok(options_set(&p->o, "controller.tick", "7s", &e), &e);
	assert_ok(options_set(&p->o, "driver local.subnet", "b", &e), &e);
	assert_int_equal(p->o.tick_ms, 7000);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(p->o.drivers, "local"), "subnet")),
			    "b");
}

static void what_is_wrong_in_a_file_is_refused_with_its_words(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "[controller]\ntik = 2s\n", "tik" },
		{ "[controler]\ntick = 2s\n", "controler" },
		{ "[controller]\ntick = 2 parsecs\n", "tick" },
		{ "[controller]\ntick = 1ms\n", "tick" },
		{ "[controller]\ntime_scale = 0\n", "time_scale" },
		{ "[controller]\nlog_level = loud\n", "log_level" },
		{ "[limits]\nterminations_per_hour = -1\n", "terminations_per_hour" },
		{ "[prices ec2]\nt3.small = cheap\n", "[prices ec2] t3.small" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct paper *p = *state;
		struct err e;

		assert_int_equal(load(p, rows[i].text, &e), ERR_INVAL);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("'%s' does not name %s", e.msg, rows[i].words);
		options_done(&p->o);
		p->o = (struct options){ 0 };
	}
}

static void an_option_needs_its_section(void **state)
{
	struct paper *p = *state;
	struct err e;

	assert_ok(options_load(&p->o, NULL, &e), &e);
	assert_int_equal(options_set(&p->o, "tick", "7s", &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "--section.name=value"));
}

static void a_file_that_is_named_must_be_there(void **state)
{
	struct paper *p = *state;
	struct err e;

	assert_true(options_load(&p->o, "/nonexistent/foretide.conf", &e) < 0);
	assert_non_null(strstr(e.msg, "/nonexistent/foretide.conf"));
}

#define PAPER_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void a_file_for_the_store_that_is_missing_is_named(void **state)
{
	struct paper *p = *state;
	struct err e;

	assert_ok(load(p, "[store]\nca = /nonexistent/ca.pem\n", &e), &e);
	/* Without an etcd nobody reads it. */
	assert_ok(options_check_files(&p->o, &e), &e);
	assert_ok(options_set(&p->o, "store.url", "https://10.0.0.1:2379", &e), &e);
	assert_true(options_check_files(&p->o, &e) < 0);
	assert_non_null(strstr(e.msg, "[store]"));
	assert_non_null(strstr(e.msg, "/nonexistent/ca.pem"));
	assert_ok(options_set(&p->o, "store.ca", p->path, &e), &e);
	assert_ok(options_check_files(&p->o, &e), &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAPER_TEST(without_a_file_there_are_defaults),
		PAPER_TEST(a_file_is_read_with_its_drivers),
		PAPER_TEST(prices_are_of_a_driver_or_a_profile_of_it),
		PAPER_TEST(the_command_line_comes_over_the_file),
		PAPER_TEST(what_is_wrong_in_a_file_is_refused_with_its_words),
		PAPER_TEST(an_option_needs_its_section),
		PAPER_TEST(a_file_that_is_named_must_be_there),
		PAPER_TEST(a_file_for_the_store_that_is_missing_is_named),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
