/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "post.h"

#include "check.h"

void post_done(struct post *p)
{
	free(p->controller);
	free(p->ca_file);
	free(p->cert_file);
	free(p->key_file);
}

void post_json(const struct post *p, const char *path, const char *body, size_t len,
	       httpm_done_fn *fn, void *arg, struct httpm_call **ret)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	CLEANUP(free) char *url = xasprintf("%s%s", p->controller, path);
	struct http_req req = { .method = "POST",
				.url = url,
				.headers = headers,
				.body = body,
				.body_len = len,
				.ca_file = p->ca_file,
				.cert_file = p->cert_file,
				.key_file = p->key_file,
				.connect_timeout_ms = 3000,
				.timeout_ms = POST_MS,
				.max_answer_bytes = 1 << 16 };

	*ret = httpm_start(p->http, &req, NULL, fn, arg);
}
