/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_etcd.h - users and roles of an etcd, served over HTTP as its gateway does. One
 * thread serves; look at its members between calls alone, after fake_etcd_meet().
 */
#ifndef TESTS_FAKE_ETCD_H
#define TESTS_FAKE_ETCD_H

#include "check.h"
#include "test.h"
#include "text.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

struct fake_etcd {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	char url[64];
	json_t *users;    /* {name: password} */
	json_t *roles;    /* {name: {"KEY END": permission}} */
	json_t *counts;   /* {"user/add": calls} */
	size_t calls;     /* of all, but to log in */
	struct buf order; /* "user/add NAME\n", of all that change something */
};

struct fake_etcd_call {
	struct buf body;
};

static inline unsigned fake_etcd_refuse(struct buf *answer, const char *words)
{
	buf_printf(answer, "{\"error\":\"etcdserver: %s\",\"code\":9}", words);
	return 412;
}

static inline const char *fake_etcd_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static inline unsigned fake_etcd_user(struct fake_etcd *e, const char *what,
				      const json_t *body, struct buf *answer)
{
	const char *name = fake_etcd_text(body, "name");
	CLEANUP(json_decref) json_t *list = json_array();
	CLEANUP(free) char *text = NULL;
	const char *user;
	json_t *password;

	if (strcmp(what, "list") == 0) {
		json_object_foreach(e->users, user, password)
			json_array_append_new(list, json_string(user));
		text = json_dumps(list, JSON_COMPACT);
		buf_printf(answer, "{\"users\":%s}", text);
		return 200;
	}
	if (strcmp(what, "grant") == 0)
		name = fake_etcd_text(body, "user");
	buf_printf(&e->order, "user/%s %s\n", what, name);
	if (strcmp(what, "add") == 0 && json_object_get(e->users, name))
		return fake_etcd_refuse(answer, "user name already exists");
	if (strcmp(what, "add") != 0 && !json_object_get(e->users, name))
		return fake_etcd_refuse(answer, "user name not found");
	if (strcmp(what, "delete") == 0)
		json_object_del(e->users, name);
	else if (strcmp(what, "grant") != 0)
		json_object_set(e->users, name, json_object_get(body, "password"));
	buf_puts(answer, "{}");
	return 200;
}

static inline void fake_etcd_permission(json_t *role, const char *what, const json_t *p)
{
	CLEANUP(free)
	char *range = xasprintf("%s %s", fake_etcd_text(p, "key"),
				fake_etcd_text(p, "range_end"));

	if (strcmp(what, "grant") == 0)
		json_object_set(role, range, (json_t *)(uintptr_t)p);
	else
		json_object_del(role, range);
}

static inline void fake_etcd_show(const json_t *role, struct buf *answer)
{
	CLEANUP(json_decref) json_t *list = json_array();
	CLEANUP(free) char *text = NULL;
	const char *range;
	json_t *p;

	json_object_foreach((json_t *)(uintptr_t)role, range, p)
		json_array_append(list, p);
	text = json_dumps(list, JSON_COMPACT);
	buf_printf(answer, "{\"perm\":%s}", text);
}

static inline unsigned fake_etcd_role(struct fake_etcd *e, const char *what,
				      const json_t *body, struct buf *answer)
{
	const char *name = fake_etcd_text(
		body,
		strcmp(what, "add") == 0 || strcmp(what, "grant") == 0 ? "name" : "role");
	json_t *role = json_object_get(e->roles, name);

	if (strcmp(what, "get") != 0)
		buf_printf(&e->order, "role/%s %s\n", what, name);
	if (strcmp(what, "add") == 0 && role)
		return fake_etcd_refuse(answer, "role name already exists");
	if (strcmp(what, "add") != 0 && !role)
		return fake_etcd_refuse(answer, "role name not found");
	if (strcmp(what, "get") == 0) {
		fake_etcd_show(role, answer);
		return 200;
	}
	if (strcmp(what, "add") == 0)
		json_object_set_new(e->roles, name, json_object());
	else if (strcmp(what, "delete") == 0)
		json_object_del(e->roles, name);
	else
		fake_etcd_permission(role, what,
				     strcmp(what, "grant") == 0
					     ? json_object_get(body, "perm")
					     : body);
	buf_puts(answer, "{}");
	return 200;
}

