/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests at the rates of a trace, and the count of their answers. */
#include "cli.h"
#include "cli_fixture.h"

#include <pthread.h>
#include <signal.h>

/* A site, and the controller that knows where it is: all requests are answered alike but
 * those for the list of services. After some of the others it interrupts the command. */
struct site {
	const char *answer;
	int fd;
	char url[SCRIPT_URL], *address; /* HOST:PORT in it */
	pthread_t thread;
};
#define ENOUGH 3
#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
#define BROKEN "HTTP/1.1 500 Broken\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"

static void answer_services(const struct site *s, int fd)
{
	CLEANUP(free)
	char *text =
		xasprintf(ANSWER("{\"items\": [{\"stack\": \"shop\", \"name\": \"db\", "
				 "\"address\": \"127.0.0.1\", \"port\": 1}, {\"stack\": "
				 "\"shop\"}, {\"stack\": \"shop\", \"name\": \"web\", "
				 "\"address\": \"127.0.0.1\", \"port\": %s}]}"),
			  strchr(s->address, ':') + 1);

	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void *serve(void *arg)
{
	struct site *s = arg;
	size_t visits = 0;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		char request[4096] = "";

		if (recv(fd, request, sizeof(request) - 1, 0) > 0) {
			if (strstr(request, "GET /v1/services")) {
				answer_services(s, fd);
			} else {
				(void)send(fd, s->answer, strlen(s->answer),
					   MSG_NOSIGNAL);
				if (++visits == ENOUGH)
					kill(getpid(), SIGTERM);
			}
		}
		close(fd);
	}
	return NULL;
}

static void site_open(struct site *s, const char *answer)
{
	*s = (struct site){ .answer = answer };
	s->fd = script_listen(s->url);
	s->address = s->url + strlen("http://");
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void site_close(struct site *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

/* The last line, the caller's. */
static json_t *last_line(const char *text)
{
	const char *at = text + strlen(text) - 1;

	while (at > text && at[-1] != '\n')
		at--;
	return json_loads(at, 0, NULL);
}

static void a_service_is_looked_up_and_visited(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(json_decref) json_t *end = NULL;
	struct site s;

	(void)state;
	site_open(&s, OK);
	cli_run(cli_play,
		WORDS("play", "--service", "shop/web", "--url", s.url, "--trace",
		      "flat.csv", "--peak", "100", "--json"),
		NULL, &p);
	site_close(&s);
	assert_string_equal(p.err, "");
	assert_int_equal(p.status, EXIT_OK);
	end = last_line(p.out);
	assert_true(field_int(end, "sent") >= ENOUGH);
	assert_int_equal(field_int(end, "ok"), field_int(end, "sent"));
	assert_int_equal(field_int(end, "failed"), 0);
	assert_int_equal(field_int(end, "in_flight"), 0);
	assert_string_equal(field_text(end, "last_failure"), "");
}

static void answers_that_fail_are_the_status(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	unsigned long long failed = 0;
	struct site s;

	(void)state;
	site_open(&s, BROKEN);
	cli_run(cli_play,
		WORDS("play", "--target", s.address, "--trace", "flat.csv", "--peak",
		      "100", "--fresh", "0"),
		NULL, &p);
	site_close(&s);
	assert_int_equal(
		sscanf(p.err, "foretide play: %llu requests failed and 0 were ", &failed),
		1);
	assert_true(failed >= ENOUGH);
	assert_non_null(strstr(p.err, " were not sent; the last to fail: /"));
	assert_non_null(strstr(p.err, ": status 500\n"));
	assert_int_equal(p.status, EXIT_UNREACHABLE);
	assert_non_null(strstr(p.out, " requests/s to 1 targets; 0 answered, "));
}

static void a_service_that_nobody_serves_is_not_found(void **state)
{
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	struct site s;

	(void)state;
	site_open(&s, OK);
	cli_run(cli_play,
		WORDS("play", "--service", "shop/mail", "--url", s.url, "--trace",
		      "flat.csv", "--time-scale", "1000", "--for", "1m"),
		NULL, &p);
	site_close(&s);
	assert_string_equal(p.err, "foretide play: no target was found\n");
	assert_int_equal(p.status, EXIT_UNREACHABLE);
}

static void the_rates_of_a_trace_are_listed(void **state)
{
	(void)state;
	CLI_EXPECT(.run = cli_play,
		   .argv = WORDS("play", "--list", "--trace", "flat.csv", "--peak", "60"),
		   .out = "0,60\n60,60\n120,60\n");
	CLI_EXPECT(.run = cli_play, .argv = WORDS("play", "--list", "--trace", "no.csv"),
		   .err = "foretide play: no.csv: No such file or directory\n",
		   .status = EXIT_NOT_FOUND);
}

static void what_is_wrong_is_said(void **state)
{
	static const char either[] =
		"either --service STACK/SERVICE or --target HOST:PORT";
	static const char bounds[] =
		"--peak must be above 0, --time-scale at least 1, --fresh from 0 to 1";
	const struct {
		char **argv;
		const char *words;
	} rows[] = {
		{ WORDS("play"), either },
		{ WORDS("play", "--service", "a/b", "--target", "x:1"), either },
		{ WORDS("play", "--target", "x:1", "more"), either },
		{ WORDS("play", "--service", "shop"),
		  "--service: 'shop' is not STACK/SERVICE, such as shop/web" },
		{ WORDS("play", "--target", "x:1", "--peak", "0"), bounds },
		{ WORDS("play", "--target", "x:1", "--time-scale", "0.5"), bounds },
		{ WORDS("play", "--target", "x:1", "--fresh", "2"), bounds },
		{ WORDS("play", "--target", "x:1", "--peak", "many"),
		  "--peak: 'many' is not a number" },
		{ WORDS("play", "--target", "x:1", "--start", "late"),
		  "--start: 'late' is not a duration: write it like 90s, 5m, 1h30m or "
		  "2d" },
		{ WORDS("play", "--nonsense"),
		  "--nonsense is not an option, or lacks its value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free) char *err = xasprintf("foretide play: %s\n", rows[i].words);

		CLI_EXPECT(.run = cli_play, .argv = rows[i].argv, .err = err,
			   .status = EXIT_USAGE);
	}
}

static int with_a_flat_trace(void **state)
{
	cli_in_folder(state);
	cli_write("flat.csv", "0,10\n60,10\n120,10\n");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_looked_up_and_visited),
		cmocka_unit_test(answers_that_fail_are_the_status),
		cmocka_unit_test(a_service_that_nobody_serves_is_not_found),
		cmocka_unit_test(the_rates_of_a_trace_are_listed),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests_name("play", tests, with_a_flat_trace,
					   cli_out_of_folder);
}
