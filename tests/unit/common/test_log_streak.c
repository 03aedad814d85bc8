/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A failure that repeats is logged once, then counted. */
#include "test.h"

#include "check.h"
#include "log_streak.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct catch
{
	int was;
	FILE *out;
	char text[2000];
};

static void begin(struct catch *c)
{
	c->out = tmpfile();
	assert_non_null(c->out);
	fflush(stderr);
	c->was = dup(STDERR_FILENO);
	assert_true(dup2(fileno(c->out), STDERR_FILENO) >= 0);
}

static void end(struct catch *c)
{
	size_t n;

	fflush(stderr);
	assert_true(dup2(c->was, STDERR_FILENO) >= 0);
	close(c->was);
	rewind(c->out);
	n = fread(c->text, 1, sizeof(c->text) - 1, c->out);
	c->text[n] = '\0';
	fclose(c->out);
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void a_thousand_failures_are_two_lines(void **state)
{
	struct log_streak s = { 0 };
	struct err e = { .code = ERR_STORE, .msg = "no space" };
	struct catch c;

	(void)state;
	begin(&c);
	log_streak(&s, "upkeep-failed", NULL);
	for (int i = 0; i < 1000; i++)
		log_streak(&s, "upkeep-failed", &e);
	log_streak(&s, "upkeep-failed", NULL);
	log_streak(&s, "upkeep-failed", NULL);
	end(&c);
	assert_int_equal(lines(c.text), 2);
	assert_non_null(strstr(c.text, "warn upkeep-failed error=\"no space\"\n"));
	assert_non_null(strstr(c.text, "failed=1000"));
}

static void one_that_lasts_is_told_again_with_how_often(void **state)
{
	struct log_streak s = { 0 };
	struct err e = { .code = ERR_STORE, .msg = "no space" };
	struct catch c;

	(void)state;
	begin(&c);
	for (int i = 0; i < 50; i++)
		log_streak(&s, "upkeep-failed", &e);
	s.logged_mono_ms -= 3600000;
	log_streak(&s, "upkeep-failed", &e);
	end(&c);
	assert_int_equal(lines(c.text), 2);
	assert_non_null(strstr(c.text, "more_times=50"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_failures_are_two_lines),
		cmocka_unit_test(one_that_lasts_is_told_again_with_how_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
