/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_async.h"

#include "cert_age.h"
#include "check.h"
#include "clock.h"
#include "http_curl.h"
#include "resolver.h"

#include <string.h>
#include <sys/epoll.h>

#define HTTPM_MAGIC 0x6874746du
#define CALL_MAGIC 0x63616c6cu
/* Beyond so many, one that is idle is closed: two watches and one for the rest. A
 * controller pays for those of all its hosts. */
#define KEPT_CONNECTIONS 3L
/* curl reads at most 100 times 16 KiB before the bytes of a stream can be delivered. */
#define STREAM_BYTES (4u << 20)

struct httpm {
	uint32_t magic;
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;    /* curl's */
	struct loop_timer *deferred; /* for calls that could not be started */
	struct resolver *resolver;
	struct httpm_call *calls;
	struct cert_age cert; /* of connections that are kept */
};

struct httpm_call {
	uint32_t magic;
	struct httpm *m;
	struct httpm_call *next, **link; /* *link == this */
	CURL *h;                         /* NULL: never started, see failed */
	bool begun;                      /* curl has it */
	struct http_place place;         /* whose addresses it needs */
	struct resolver_wait *wait;      /* for them */
	struct loop_timer *limit;        /* of this wait */
	int64_t started_ms, timeout_ms;  /* -1: no limit */
	struct curl_slist *headers, *addresses;
	httpm_data_fn *data;
	httpm_done_fn *done;
	void *arg;
	char *url;
	struct http_res res;
	struct buf pending; /* body of a stream that was not delivered yet */
	size_t max_bytes;
	bool overflow; /* something did not fit */
	struct err failed;
	char text[CURL_ERROR_SIZE];
};

static void call_free(struct httpm_call *c)
{
	if (c->link) {
		*c->link = c->next;
		if (c->next)
			c->next->link = c->link;
	}
	resolver_cancel(c->wait);
	loop_timer_free(c->limit);
	if (c->begun)
		curl_multi_remove_handle(c->m->multi, c->h);
	curl_easy_cleanup(c->h);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->addresses);
	http_place_done(&c->place);
	http_res_done(&c->res);
	buf_done(&c->pending);
	free(c->url);
	c->magic = 0;
	free(c);
}

/* ---------------------------------------------------------------- callbacks */

/* Delivers one stream's bytes; false when none had any. The callback may end calls. */
static bool deliver_one(struct httpm *m)
{
	for (struct httpm_call *c = m->calls; c; c = c->next) {
		struct buf bytes = c->pending;

		if (!bytes.len)
			continue;
		buf_init(&c->pending, c->max_bytes);
		loop_doing(m->loop, "what %.*s streams", (int)strcspn(c->url, "?"),
			   c->url);
		c->data(c->arg, bytes.data, bytes.len);
		buf_done(&bytes);
		return true;
	}
	return false;
}

static bool was_sent(struct httpm_call *c)
{
	long sent_bytes = 0;

	curl_easy_getinfo(c->h, CURLINFO_REQUEST_SIZE, &sent_bytes);
	return sent_bytes > 0;
}

static void finish(struct httpm_call *c, CURLcode rc)
{
	httpm_done_fn *done = c->done;
	void *arg = c->arg;
	bool sent = was_sent(c);
	struct err err;

	if (rc != CURLE_OK && !sent && c->place.name)
		resolver_doubt(c->m->resolver, c->place.name);
	if (rc == CURLE_OK) {
		curl_easy_getinfo(c->h, CURLINFO_RESPONSE_CODE, &c->res.status);
	} else if (c->overflow || buf_is_full(&c->res.headers)) {
		err_set(&err, ERR_LIMIT, "the answer is larger than %zu bytes",
			c->max_bytes);
	} else {
		http_curl_error(rc, c->text, c->url, &err);
	}
	/* Off the list before the callback, which could cancel the call otherwise. */
	struct http_res res = c->res;

	c->res = (struct http_res){ 0 };
	loop_doing(c->m->loop, "the answer of %.*s", (int)strcspn(c->url, "?"), c->url);
	call_free(c);
	done(arg, rc == CURLE_OK ? &res : NULL, sent, rc == CURLE_OK ? NULL : &err);
	http_res_done(&res);
}

static bool finish_one(struct httpm *m)
{
	struct httpm_call *c = NULL;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(m->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		CURLcode rc = msg->data.result;

		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &c);
		CHECK_MAGIC(c, CALL_MAGIC);
		finish(c, rc);
		return true;
	}
	return false;
}

