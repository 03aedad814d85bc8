/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "name.h"
#include "options.h"
#include "parse.h"
#include "specifiers.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

static struct unit_file *parse(const char *text)
{
	struct unit_file *u = NULL;
	struct err e;

	assert_ok(unit_file_parse(text, strlen(text), "t.service", &u, &e), &e);
	return u;
}

static void assert_refused(const char *text, int code, const char *words)
{
	struct unit_file *u = NULL;
	struct err e;

	assert_int_equal(unit_file_parse(text, strlen(text), "t.service", &u, &e), code);
	assert_null(u);
	if (!strstr(e.msg, words))
		fail_msg("'%s' does not say '%s'", e.msg, words);
}

static void hashes_as_fleet_does(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u =
		parse("[Unit]\nDescription=web %i\n\n[Service]\n"
		      "ExecStart=/bin/sleep 1000\n[X-Fleet]\nConflicts=web@*\n");
	char hash[UNIT_HASH_TEXT];

	(void)state;
	unit_file_hash(u, hash);
	assert_string_equal(hash, "ae3b05d02110d97c0e11fb2da6679a82a9799ea5");
}

static void hash_ignores_comments_blanks_and_line_ends(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u = parse("# head\r\n [Unit] \r\nDescription = web %i  \r\n"
				    "; note\n[Service]\n\n  ExecStart=/bin/sleep 1000\n"
				    "[X-Fleet]\n\tConflicts=\tweb@*");
	char hash[UNIT_HASH_TEXT];

	(void)state;
	unit_file_hash(u, hash);
	assert_string_equal(hash, "ae3b05d02110d97c0e11fb2da6679a82a9799ea5");
}

static void canonical_text_groups_sections_in_order_of_appearance(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u = parse("[B]\nx=1\n[A]\ny=2\n[B]\nx=\nz=3\n");
	CLEANUP(buf_done) struct buf text;

	(void)state;
	buf_init(&text, 1000);
	unit_file_text(u, &text);
	assert_string_equal(buf_str(&text), "[B]\nx=1\nx=\nz=3\n\n[A]\ny=2\n");
}

static void values_go_on_behind_a_backslash(void **state)
{
	static const struct {
		const char *text, *value, *raw;
	} cases[] = {
		{ "[S]\nE=/bin/a \\\n  -b \\\n  -c\nF=1\n", "/bin/a -b -c",
		  "/bin/a \\\n  -b \\\n  -c" },
		{ "[S]\nE=a \\\n# said aside\n; and again\n b\nF=1\n", "a b",
		  "a \\\n b" },
		{ "[S]\nE=a \\\n\nF=1\n", "a", "a" },
		{ "[S]\nE=\\\n a\nF=1\n", "a", "a" },
		{ "[S]\nE=a\\\\\nF=1\n", "a\\\\", "a\\\\" },
		{ "[S]\nF=1\nE=a \\", "a", "a" },
		{ "[S]\nE=a \\\n[x]\nF=1\n", "a [x]", "a \\\n[x]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(unit_file_free) struct unit_file *u = parse(cases[i].text);
		const struct unit_option *o = unit_file_next(u, "S", "E", NULL);
		const char *got = o ? o->value : "(none)";

		if (!o || strstr(got, "  ") != NULL)
			fail_msg("case %zu: %s", i, got);
		assert_string_equal(got, cases[i].value);
		assert_string_equal(o->raw, cases[i].raw);
		assert_string_equal(unit_file_get(u, "S", "F"), "1");
	}
}

static void lists_keep_their_order_and_an_empty_value_resets_them(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u =
		parse("[S]\nE=1\nE=2\nE=\nE=3\nO=x\nE=4\n[T]\nE=5\n[S]\nN=\n");
	const struct unit_option *o = unit_file_next(u, "S", "E", NULL);

	(void)state;
	assert_string_equal(o->value, "3");
	assert_int_equal(o->line, 5);
	o = unit_file_next(u, "S", "E", o);
	assert_string_equal(o->value, "4");
	assert_null(unit_file_next(u, "S", "E", o));
	assert_string_equal(unit_file_get(u, "S", "N"), "");
	assert_null(unit_file_next(u, "S", "N", NULL));
	assert_null(unit_file_get(u, "S", "absent"));
	assert_null(unit_file_get(u, "absent", "E"));
}

static void wrong_text_is_refused_with_its_line(void **state)
{
	char longer[2200];

	(void)state;
	assert_refused("[A]\nx=1\nnonsense\n", ERR_INVAL, "t.service:3: expected");
	assert_refused("x=1\n", ERR_INVAL, "t.service:1: an option comes before");
	assert_refused("[A\nx=1\n", ERR_INVAL, "t.service:1: a section is written");
	assert_refused("[A] b\n", ERR_INVAL, "t.service:1: a section is written");
	assert_refused("[]\n", ERR_INVAL, "t.service:1: a section needs");
	assert_refused("[A]\n=1\n", ERR_INVAL, "t.service:2: there is no name");
	assert_refused("[A]\nx=\x01\n", ERR_INVAL, "t.service:2: the line has control");
	assert_refused("[A]\n\nx=\xc3\x28\n", ERR_INVAL, "t.service:3: the line has");
	assert_refused("[A]\nx=\xed\xa0\x80\n", ERR_INVAL, "UTF-8");
	assert_refused("[A]\nx=\xf4\x90\x80\x80\n", ERR_INVAL, "UTF-8");
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "[A]\nx=", 6);
	longer[4 + 2049] = '\0';
	assert_refused(longer, ERR_LIMIT, "t.service:2: the line is longer than 2048");
	longer[4 + 2048] = '\0';
	unit_file_free(parse(longer));
}

