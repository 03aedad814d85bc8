/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pattern.h"

#include "buf.h"
#include "check.h"
#include "test.h"

#include <string.h>

#define COMPILE_MAX_MS 500.0 /* of CPU: some milliseconds, on a slow machine too */

static bool is_match(const char *text, const char *value)
{
	CLEANUP(pattern_free) struct pattern *p = NULL;
	struct err e = { 0 };
	bool hit = false;

	assert_ok(pattern_new(text, &p, &e), &e);
	assert_ok(pattern_match(p, value, strlen(value), &hit, &e), &e);
	return hit;
}

static void a_pattern_matches_all_of_a_value_as_in_prometheus(void **state)
{
	(void)state;
	assert_true(is_match("web.*|db", "web-1"));
	assert_true(is_match("web.*|db", "db"));
	assert_false(is_match("web.*|db", "db-1"));
	assert_false(is_match("eb", "web"));
	assert_true(is_match("(?i:WEB)", "web"));
	assert_true(is_match("\\d+\\.[[:alpha:]]{2}", "12.ab"));
	assert_true(is_match("a.c", "a\nc"));
	assert_true(is_match("", ""));
	assert_false(is_match("a$", "a\n"));
	assert_true(is_match(".", "\303\244"));
	assert_false(is_match(".*", "\377"));
	assert_true(is_match("a{1,1000}", "aaa"));
	assert_true(is_match("a{x", "a{x"));
}

static void what_is_no_pattern_is_refused_with_its_column(void **state)
{
	static const struct {
		const char *text, *words;
		int rc;
	} bad[] = {
		{ "(", "column 2: missing closing parenthesis", ERR_INVAL },
		{ "a**b**", "column", ERR_INVAL },
		{ "(a)\\1", "column 4: a reference to a group", ERR_INVAL },
		{ "a\\Cb", "\\C", ERR_INVAL },
		{ "a{1,20000}", "column 2: a repeat of more than 1000", ERR_LIMIT },
		{ "^(a{5000})$", "column 4: a repeat of more than 1000", ERR_LIMIT },
		{ "(ab{2000,}){3}", "more than 1000", ERR_LIMIT },
		{ "((a{1,100}){1,100}){1,100}", "large", ERR_INVAL },
		{ "(abcdefgh){1000}(abcdefgh){1000}", "too large", ERR_LIMIT },
		{ ".*{10,}{10,}{10,}{10,}", "quantifier", ERR_INVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pattern *p = NULL;
		struct err e = { 0 };
		const double before = cpu_ms();

		assert_int_equal(pattern_new(bad[i].text, &p, &e), bad[i].rc);
		assert_true(cpu_ms() - before < COMPILE_MAX_MS);
		if (!strstr(e.msg, bad[i].words))
			fail_msg("'%s': %s", bad[i].text, e.msg);
	}
}

/* What PCRE2 has beyond RE2 may cost what no count of steps shows. */
static void what_re2_lacks_is_refused(void **state)
{
	static const char *const bad[] = {
		"a(?=b).*",
		"(?!a).*",
		"(?<=a)b",
		"(?<!a)b",
		"(?>a*)b",
		"(?|a|b)",
		"(?R)?",
		"(a(?1)?b)",
		"(?P>n)",
		"(?(?=a)b|c)",
		"a*+b",
		"a++",
		"a?+",
		"a{2,3}+",
		"(*COMMIT)a",
		"(?#c)a",
		"(?x) a",
		"(?C1)a",
		"\\Ka",
		"\\Ra",
		"\\X",
		"\\Ga",
		"(?P<n>a)\\g{n}",
		"[\\R]",
		"(?<n>a)\\k<n>",
		"a\\Z",
		"\\Q(\\E(?=a)",
		"[]a](?=b)",
		"[[:alpha:]](?=b)",
		"(?:a)(?^)",
		"(?J)a",
	};
	static const struct {
		const char *text, *value;
	} good[] = {
		{ "[(?=*+{]+", "(?=*+{" },    { "\\(\\?=a\\)", "(?=a)" },
		{ "\\Q(?=a*+\\E", "(?=a*+" }, { "[[:alpha:](?>]+", "a(?>" },
		{ "[]*+]+", "]*+" },          { "(?i)A(?-i:b)", "ab" },
		{ "(?P<n>a)(?<m>b)", "ab" },  { "a+?b*?c??d{1,2}?", "abcd" },
		{ "\\x{61}\\pL\\b", "ab" },   { "a\\+\\+", "a++" },
		{ "[a\\]*+]+", "]*+" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pattern *p = NULL;
		struct err e = { 0 };

		if (pattern_new(bad[i], &p, &e) != ERR_INVAL)
			fail_msg("'%s' is taken", bad[i]);
		assert_non_null(strstr(e.msg, "column "));
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!is_match(good[i].text, good[i].value))
			fail_msg("'%s' does not match", good[i].text);
}

static char *repeated(const char *text, size_t n, const char *end)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, text);
	buf_puts(&b, end);
	return buf_take(&b);
}

