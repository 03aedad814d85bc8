/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_curl.h"

#include "check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000
#define TIMEOUT_MS 30000
#define URL_MAX 8192

static int add_header(struct curl_slist **list, const char *line, struct err *err)
{
	struct curl_slist *more;

	if (strpbrk(line, "\r\n"))
		return err_set(err, ERR_INVAL,
			       "a header line must not contain a line break");
	more = curl_slist_append(*list, line);
	CHECK(more);
	*list = more;
	return 0;
}

static int set_headers(CURL *h, const struct http_req *req, struct curl_slist **list,
		       struct err *err)
{
	CLEANUP(free) char *bearer = NULL;
	int rc;

	/*
	 * Waiting for "100 Continue" costs a second with servers that do not send it. In
	 * a signed request curl would sign this line, and not send it.
	 */
	rc = req->sigv4 ? 0 : add_header(list, "Expect:", err);
	for (const char *const *s = req->headers; rc == 0 && s && *s; s++)
		rc = add_header(list, *s, err);
	if (rc == 0 && req->token) {
		bearer = xasprintf("Authorization: Bearer %s", req->token);
		rc = add_header(list, bearer, err);
	}
	if (rc == 0)
		curl_easy_setopt(h, CURLOPT_HTTPHEADER, *list);
	return rc;
}

static void set_method(CURL *h, const struct http_req *req, bool copy_body)
{
	const char *method = req->method;

	if (!method)
		method = req->body ? "POST" : "GET";
	if (req->body) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)req->body_len);
		curl_easy_setopt(h,
				 copy_body ? CURLOPT_COPYPOSTFIELDS : CURLOPT_POSTFIELDS,
				 req->body);
	} else if (strcmp(method, "POST") == 0) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(h, CURLOPT_COPYPOSTFIELDS, "");
	} else if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
	}
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
}

static int set_tls(CURL *h, const struct http_req *req, struct err *err)
{
	const char *const files[] = { req->ca_file, req->cert_file, req->key_file };

	/* curl says that a file is missing, but not which. */
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i] && access(files[i], R_OK) != 0)
			return err_errno(err, ERR_INVAL, "%s", files[i]);
	if (req->ca_file) {
		curl_easy_setopt(h, CURLOPT_CAINFO, req->ca_file);
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	}
	if (req->cert_file)
		curl_easy_setopt(h, CURLOPT_SSLCERT, req->cert_file);
	if (req->key_file)
		curl_easy_setopt(h, CURLOPT_SSLKEY, req->key_file);
	return 0;
}

/* Detects a lost peer on a stream within half a minute. */
static void set_tcp(CURL *h)
{
	curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPIDLE, 10L);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPINTVL, 3L);
	curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
}

struct http_limits http_limits(const struct http_req *req)
{
	int64_t connect =
		req->connect_timeout_ms ? req->connect_timeout_ms : CONNECT_TIMEOUT_MS;

	return (struct http_limits){
		.connect_ms = MAX(connect, 1),
		.all_ms = req->timeout_ms ? req->timeout_ms : TIMEOUT_MS,
	};
}

static void set_timeouts(CURL *h, const struct http_req *req)
{
	const struct http_limits limits = http_limits(req);

	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)limits.connect_ms);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS,
			 limits.all_ms < 0 ? 0L : (long)limits.all_ms);
}

/* What curl knows without asking: addresses, and localhost. */
static bool needs_no_look_up(const char *name)
{
	struct in6_addr address;
	size_t n = strlen(name), local = strlen("localhost");

	return *name == '[' || inet_pton(AF_INET, name, &address) == 1 ||
	       (n >= local && strcasecmp(name + n - local, "localhost") == 0 &&
		(n == local || name[n - local - 1] == '.'));
}

