/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_controller.h - what a controller answers to an agent, on a port of its own and in
 * a thread of its own: joins and certificates, by a real authority, and pushes. Without
 * TLS.
 */
#ifndef TESTS_UNIT_AGENT_FAKE_CONTROLLER_H
#define TESTS_UNIT_AGENT_FAKE_CONTROLLER_H

#include "buf.h"
#include "check.h"
#include "etcd.h"
#include "text.h"
#include "trust.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define FAKE_PATHS 8
#define FAKE_DAY_MS ((int64_t)86400 * 1000)

struct fake_controller {
	struct MHD_Daemon *daemon;
	struct ca *ca;
	struct kv *kv; /* NULL: no store; set before the first request */
	char dir[64], url[64];
	pthread_mutex_t lock; /* of what follows */
	int64_t life_ms;      /* of the next certificates */
	bool others;          /* the next certificate is for another key */
	/* Answered in place of the next one; status 0: none. */
	unsigned status;
	const char *text;
	const char *pushed; /* the answer to the next push; "{}" after it */
	const char *store;  /* what hosts are told: a JSON list */
	struct {
		char path[64];
		struct buf bodies; /* of all requests */
		size_t last;       /* where that of the last one begins */
		size_t n;
	} seen[FAKE_PATHS];
};

/* How often the path was asked for. */
static inline size_t fake_asked(struct fake_controller *f, const char *path)
{
	size_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < FAKE_PATHS; i++)
		if (strcmp(f->seen[i].path, path) == 0)
			n = f->seen[i].n;
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* How many requests for the path, or of the last one alone, had these words. */
static inline size_t fake_count(struct fake_controller *f, const char *path,
				const char *words, bool only_last)
{
	size_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < FAKE_PATHS; i++) {
		const char *p;

		if (strcmp(f->seen[i].path, path) != 0)
			continue;
		p = buf_str(&f->seen[i].bodies) + (only_last ? f->seen[i].last : 0);
		for (; (p = strstr(p, words)); p = strchr(p, '\n'))
			n++;
	}
	pthread_mutex_unlock(&f->lock);
	return n;
}

static inline size_t fake_times(struct fake_controller *f, const char *path,
				const char *words)
{
	return fake_count(f, path, words, false);
}

static inline bool fake_was_told(struct fake_controller *f, const char *path,
				 const char *words)
{
	return fake_count(f, path, words, false) > 0;
}

static inline bool fake_is_told(struct fake_controller *f, const char *path,
				const char *words)
{
	return fake_count(f, path, words, true) > 0;
}

/* The next answer. */
static inline void fake_answer(struct fake_controller *f, unsigned status,
			       const char *text)
{
	pthread_mutex_lock(&f->lock);
	f->status = status;
	f->text = text;
	pthread_mutex_unlock(&f->lock);
}

/* To the next push. */
static inline void fake_answer_push(struct fake_controller *f, const char *text)
{
	pthread_mutex_lock(&f->lock);
	f->pushed = text;
	pthread_mutex_unlock(&f->lock);
}

static inline bool fake_has_pushed(struct fake_controller *f)
{
	bool has;

	pthread_mutex_lock(&f->lock);
	has = !f->pushed;
	pthread_mutex_unlock(&f->lock);
	return has;
}

static inline bool fake_has_answered(struct fake_controller *f)
{
	bool has;

	pthread_mutex_lock(&f->lock);
	has = !f->status;
	pthread_mutex_unlock(&f->lock);
	return has;
}

static inline void fake_certify(struct fake_controller *f, int64_t life_ms, bool others)
{
	pthread_mutex_lock(&f->lock);
	f->life_ms = life_ms;
	f->others = others;
	pthread_mutex_unlock(&f->lock);
}

static inline void fake_note(struct fake_controller *f, const char *path,
			     const char *body)
{
	size_t i = 0;

	while (i < FAKE_PATHS && *f->seen[i].path && strcmp(f->seen[i].path, path) != 0)
		i++;
	CHECK(i < FAKE_PATHS);
	snprintf(f->seen[i].path, sizeof(f->seen[i].path), "%s", path);
	if (!f->seen[i].n++)
		buf_init(&f->seen[i].bodies, 16 << 20);
	f->seen[i].last = f->seen[i].bodies.len;
	buf_printf(&f->seen[i].bodies, "%s\n", body);
}

