/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a source of metrics is read: pages, sockets, FastCGI and commands, and how each
 * fails. */
#include "http_script.h"
#include "loop_until.h"
#include "test.h"

#include "check.h"
#include "scrape.h"
#include "text.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NGINX                                                                            \
	"Active connections: 2 \nserver accepts handled requests\n 10 10 30 \nReading: " \
	"0 Writing: 1 Waiting: 1 \n"

struct bench {
	struct loop *loop;
	struct httpm *http;
	struct buf got; /* "NAME VALUE\n" */
	struct err err;
	bool is_done;
	int64_t timeout_ms;
};

static void add(void *arg, const char *name, const struct collect_label *labels,
		bool counter, double value)
{
	struct bench *b = arg;

	(void)labels;
	(void)counter;
	buf_printf(&b->got, "%s %.10g\n", name, value);
}

static void on_done(void *arg, const struct err *err)
{
	struct bench *b = arg;

	b->is_done = true;
	b->err = err ? *err : (struct err){ 0 };
}

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct err e;

	assert_ok(loop_new(&b->loop, &e), &e);
	assert_ok(httpm_open(b->loop, &b->http, &e), &e);
	buf_init(&b->got, 1 << 20);
	b->timeout_ms = PATIENCE_MS;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	httpm_close(b->http);
	loop_free(b->loop);
	buf_done(&b->got);
	free(b);
	return 0;
}

static struct scrape *start(struct bench *b, const struct x_source *src)
{
	const struct collect_sink to = { add, b };

	b->is_done = false;
	return scrape_start(b->loop, b->http, src, &to, b->timeout_ms, on_done, b);
}

/* Reads a source to its end: its error's code. */
static int read_source(struct bench *b, const struct x_source *src)
{
	start(b, src);
	LOOP_UNTIL(b->loop, b->is_done);
	return b->err.code;
}

static void has(const struct bench *b, const char *line)
{
	if (!strstr(buf_str(&b->got), line))
		fail_msg("'%s' is not among:\n%s", line, buf_str(&b->got));
}

/* A source at the script's port. */
static struct x_source at(enum x_collector collector, const struct script *s,
			  const char *scheme, const char *path, char url[96])
{
	snprintf(url, 96, "%s%s%s", scheme, strstr(s->url, "://"), path);
	return (struct x_source){ .collector = collector, .url = url };
}

static void end(struct script *s)
{
	script_done(s);
	script_free(s);
}

/* ---------------------------------------------------------------- pages */

static void a_page_is_read_over_http(void **state)
{
	const char *const answers[] = { SCRIPT_JSON(NGINX),
					SCRIPT_JSON("a 1\n# TYPE b counter\nb 2\n"),
					SCRIPT_JSON("<html>"),
					"HTTP/1.1 404 Not Found\r\n\r\n",
					"",
					NULL };
	struct bench *b = *state;
	struct x_source src;
	struct script s;
	char url[96];

	script_start(&s, answers);
	src = at(X_COLLECT_NGINX, &s, "http", "/status", url);
	assert_int_equal(read_source(b, &src), 0);
	has(b, "nginx_http_requests_total 30\n");
	src.collector = X_COLLECT_PROMETHEUS;
	assert_int_equal(read_source(b, &src), 0);
	has(b, "a 1\nb 2\n");
	src.collector = X_COLLECT_HAPROXY;
	assert_int_equal(read_source(b, &src), ERR_PROTO);
	assert_int_equal(read_source(b, &src), ERR_UNAVAIL);
	assert_string_equal(b->err.msg, "HTTP status 404");
	assert_int_not_equal(read_source(b, &src), 0); /* closed without an answer */
	end(&s);
}

static void what_has_no_address_is_refused(void **state)
{
	struct bench *b = *state;
	const struct x_source none[] = {
		{ .collector = X_COLLECT_NGINX },
		{ .collector = X_COLLECT_HAPROXY },
		{ .collector = X_COLLECT_MEMCACHED, .url = (char[]){ "10.0.0.1" } },
		{ .collector = X_COLLECT_MEMCACHED, .url = (char[]){ "tcp://10.0.0.1" } },
		{ .collector = X_COLLECT_MEMCACHED, .url = (char[]){ "tcp://name:1" } },
		{ .collector = X_COLLECT_PHP_FPM, .url = (char[]){ "fcgi://[::1" } },
	};
	CLEANUP(free) char *path = xasprintf("/%0200d", 0);
	const struct x_source long_path = { .collector = X_COLLECT_HAPROXY,
					    .socket = path };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(read_source(b, &none[i]), ERR_INVAL);
	assert_int_equal(read_source(b, &long_path), ERR_INVAL);
	assert_non_null(strstr(b->err.msg, "is too long"));
}

/* ---------------------------------------------------------------- sockets */

/* One answer to one question, at a unix socket; in a thread of its own. */
struct speaker {
	char dir[40], path[64];
	const char *answer;
	char asked[1024];
	int fd;
	pthread_t thread;
};

static void *speak(void *arg)
{
	struct speaker *s = arg;
	int fd = accept(s->fd, NULL, NULL);

	CHECK(fd >= 0 && read(fd, s->asked, sizeof(s->asked) - 1) > 0);
	(void)!send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void speaker_open(struct speaker *s, const char *answer)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	*s = (struct speaker){ .answer = answer };
	strcpy(s->dir, "/tmp/foretide-scr-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/sock", s->dir);
	strcpy(un.sun_path, s->path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, speak, s), 0);
}

static void speaker_done(struct speaker *s)
{
	pthread_join(s->thread, NULL);
	close(s->fd);
	unlink(s->path);
	rmdir(s->dir);
}

