/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What programs tell about themselves, from recorded answers in tests/data. */
#include "test.h"

#include "buf.h"
#include "check.h"
#include "parsers.h"
#include "text.h"

#include <string.h>

/* Samples as lines "NAME{label=value,...} c|g VALUE". */
static void add_line(void *arg, const char *name, const struct collect_label *labels,
		     bool counter, double value)
{
	struct buf *b = arg;
	bool first = true;

	buf_puts(b, name);
	for (; labels && labels->name; labels++) {
		buf_printf(b, "%c%s=%s", first ? '{' : ',', labels->name, labels->value);
		first = false;
	}
	buf_printf(b, "%s %c %.10g\n", first ? "" : "}", counter ? 'c' : 'g', value);
}

struct fixture {
	struct buf got;
	struct collect_sink to;
	char *text;
	size_t len;
};

static void open_fixture(struct fixture *f, const char *name)
{
	CLEANUP(free) char *path = xasprintf("tests/data/%s", name);
	struct err e;

	*f = (struct fixture){ 0 };
	buf_init(&f->got, 1 << 20);
	f->to = (struct collect_sink){ add_line, &f->got };
	assert_ok(conf_read_file(path, 1 << 20, &f->text, &f->len, &e), &e);
}

static void close_fixture(struct fixture *f)
{
	buf_done(&f->got);
	free(f->text);
}

static void has(const struct fixture *f, const char *line)
{
	CLEANUP(free) char *whole = xasprintf("\n%s\n", line);
	CLEANUP(free) char *all = xasprintf("\n%s", buf_str(&f->got));

	if (!strstr(all, whole))
		fail_msg("'%s' is not among:%s", line, all);
}

static void haproxy_tells_of_frontends_backends_and_servers(void **state)
{
	struct fixture f;
	struct err e;

	(void)state;
	open_fixture(&f, "haproxy_stat.csv");
	assert_ok(collect_haproxy(f.text, &f.to, &e), &e);
	has(&f, "haproxy_frontend_http_requests_total{proxy=web} c 3");
	has(&f, "haproxy_frontend_http_responses_total{proxy=web,code=5xx} c 3");
	has(&f, "haproxy_backend_active_servers{proxy=app} g 1");
	has(&f, "haproxy_backend_http_requests_total{proxy=app} c 3");
	has(&f, "haproxy_server_sessions_total{proxy=app,server=s1} c 12");
	has(&f, "haproxy_server_http_responses_total{proxy=app,server=s1,code=5xx} c 0");
	has(&f, "haproxy_server_up{proxy=app,server=s1} g 1");
	has(&f, "haproxy_server_up{proxy=app,server=s2} g 0");
	close_fixture(&f);
}

static void varnishstat_is_read_in_both_forms(void **state)
{
	static const char *const names[] = { "varnishstat.json", "varnishstat_old.json" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f;
		struct err e;

		open_fixture(&f, names[i]);
		assert_ok(collect_varnish(f.text, f.len, &f.to, &e), &e);
		has(&f, "varnish_main_client_req c 1");
		has(&f, "varnish_main_cache_miss c 1");
		has(&f, "varnish_main_threads g 200");
		assert_null(strstr(buf_str(&f.got), "MGT"));
		close_fixture(&f);
	}
}

static void nginx_status_is_read(void **state)
{
	struct fixture f;
	struct err e;

	(void)state;
	open_fixture(&f, "nginx_status.txt");
	assert_ok(collect_nginx(f.text, &f.to, &e), &e);
	has(&f, "nginx_connections_active g 291");
	has(&f, "nginx_http_requests_total c 31070465");
	has(&f, "nginx_connections_waiting g 106");
	close_fixture(&f);
}

static void php_fpm_status_is_read_in_both_forms(void **state)
{
	static const char *const names[] = { "php_fpm_status.json",
					     "php_fpm_status.txt" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f;
		struct err e;

		open_fixture(&f, names[i]);
		assert_ok(collect_php_fpm(f.text, f.len, &f.to, &e), &e);
		has(&f, "phpfpm_accepted_connections_total{pool=www} c 1234");
		has(&f, "phpfpm_listen_queue{pool=www} g 2");
		has(&f, "phpfpm_active_processes{pool=www} g 1");
		close_fixture(&f);
	}
}

static void memcached_stats_are_read(void **state)
{
	struct fixture f;
	struct err e;

	(void)state;
	open_fixture(&f, "memcached_stats.txt");
	assert_ok(collect_memcached(f.text, &f.to, &e), &e);
	has(&f, "memcached_commands_total{command=get} c 2");
	has(&f, "memcached_commands_total{command=set} c 1");
	has(&f, "memcached_get_hits_total c 1");
	has(&f, "memcached_limit_bytes g 67108864");
	close_fixture(&f);
}

