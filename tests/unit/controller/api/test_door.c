/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "door.h"

#include "acquainted.h"
#include "address.h"
#include "check.h"
#include "clock.h"
#include "crowd.h"

#include <jansson.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define FILES 400

static struct door *open_door(struct crowd *crowd, struct acquainted *acquainted)
{
	struct sockaddr_storage where;
	struct door *d = NULL;
	uint16_t port;
	struct err e;

	assert_ok(api_address_parse("127.0.0.1:0", &where, &e), &e);
	assert_ok(door_open(&where, NULL, crowd, acquainted, true, &d, &port, &e), &e);
	return d;
}

static bool is_told(struct crowd *crowd)
{
	CLEANUP(json_decref) json_t *list = crowd_problems(crowd, clock_mono_ms());
	const json_t *first = json_array_get(list, 0);

	if (!first)
		return false;
	assert_string_equal(json_string_value(json_object_get(first, "kind")),
			    "files-limited");
	assert_non_null(strstr(json_string_value(json_object_get(first, "message")),
			       "the listener of hosts"));
	return true;
}

/* Connections share a socket here: what they do over it is not looked at. */
static void connections_that_have_nearly_all_files_are_told(void **state)
{
	struct crowd *crowd = crowd_new();
	struct acquainted *acquainted = acquainted_new();
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct rlimit before, now;
	struct api_peer *v[FILES];
	struct door *d;
	size_t n = 0;
	int fd[2];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = FILES;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	d = open_door(crowd, acquainted);
	for (; n < FILES / 4 * 3; n++)
		v[n] = peers_add(door_peers(d), fd[0], "10.0.0.1", "10.0.0.1");
	while (!is_told(crowd) && clock_mono_ms() < until)
		usleep(20000);
	assert_true(is_told(crowd));
	door_shut(d);
	while (n > 0)
		peers_remove(v[--n]);
	door_free(d);
	crowd_free(crowd);
	acquainted_free(acquainted);
	close(fd[0]);
	close(fd[1]);
	(void)setrlimit(RLIMIT_NOFILE, &before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_that_have_nearly_all_files_are_told),
	};

	return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}
