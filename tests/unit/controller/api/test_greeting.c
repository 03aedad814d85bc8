/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "greeting.h"

#include "check.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

static enum greeting after(const void *said, size_t n, bool is_tls, bool ends)
{
	enum greeting ret;
	int v[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, v), 0);
	if (n)
		assert_int_equal(write(v[1], said, n), n);
	if (ends)
		shutdown(v[1], SHUT_WR);
	ret = greeting_of(v[0], is_tls);
	close(v[0]);
	close(v[1]);
	return ret;
}

static enum greeting after_text(const char *said)
{
	return after(said, strlen(said), false, false);
}

static void headers_are_whole_with_their_empty_line(void **state)
{
	char much[20000];

	(void)state;
	memset(much, 'a', sizeof(much));
	assert_int_equal(after_text(""), GREETING_PART);
	assert_int_equal(after_text("GET / HTTP/1.1\r\nHost: x\r\n"), GREETING_PART);
	assert_int_equal(after_text("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), GREETING_WHOLE);
	assert_int_equal(after_text("GET / HTTP/1.0\n\n"), GREETING_WHOLE);
	assert_int_equal(after_text("POST / HTTP/1.1\r\n\r\n{}"), GREETING_WHOLE);
	/* Of too many libmicrohttpd says so. */
	assert_int_equal(after(much, sizeof(much), false, false), GREETING_WHOLE);
	assert_int_equal(after("", 0, false, true), GREETING_NONE);
}

static void a_handshake_is_whole_with_its_first_record(void **state)
{
	unsigned char hello[] = { 0x16, 3, 1, 0, 4, 1, 2, 3, 4 };

	(void)state;
	for (size_t n = 0; n < sizeof(hello); n++)
		assert_int_equal(after(hello, n, true, false), GREETING_PART);
	assert_int_equal(after(hello, sizeof(hello), true, false), GREETING_WHOLE);
	assert_int_equal(after("GET / HTTP/1.1\r\n\r\n", 18, true, false), GREETING_NONE);
	hello[3] = 0xff;
	assert_int_equal(after(hello, sizeof(hello), true, false), GREETING_NONE);
	assert_int_equal(after("", 0, true, true), GREETING_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_whole_with_their_empty_line),
		cmocka_unit_test(a_handshake_is_whole_with_its_first_record),
	};

	return cmocka_run_group_tests_name("greeting", tests, NULL, NULL);
}