bool http_place_read(const struct http_req *req, struct http_place *ret)
{
	CLEANUP(curl_url_cleanup) CURLU *url = curl_url();
	CLEANUP(curl_free) char *name = NULL;
	CLEANUP(curl_free) char *port = NULL;

	CHECK(url);
	/* The name of a proxy is the caller's to know; curl says what is wrong with a
	 * URL. */
	if (req->unix_socket || req->use_proxy ||
	    curl_url_set(url, CURLUPART_URL, req->url, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &name, CURLU_PUNYCODE) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    needs_no_look_up(name))
		return false;
	ret->name = xstrdup(name);
	for (char *c = ret->name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	ret->port = strtol(port, NULL, 10);
	return true;
}

void http_place_done(struct http_place *p)
{
	free(TAKE(p->name));
}

static curl_socket_t open_allowed(void *arg, curlsocktype purpose,
				  struct curl_sockaddr *a)
{
	const struct http_req *req = arg;

	(void)purpose;
	if (!req->may_connect(req->may_connect_arg, &a->addr))
		return CURL_SOCKET_BAD;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

int http_curl_new(const struct http_req *req, bool copy_body, CURL **ret,
		  struct curl_slist **ret_headers, struct err *err)
{
	CLEANUP(curl_easy_cleanup) CURL *h = curl_easy_init();
	CLEANUP(curl_slist_free_all) struct curl_slist *list = NULL;
	int rc;

	CHECK(h);
	if (!req->url || strlen(req->url) > URL_MAX)
		return err_set(err, ERR_INVAL, "no URL, or one that is too long");
	if (curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "curl has no http and https");
	curl_easy_setopt(h, CURLOPT_URL, req->url);
	/* No part of it takes back another. */
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_FORBID_REUSE, req->is_last ? 1L : 0L);
	/* A handle that is freed must not wait for curl's own look-up. */
	curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "foretide/" FORETIDE_VERSION);
	if (req->unix_socket)
		curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, req->unix_socket);
	else
		set_tcp(h);
	if (req->may_connect) {
		curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_allowed);
		curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, (void *)(uintptr_t)req);
	}
	if (!req->use_proxy)
		curl_easy_setopt(h, CURLOPT_PROXY, "");
	set_timeouts(h, req);
	rc = set_tls(h, req, err);
	if (rc == 0)
		rc = set_headers(h, req, &list, err);
	if (rc < 0)
		return rc;
	set_method(h, req, copy_body);
	if (req->sigv4) {
		curl_easy_setopt(h, CURLOPT_AWS_SIGV4, req->sigv4);
		curl_easy_setopt(h, CURLOPT_USERPWD, req->userpwd);
	}
	*ret = TAKE(h);
	*ret_headers = TAKE(list);
	return 0;
}

/* Many curl errors map to few of ours. */
static int code_of(CURLcode rc)
{
	static const struct {
		CURLcode curl;
		int code;
	} table[] = {
		{ CURLE_URL_MALFORMAT, ERR_INVAL },
		{ CURLE_UNSUPPORTED_PROTOCOL, ERR_INVAL },
		{ CURLE_SSL_CERTPROBLEM, ERR_INVAL },
		{ CURLE_SSL_CACERT_BADFILE, ERR_INVAL },
		{ CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT },
		{ CURLE_PEER_FAILED_VERIFICATION, ERR_DENIED },
		{ CURLE_WEIRD_SERVER_REPLY, ERR_PROTO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].curl == rc)
			return table[i].code;
	return ERR_UNAVAIL;
}

int http_curl_error(CURLcode rc, const char *text, const char *url, struct err *err)
{
	size_t shown = strcspn(url, "?"); /* a query may hold a secret */
	int code = code_of(rc);

	/* curl also reports "unsupported protocol" for an answer without a
	 * status line. */
	if (strstr(text, "HTTP/0.9"))
		code = ERR_PROTO;
	return err_set(err, code, "%.*s: %s", (int)MIN(shown, 200), url,
		       text[0] ? text : curl_easy_strerror(rc));
}

size_t http_curl_header(char *data, size_t size, size_t n, void *buf)
{
	struct buf *b = buf;

	/* A status line begins the headers of the next answer (after a 100). */
	if (size * n > 5 && memcmp(data, "HTTP/", 5) == 0)
		buf_clear(b);
	buf_add(b, data, size * n);
	return buf_is_full(b) ? 0 : size * n;
}