static void bytes_of_utf8_are_kept(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u = parse("[A]\nx=gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\n");

	(void)state;
	assert_string_equal(unit_file_get(u, "A", "x"),
			    "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
}

static void a_nul_byte_and_too_many_options_are_refused(void **state)
{
	static const char nul[] = "[A]\nx=1\0y\n";
	CLEANUP(buf_done) struct buf many;
	struct unit_file *u = NULL;
	struct err e;

	(void)state;
	assert_int_equal(unit_file_parse(nul, sizeof(nul) - 1, "t", &u, &e), ERR_INVAL);
	buf_init(&many, 1 << 20);
	buf_puts(&many, "[A]\n");
	for (int i = 0; i <= UNIT_OPTIONS_MAX; i++)
		buf_puts(&many, "x=1\n");
	assert_refused(buf_str(&many), ERR_LIMIT, "4096 options");
}

static void options_can_be_added_but_not_smuggled(void **state)
{
	CLEANUP(unit_file_free) struct unit_file *u = unit_file_new("api");
	struct err e;

	(void)state;
	assert_ok(unit_file_add(u, "Service", "ExecStart", "/bin/a \\\n b", &e), &e);
	assert_string_equal(unit_file_get(u, "Service", "ExecStart"), "/bin/a b");
	assert_int_equal(unit_file_add(u, "S", "a", "1\nb=2", &e), ERR_INVAL);
	assert_int_equal(unit_file_add(u, "S]\n[T", "a", "1", &e), ERR_INVAL);
	assert_int_equal(unit_file_add(u, "S", "#a", "1", &e), ERR_INVAL);
	assert_int_equal(unit_file_add(u, "S", "a=b", "1", &e), ERR_INVAL);
	assert_int_equal(u->n, 1);
}

static void names_follow_fleets_rules(void **state)
{
	static const char *const good[] = { "a.service",     "web@.service",
					    "web@3.service", "a.b-c_d:e.socket",
					    "x@y@z.timer",   "dev-disk\\x2d1.mount" };
	static const char *const bad[] = { "",
					   "web",
					   "web.exe",
					   "@1.service",
					   ".service",
					   "web@1.mount",
					   "a b.service",
					   "a/b.service",
					   "web.service ",
					   "\xc3\xbc.service" };
	char longest[300];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct err e;

		assert_ok(unit_name_check(good[i], &e), &e);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (unit_name_check(bad[i], NULL) != ERR_INVAL)
			fail_msg("'%s' was accepted", bad[i]);
	memset(longest, 'a', sizeof(longest));
	snprintf(longest + 248, 20, ".service");
	assert_int_equal(unit_name_check(longest, NULL), 0);
	longest[248] = 'a';
	snprintf(longest + 249, 20, ".service");
	assert_int_equal(unit_name_check(longest, NULL), ERR_INVAL);
}

static void names_have_parts(void **state)
{
	static const struct {
		const char *name, *stem, *prefix, *instance, *file;
	} cases[] = {
		{ "web@3.service", "web@3", "web", "3", "web@.service" },
		{ "web@.service", "web@", "web", "", "web@.service" },
		{ "db.service", "db", "db", "", "db.service" },
		{ "a.b@c@d.e.timer", "a.b@c@d.e", "a.b", "c@d.e", "a.b@.timer" },
	};
	char part[UNIT_NAME_TEXT];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *name = cases[i].name;

		assert_string_equal(unit_name_stem(name, part), cases[i].stem);
		assert_string_equal(unit_name_prefix(name, part), cases[i].prefix);
		assert_string_equal(unit_name_instance(name, part), cases[i].instance);
		assert_string_equal(unit_name_file(name, part), cases[i].file);
	}
	assert_true(unit_name_is_template("web@.service"));
	assert_false(unit_name_is_template("web@1.service"));
	assert_true(unit_name_is_instance("web@1.service"));
	assert_false(unit_name_is_instance("web.service"));
	assert_ok(unit_name_of_template("web@.service", "7", part, &e), &e);
	assert_string_equal(part, "web@7.service");
	assert_int_equal(unit_name_of_template("web.service", "7", part, &e), ERR_INVAL);
	assert_int_equal(unit_name_of_template("web@.service", "a b", part, &e),
			 ERR_INVAL);
}