static inline void fake_etcd_count(struct fake_etcd *e, const char *what)
{
	const json_t *n = json_object_get(e->counts, what);

	e->calls++;
	json_object_set_new(e->counts, what, json_integer(json_integer_value(n) + 1));
}

static inline size_t fake_etcd_counted(const struct fake_etcd *e, const char *what)
{
	return (size_t)json_integer_value(json_object_get(e->counts, what));
}

/* Between what the test does with its members and what calls do. */
static inline void fake_etcd_meet(struct fake_etcd *e)
{
	pthread_mutex_lock(&e->lock);
	pthread_mutex_unlock(&e->lock);
}

static inline void fake_etcd_forget_calls(struct fake_etcd *e)
{
	e->calls = 0;
	json_object_clear(e->counts);
	buf_clear(&e->order);
}

static inline unsigned fake_etcd_answer(struct fake_etcd *e, const char *path,
					const struct buf *got, struct buf *answer)
{
	CLEANUP(json_decref) json_t *body = json_loadb(got->data, got->len, 0, NULL);

	if (strcmp(path, "/v3/auth/authenticate") == 0) {
		buf_puts(answer, "{\"token\":\"t\"}");
		return 200;
	}
	if (strcmp(path, "/v3/kv/txn") == 0) {
		buf_puts(answer,
			 "{\"error\":\"etcdserver: permission denied\",\"code\":7}");
		return 403;
	}
	CHECK(strncmp(path, "/v3/auth/", 9) == 0);
	path += 9;
	fake_etcd_count(e, path);
	return strncmp(path, "user/", 5) == 0 ? fake_etcd_user(e, path + 5, body, answer)
					      : fake_etcd_role(e, path + 5, body, answer);
}

static inline enum MHD_Result fake_etcd_on_call(void *arg, struct MHD_Connection *conn,
						const char *path, const char *method,
						const char *version, const char *data,
						size_t *size, void **state)
{
	struct fake_etcd *e = arg;
	struct fake_etcd_call *c = *state;
	CLEANUP(buf_done) struct buf answer;
	struct MHD_Response *r;
	enum MHD_Result ret;
	unsigned status;

	(void)method;
	(void)version;
	buf_init(&answer, 4 << 20);
	if (!c) {
		*state = c = xcalloc(1, sizeof(*c));
		buf_init(&c->body, 1 << 20);
		return MHD_YES;
	}
	if (*size) {
		buf_add(&c->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	pthread_mutex_lock(&e->lock);
	status = fake_etcd_answer(e, path, &c->body, &answer);
	pthread_mutex_unlock(&e->lock);
	r = MHD_create_response_from_buffer(answer.len, answer.data,
					    MHD_RESPMEM_MUST_COPY);
	ret = MHD_queue_response(conn, status, r);
	MHD_destroy_response(r);
	return ret;
}

static inline void fake_etcd_on_end(void *arg, struct MHD_Connection *conn, void **state,
				    enum MHD_RequestTerminationCode why)
{
	struct fake_etcd_call *c = *state;

	(void)arg;
	(void)conn;
	(void)why;
	if (c)
		buf_done(&c->body);
	free(c);
}

static inline void fake_etcd_open(struct fake_etcd *e)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	*e = (struct fake_etcd){ .users = json_object(),
				 .roles = json_object(),
				 .counts = json_object() };
	pthread_mutex_init(&e->lock, NULL);
	buf_init(&e->order, 16 << 20);
	e->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
				     fake_etcd_on_call, e, MHD_OPTION_SOCK_ADDR, &to,
				     MHD_OPTION_NOTIFY_COMPLETED, fake_etcd_on_end, NULL,
				     MHD_OPTION_END);
	assert_non_null(e->daemon);
	snprintf(e->url, sizeof(e->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(e->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

static inline void fake_etcd_close(struct fake_etcd *e)
{
	MHD_stop_daemon(e->daemon);
	pthread_mutex_destroy(&e->lock);
	json_decref(e->users);
	json_decref(e->roles);
	json_decref(e->counts);
	buf_done(&e->order);
}

#endif
