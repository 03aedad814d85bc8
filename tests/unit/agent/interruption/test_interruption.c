/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What metadata services say of a host that its cloud takes back, and how they are asked.
 */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "interruption.h"
#include "source.h"

#include <curl/curl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>

#define TOKEN "/latest/api/token"
#define ACTION "/latest/meta-data/spot/instance-action"
#define REBALANCE "/latest/meta-data/events/recommendations/rebalance"

/* ---------------------------------------------------------------- answers */

static struct interruption_notice read_as(const char *source, size_t question,
					  const char *body)
{
	struct interruption_notice n = { .how = "" };

	source_find(source)->questions[question].read(body, strlen(body), "vm-1", &n);
	return n;
}

static void what_clouds_answer_is_read(void **state)
{
	static const struct {
		const char *source;
		size_t question;
		const char *body, *how, *at;
	} v[] = {
		{ "ec2", 0, "{\"action\":\"stop\",\"time\":\"2026-09-18T08:22:00Z\"}",
		  "stop", "2026-09-18T08:22:00Z" },
		{ "ec2", 1, "{\"noticeTime\":\"2026-09-18T08:22:00Z\"}", "rebalance",
		  "" },
		{ "gce", 0, "TRUE", "preempt", "" },
		{ "gce", 0, "FALSE", "", "" },
		{ "azure", 0,
		  "{\"Events\":[{\"EventType\":\"Preempt\",\"Resources\":[\"vm-0\","
		  "\"VM-1\"],\"NotBefore\":\"Mon, 19 Sep 2026 18:29:47 GMT\"}]}",
		  "preempt", "2026-09-19T18:29:47.000Z" },
		{ "azure", 0,
		  "{\"Events\":[{\"EventType\":\"Terminate\",\"Resources\":[\"vm-1\"],"
		  "\"NotBefore\":\"\"}]}",
		  "terminate", "" },
		/* of another, and what does not end the host */
		{ "azure", 0,
		  "{\"Events\":[{\"EventType\":\"Preempt\",\"Resources\":[\"vm-11\"]},"
		  "{\"EventType\":\"Reboot\",\"Resources\":[\"vm-1\"]}]}",
		  "", "" },
		{ "azure", 0, "{\"Events\":[]}", "", "" },
		/* what is no answer */
		{ "ec2", 0, "", "", "" },
		{ "ec2", 0, "<html>", "", "" },
		{ "ec2", 0, "[\"action\"]", "", "" },
		{ "ec2", 0, "{\"action\":7,\"time\":{}}", "", "" },
		{ "azure", 0, "{\"Events\":{\"EventType\":\"Preempt\"}}", "", "" },
		{ "azure", 0, "{\"Events\":[7,[],{\"EventType\":\"Preempt\"}]}", "", "" },
		{ "gce", 0, "TRU", "", "" },
		/* for people, in one line */
		{ "ec2", 0,
		  "{\"action\":\"a\\nb\\u00e9c-23456789-23456789-23456789\",\"time\":"
		  "\"\"}",
		  "abc-23456789-23456789-2", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const struct interruption_notice n =
			read_as(v[i].source, v[i].question, v[i].body);

		assert_string_equal(n.how, v[i].how);
		assert_string_equal(n.at, v[i].at);
	}
}

static void one_printable_line_is_kept(void **state)
{
	char kept[KEPT_MAX] = "", longer[KEPT_MAX + 1];

	(void)state;
	memset(longer, 'a', sizeof(longer));
	assert_true(source_keep("AQ-k7==\r\n", 9, kept));
	assert_string_equal(kept, "AQ-k7==");
	assert_false(source_keep("a\r\nX-Other: b", 13, kept));
	assert_false(source_keep("", 0, kept));
	assert_false(source_keep(longer, KEPT_MAX, kept));
	assert_true(source_keep(longer, KEPT_MAX - 1, kept));
}

/* ---------------------------------------------------------------- a service */

struct world {
	struct MHD_Daemon *daemon;
	char url[64];
	pthread_mutex_t lock;
	const char *token;  /* the one that is right */
	const char *action; /* NULL: 404 */
	const char *rebalance;
	size_t n_tokens, n_asked; /* that were given; that it was asked for an action */
	struct loop *loop;
	struct httpm *http;
	struct interruption *i;
	struct interruption_notice told;
	size_t n_told;
};

/* Locked. */
static unsigned choose(struct world *w, struct MHD_Connection *c, const char *path,
		       const char **ret)
{
	const char *token = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
							"X-aws-ec2-metadata-token");

	*ret = "";
	if (strcmp(path, TOKEN) == 0) {
		w->n_tokens++;
		*ret = w->token;
		return 200;
	}
	if (!token || strcmp(token, w->token) != 0)
		return 401;
	w->n_asked += strcmp(path, ACTION) == 0;
	*ret = strcmp(path, ACTION) == 0      ? w->action
	       : strcmp(path, REBALANCE) == 0 ? w->rebalance
					      : NULL;
	return *ret ? 200 : 404;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version,
				  const char *data, size_t *len, void **request)
{
	struct world *w = arg;
	struct MHD_Response *r;
	const char *text;
	unsigned status;
	enum MHD_Result ret;

	(void)method;
	(void)version;
	(void)data;
	(void)len;
	(void)request;
	pthread_mutex_lock(&w->lock);
	status = choose(w, c, path, &text);
	pthread_mutex_unlock(&w->lock);
	text = text ? text : "";
	r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
					    MHD_RESPMEM_MUST_COPY);
	ret = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ret;
}