/* A certificate for the request in the body, with what a join tells; the caller frees. */
static inline char *fake_certificate(struct fake_controller *f, const char *body,
				     const char *path)
{
	CLEANUP(json_decref) json_t *doc = json_loads(body, 0, NULL);
	CLEANUP(json_decref) json_t *answer = json_object();
	CLEANUP(ca_issued_done) struct ca_issued issued = { 0 };
	const char *csr = json_string_value(json_object_get(doc, "csr"));
	const char *name = strstr(path, "programs") ? "h1" CA_PROGRAMS : "h1";
	struct err e;

	CHECK(csr && ca_issue(f->ca, csr, name, f->life_ms, &issued, &e) == 0);
	json_object_set_new(answer, "certificate",
			    json_string(f->others ? ca_pem(f->ca) : issued.pem));
	json_object_set_new(answer, "store", json_loads(f->store, 0, NULL));
	f->others = false;
	return json_dumps(answer, 0);
}

static inline char *fake_reply(struct fake_controller *f, const char *path,
			       const char *body, unsigned *ret_status)
{
	*ret_status = 200;
	fake_note(f, path, body);
	if (f->status) {
		*ret_status = f->status;
		f->status = 0;
		return xstrdup(f->text);
	}
	if (strcmp(path, "/v1/agent/metrics") == 0) {
		const char *text = f->pushed ? f->pushed : "{}";

		f->pushed = NULL;
		return xstrdup(text);
	}
	return strcmp(path, "/v1/agent/logs") == 0 ? xstrdup("{}")
						   : fake_certificate(f, body, path);
}

static const struct kv_access fake_all = { .owner = "",
					   .read_all = true,
					   .write_all = true };

static inline enum MHD_Result fake_on_request(void *arg, struct MHD_Connection *conn,
					      const char *url, const char *method,
					      const char *version, const char *data,
					      size_t *len, void **state)
{
	struct fake_controller *f = arg;
	struct buf *body = *state;
	struct MHD_Response *response;
	enum MHD_Result rc;
	unsigned status;
	char *text;

	(void)version;
	if (!body) {
		*state = body = xcalloc(1, sizeof(*body));
		buf_init(body, 4 << 20);
		return MHD_YES;
	}
	if (*len) {
		buf_add(body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (f->kv && kv_handles(url))
		return kv_serve(f->kv, conn, method, url, buf_str(body), body->len,
				&fake_all);
	pthread_mutex_lock(&f->lock);
	text = fake_reply(f, url, buf_str(body), &status);
	pthread_mutex_unlock(&f->lock);
	response = MHD_create_response_from_buffer(strlen(text), text,
						   MHD_RESPMEM_MUST_FREE);
	rc = MHD_queue_response(conn, status, response);
	MHD_destroy_response(response);
	return rc;
}

static inline void fake_on_end(void *arg, struct MHD_Connection *conn, void **state,
			       enum MHD_RequestTerminationCode why)
{
	struct buf *body = *state;

	(void)arg;
	(void)conn;
	(void)why;
	if (body)
		buf_done(body);
	free(body);
}

static inline void fake_open(struct fake_controller *f)
{
	struct err e;

	*f = (struct fake_controller){ .life_ms = FAKE_DAY_MS,
				       .store = "[\"http://127.0.0.1:1\"]" };
	strcpy(f->dir, "/tmp/foretide-fc-XXXXXX");
	CHECK(mkdtemp(f->dir) && pthread_mutex_init(&f->lock, NULL) == 0);
	CHECK(ca_open(f->dir, &f->ca, &e) == 0);
	f->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		fake_on_request, f, MHD_OPTION_NOTIFY_COMPLETED, fake_on_end, NULL,
		MHD_OPTION_END);
	CHECK(f->daemon);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

static inline void fake_close(struct fake_controller *f)
{
	CLEANUP(free) char *command = xasprintf("rm -r %s", f->dir);

	MHD_stop_daemon(f->daemon);
	ca_close(f->ca);
	for (size_t i = 0; i < FAKE_PATHS; i++)
		buf_done(&f->seen[i].bodies);
	pthread_mutex_destroy(&f->lock);
	CHECK(system(command) == 0);
}

#endif