static void globs_match_as_paths_do(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool is_match;
	} cases[] = {
		{ "web@*", "web@1.service", true },
		{ "web@*", "web.service", false },
		{ "*", "anything.service", true },
		{ "*", "a/b", false },
		{ "a/*", "a/b", true },
		{ "web@?.service", "web@1.service", true },
		{ "web@?.service", "web@12.service", false },
		{ "web@[1-3].service", "web@2.service", true },
		{ "web@[1-3].service", "web@4.service", false },
		{ "web@[^1-3].service", "web@4.service", true },
		{ "web@[^1-3].service", "web@1.service", false },
		{ "web@[13x].service", "web@x.service", true },
		{ "a[\\]]b", "a]b", true },
		{ "a\\*b", "a*b", true },
		{ "a\\*b", "axb", false },
		{ "a[b", "ab", false },
		{ "a[]b", "ab", false },
		{ "a\\", "a", false },
		{ "*.service", "a.b.service", true },
		{ "*a*b*c", "xxaxxbxxbc", true },
		{ "*a*b*c", "xxaxxbxxb", false },
		{ "", "", true },
		{ "", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (unit_glob(cases[i].pattern, cases[i].name) != cases[i].is_match)
			fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].name);
}

static void specifiers_are_replaced(void **state)
{
	static const struct {
		const char *text, *systemd, *fleet;
	} cases[] = {
		{ "%n|%N|%p|%i", "a-b@c-d.service|a-b@c-d|a-b|c-d",
		  "a-b@c-d.service|a-b@c-d|a-b|c-d" },
		{ "%P %I", "a/b c/d", "%P %I" },
		{ "%H%%", "h1%", "%H%%" },
		{ "%t/x %S", "/run/x /var/lib", "%t/x %S" },
		{ "plain", "plain", "plain" },
	};
	struct unit_context ctx = { .name = "a-b@c-d.service", .host = "h1" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(free) char *fleet = unit_expand_fleet(cases[i].text, ctx.name);
		CLEANUP(free) char *systemd = NULL;

		assert_ok(unit_expand(cases[i].text, &ctx, &systemd, &e), &e);
		assert_string_equal(systemd, cases[i].systemd);
		assert_string_equal(fleet, cases[i].fleet);
	}
}

static void unknown_specifiers_are_named(void **state)
{
	struct unit_context ctx = { .name = "a@b.service" };
	char *out = NULL;
	struct err e;

	(void)state;
	assert_int_equal(unit_expand("x %z", &ctx, &out, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "%z"));
	assert_int_equal(unit_expand("100%", &ctx, &out, &e), ERR_INVAL);
	assert_int_equal(unit_expand("%H", &ctx, &out, &e), ERR_INVAL);
	assert_null(out);
}

static void escaped_instances_are_unescaped(void **state)
{
	struct unit_context ctx = { .name = "mnt@srv-a\\x2db.service" };
	CLEANUP(free) char *out = NULL;
	struct err e;

	(void)state;
	assert_ok(unit_expand("/%I", &ctx, &out, &e), &e);
	assert_string_equal(out, "/srv/a-b");
}

static void words_keep_quoted_blanks(void **state)
{
	CLEANUP(words_done) struct words w = { 0 };
	struct err e;

	(void)state;
	assert_ok(words_split(&w, "  a \"b c\" 'd\\n' e\\sf \"\" g'h i'j ", &e), &e);
	assert_int_equal(w.n, 6);
	assert_string_equal(w.v[0], "a");
	assert_string_equal(w.v[1], "b c");
	assert_string_equal(w.v[2], "d\\n");
	assert_string_equal(w.v[3], "e f");
	assert_string_equal(w.v[4], "");
	assert_string_equal(w.v[5], "gh ij");
	assert_null(w.v[6]);
	assert_int_equal(words_split(&w, "a 'b", &e), ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_fleet_does),
		cmocka_unit_test(hash_ignores_comments_blanks_and_line_ends),
		cmocka_unit_test(canonical_text_groups_sections_in_order_of_appearance),
		cmocka_unit_test(values_go_on_behind_a_backslash),
		cmocka_unit_test(lists_keep_their_order_and_an_empty_value_resets_them),
		cmocka_unit_test(wrong_text_is_refused_with_its_line),
		cmocka_unit_test(bytes_of_utf8_are_kept),
		cmocka_unit_test(a_nul_byte_and_too_many_options_are_refused),
		cmocka_unit_test(options_can_be_added_but_not_smuggled),
		cmocka_unit_test(names_follow_fleets_rules),
		cmocka_unit_test(names_have_parts),
		cmocka_unit_test(globs_match_as_paths_do),
		cmocka_unit_test(specifiers_are_replaced),
		cmocka_unit_test(unknown_specifiers_are_named),
		cmocka_unit_test(escaped_instances_are_unescaped),
		cmocka_unit_test(words_keep_quoted_blanks),
	};

	return cmocka_run_group_tests_name("unit_file", tests, NULL, NULL);
}
