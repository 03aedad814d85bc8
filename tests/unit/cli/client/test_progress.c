/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bar on a terminal while the controller works. */
#include "cli_fixture.h"
#include "progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <termios.h>

static void the_bar_grows_and_is_wiped(void **state)
{
	CLEANUP(free) char *text = NULL;
	int shown = -1, was = cli_swap(stderr, cli_memory(""));

	(void)state;
	progress_show(&shown, 0.5);
	progress_show(&shown, 0.501); /* not a percent more: nothing is drawn */
	progress_show(&shown, 1);
	text = cli_swap_back(stderr, was);
	assert_string_equal(
		text, "\r[####################                    ]  50 %"
		      "\r[########################################] 100 %"
		      "\r                                                            \r");
	assert_int_equal(shown, 100);
}

/* A controller that answers the work only after the progress was asked for. */
struct busy {
	int fd;
	char url[SCRIPT_URL];
	pthread_t thread;
};

/* The next connection, and the request that came on it. */
static int take(int fd, char request[4096])
{
	int conn = accept(fd, NULL, NULL);

	CHECK(conn >= 0);
	memset(request, 0, 4096);
	CHECK(recv(conn, request, 4095, 0) > 0);
	return conn;
}

static void answer(int conn, const char *text)
{
	CHECK(send(conn, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
	close(conn);
}

static void *work(void *arg)
{
	struct busy *b = arg;
	char request[4096];
	int conn = take(b->fd, request), look;

	CHECK(strncmp(request, "POST /v1/work ", 14) == 0);
	look = take(b->fd, request);
	CHECK(strncmp(request, "GET /v1/share ", 14) == 0);
	answer(look, ANSWER("{\"progress\": 0.25}"));
	/* The next is sent when the answer to this one was drawn. */
	look = take(b->fd, request);
	answer(look, ANSWER("{\"progress\": null}"));
	answer(conn, ANSWER("{\"done\": 1}"));
	return NULL;
}

static void busy_start(struct busy *b)
{
	b->fd = script_listen(b->url);
	assert_int_equal(pthread_create(&b->thread, NULL, work, b), 0);
}

/* Its user's end, that prints what it is sent as it is; the other end in *ret_master. */
static int terminal(int *ret_master)
{
	struct termios t;
	int slave;

	*ret_master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	assert_true(*ret_master >= 0);
	assert_int_equal(grantpt(*ret_master) | unlockpt(*ret_master), 0);
	slave = open(ptsname(*ret_master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	assert_int_equal(tcgetattr(slave, &t), 0);
	cfmakeraw(&t);
	assert_int_equal(tcsetattr(slave, TCSANOW, &t), 0);
	return slave;
}

/* What comes from a terminal, up to the wiping of the bar; it comes in pieces. */
static void read_terminal(int master, char *text, size_t size)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	size_t n = 0;

	while (!strstr(text, "  \r") && n + 1 < size && poll(&p, 1, PATIENCE_MS) > 0) {
		ssize_t more = read(master, text + n, size - 1 - n);

		n += more > 0 ? (size_t)more : 0;
	}
}

static void on_a_terminal_the_share_is_asked_for_and_drawn(void **state)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct client c = { 0 };
	struct busy b;
	struct err err;
	char text[512] = "";
	int master, was, rc;

	(void)state;
	busy_start(&b);
	c.url = b.url;
	was = cli_swap(stderr, terminal(&master));
	rc = progress_send(&c, "/v1/share", "POST", "/v1/work", NULL, &doc, &err);
	read_terminal(master, text, sizeof(text));
	free(cli_swap_back(stderr, was));
	close(master);
	pthread_join(b.thread, NULL);
	close(b.fd);
	assert_ok(rc, &err);
	assert_int_equal(json_integer_value(json_object_get(doc, "done")), 1);
	assert_string_equal(
		text, "\r[##########                              ]  25 %"
		      "\r[########################################] 100 %"
		      "\r                                                            \r");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bar_grows_and_is_wiped),
		cmocka_unit_test(on_a_terminal_the_share_is_asked_for_and_drawn),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
