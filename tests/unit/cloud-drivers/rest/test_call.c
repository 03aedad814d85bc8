/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "rest.h"
#include "scripted_host.h"
#include "text.h"

#define SECRET "very-secret"

struct world {
	struct scripted_host host;
	struct rest rest;
	int logins;
	int64_t ttl_ms;
	int refuse; /* class that the login fails with; 0: none */
};

static int log_in(void *arg, int64_t deadline, struct drv_err *err)
{
	struct world *w = arg;
	char token[32];

	(void)deadline;
	if (w->refuse)
		return drv_fail(err, (enum drv_class)w->refuse, "no login");
	snprintf(token, sizeof(token), "token-%d", ++w->logins);
	rest_token_set(&w->rest.token, token, w->ttl_ms, w->host.mono_ms);
	return 0;
}

static void explain(void *arg, const struct rest_answer *a, struct rest_fault *f)
{
	(void)arg;
	f->code = rest_text(a->doc, "error.code");
	if (*rest_text(a->doc, "error.message"))
		f->message = rest_text(a->doc, "error.message");
	if (strcmp(f->code, "over") == 0)
		f->cls = DRV_QUOTA;
}

static void begin(struct world *w, const struct scripted_answer *answers, size_t n)
{
	static const char *const secrets[] = { SECRET, NULL };

	*w = (struct world){ .ttl_ms = 3600000 };
	scripted_start(&w->host, answers, n);
	w->rest = (struct rest){
		.host = &w->host.services,
		.token_header = "X-Token: ",
		.request_id_header = "X-Request-Id",
		.secrets = secrets,
		.login = log_in,
		.explain = explain,
		.arg = w,
	};
}

static void end(struct world *w)
{
	rest_done(&w->rest);
	scripted_end(&w->host);
}

static int call(struct world *w, const char *method, struct rest_answer *a,
		struct drv_err *e)
{
	const struct rest_call c = {
		.method = method,
		.url = "https://cloud.test/v1/things?secret=no",
		.want_doc = true,
	};

	memset(a, 0, sizeof(*a));
	return rest_call(&w->rest, &c, a, e);
}

/* The class of a call that gets this one answer. */
static int class_of(const char *method, struct scripted_answer answer, struct drv_err *e)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { 0 };
	struct world w;
	int rc;

	begin(&w, &answer, 1);
	w.rest.login = NULL;
	rc = call(&w, method, &a, e);
	end(&w);
	return rc;
}

static void a_call_carries_token_and_body_and_reads_the_answer(void **state)
{
	const struct scripted_answer answers[] = { { 201, NULL,
						     "{\"thing\": {\"id\": 7}}" } };
	static const char *const headers[] = { "X-More: yes", NULL };
	CLEANUP(rest_answer_done) struct rest_answer a = { 0 };
	CLEANUP(json_decref) json_t *body = json_pack("{s:s}", "a", "b");
	struct drv_err e;
	struct world w;

	(void)state;
	begin(&w, answers, 1);
	assert_int_equal(rest_call(&w.rest,
				   &(struct rest_call){ .method = "POST",
							.url = "https://cloud.test/",
							.headers = headers,
							.body = body,
							.want_doc = true },
				   &a, &e),
			 0);
	assert_int_equal(a.status, 201);
	assert_int_equal(rest_int(a.doc, "thing.id", 0), 7);
	assert_string_equal(w.host.requests[0].body, "{\"a\":\"b\"}");
	assert_non_null(strstr(w.host.requests[0].headers, "X-Token: token-1\n"));
	assert_non_null(strstr(w.host.requests[0].headers, "X-More: yes\n"));
	assert_non_null(
		strstr(w.host.requests[0].headers, "Content-Type: application/json\n"));
	rest_answer_done(&a);
	end(&w);
}