static void haproxy_is_asked_at_its_socket(void **state)
{
	CLEANUP(free) char *text = NULL;
	struct bench *b = *state;
	struct speaker s;
	struct x_source src = { .collector = X_COLLECT_HAPROXY };

	assert_int_equal(
		conf_read_file("tests/data/haproxy_stat.csv", 1 << 20, &text, NULL, NULL),
		0);
	speaker_open(&s, text);
	src.socket = s.path;
	assert_int_equal(read_source(b, &src), 0);
	has(b, "haproxy_frontend_http_requests_total 3\n");
	speaker_done(&s);
	assert_string_equal(s.asked, "show stat\n");
	assert_int_equal(read_source(b, &src), ERR_UNAVAIL); /* it is gone */
}

static void memcached_ends_its_answer(void **state)
{
	struct bench *b = *state;
	struct speaker s;
	struct x_source src = { .collector = X_COLLECT_MEMCACHED };

	speaker_open(&s, "STAT cmd_get 4\r\nEND\r\n");
	src.socket = s.path;
	assert_int_equal(read_source(b, &src), 0);
	has(b, "memcached_commands_total 4\n");
	speaker_done(&s);
	assert_string_equal(s.asked, "stats\r\n");
	speaker_open(&s, "STAT cmd_get 4\r\n");
	src.socket = s.path;
	assert_int_equal(read_source(b, &src), ERR_PROTO);
	assert_string_equal(b->err.msg, "the answer ends too early");
	speaker_done(&s);
}

static void an_answer_over_tcp_is_bounded_in_time(void **state)
{
	const char *const answers[] = { "hang", NULL };
	struct bench *b = *state;
	struct x_source src;
	struct script s;
	char url[96];

	script_start(&s, answers);
	src = at(X_COLLECT_MEMCACHED, &s, "tcp", "", url);
	b->timeout_ms = 200;
	assert_int_equal(read_source(b, &src), ERR_TIMEOUT);
	assert_string_equal(b->err.msg, "no answer in time");
	/* One that is let go calls nobody. */
	b->timeout_ms = PATIENCE_MS;
	scrape_free(start(b, &src));
	for (int i = 0; i < 3; i++)
		loop_once(b->loop, 20);
	assert_false(b->is_done);
	end(&s);
}

static void an_answer_that_is_too_large_is_cut_off(void **state)
{
	CLEANUP(free) char *large = xcalloc(1, (5 << 20) + 1);
	struct bench *b = *state;
	struct speaker s;
	struct x_source src = { .collector = X_COLLECT_MEMCACHED };

	memset(large, 'x', 5 << 20);
	speaker_open(&s, large);
	src.socket = s.path;
	assert_int_equal(read_source(b, &src), ERR_LIMIT);
	speaker_done(&s);
}

static void php_fpm_is_asked_by_fastcgi(void **state)
{
	struct bench *b = *state;
	struct speaker s;
	struct x_source src = { .collector = X_COLLECT_PHP_FPM };

	speaker_open(&s, "not FastCGI");
	src.socket = s.path;
	assert_int_equal(read_source(b, &src), ERR_PROTO);
	assert_string_equal(b->err.msg, "the FastCGI answer is incomplete");
	speaker_done(&s);
	assert_int_equal(s.asked[0], 1);
}

/* ---------------------------------------------------------------- commands */

#define PROGRAMS "/usr/local/sbin" /* comes first in the path of commands */

/* A file system of this process's own; the tests that follow live in it as well. */
static void hide_programs(void)
{
	assert_int_equal(unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("tmpfs", PROGRAMS, "tmpfs", 0, NULL), 0);
}

static void put_program(const char *name, const char *does)
{
	CLEANUP(free) char *path = xasprintf(PROGRAMS "/%s", name);
	CLEANUP(fclose) FILE *f = fopen(path, "w");

	assert_true(f && fprintf(f, "#!/bin/sh\necho \"$@\" >" PROGRAMS "/words\n%s\n",
				 does) > 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static void assert_words(const char *words)
{
	CLEANUP(free) char *text = NULL;

	assert_int_equal(conf_read_file(PROGRAMS "/words", 1000, &text, NULL, NULL), 0);
	assert_string_equal(text, words);
}

static void mariadb_and_varnish_are_asked_by_their_programs(void **state)
{
	struct bench *b = *state;
	struct x_source src = { .collector = X_COLLECT_MARIADB,
				.socket = (char[]){ "/run/db.sock" } };

	hide_programs();
	put_program("mariadb", "echo Queries 12");
	put_program("varnishstat", "echo no >&2; exit 3");
	assert_int_equal(read_source(b, &src), 0);
	has(b, "mysql_global_status_queries 12\n");
	assert_words("-N -B -e SHOW GLOBAL STATUS --socket=/run/db.sock\n");
	src = (struct x_source){ .collector = X_COLLECT_VARNISH };
	assert_int_equal(read_source(b, &src), ERR_UNAVAIL);
	assert_words("-j\n");
	src.socket = (char[]){ "/run/varnish" };
	assert_int_equal(read_source(b, &src), ERR_UNAVAIL);
	assert_words("-j -n /run/varnish\n");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_is_read_over_http),
		TEST(what_has_no_address_is_refused),
		TEST(haproxy_is_asked_at_its_socket),
		TEST(memcached_ends_its_answer),
		TEST(an_answer_over_tcp_is_bounded_in_time),
		TEST(an_answer_that_is_too_large_is_cut_off),
		TEST(php_fpm_is_asked_by_fastcgi),
		TEST(mariadb_and_varnish_are_asked_by_their_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
