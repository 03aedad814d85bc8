/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "service.h"

#include "check.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The service manager's end: "@NAME" in the environment. */
static int listen_as(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(sa.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa,
			      (socklen_t)(sizeof(sa.sun_family) + strlen(name))),
			 0);
	return fd;
}

static void it_is_told_and_children_do_not_find_the_socket(void **state)
{
	CLEANUP(free) char *name = xasprintf("@foretide-test-%d", (int)getpid());
	CLEANUP(service_close) struct service s = { .fd = -1 };
	char text[64] = "";
	int fd = listen_as(name);

	(void)state;
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "3000000", 1);
	unsetenv("WATCHDOG_PID");
	service_open(&s);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_int_equal(s.beat_ms, 1000);
	service_tell(&s, "READY=1");
	assert_int_equal(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 7);
	assert_string_equal(text, "READY=1");
	close(fd);
	/* It has gone: nothing happens. */
	service_tell(&s, "STOPPING=1");
}

static void a_watchdog_of_another_process_is_not_ours(void **state)
{
	CLEANUP(free) char *name = xasprintf("@foretide-test-%d", (int)getpid());
	CLEANUP(service_close) struct service s = { .fd = -1 };

	(void)state;
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	service_open(&s);
	assert_int_equal(s.beat_ms, 0);
}

static void without_a_service_manager_nothing_is_told(void **state)
{
	static const char *const names[] = { NULL, "", "x", "/", "@" };
	struct service s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		unsetenv("NOTIFY_SOCKET");
		if (names[i])
			setenv("NOTIFY_SOCKET", names[i], 1);
		service_open(&s);
		assert_int_equal(s.fd, -1);
		assert_int_equal(s.beat_ms, 0);
		service_tell(&s, "READY=1");
		service_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_and_children_do_not_find_the_socket),
		cmocka_unit_test(a_watchdog_of_another_process_is_not_ours),
		cmocka_unit_test(without_a_service_manager_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
