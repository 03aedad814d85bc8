/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.c - the store's requests over HTTP: methods and types of content.
 */
#include "answer.h"
#include "call.h"
#include "check.h"
#include "owner.h"
#include "watch_stream.h"

#include <string.h>

bool kv_handles(const char *path)
{
	return kv_behind_version(path) || strcmp(path, "/health") == 0 ||
	       strcmp(path, "/version") == 0;
}

static bool is_method_of(const char *method, const char *path)
{
	if (kv_behind_version(path))
		return strcmp(method, "POST") == 0;
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static bool is_watch(const char *path)
{
	const char *rest = kv_behind_version(path);

	return rest && strcmp(rest, "/watch") == 0;
}

enum MHD_Result kv_serve(struct kv *kv, struct MHD_Connection *conn, const char *method,
			 const char *path, const char *body, size_t body_len,
			 const struct kv_access *access)
{
	CLEANUP(buf_done) struct buf answer;
	const struct kv_fault *f;
	unsigned status;

	buf_init(&answer, 1024);
	kv_owner_shows(kv, access);
	if (!is_method_of(method, path)) {
		buf_puts(&answer, "Method Not Allowed\n");
		return kv_queue(kv, conn, access, MHD_HTTP_METHOD_NOT_ALLOWED, &answer);
	}
	if (is_watch(path))
		return kv_watch_serve(kv, conn, body, body_len, access);
	f = kv_owner_answers(kv, access);
	status = f ? kv_answer_limit(&answer, f, access)
		   : kv_call(kv, path, body, body_len, access, &answer);
	return kv_queue(kv, conn, access, status, &answer);
}
