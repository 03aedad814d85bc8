/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"
#include "http_async.h"
#include "http_script.h"
#include "test.h"

#include <curl/curl.h>
#include <microhttpd.h>

struct fixture {
	struct loop *loop;
	struct httpm *m;
};

struct seen {
	struct fixture *f;
	int done;
	int code; /* of the error */
	long status;
	bool sent;
	struct buf body, streamed;
	struct httpm_call *call;
	const char *again; /* URL to start from inside done */
	bool cancel_in_data;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	CHECK(loop_new(&f->loop, NULL) == 0 && httpm_open(f->loop, &f->m, NULL) == 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	httpm_close(f->m);
	loop_free(f->loop);
	free(f);
	return 0;
}

static struct seen seen_new(struct fixture *f)
{
	struct seen s = { .f = f };

	buf_init(&s.body, 1u << 20);
	buf_init(&s.streamed, 1u << 20);
	return s;
}

static void seen_done(struct seen *s)
{
	buf_done(&s->body);
	buf_done(&s->streamed);
}
DEFINE_CLEANUP_OBJECT(struct seen, seen_done);

static void on_done(void *arg, const struct http_res *res, bool sent,
		    const struct err *err)
{
	struct seen *s = arg;

	s->done++;
	s->sent = sent;
	s->code = err ? err->code : 0;
	if (res) {
		s->status = res->status;
		buf_clear(&s->body);
		buf_add(&s->body, buf_str(&res->body), res->body.len);
	}
	if (s->again) {
		struct http_req req = { .url = s->again };

		s->again = NULL;
		httpm_start(s->f->m, &req, NULL, on_done, s);
	}
}

static void on_data(void *arg, const char *data, size_t n)
{
	struct seen *s = arg;

	assert_int_equal(s->done, 0);
	buf_add(&s->streamed, data, n);
	if (s->cancel_in_data)
		httpm_cancel(s->call);
}

static void run_until(struct fixture *f, const int *count, int want)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (*count < want && clock_mono_ms() < until)
		loop_once(f->loop, 100);
	assert_int_equal(*count, want);
}

static void exchanges_and_starts_more_from_done(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON("one"), SCRIPT_JSON("two"),
					       NULL };
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	struct http_req req = { .body = "x", .body_len = 1 };
	struct script s;

	script_start(&s, answers);
	req.url = s.url;
	seen.again = s.url;
	httpm_start(seen.f->m, &req, NULL, on_done, &seen);
	assert_int_equal(seen.done, 0);
	run_until(seen.f, &seen.done, 2);
	assert_int_equal(seen.status, 200);
	assert_true(seen.sent);
	assert_string_equal(buf_str(&seen.body), "two");
	script_done(&s);
	assert_memory_equal(buf_str(&s.requests[0]), "POST", 4);
	script_free(&s);
}

static void streams_hand_over_as_it_comes(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON("line 1\nline 2\n"), NULL };
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	struct http_req req = { .timeout_ms = -1 };
	struct script s;

	script_start(&s, answers);
	req.url = s.url;
	httpm_start(seen.f->m, &req, on_data, on_done, &seen);
	run_until(seen.f, &seen.done, 1);
	assert_string_equal(buf_str(&seen.streamed), "line 1\nline 2\n");
	assert_int_equal(seen.body.len, 0);
	script_done(&s);
	script_free(&s);
}

static void the_body_of_an_error_is_not_streamed(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nwhy", NULL
	};
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	struct http_req req = { 0 };
	struct script s;

	script_start(&s, answers);
	req.url = s.url;
	httpm_start(seen.f->m, &req, on_data, on_done, &seen);
	run_until(seen.f, &seen.done, 1);
	assert_int_equal(seen.status, 403);
	assert_int_equal(seen.streamed.len, 0);
	assert_string_equal(buf_str(&seen.body), "why");
	script_done(&s);
	script_free(&s);
}

static void a_stream_may_be_cancelled_from_its_data(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON("x"), SCRIPT_JSON("y"), NULL };
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	CLEANUP(seen_done) struct seen other = seen_new(*state);
	struct http_req req = { 0 };
	struct script s;

	script_start(&s, answers);
	req.url = s.url;
	seen.cancel_in_data = true;
	seen.call = httpm_start(seen.f->m, &req, on_data, on_done, &seen);
	while (seen.streamed.len == 0)
		loop_once(seen.f->loop, 100);
	httpm_start(seen.f->m, &req, NULL, on_done, &other);
	run_until(seen.f, &other.done, 1);
	assert_int_equal(seen.done, 0);
	script_done(&s);
	script_free(&s);
}

static void tells_whether_the_peer_saw_the_request(void **state)
{
	static const char *const answers[] = { "", NULL };
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	struct http_req req = { .url = "http://127.0.0.1:1/" };
	struct script s;

	httpm_start(seen.f->m, &req, NULL, on_done, &seen);
	run_until(seen.f, &seen.done, 1);
	assert_int_equal(seen.code, ERR_UNAVAIL);
	assert_false(seen.sent);

	script_start(&s, answers);
	req.url = s.url;
	httpm_start(seen.f->m, &req, NULL, on_done, &seen);
	run_until(seen.f, &seen.done, 2);
	assert_int_equal(seen.code, ERR_UNAVAIL);
	assert_true(seen.sent);
	script_done(&s);
	script_free(&s);
}

