/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services of units, checked for real and registered in the built-in store. */
#include "http_script.h"
#include "store_world.h"

#include "registration.h"
#include "registrator.h"

#include <fcntl.h>

#define UNIT "web@1.service"
#define OK "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
#define BROKEN "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"

struct host {
	struct store_world w;
	struct registrator *r;
	size_t told, restarts;
};

static void on_health(void *arg, const char *unit)
{
	assert_string_equal(unit, UNIT);
	((struct host *)arg)->told++;
}

static void on_restart(void *arg, const char *unit)
{
	assert_string_equal(unit, UNIT);
	((struct host *)arg)->restarts++;
}

static int setup(void **state)
{
	struct host *h = xcalloc(1, sizeof(*h));
	const struct registrator_opts o = { .domain = "other.domain",
					    .address = "127.0.0.1",
					    .host = "h1",
					    .on_health = on_health,
					    .on_restart = on_restart,
					    .arg = h };

	world_open(&h->w);
	h->r = registrator_new(h->w.loop, h->w.http, &o);
	registrator_set_domain(h->r, "foretide.local");
	registrator_set_lease(h->r, h->w.lease);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct host *h = *state;

	registrator_free(h->r);
	world_done(&h->w);
	free(h);
	return 0;
}

/* A unit that is up, with these services. */
__attribute__((format(printf, 2, 3))) static void serve(struct host *h, const char *fmt,
							...)
{
	CLEANUP(free) char *services = NULL;
	CLEANUP(free) char *text = NULL;
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&services, fmt, ap) >= 0);
	va_end(ap);
	text = xasprintf("[Service]\nExecStart=/bin/true\n[X-Service]\n%s", services);
	assert_ok(registrator_set_unit(h->r, UNIT, "shop", text, &e), &e);
	registrator_set_up(h->r, UNIT, true);
}

static enum unit_health health(const struct host *h)
{
	return registrator_health(h->r, UNIT);
}

static char *key(int port)
{
	return registration_key("foretide.local", "shop", "web", UNIT, "h1", port);
}

static bool is_registered(struct host *h, int port)
{
	CLEANUP(free) char *k = key(port);

	return world_has(&h->w, k, "\"host\":\"127.0.0.1\"");
}

