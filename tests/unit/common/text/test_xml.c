/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "text.h"

#include <string.h>

static int read_text(const char *text, size_t len, json_t **ret, struct err *e)
{
	static const char *const items[] = { "item", "member", NULL };

	return xml_read(text, len, items, "the text", ret, e);
}

static void assert_reads(const char *text, size_t len, const char *want)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(json_decref) json_t *wanted = NULL;
	struct err e;

	assert_ok(json_parse(want, strlen(want), "want", &wanted, &e), &e);
	assert_ok(read_text(text, len, &doc, &e), &e);
	assert_true(json_equal(doc, wanted));
}

static void elements_become_strings_objects_and_lists(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "<a/>", "{\"a\": \"\"}" },
		{ "<?xml version=\"1.0\"?>\n<a x=\"1\"> b <!-- c --> d</a>\n",
		  "{\"a\": \" b  d\"}" },
		{ "<a>\n <b>1</b>\n <c><d>2</d></c> lost</a>",
		  "{\"a\": {\"b\": \"1\", \"c\": {\"d\": \"2\"}}}" },
		{ "<a><item>1</item><item><b/></item><b>lost</b></a>",
		  "{\"a\": [\"1\", {\"b\": \"\"}]}" },
		{ "<a><member>1</member></a>", "{\"a\": [\"1\"]}" },
		{ "<a><b>1</b><b>2</b><item>lost</item></a>", "{\"a\": {\"b\": \"1\"}}" },
		{ "<item><item>1</item></item>", "{\"item\": [\"1\"]}" },
		{ "<x:a xmlns:x=\"urn:x\">1</x:a>", "{\"x:a\": \"1\"}" },
		{ "<a>&lt;&amp;&#x41;<![CDATA[<b>]]></a>", "{\"a\": \"<&A<b>\"}" },
		{ "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\351</a>",
		  "{\"a\": \"\303\251\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_reads(cases[i].text, strlen(cases[i].text), cases[i].want);
}

static void what_is_not_taken_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "", "line 1" },
		{ "secret", "line 1" },
		{ "<a>\n<secret></a>", "line 2" },
		{ "<a>\n", "line 2" },
		{ "<a/><secret/>", "line 1" },
		{ "<a>\xff</a>", "line 1" },
		{ "<a>&secret;</a>", "undefined entity" },
		{ "<!DOCTYPE a>\n<a/>", "document type" },
		{ "<!DOCTYPE a [<!ENTITY b \"secret\">]><a>&b;</a>", "document type" },
		{ "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "document type" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *doc = NULL;
		struct err e;

		assert_int_equal(
			read_text(cases[i].text, strlen(cases[i].text), &doc, &e),
			ERR_INVAL);
		assert_null(doc);
		assert_non_null(strstr(e.msg, cases[i].word));
		assert_null(strstr(e.msg, "secret"));
	}
}

/* n times open, then n times close. */
static char *repeated(const char *open, const char *inside, const char *close, size_t n)
{
	struct buf b;

	buf_init(&b, n * (strlen(open) + strlen(close)) + strlen(inside));
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, open);
	buf_puts(&b, inside);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, close);
	return buf_take(&b);
}

static void levels_and_elements_are_bounded(void **state)
{
	CLEANUP(free) char *allowed = repeated("<a>", "", "</a>", 32);
	CLEANUP(free) char *deep = repeated("<a>", "", "</a>", 33);
	CLEANUP(free) char *empty = repeated("<a>", "<a/>", "</a>", 32);
	CLEANUP(free) char *items = repeated("<item/>", "", "", 500000);
	CLEANUP(free) char *many = xasprintf("<a>%s</a>", items);
	const char *const cases[] = { deep, empty, many };
	json_t *doc = NULL;
	struct err e;

	(void)state;
	assert_ok(read_text(allowed, strlen(allowed), &doc, &e), &e);
	json_decref(doc);
	doc = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_text(cases[i], strlen(cases[i]), &doc, &e),
				 ERR_LIMIT);
		assert_null(doc);
	}
}

static void a_text_is_kept_whole(void **state)
{
	CLEANUP(free) char *content = repeated("&lt;x", "", "", 100000);
	CLEANUP(free) char *text = xasprintf("<a>%s</a>", content);
	CLEANUP(json_decref) json_t *doc = NULL;
	struct err e;

	(void)state;
	assert_ok(read_text(text, strlen(text), &doc, &e), &e);
	assert_int_equal(json_string_length(json_object_get(doc, "a")), 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_become_strings_objects_and_lists),
		cmocka_unit_test(what_is_not_taken_is_told_with_its_line),
		cmocka_unit_test(levels_and_elements_are_bounded),
		cmocka_unit_test(a_text_is_kept_whole),
	};

	return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
