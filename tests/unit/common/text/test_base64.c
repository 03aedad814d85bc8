/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base64.h"
#include "test.h"

#include <string.h>

static void gives_the_vectors_of_the_rfc(void **state)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		CLEANUP(buf_done) struct buf b;
		CLEANUP(free) char *back = NULL;
		struct err err;
		size_t n;

		buf_init(&b, 100);
		base64_encode(&b, vectors[i][0], strlen(vectors[i][0]));
		assert_string_equal(buf_str(&b), vectors[i][1]);
		assert_ok(base64_decode(buf_str(&b), b.len, &back, &n, &err), &err);
		assert_string_equal(back, vectors[i][0]);
		assert_int_equal(n, strlen(vectors[i][0]));
	}
}

static void brings_every_byte_back_at_every_length(void **state)
{
	unsigned char data[1500];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	for (size_t n = 0; n <= sizeof(data); n += n < 300 ? 1 : 97) {
		CLEANUP(buf_done) struct buf b;
		CLEANUP(free) char *back = NULL;
		struct err err;
		size_t len;

		buf_init(&b, 4000);
		base64_encode(&b, data, n);
		assert_int_equal(b.len, (n + 2) / 3 * 4);
		assert_ok(base64_decode(buf_str(&b), b.len, &back, &len, &err), &err);
		assert_int_equal(len, n);
		assert_memory_equal(back, data, n);
	}
}

static void for_urls_it_has_other_letters_and_no_padding(void **state)
{
	static const unsigned char data[] = { 0xfb, 0xef, 0xff, 0xfe };
	static const char *const wanted[] = { "", "-w", "--8", "--__", "--___g" };

	(void)state;
	for (size_t n = 0; n <= sizeof(data); n++) {
		CLEANUP(buf_done) struct buf b;

		buf_init(&b, 100);
		base64url_encode(&b, data, n);
		assert_string_equal(buf_str(&b), wanted[n]);
	}
}

static void refuses_what_is_no_base64(void **state)
{
	static const char *const bad[] = { "Z",    "Zg",   "Zg=",     "Zg=a",
					   "=Zg=", "Zh==", "Zm9=",    "Zm-v",
					   "Zm v", "====", "Zg==Zg==" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *back = NULL;
		size_t n;

		if (base64_decode(bad[i], strlen(bad[i]), &back, &n, NULL) != ERR_INVAL)
			fail_msg("'%s' was taken", bad[i]);
		assert_null(back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_vectors_of_the_rfc),
		cmocka_unit_test(brings_every_byte_back_at_every_length),
		cmocka_unit_test(for_urls_it_has_other_letters_and_no_padding),
		cmocka_unit_test(refuses_what_is_no_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