/* A port that is listened to by the descriptor, which is the caller's. */
static int listen_at(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* ---------------------------------------------------------------- tests */

static void what_is_not_checked_is_registered_while_its_unit_is_up(void **state)
{
	struct host *h = *state;
	CLEANUP(free) char *k = key(8080);

	serve(h, "Name=web\nPort=8080\nDrainSec=2s\nName=admin\nPort=81\n");
	assert_int_equal(health(h), HEALTH_NONE);
	assert_int_equal(registrator_drain_ms(h->r, UNIT), 3000);
	assert_true(registrator_knows(h->r, k));
	assert_false(registrator_knows(h->r, "/skydns/local/foretide/shop/x/y"));
	LOOP_UNTIL(h->w.loop, is_registered(h, 8080));
	registrator_set_draining(h->r, UNIT, true);
	assert_false(registrator_knows(h->r, k));
	LOOP_UNTIL(h->w.loop, !is_registered(h, 8080));
	registrator_set_draining(h->r, UNIT, false);
	LOOP_UNTIL(h->w.loop, is_registered(h, 8080));
	registrator_set_up(h->r, UNIT, false);
	LOOP_UNTIL(h->w.loop, !is_registered(h, 8080));
}

static void another_text_takes_old_registrations_back(void **state)
{
	struct host *h = *state;

	serve(h, "Name=web\nPort=8080\nName=web\nPort=8081\n");
	LOOP_UNTIL(h->w.loop, is_registered(h, 8080) && is_registered(h, 8081));
	serve(h, "Name=web\nPort=8081\n");
	LOOP_UNTIL(h->w.loop, !is_registered(h, 8080));
	assert_true(is_registered(h, 8081));
	registrator_drop_unit(h->r, UNIT);
	LOOP_UNTIL(h->w.loop, !is_registered(h, 8081));
	/* Of what it does not know nothing is asked for. */
	registrator_drop_unit(h->r, UNIT);
	registrator_set_up(h->r, UNIT, true);
	registrator_set_draining(h->r, UNIT, true);
	assert_int_equal(registrator_drain_ms(h->r, UNIT), 0);
	assert_int_equal(health(h), HEALTH_NONE);
	assert_string_equal(registrator_problem(h->r, UNIT), "");
}

static void services_that_cannot_be_read_are_none(void **state)
{
	struct host *h = *state;
	struct err e;

	serve(h, "Name=web\nPort=8080\n");
	LOOP_UNTIL(h->w.loop, is_registered(h, 8080));
	assert_int_equal(registrator_set_unit(h->r, UNIT, "shop",
					      "[X-Service]\nName=web\nPort=0\n", &e),
			 ERR_INVAL);
	LOOP_UNTIL(h->w.loop, !is_registered(h, 8080));
}

static void a_lease_that_comes_later_gets_what_passes_already(void **state)
{
	struct host *h = *state;

	registrator_set_lease(h->r, NULL);
	serve(h, "Name=web\nPort=8080\n");
	registrator_set_lease(h->r, h->w.lease);
	LOOP_UNTIL(h->w.loop, is_registered(h, 8080));
}

static void a_port_that_answers_passes_and_one_that_does_not_fails(void **state)
{
	struct host *h = *state;
	int port;
	int fd = listen_at(&port);

	serve(h,
	      "Name=web\nPort=%d\nCheck=tcp\nCheckInterval=50ms\nFall=1\n"
	      "CheckRestartSec=0\n",
	      port);
	assert_int_equal(health(h), HEALTH_STARTING);
	LOOP_UNTIL(h->w.loop, health(h) == HEALTH_PASSING);
	LOOP_UNTIL(h->w.loop, is_registered(h, port));
	close(fd);
	LOOP_UNTIL(h->w.loop, health(h) == HEALTH_FAILING);
	assert_non_null(strstr(registrator_problem(h->r, UNIT), "check of web: connect"));
	LOOP_UNTIL(h->w.loop, !is_registered(h, port));
	assert_int_equal(h->told, 3);
	assert_int_equal(h->restarts, 0);
}

static void a_page_passes_by_its_status(void **state)
{
	const char *const answers[] = { OK, BROKEN, NULL };
	struct host *h = *state;
	struct script s;
	int port;

	script_start(&s, answers);
	assert_int_equal(sscanf(s.url, "http://127.0.0.1:%d", &port), 1);
	serve(h,
	      "Name=web\nPort=%d\nCheck=http\nCheckPath=/up\nCheckInterval=50ms\n"
	      "Fall=1\nCheckTimeout=60s\n",
	      port);
	LOOP_UNTIL(h->w.loop, health(h) == HEALTH_PASSING);
	LOOP_UNTIL(h->w.loop, health(h) == HEALTH_FAILING);
	assert_string_equal(registrator_problem(h->r, UNIT),
			    "check of web: HTTP status 500");
	assert_non_null(strstr(buf_str(&s.requests[0]), "GET /up "));
	script_done(&s);
	script_free(&s);
}

static void a_command_passes_by_its_exit_and_what_fails_is_restarted(void **state)
{
	struct host *h = *state;
	CLEANUP(free) char *flag = xasprintf("%s/flag", h->w.dir);
	CLEANUP(fclose) FILE *f = fopen(flag, "w");

	assert_non_null(f);
	serve(h,
	      "Name=web\nPort=80\nCheck=command\nCheckCommand=test -e %s\n"
	      "CheckInterval=50ms\nFall=1\nCheckRestartSec=200ms\n"
	      "CheckTimeout=60s\n",
	      flag);
	LOOP_UNTIL(h->w.loop, health(h) == HEALTH_PASSING);
	assert_int_equal(unlink(flag), 0);
	LOOP_UNTIL(h->w.loop, h->restarts == 1);
	/* After it the unit starts, and fails until its check passes again. */
	registrator_set_up(h->r, UNIT, false);
	registrator_set_up(h->r, UNIT, true);
	assert_int_equal(health(h), HEALTH_FAILING);
	assert_int_equal(close(open(flag, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	LOOP_UNTIL(h->w.loop, health(h) == HEALTH_PASSING);
	assert_string_equal(registrator_problem(h->r, UNIT), "");
}

/* A queue that is full answers nothing; what cannot be asked fails as well. */
static void a_check_ends_by_itself(void **state)
{
	struct host *h = *state;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), waiting[2];

	assert_int_equal(bind(silent, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(silent, 0), 0);
	assert_int_equal(getsockname(silent, (struct sockaddr *)&at, &len), 0);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(waiting[i], (struct sockaddr *)&at, len);
	}
	serve(h, "Name=web\nPort=%d\nCheck=tcp\nCheckTimeout=100ms\n",
	      ntohs(at.sin_port));
	LOOP_UNTIL(h->w.loop, *registrator_problem(h->r, UNIT));
	assert_string_equal(registrator_problem(h->r, UNIT),
			    "check of web: no connection in time");
	assert_int_equal(health(h), HEALTH_STARTING);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		close(waiting[i]);
	close(silent);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_checked_is_registered_while_its_unit_is_up),
		TEST(another_text_takes_old_registrations_back),
		TEST(services_that_cannot_be_read_are_none),
		TEST(a_lease_that_comes_later_gets_what_passes_already),
		TEST(a_port_that_answers_passes_and_one_that_does_not_fails),
		TEST(a_page_passes_by_its_status),
		TEST(a_command_passes_by_its_exit_and_what_fails_is_restarted),
		TEST(a_check_ends_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