/* Outside of curl, where every call into it is allowed. */
static void settle(struct httpm *m)
{
	while (deliver_one(m) || finish_one(m))
		;
}

/* Before curl had it. */
static void fail(struct httpm_call *c)
{
	httpm_done_fn *done = c->done;
	void *arg = c->arg;
	struct err err = c->failed;

	call_free(c);
	done(arg, NULL, false, &err);
}

static void on_deferred(void *arg)
{
	struct httpm *m = arg;
	struct httpm_call *c = m->calls;

	while (c) {
		if (!c->failed.code) {
			c = c->next;
			continue;
		}
		fail(c);
		c = m->calls;
	}
}

/* ---------------------------------------------------------------- curl's side */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct httpm_call *c = arg;
	long status = 0;
	struct buf *to = &c->res.body;

	CHECK_MAGIC(c, CALL_MAGIC);
	curl_easy_getinfo(c->h, CURLINFO_RESPONSE_CODE, &status);
	if (c->data && status >= 200 && status < 300)
		to = &c->pending;
	buf_add(to, data, size * n);
	c->overflow = buf_is_full(to);
	return c->overflow ? 0 : size * n;
}

static void on_io(void *arg, int fd, uint32_t events)
{
	struct httpm *m = arg;
	int flags = 0;
	int running;

	CHECK_MAGIC(m, HTTPM_MAGIC);
	if (events & EPOLLIN)
		flags |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		flags |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		flags |= CURL_CSELECT_ERR;
	curl_multi_socket_action(m->multi, fd, flags, &running);
	settle(m);
}