static void mariadb_status_is_read(void **state)
{
	struct fixture f;
	struct err e;

	(void)state;
	open_fixture(&f, "mariadb_status.txt");
	assert_ok(collect_mariadb(f.text, &f.to, &e), &e);
	has(&f, "mysql_global_status_queries c 123456");
	has(&f, "mysql_global_status_threads_connected g 4");
	assert_null(strstr(buf_str(&f.got), "conf_id"));
	close_fixture(&f);
}

static void prometheus_text_is_read_with_its_types(void **state)
{
	struct fixture f;
	struct err e;

	(void)state;
	open_fixture(&f, "exporter.txt");
	assert_ok(collect_prometheus(f.text, 100, &f.to, &e), &e);
	assert_string_equal(buf_str(&f.got),
			    "http_requests_total{code=200,path=/a\"b\\c} c 1027\n"
			    "http_requests_total{code=400} c 3\n"
			    "queue_length g 7.5\n"
			    "latency_seconds_bucket{le=0.1} c 5\n"
			    "latency_seconds_bucket{le=+Inf} c 6\n"
			    "latency_seconds_sum c 1.25\n"
			    "latency_seconds_count c 6\n"
			    "untyped_thing g -3\n");
	buf_clear(&f.got);
	assert_int_equal(collect_prometheus(f.text, 3, &f.to, &e), ERR_PROTO);
	assert_string_equal(e.msg, "more than 3 samples");
	close_fixture(&f);
}

static void other_pages_are_refused(void **state)
{
	static const char page[] = "<html><body>404 Not Found</body></html>";
	struct collect_sink to = { add_line, NULL };
	struct err e;

	(void)state;
	assert_int_equal(collect_haproxy(page, &to, &e), ERR_PROTO);
	assert_int_equal(collect_varnish(page, strlen(page), &to, &e), ERR_PROTO);
	assert_int_equal(collect_nginx(page, &to, &e), ERR_PROTO);
	assert_int_equal(collect_php_fpm(page, strlen(page), &to, &e), ERR_PROTO);
	assert_int_equal(collect_memcached(page, &to, &e), ERR_PROTO);
	assert_int_equal(collect_mariadb(page, &to, &e), ERR_PROTO);
	assert_int_equal(collect_prometheus(page, 9, &to, &e), ERR_PROTO);
	assert_string_equal(e.msg, "line 1 is not a sample");
}

static void a_fastcgi_answer_is_taken_apart(void **state)
{
	/* STDOUT in two records, one padded, STDERR between, END. */
	static const char answer[] = "\1\6\0\1\0\13\5\0Status: 200\0\0\0\0\0"
				     "\1\7\0\1\0\3\0\0bad"
				     "\1\6\0\1\0\6\0\0\r\n\r\n{}"
				     "\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0";
	CLEANUP(buf_done) struct buf body;
	CLEANUP(buf_done) struct buf request;
	struct err e;

	(void)state;
	buf_init(&body, 1000);
	buf_init(&request, 1000);
	assert_ok(collect_fcgi_body(answer, sizeof(answer) - 1, &body, &e), &e);
	assert_string_equal(buf_str(&body), "{}");
	assert_int_equal(collect_fcgi_body(answer, 40, &body, &e), ERR_PROTO);
	collect_fcgi_request("/status", &request);
	assert_memory_equal(request.data, "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1",
			    20);
	assert_non_null(memmem(request.data, request.len, "\13\7SCRIPT_NAME/status", 20));
}

static void the_host_has_cpu_and_memory(void **state)
{
	CLEANUP(buf_done) struct buf got;
	struct collect_sink to = { add_line, &got };

	(void)state;
	buf_init(&got, 10000);
	collect_host(&to);
	assert_non_null(strstr(buf_str(&got), "host_cpu_seconds_total c "));
	assert_non_null(strstr(buf_str(&got), "host_cpu_limit_cores g "));
	assert_non_null(strstr(buf_str(&got), "host_memory_bytes g "));
	assert_non_null(strstr(buf_str(&got), "host_memory_limit_bytes g "));
	assert_non_null(strstr(buf_str(&got), "host_network_receive_bytes_total c "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(haproxy_tells_of_frontends_backends_and_servers),
		cmocka_unit_test(varnishstat_is_read_in_both_forms),
		cmocka_unit_test(nginx_status_is_read),
		cmocka_unit_test(php_fpm_status_is_read_in_both_forms),
		cmocka_unit_test(memcached_stats_are_read),
		cmocka_unit_test(mariadb_status_is_read),
		cmocka_unit_test(prometheus_text_is_read_with_its_types),
		cmocka_unit_test(other_pages_are_refused),
		cmocka_unit_test(a_fastcgi_answer_is_taken_apart),
		cmocka_unit_test(the_host_has_cpu_and_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
