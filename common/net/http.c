/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http.h"

#include "check.h"
#include "http_curl.h"

#include <string.h>

void http_res_done(struct http_res *res)
{
	buf_done(&res->headers);
	buf_done(&res->body);
}

static const char *skip_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

bool http_res_header(const struct http_res *res, const char *name, char *text,
		     size_t size)
{
	size_t name_len = strlen(name);
	const char *line = buf_str(&res->headers);

	for (const char *end; (end = strstr(line, "\r\n")); line = end + 2) {
		const char *value, *last = end;

		if ((size_t)(end - line) <= name_len || line[name_len] != ':' ||
		    strncasecmp(line, name, name_len) != 0)
			continue;
		value = skip_blanks(line + name_len + 1, end);
		while (last > value && (last[-1] == ' ' || last[-1] == '\t'))
			last--;
		if ((size_t)(last - value) >= size)
			return false;
		memcpy(text, value, (size_t)(last - value));
		text[last - value] = '\0';
		return true;
	}
	return false;
}

struct exchange {
	const struct http_req *req;
	struct http_res res;
	bool stopped;
	char text[CURL_ERROR_SIZE];
};

static void exchange_done(struct exchange *x)
{
	http_res_done(&x->res);
}
DEFINE_CLEANUP_OBJECT(struct exchange, exchange_done);

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	buf_add(&x->res.body, data, size * n);
	return buf_is_full(&x->res.body) ? 0 : size * n;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct exchange *x = arg;

	(void)a, (void)b, (void)c, (void)d;
	x->stopped = x->req->stop(x->req->stop_arg);
	return x->stopped;
}

static int failure(const struct exchange *x, CURLcode rc, struct err *err)
{
	if (x->stopped)
		return err_set(err, ERR_UNAVAIL, "stopped while waiting for an answer");
	if (buf_is_full(&x->res.body) || buf_is_full(&x->res.headers))
		return err_set(err, ERR_LIMIT, "the answer is larger than %zu bytes",
			       x->res.body.max);
	return http_curl_error(rc, x->text, x->req->url, err);
}

int http_exchange(const struct http_req *req, struct http_res *ret, struct err *err)
{
	enum http_progress progress;

	return http_exchange_progress(req, ret, &progress, err);
}

int http_exchange_progress(const struct http_req *req, struct http_res *ret,
			   enum http_progress *ret_progress, struct err *err)
{
	CLEANUP(exchange_done) struct exchange x = { .req = req };
	CLEANUP(curl_slist_free_all) struct curl_slist *headers = NULL;
	CLEANUP(curl_easy_cleanup) CURL *h = NULL;
	CURLcode curl_rc;
	long sent = 0;
	int rc;

	*ret_progress = HTTP_UNSTARTED;
	buf_init(&x.res.headers, HTTP_HEADER_BYTES);
	buf_init(&x.res.body,
		 req->max_answer_bytes ? req->max_answer_bytes : HTTP_ANSWER_BYTES);
	rc = http_curl_new(req, false, &h, &headers, err);
	if (rc < 0)
		return rc;
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, x.text);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, http_curl_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, &x.res.headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &x);
	if (req->stop) {
		curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(h, CURLOPT_XFERINFODATA, &x);
	}
	curl_rc = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_REQUEST_SIZE, &sent);
	*ret_progress = sent > 0 ? HTTP_SENT : HTTP_UNSENT;
	if (curl_rc != CURLE_OK)
		return failure(&x, curl_rc, err);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &x.res.status);
	*ret = x.res;
	x.res = (struct http_res){ 0 };
	return 0;
}