/* Not JSON: the one word of the body. */
static int parse_word(const char *text, size_t len, json_t **ret, struct err *err)
{
	if (strchr(text, '<'))
		return err_set(err, ERR_INVAL, "no word");
	*ret = json_pack("{s:s%}", "word", text, len);
	return 0;
}

static void explain_word(void *arg, const struct rest_answer *a, struct rest_fault *f)
{
	(void)arg;
	f->request_id = rest_text(a->doc, "word");
}

/* The class of a signed form that reads, or does not, and gets this one answer. */
static int form_of(bool only_reads, struct scripted_answer answer, struct drv_err *e)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { 0 };
	struct world w;
	int rc;

	begin(&w, &answer, 1);
	w.rest.login = NULL;
	w.rest.parse = parse_word;
	w.rest.explain = explain_word;
	w.rest.userpwd = "key:" SECRET;
	rc = rest_call(&w.rest,
		       &(struct rest_call){ .method = "POST",
					    .url = "https://cloud.test/",
					    .name = "DoIt",
					    .form = "Action=DoIt",
					    .sigv4 = "aws:amz:one:two",
					    .only_reads = only_reads,
					    .want_doc = true },
		       &a, e);
	assert_string_equal(w.host.requests[0].body, "Action=DoIt");
	assert_string_equal(w.host.requests[0].sigv4, "aws:amz:one:two");
	assert_string_equal(w.host.requests[0].userpwd, "key:" SECRET);
	assert_non_null(strstr(w.host.requests[0].headers,
			       "Content-Type: application/x-www-form-urlencoded\n"));
	assert_null(strstr(w.host.requests[0].headers, "json"));
	if (rc == 0)
		assert_string_equal(rest_text(a.doc, "word"), answer.body);
	rest_answer_done(&a);
	end(&w);
	return rc;
}

static void a_cloud_may_speak_something_else_than_json(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int of_read, of_write;
		const char *word;
	} cases[] = {
		{ { 200, NULL, "yes" }, 0, 0, "" },
		{ { 200, NULL, "<html>" }, DRV_TRANSIENT, DRV_AMBIGUOUS, "cannot be" },
		{ { 500, NULL, "req-7" }, DRV_TRANSIENT, DRV_AMBIGUOUS, "DoIt https" },
		{ { .status = DRV_AMBIGUOUS }, DRV_TRANSIENT, DRV_AMBIGUOUS, "lost" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct drv_err e = { .msg = "" };

		assert_int_equal(form_of(true, cases[i].answer, &e), cases[i].of_read);
		assert_int_equal(e.cls, cases[i].of_read);
		assert_int_equal(form_of(false, cases[i].answer, &e), cases[i].of_write);
		assert_int_equal(e.cls, cases[i].of_write);
		assert_non_null(strstr(e.msg, cases[i].word));
		if (cases[i].answer.status == 500)
			assert_string_equal(e.request_id, "req-7");
	}
}

static void a_token_is_kept_until_shortly_before_it_expires(void **state)
{
	const struct scripted_answer ok = { 200, NULL, "{}" };
	const struct scripted_answer answers[] = { ok, ok, ok };
	struct rest_answer a;
	struct drv_err e;
	struct world w;

	(void)state;
	begin(&w, answers, 3);
	w.ttl_ms = 20000;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(call(&w, "GET", &a, &e), 0);
		rest_answer_done(&a);
		/* Of 20 s the last 4 are left to calls that are under way. */
		assert_int_equal(w.logins, i < 2 ? 1 : 2);
		w.host.mono_ms += i == 0 ? 15999 : 1;
	}
	end(&w);
}

static void a_token_that_is_refused_is_renewed_once(void **state)
{
	const struct scripted_answer no = { 401, NULL, "{}" }, ok = { 200, NULL, "{}" };
	const struct scripted_answer answers[] = { no, ok, no, no };
	struct rest_answer a;
	struct drv_err e;
	struct world w;

	(void)state;
	begin(&w, answers, 4);
	assert_int_equal(call(&w, "POST", &a, &e), 0);
	rest_answer_done(&a);
	assert_non_null(strstr(w.host.requests[1].headers, "token-2"));
	assert_int_equal(call(&w, "POST", &a, &e), DRV_AUTH);
	assert_int_equal(w.logins, 3);
	end(&w);
}

