/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "etcd_json.h"
#include "test.h"

#include <string.h>

static json_t *parse(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	return o;
}

static void writes_commas_and_leaves_defaults_out(void **state)
{
	CLEANUP(buf_done) struct buf b;

	(void)state;
	buf_init(&b, 1000);
	ejson_open(&b, NULL, '{');
	ejson_add_int(&b, "zero", 0);
	ejson_add_int(&b, "min", INT64_MIN);
	ejson_add_uint(&b, "max", UINT64_MAX);
	ejson_add_true(&b, "no", false);
	ejson_add_true(&b, "yes", true);
	ejson_add_bytes(&b, "none", "", 0);
	ejson_add_bytes(&b, "some", "\0\xff", 2);
	ejson_open(&b, "list", '[');
	ejson_add_bytes(&b, NULL, "", 0);
	ejson_open(&b, NULL, '{');
	ejson_close(&b, '}');
	ejson_close(&b, ']');
	ejson_add_text(&b, "text", "a\"b\\c\n");
	ejson_close(&b, '}');
	assert_string_equal(buf_str(&b), "{\"min\":\"-9223372036854775808\","
					 "\"max\":\"18446744073709551615\",\"yes\":true,"
					 "\"some\":\"AP8=\",\"list\":[\"\",{}],"
					 "\"text\":\"a\\\"b\\\\c\\u000a\"}");
}

static void reads_numbers_as_strings_and_plain(void **state)
{
	CLEANUP(json_decref)
	json_t *o =
		parse("{\"a\":\"-5\",\"b\":7,\"c\":null,"
		      "\"d\":\"9223372036854775807\",\"e\":\"18446744073709551615\"}");
	int64_t v = 99;
	struct err err;

	(void)state;
	assert_ok(ejson_read_int(o, "a", &v, &err), &err);
	assert_int_equal(v, -5);
	assert_ok(ejson_read_int(o, "b", &v, &err), &err);
	assert_int_equal(v, 7);
	assert_ok(ejson_read_int(o, "c", &v, &err), &err);
	assert_int_equal(v, 0);
	assert_ok(ejson_read_int(o, "none", &v, &err), &err);
	assert_int_equal(v, 0);
	assert_ok(ejson_read_int(o, "d", &v, &err), &err);
	assert_true(v == INT64_MAX);
	assert_ok(ejson_read_int(o, "e", &v, &err), &err);
	assert_true(v == -1);
}

static void refuses_what_is_no_number(void **state)
{
	static const char *const bad[] = { "{\"a\":\"\"}",   "{\"a\":\" 1\"}",
					   "{\"a\":\"1x\"}", "{\"a\":1.5}",
					   "{\"a\":true}",   "{\"a\":[]}",
					   "{\"a\":\"x\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CLEANUP(json_decref) json_t *o = parse(bad[i]);
		int64_t v;

		if (ejson_read_int(o, "a", &v, NULL) != ERR_INVAL)
			fail_msg("%s was taken", bad[i]);
	}
}

static void takes_both_spellings_of_a_name(void **state)
{
	CLEANUP(json_decref) json_t *o = parse("{\"rangeEnd\":\"YQ==\"}");
	CLEANUP(free) char *data = NULL;
	struct err err;
	size_t n;

	(void)state;
	assert_ok(ejson_read_bytes(o, "range_end", &data, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_string_equal(data, "a");
}

static void absent_bytes_are_none_and_never_null(void **state)
{
	CLEANUP(json_decref) json_t *o = parse("{}");
	CLEANUP(free) char *data = NULL;
	struct err err;
	size_t n = 9;

	(void)state;
	assert_ok(ejson_read_bytes(o, "a", &data, &n, &err), &err);
	assert_int_equal(n, 0);
	assert_string_equal(data, "");
}

static void reads_enums_by_name_and_number(void **state)
{
	static const char *const words[] = { "NONE", "ASCEND", "DESCEND", NULL };
	CLEANUP(json_decref)
	json_t *o = parse("{\"a\":\"DESCEND\",\"b\":1,\"c\":3,\"d\":\"UP\",\"e\":true}");
	struct err err;
	int v;

	(void)state;
	assert_ok(ejson_read_enum(o, "a", words, &v, &err), &err);
	assert_int_equal(v, 2);
	assert_ok(ejson_read_enum(o, "b", words, &v, &err), &err);
	assert_int_equal(v, 1);
	assert_ok(ejson_read_enum(o, "none", words, &v, &err), &err);
	assert_int_equal(v, 0);
	assert_int_equal(ejson_read_enum(o, "c", words, &v, &err), ERR_INVAL);
	assert_int_equal(ejson_read_enum(o, "d", words, &v, &err), ERR_INVAL);
	assert_non_null(strstr(err.msg, "UP"));
	assert_int_equal(ejson_read_enum(o, "e", words, &v, &err), ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_commas_and_leaves_defaults_out),
		cmocka_unit_test(reads_numbers_as_strings_and_plain),
		cmocka_unit_test(refuses_what_is_no_number),
		cmocka_unit_test(takes_both_spellings_of_a_name),
		cmocka_unit_test(absent_bytes_are_none_and_never_null),
		cmocka_unit_test(reads_enums_by_name_and_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