static void a_request_that_cannot_be_is_told_later(void **state)
{
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	struct http_req req = { 0 };

	httpm_start(seen.f->m, &req, NULL, on_done, &seen);
	req.url = "gopher://127.0.0.1/";
	httpm_start(seen.f->m, &req, NULL, on_done, &seen);
	assert_int_equal(seen.done, 0);
	run_until(seen.f, &seen.done, 2);
	assert_int_equal(seen.code, ERR_INVAL);
}

static void bounds_the_answer(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON("0123456789"), NULL };
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	struct http_req req = { .max_answer_bytes = 9 };
	struct script s;

	script_start(&s, answers);
	req.url = s.url;
	httpm_start(seen.f->m, &req, NULL, on_done, &seen);
	run_until(seen.f, &seen.done, 1);
	assert_int_equal(seen.code, ERR_LIMIT);
	script_done(&s);
	script_free(&s);
}

/* ---------------------------------------------------------------- kept connections */

static enum MHD_Result say_ok(void *arg, struct MHD_Connection *conn, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *n, void **context)
{
	static char ok[] = "ok";
	struct MHD_Response *r;
	enum MHD_Result rc;

	(void)arg;
	(void)url;
	(void)method;
	(void)version;
	(void)data;
	(void)n;
	/* Who answers at the first call closes the connection. */
	if (!*context) {
		*context = ok;
		return MHD_YES;
	}
	r = MHD_create_response_from_buffer(2, ok, MHD_RESPMEM_PERSISTENT);
	rc = MHD_queue_response(conn, 200, r);
	MHD_destroy_response(r);
	return rc;
}

static void count_connection(void *arg, struct MHD_Connection *conn, void **context,
			     enum MHD_ConnectionNotificationCode what)
{
	(void)conn;
	(void)context;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		++*(_Atomic int *)arg;
}

static struct MHD_Daemon *counting_server(_Atomic int *connections, char **ret_url)
{
	struct MHD_Daemon *d =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, say_ok,
				 NULL, MHD_OPTION_NOTIFY_CONNECTION, count_connection,
				 connections, MHD_OPTION_END);

	assert_non_null(d);
	*ret_url = xasprintf("http://127.0.0.1:%u/",
			     MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	return d;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void ask(struct fixture *f, const struct http_req *req, struct seen *seen)
{
	const int before = seen->done;

	httpm_start(f->m, req, NULL, on_done, seen);
	run_until(f, &seen->done, before + 1);
	assert_int_equal(seen->code, 0);
}

static void a_connection_ends_with_the_certificate_that_it_began_with(void **state)
{
	_Atomic int connections = 0;
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	CLEANUP(free) char *url = NULL;
	struct MHD_Daemon *d = counting_server(&connections, &url);
	char cert[] = "/tmp/foretide-cert-XXXXXX";
	const int fd = mkstemp(cert);
	struct http_req req = { .cert_file = cert };

	assert_true(fd >= 0);
	close(fd);
	req.url = url;
	/* Just written, as a host's that has just joined. */
	for (int i = 0; i < 3; i++)
		ask(*state, &req, &seen);
	assert_int_equal(connections, 1);
	write_file(cert, "another");
	ask(*state, &req, &seen);
	assert_int_equal(connections, 2);
	MHD_stop_daemon(d);
	unlink(cert);
}

static void a_connection_ends_with_its_last_request(void **state)
{
	_Atomic int connections = 0;
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	CLEANUP(free) char *url = NULL;
	struct MHD_Daemon *d = counting_server(&connections, &url);
	struct http_req req = { 0 };

	req.url = url;
	ask(*state, &req, &seen);
	req.is_last = true;
	ask(*state, &req, &seen);
	assert_int_equal(connections, 1);
	req.is_last = false;
	ask(*state, &req, &seen);
	assert_int_equal(connections, 2);
	MHD_stop_daemon(d);
}

static void closing_ends_what_goes_on(void **state)
{
	static const char *const answers[] = { "hang", NULL };
	CLEANUP(seen_done) struct seen seen = seen_new(*state);
	struct http_req req = { 0 };
	struct script s;

	script_start(&s, answers);
	req.url = s.url;
	httpm_start(seen.f->m, &req, NULL, on_done, &seen);
	loop_once(seen.f->loop, 100);
	httpm_close(seen.f->m);
	seen.f->m = NULL;
	assert_int_equal(seen.done, 0);
	script_done(&s);
	script_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(exchanges_and_starts_more_from_done),
		T(streams_hand_over_as_it_comes),
		T(the_body_of_an_error_is_not_streamed),
		T(a_stream_may_be_cancelled_from_its_data),
		T(tells_whether_the_peer_saw_the_request),
		T(a_request_that_cannot_be_is_told_later),
		T(bounds_the_answer),
		T(a_connection_ends_with_the_certificate_that_it_began_with),
		T(a_connection_ends_with_its_last_request),
		T(closing_ends_what_goes_on),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