static void a_login_that_fails_is_what_the_call_fails_with(void **state)
{
	struct rest_answer a;
	struct drv_err e;
	struct world w;

	(void)state;
	begin(&w, NULL, 0);
	w.refuse = DRV_THROTTLED;
	assert_int_equal(call(&w, "GET", &a, &e), DRV_THROTTLED);
	assert_string_equal(e.msg, "no login");
	end(&w);
}

static void the_status_gives_the_class(void **state)
{
	static const struct {
		long status;
		int of_get, of_post;
	} cases[] = {
		{ 301, DRV_BADREQ, DRV_BADREQ },
		{ 400, DRV_BADREQ, DRV_BADREQ },
		{ 401, DRV_AUTH, DRV_AUTH },
		{ 403, DRV_AUTH, DRV_AUTH },
		{ 404, DRV_BADREQ, DRV_BADREQ },
		{ 408, DRV_TRANSIENT, DRV_TRANSIENT },
		{ 409, DRV_CONFLICT, DRV_CONFLICT },
		{ 410, DRV_BADREQ, DRV_BADREQ },
		{ 413, DRV_BADREQ, DRV_BADREQ },
		{ 422, DRV_BADREQ, DRV_BADREQ },
		{ 423, DRV_CONFLICT, DRV_CONFLICT },
		{ 429, DRV_THROTTLED, DRV_THROTTLED },
		{ 500, DRV_TRANSIENT, DRV_AMBIGUOUS },
		{ 501, DRV_NOTSUP, DRV_NOTSUP },
		{ 502, DRV_TRANSIENT, DRV_AMBIGUOUS },
		{ 503, DRV_TRANSIENT, DRV_AMBIGUOUS },
		{ 504, DRV_TRANSIENT, DRV_AMBIGUOUS },
		{ 100, DRV_BUG, DRV_BUG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scripted_answer a = { cases[i].status, NULL, "<html>" };
		struct drv_err e;

		assert_int_equal(class_of("GET", a, &e), cases[i].of_get);
		assert_int_equal(class_of("POST", a, &e), cases[i].of_post);
		assert_int_equal(e.http_status, cases[i].status);
		assert_int_equal(e.retry_after_ms, -1);
	}
}

static void only_the_cloud_itself_says_that_something_is_not_there(void **state)
{
	static const char *const others[] = { "", "<html>", "{}", "{\"error\": {}}" };
	static const long statuses[] = { 404, 410 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct scripted_answer a = { statuses[i], NULL,
					     "{\"error\": {\"code\": \"none\"}}" };
		struct drv_err e;

		assert_int_equal(class_of("GET", a, &e), DRV_NOTFOUND);
		assert_int_equal(class_of("DELETE", a, &e), DRV_NOTFOUND);
		for (size_t j = 0; j < ARRAY_SIZE(others); j++) {
			a.body = others[j];
			assert_int_equal(class_of("DELETE", a, &e), DRV_BADREQ);
			assert_non_null(strstr(e.msg, "see whether the address"));
		}
	}
}

static void the_time_to_wait_is_read_in_both_forms_and_bounded(void **state)
{
	static const struct {
		const char *header;
		int64_t ms;
	} cases[] = {
		{ "retry-after:  30 \r\n", 30000 },
		{ "Retry-After: Thu, 01 Jan 2026 00:01:00 GMT\r\n", 60000 },
		{ "Retry-After: Wed, 31 Dec 2025 00:00:00 GMT\r\n", 0 },
		{ "Retry-After: 99999999999999999999999\r\n", 3600000 },
		{ "Retry-After: soon\r\n", -1 },
		{ "Retry-After: 1x\r\n", -1 },
		{ "X-Retry-After: 5\r\n", -1 },
	};
	struct drv_err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scripted_answer a = { 429, cases[i].header, "" };

		assert_int_equal(class_of("GET", a, &e), DRV_THROTTLED);
		assert_int_equal(e.retry_after_ms, cases[i].ms);
	}
	assert_int_equal(
		class_of("POST",
			 (struct scripted_answer){ 503, "Retry-After: 1\r\n", "" }, &e),
		DRV_THROTTLED);
	assert_int_equal(
		class_of("POST",
			 (struct scripted_answer){ 413, "Retry-After: 1\r\n", "" }, &e),
		DRV_THROTTLED);
}

