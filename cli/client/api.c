/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api.h"

#include "check.h"
#include "exit_status.h"
#include "file.h"
#include "path.h"
#include "printable.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define URL_DEFAULT "http://127.0.0.1:7070"
#define ANSWER_MAX_BYTES (64 << 20)
#define FILE_MAX_BYTES ((size_t)8 << 30) /* through memory */
#define PATH_MAX_BYTES 8192
#define RETRY_MAX_S 3600

static int read_token(const struct args *a, char **ret, struct err *err)
{
	const char *env = getenv("FORETIDE_TOKEN");
	const char *home = getenv("HOME");
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *text = NULL;
	int rc;

	if (!a->token_file && env && *env) {
		*ret = xstrdup(env);
		return 0;
	}
	path = a->token_file ? xstrdup(a->token_file)
			     : xasprintf("%s/.config/foretide/token", home ? home : "");
	rc = conf_read_file(path, 4096, &text, NULL, err);
	if (rc == ERR_NOT_FOUND && !a->token_file)
		return 0;
	if (rc < 0)
		return rc;
	text[strcspn(text, " \t\r\n")] = '\0';
	*ret = TAKE(text);
	return 0;
}

int client_init(struct client *c, const struct args *a, struct err *err)
{
	const char *env = getenv("FORETIDE_URL");

	*c = (struct client){ .ca = a->ca, .is_raw = a->json };
	c->url = xstrdup(a->url ? a->url : env && *env ? env : URL_DEFAULT);
	for (size_t n = strlen(c->url); n && c->url[n - 1] == '/';)
		c->url[--n] = '\0';
	return read_token(a, &c->token, err);
}

void client_done(struct client *c)
{
	free(c->url);
	free(c->token);
	*c = (struct client){ 0 };
}

/* The controller's message, or the status without one. */
static int problem(const struct client *c, const struct http_res *res, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *text = NULL;
	const char *words = NULL;
	int code = err_from_http_status(res->status);

	if (json_parse(buf_str(&res->body), res->body.len, "answer", &doc, NULL) == 0 &&
	    (jread_str_opt(doc, "detail", &words, NULL) < 0 || !words))
		(void)!jread_str_opt(doc, "title", &words, NULL);
	if (words)
		words = text = printable(words, "\n\t");
	if (words && res->status == 401 && !c->token)
		return err_set(err, code, "%s (set FORETIDE_TOKEN or --token-file)",
			       words);
	if (words)
		return err_set(err, code, "%s", words);
	return err_set(err, code, "%s answered with status %ld", c->url, res->status);
}

void client_query(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(path, "%c%s=", strchr(buf_str(path), '?') ? '&' : '?', name);
	http_escape(path, value);
}

static int64_t retry_after_ms(const struct http_res *res)
{
	char text[16];
	int64_t s;

	return http_res_header(res, "Retry-After", text, sizeof(text)) &&
			       conf_parse_int(text, &s, NULL) == 0 && s > 0 &&
			       s <= RETRY_MAX_S
		       ? s * 1000
		       : 0;
}

static int exchange_up_to(struct client *c, const char *method, const char *path,
			  const char *type, const char *body, size_t len,
			  size_t max_answer_bytes, struct http_res *ret, struct err *err)
{
	CLEANUP(free) char *url = xasprintf("%s%s", c->url, path);
	CLEANUP(free) char *content = type ? xasprintf("Content-Type: %s", type) : NULL;
	CLEANUP(free)
	char *match = c->if_match ? xasprintf("If-Match: %s", c->if_match) : NULL;
	const char *headers[] = { content ? content : match, content ? match : NULL,
				  NULL };
	struct http_req req = {
		.method = method,
		.url = url,
		.headers = headers,
		.body = body,
		.body_len = len,
		.ca_file = c->ca,
		.token = c->token,
		.timeout_ms = 120000,
		.max_answer_bytes = max_answer_bytes,
	};
	int rc = client_path_check(path, err);

	if (rc == 0)
		rc = http_exchange(&req, ret, err);
	c->status = rc == 0 ? ret->status : 0;
	c->retry_ms = rc == 0 ? retry_after_ms(ret) : 0;
	/* It is the controller that is refused here, not the caller. */
	if (rc == ERR_DENIED)
		return err_wrap(err, ERR_PROTO,
				"the certificate of %s is not trusted, see --ca", c->url);
	return rc == 0 && (ret->status < 200 || ret->status >= 300) ? problem(c, ret, err)
								    : rc;
}