static void on_timer(void *arg)
{
	struct httpm *m = arg;
	int running;

	CHECK_MAGIC(m, HTTPM_MAGIC);
	curl_multi_socket_action(m->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	settle(m);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct httpm *m = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_unset(m->timer);
	else
		loop_timer_in(m->timer, ms);
	return 0;
}

static uint32_t epoll_events(int what)
{
	switch (what) {
	case CURL_POLL_IN:
		return EPOLLIN;
	case CURL_POLL_OUT:
		return EPOLLOUT;
	case CURL_POLL_INOUT:
		return EPOLLIN | EPOLLOUT;
	default:
		return 0;
	}
}

/* known is non-NULL when the loop watches fd already. */
static int set_socket(CURL *h, curl_socket_t fd, int what, void *arg, void *known)
{
	struct httpm *m = arg;

	(void)h;
	if (what == CURL_POLL_REMOVE) {
		loop_io_del(m->loop, fd);
		return 0;
	}
	if (known) {
		loop_io_mod(m->loop, fd, epoll_events(what));
		return 0;
	}
	if (loop_io_add(m->loop, fd, epoll_events(what), on_io, m, NULL) < 0)
		return -1;
	curl_multi_assign(m->multi, fd, m);
	return 0;
}

/* ---------------------------------------------------------------- public */

int httpm_open(struct loop *loop, struct httpm **ret, struct err *err)
{
	CLEANUP(httpm_close) struct httpm *m = xcalloc(1, sizeof(*m));
	int rc;

	m->magic = HTTPM_MAGIC;
	m->loop = loop;
	m->timer = loop_timer_new(loop, on_timer, m);
	m->deferred = loop_timer_new(loop, on_deferred, m);
	m->multi = curl_multi_init();
	if (!m->multi)
		return err_set(err, ERR_INTERNAL, "curl_multi_init failed");
	rc = resolver_new(loop, &m->resolver, err);
	if (rc < 0)
		return rc;
	curl_multi_setopt(m->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(m->multi, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(m->multi, CURLMOPT_TIMERDATA, m);
	curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
	*ret = TAKE(m);
	return 0;
}

void httpm_close(struct httpm *m)
{
	if (!m)
		return;
	CHECK_MAGIC(m, HTTPM_MAGIC);
	while (m->calls)
		call_free(m->calls);
	if (m->multi)
		curl_multi_cleanup(m->multi);
	cert_age_done(&m->cert);
	resolver_free(m->resolver);
	loop_timer_free(m->timer);
	loop_timer_free(m->deferred);
	m->magic = 0;
	free(m);
}

/* Hands the call to curl; addresses NULL: it needs none. */
static int begin(struct httpm_call *c, const char *addresses)
{
	if (addresses) {
		CLEANUP(free)
		char *line =
			xasprintf("+%s:%ld:%s", c->place.name, c->place.port, addresses);

		c->addresses = curl_slist_append(NULL, line);
		CHECK(c->addresses);
		curl_easy_setopt(c->h, CURLOPT_RESOLVE, c->addresses);
	}
	if (curl_multi_add_handle(c->m->multi, c->h) != CURLM_OK)
		return err_set(&c->failed, ERR_INTERNAL, "curl_multi_add_handle failed");
	c->begun = true;
	return 0;
}

static void on_limit(void *arg)
{
	struct httpm_call *c = arg;

	CHECK_MAGIC(c, CALL_MAGIC);
	err_set(&c->failed, ERR_TIMEOUT,
		"%s is not resolved after %lld ms: does its name server answer?",
		c->place.name, (long long)(clock_mono_ms() - c->started_ms));
	fail(c);
}

static void on_resolved(void *arg, const char *addresses, const struct err *err)
{
	struct httpm_call *c = arg;

	CHECK_MAGIC(c, CALL_MAGIC);
	c->wait = NULL;
	loop_timer_unset(c->limit);
	if (err)
		c->failed = *err;
	if (c->timeout_ms > 0)
		curl_easy_setopt(
			c->h, CURLOPT_TIMEOUT_MS,
			(long)MAX(c->started_ms + c->timeout_ms - clock_mono_ms(), 1));
	if (err || begin(c, addresses) < 0)
		fail(c);
}

static void wait_for_addresses(struct httpm_call *c, const struct http_limits *limits)
{
	int64_t most = limits->connect_ms;

	if (limits->all_ms > 0)
		most = MIN(most, limits->all_ms);
	c->started_ms = clock_mono_ms();
	c->timeout_ms = limits->all_ms;
	c->limit = loop_timer_new(c->m->loop, on_limit, c);
	loop_timer_in(c->limit, most);
	c->wait = resolver_wait(c->m->resolver, c->place.name, on_resolved, c);
}

static int start(struct httpm_call *c, const struct http_req *req)
{
	const struct http_limits limits = http_limits(req);
	const char *addresses = NULL;
	int rc = http_curl_new(req, true, &c->h, &c->headers, &c->failed);

	if (rc < 0)
		return rc;
	if (req->cert_file)
		cert_age_set(&c->m->cert, c->h, req->cert_file);
	curl_easy_setopt(c->h, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->h, CURLOPT_ERRORBUFFER, c->text);
	curl_easy_setopt(c->h, CURLOPT_HEADERFUNCTION, http_curl_header);
	curl_easy_setopt(c->h, CURLOPT_HEADERDATA, &c->res.headers);
	curl_easy_setopt(c->h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->h, CURLOPT_WRITEDATA, c);
	if (http_place_read(req, &c->place)) {
		addresses = resolver_get(c->m->resolver, c->place.name);
		if (!addresses) {
			wait_for_addresses(c, &limits);
			return 0;
		}
	}
	return begin(c, addresses);
}

struct httpm_call *httpm_start(struct httpm *m, const struct http_req *req,
			       httpm_data_fn *data, httpm_done_fn *done, void *arg)
{
	struct httpm_call *c = xcalloc(1, sizeof(*c));

	CHECK_MAGIC(m, HTTPM_MAGIC);
	c->magic = CALL_MAGIC;
	c->m = m;
	c->data = data;
	c->done = done;
	c->arg = arg;
	c->url = xstrdup(req->url ? req->url : "");
	c->max_bytes = req->max_answer_bytes ? req->max_answer_bytes : HTTP_ANSWER_BYTES;
	if (data)
		c->max_bytes = MAX(c->max_bytes, STREAM_BYTES);
	buf_init(&c->res.headers, HTTP_HEADER_BYTES);
	buf_init(&c->res.body, c->max_bytes);
	buf_init(&c->pending, c->max_bytes);
	c->next = m->calls;
	if (c->next)
		c->next->link = &c->next;
	c->link = &m->calls;
	m->calls = c;
	if (start(c, req) < 0)
		loop_timer_in(m->deferred, 0);
	return c;
}

void httpm_cancel(struct httpm_call *c)
{
	if (!c)
		return;
	CHECK_MAGIC(c, CALL_MAGIC);
	call_free(c);
}