/* RE2 never fails on these; each goes back for more than its steps. */
static void a_plain_pattern_matches_a_long_value(void **state)
{
	static const struct {
		const char *text, *unit, *end;
		size_t n;
		bool hit;
	} cases[] = {
		{ ".*foo.*bar", "foo", "bar!", 250, false },
		{ ".*foo.*bar.*", "foo", "bar!", 250, true },
		{ ".*/(get|list)/.*[0-9]+", "/get/", "", 400, false },
		{ ".*/(get|list)/.*[0-9]+", "/get/", "7", 400, true },
		{ "/api/.*/items/.*!", "/api/items", "", 190, false },
		{ "(?:a|aa)+!", "a", "", 40, false },
		{ "(?:a|aa)+!", "a", "!", 2000, true },
		{ "(a*)*[bc]?d?e", "a", "", 1000, false },
		{ "a*?[^z]*?7?[zy]", "a", "", 150, false },
		{ "(?:a?){40}a{40}", "a", "", 40, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *value = repeated(cases[i].unit, cases[i].n, cases[i].end);
		const double before = cpu_ms();

		if (is_match(cases[i].text, value) != cases[i].hit)
			fail_msg("'%s' %s", cases[i].text,
				 cases[i].hit ? "does not match" : "matches");
		assert_true(cpu_ms() - before < COMPILE_MAX_MS);
	}
}

static void a_pattern_has_a_length_and_a_depth(void **state)
{
	CLEANUP(buf_done) struct buf text;
	struct pattern *p = NULL;
	struct err e = { 0 };

	(void)state;
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i <= PATTERN_MAX_BYTES; i++)
		buf_putc(&text, 'a');
	assert_int_equal(pattern_new(buf_str(&text), &p, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "longer than 1024 bytes"));
	buf_clear(&text);
	for (size_t i = 0; i < 200; i++)
		buf_putc(&text, '(');
	for (size_t i = 0; i < 200; i++)
		buf_putc(&text, ')');
	assert_int_equal(pattern_new(buf_str(&text), &p, &e), ERR_INVAL);
}

/* Each is exponential or a high power of the value's length without a bound. */
static void a_match_ends_after_some_steps_and_says_so(void **state)
{
	static const char *const dear[] = { "(?:a?){900}a{900}", "(?:a{1,900}b?){3}[xy]",
					    "(.*)(.*)(.*)(.*)(.*)[xy]",
					    "(?:(?:a{1,1000})){1000}" };
	char value[1501];
	size_t n_ended = 0;

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(dear); i++) {
		CLEANUP(pattern_free) struct pattern *p = NULL;
		struct err e = { 0 };
		bool hit = false;
		const double before = cpu_ms();
		int rc;

		assert_ok(pattern_new(dear[i], &p, &e), &e);
		rc = pattern_match(p, value, strlen(value), &hit, &e);
		assert_true(cpu_ms() - before < COMPILE_MAX_MS);
		assert_true(rc == 0 || rc == ERR_LIMIT);
		if (rc == 0)
			continue;
		n_ended++;
		assert_non_null(strstr(e.msg, "more than 5000 steps"));
	}
	assert_true(n_ended >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_matches_all_of_a_value_as_in_prometheus),
		cmocka_unit_test(what_is_no_pattern_is_refused_with_its_column),
		cmocka_unit_test(what_re2_lacks_is_refused),
		cmocka_unit_test(a_plain_pattern_matches_a_long_value),
		cmocka_unit_test(a_pattern_has_a_length_and_a_depth),
		cmocka_unit_test(a_match_ends_after_some_steps_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