static void a_failure_says_what_the_cloud_said_and_no_secret(void **state)
{
	const struct scripted_answer a = {
		403, "X-Request-Id: req-1\r\n",
		"{\"error\": {\"code\": \"over\", \"message\": \"too many\\nfor " SECRET
		"\"}}"
	};
	struct drv_err e;

	(void)state;
	assert_int_equal(class_of("POST", a, &e), DRV_QUOTA);
	assert_string_equal(e.msg,
			    "POST https://cloud.test/v1/things: 403 over: too many "
			    "for ***");
	assert_string_equal(e.code, "over");
	assert_string_equal(e.request_id, "req-1");
	assert_int_equal(e.http_status, 403);
}

static void a_failure_does_not_show_the_token(void **state)
{
	const struct scripted_answer answers[] = {
		{ 500, NULL, "{\"error\": {\"message\": \"bad header token-1, sorry\"}}" }
	};
	struct rest_answer a;
	struct drv_err e;
	struct world w;

	(void)state;
	begin(&w, answers, 1);
	assert_int_equal(call(&w, "GET", &a, &e), DRV_TRANSIENT);
	assert_non_null(strstr(e.msg, "bad header ***, sorry"));
	end(&w);
}

static void an_answer_that_is_no_json_says_nothing_of_what_was_done(void **state)
{
	static const char *const bodies[] = { "", "<html>", "{\"a\": ", "[1]",
					      "\"\xff\"" };
	struct drv_err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		const struct scripted_answer a = { 200, NULL, bodies[i] };

		assert_int_equal(class_of("GET", a, &e), DRV_TRANSIENT);
		assert_int_equal(class_of("POST", a, &e), DRV_AMBIGUOUS);
		assert_int_equal(e.http_status, 200);
	}
}

static void a_lost_call_fails_as_the_host_says(void **state)
{
	struct drv_err e;

	(void)state;
	assert_int_equal(
		class_of("POST", (struct scripted_answer){ .status = DRV_AMBIGUOUS }, &e),
		DRV_AMBIGUOUS);
	assert_int_equal(
		class_of("GET", (struct scripted_answer){ .status = DRV_TRANSIENT }, &e),
		DRV_TRANSIENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_carries_token_and_body_and_reads_the_answer),
		cmocka_unit_test(a_cloud_may_speak_something_else_than_json),
		cmocka_unit_test(a_token_is_kept_until_shortly_before_it_expires),
		cmocka_unit_test(a_token_that_is_refused_is_renewed_once),
		cmocka_unit_test(a_login_that_fails_is_what_the_call_fails_with),
		cmocka_unit_test(the_status_gives_the_class),
		cmocka_unit_test(only_the_cloud_itself_says_that_something_is_not_there),
		cmocka_unit_test(the_time_to_wait_is_read_in_both_forms_and_bounded),
		cmocka_unit_test(a_failure_says_what_the_cloud_said_and_no_secret),
		cmocka_unit_test(a_failure_does_not_show_the_token),
		cmocka_unit_test(an_answer_that_is_no_json_says_nothing_of_what_was_done),
		cmocka_unit_test(a_lost_call_fails_as_the_host_says),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