static int exchange(struct client *c, const char *method, const char *path,
		    const char *type, const char *body, size_t len, struct http_res *ret,
		    struct err *err)
{
	return exchange_up_to(c, method, path, type, body, len, ANSWER_MAX_BYTES, ret,
			      err);
}

int client_get_file(struct client *c, const char *path, const char *file,
		    size_t *ret_bytes, struct err *err)
{
	CLEANUP(http_res_done) struct http_res res = { 0 };
	int rc = exchange_up_to(c, "GET", path, NULL, NULL, 0, FILE_MAX_BYTES, &res, err);

	if (rc < 0)
		return rc;
	*ret_bytes = res.body.len;
	return file_write(file, buf_str(&res.body), res.body.len, 0600, err);
}

int client_get_text(struct client *c, const char *path, char **ret, struct err *err)
{
	CLEANUP(http_res_done) struct http_res res = { 0 };
	int rc = exchange(c, "GET", path, NULL, NULL, 0, &res, err);

	if (rc == 0)
		*ret = xstrdup(buf_str(&res.body));
	return rc;
}

int client_send_text(struct client *c, const char *method, const char *path,
		     const char *type, const char *body, size_t len, json_t **ret,
		     struct err *err)
{
	CLEANUP(http_res_done) struct http_res res = { 0 };
	int rc = exchange(c, method, path, type, body, len, &res, err);

	if (rc < 0)
		return rc;
	if (res.body.len == 0) {
		*ret = NULL;
		return 0;
	}
	rc = json_parse(buf_str(&res.body), res.body.len, "the controller's answer", ret,
			err);
	if (rc == 0 && !c->is_raw)
		printable_doc(*ret);
	return rc;
}

int client_send(struct client *c, const char *method, const char *path,
		const json_t *body, json_t **ret, struct err *err)
{
	CLEANUP(free) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	return client_send_text(c, method, path, text ? "application/json" : NULL, text,
				text ? strlen(text) : 0, ret, err);
}

int client_get(struct client *c, const char *path, json_t **ret, struct err *err)
{
	return client_send(c, "GET", path, NULL, ret, err);
}

int client_list(struct client *c, const char *path, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *all = json_array();
	CLEANUP(free) char *cursor = NULL;

	do {
		CLEANUP(json_decref) json_t *page = NULL;
		CLEANUP(buf_done) struct buf at;
		const char *next = NULL;
		int rc;

		buf_init(&at, PATH_MAX_BYTES);
		buf_puts(&at, path);
		if (cursor) {
			buf_printf(&at, "%ccursor=", strchr(path, '?') ? '&' : '?');
			http_escape(&at, cursor);
		}
		rc = client_get(c, buf_str(&at), &page, err);
		if (rc == 0)
			rc = jread_str_opt(page, "next", &next, err);
		if (rc < 0)
			return rc;
		json_array_extend(all, json_object_get(page, "items"));
		free(cursor);
		cursor = next ? xstrdup(next) : NULL;
	} while (cursor);
	*ret = TAKE(all);
	return 0;
}

int client_exit(const struct args *a, int rc, const struct err *err)
{
	return cli_exit(a->command, rc, err);
}

static void print_json(const json_t *doc, size_t flags)
{
	json_dumpf(doc, stdout,
		   flags | JSON_ENCODE_ANY |
			   (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0));
	putchar('\n');
}

void client_print(const json_t *doc)
{
	print_json(doc, JSON_INDENT(2));
}

void client_print_line(const json_t *doc)
{
	print_json(doc, JSON_COMPACT);
}