static void serve(struct world *w, uint16_t port)
{
	w->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, port, NULL, NULL,
				     on_request, w, MHD_OPTION_LISTENING_ADDRESS_REUSE,
				     1U, MHD_OPTION_END);
	assert_non_null(w->daemon);
}

static void on_notice(void *arg, const struct interruption_notice *n)
{
	struct world *w = arg;

	w->told = *n;
	w->n_told++;
}

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e;

	pthread_mutex_init(&w->lock, NULL);
	w->token = "one";
	serve(w, 0);
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	assert_ok(loop_new(&w->loop, &e), &e);
	assert_ok(httpm_open(w->loop, &w->http, &e), &e);
	w->i = interruption_new(w->loop, w->http,
				&(struct interruption_opts){ .source = "ec2",
							     .url = w->url,
							     .interval_ms = 10,
							     .fn = on_notice,
							     .arg = w });
	assert_non_null(w->i);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	interruption_free(w->i);
	httpm_close(w->http);
	loop_free(w->loop);
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return 0;
}

static void set(struct world *w, const char **what, const char *text)
{
	pthread_mutex_lock(&w->lock);
	*what = text;
	pthread_mutex_unlock(&w->lock);
}

static size_t asked(struct world *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->n_asked;
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* As many rounds more, to the end of the last. */
static void run_rounds(struct world *w, size_t n)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	const size_t from = asked(w);

	while (asked(w) < from + n + 1) {
		assert_true(clock_mono_ms() < until);
		loop_once(w->loop, 10);
	}
}

static void wait_told(struct world *w, size_t n)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (w->n_told < n) {
		assert_true(clock_mono_ms() < until);
		loop_once(w->loop, 10);
	}
	assert_int_equal(w->n_told, n);
}

/* ---------------------------------------------------------------- asking */

static void a_notice_is_told_once_and_when_it_changes(void **state)
{
	struct world *w = *state;

	run_rounds(w, 2);
	assert_int_equal(w->n_told, 0);
	set(w, &w->rebalance, "{\"noticeTime\":\"2026-09-18T08:20:00Z\"}");
	wait_told(w, 1);
	assert_string_equal(w->told.how, "rebalance");
	run_rounds(w, 3);
	assert_int_equal(w->n_told, 1);
	set(w, &w->action, "{\"action\":\"terminate\",\"time\":\"soon\"}");
	wait_told(w, 2);
	assert_string_equal(w->told.how, "terminate");
	assert_string_equal(w->told.at, "soon");
	set(w, &w->action, NULL);
	set(w, &w->rebalance, NULL);
	wait_told(w, 3);
	assert_string_equal(w->told.how, "");
	assert_int_equal(w->n_tokens, 1);
}

static void a_token_that_has_run_out_is_renewed(void **state)
{
	struct world *w = *state;

	run_rounds(w, 1);
	set(w, &w->token, "two");
	set(w, &w->action, "{\"action\":\"stop\"}");
	wait_told(w, 1);
	assert_string_equal(w->told.how, "stop");
	assert_int_equal(w->n_tokens, 2);
}

static void the_last_notice_stays_while_the_service_is_away(void **state)
{
	struct world *w = *state;
	const uint16_t port =
		MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;

	set(w, &w->action, "{\"action\":\"stop\"}");
	wait_told(w, 1);
	MHD_stop_daemon(w->daemon);
	for (int n = 0; n < 20; n++)
		loop_once(w->loop, 10);
	assert_int_equal(w->n_told, 1);
	serve(w, port);
	set(w, &w->action, NULL);
	wait_told(w, 2);
	assert_string_equal(w->told.how, "");
}

static void another_source_is_none(void **state)
{
	const struct interruption_opts o = { .source = "none" };

	(void)state;
	assert_null(interruption_new(NULL, NULL, &o));
	assert_null(source_find("EC2"));
	interruption_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_clouds_answer_is_read),
		cmocka_unit_test(one_printable_line_is_kept),
		TEST(a_notice_is_told_once_and_when_it_changes),
		TEST(a_token_that_has_run_out_is_renewed),
		TEST(the_last_notice_stays_while_the_service_is_away),
		cmocka_unit_test(another_source_is_none),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests_name("interruption", tests, NULL, NULL);
}
