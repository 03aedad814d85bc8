/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logs of a unit, which the agent of its host keeps. The agent is never called: the
 * request is sent with the answer to its next metrics report, and the agent POSTs the
 * lines. The user's request is suspended until then.
 */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "fleet.h"
#include "logs.h"

#include <string.h>

#define WAIT_MS 15000
#define ASKS_MAX 256

struct api_log_ask {
	struct api_log_ask *next;
	struct request *r;
	uint64_t id;
	char host[API_NAME_MAX];
	char *unit;
	int64_t lines;
	int64_t until_mono_ms;
	bool is_sent;      /* to the agent */
	bool is_suspended; /* else it is being resumed */
	json_t *answer;
};

static void ask_free(struct api_log_ask *a)
{
	json_decref(a->answer);
	free(a->unit);
	free(a);
}

/* Removes it from the list; the lock is held. */
static void unlink_ask(struct api *api, struct api_log_ask *a)
{
	struct api_log_ask **p = &api->log_asks;

	while (*p && *p != a)
		p = &(*p)->next;
	if (*p)
		*p = a->next;
}

static void resume(struct api_log_ask *a)
{
	if (a->is_suspended) {
		a->is_suspended = false;
		MHD_resume_connection(a->r->conn);
	}
}

static int answer_logs(struct request *r, struct err *err)
{
	struct api_log_ask *a = r->again_arg;
	json_t *answer;
	bool is_sent;

	pthread_mutex_lock(&r->api->lock);
	unlink_ask(r->api, a);
	pthread_mutex_unlock(&r->api->lock);
	r->again = NULL;
	r->again_arg = NULL;
	answer = TAKE(a->answer);
	is_sent = a->is_sent;
	if (!answer) {
		(void)err_set(err, ERR_TIMEOUT, "the agent of %s %s", a->host,
			      is_sent ? "did not send the log in time"
				      : "has not reported for a while");
		ask_free(a);
		return ERR_TIMEOUT;
	}
	ask_free(a);
	reply_json(r, 200, answer);
	return 0;
}

void api_log_ask_drop(struct request *r)
{
	struct api_log_ask *a = r->again_arg;

	if (r->again != answer_logs || !a)
		return;
	pthread_mutex_lock(&r->api->lock);
	unlink_ask(r->api, a);
	pthread_mutex_unlock(&r->api->lock);
	ask_free(a);
}

void api_log_asks_wake(struct api *api)
{
	int64_t now = clock_mono_ms();

	for (struct api_log_ask *a = api->log_asks; a; a = a->next)
		if (api->stopping || now >= a->until_mono_ms)
			resume(a);
}

/* Adds a request and suspends the caller, unless the list is full. */
static bool ask(struct request *r, const struct db_unit *u, int64_t lines)
{
	struct api *api = r->api;
	struct api_log_ask *a = xcalloc(1, sizeof(*a));
	char name[UNIT_NAME_TEXT];
	size_t n = 0;
	bool ok;

	a->r = r;
	a->unit = xstrdup(fleet_name_on_host(u->name, name));
	snprintf(a->host, sizeof(a->host), "%s", u->host);
	a->lines = lines;
	a->until_mono_ms = clock_mono_ms() + WAIT_MS;
	pthread_mutex_lock(&api->lock);
	for (const struct api_log_ask *p = api->log_asks; p; p = p->next)
		n++;
	ok = n < ASKS_MAX && !api->stopping;
	if (ok) {
		a->id = ++api->log_ask_seq;
		a->next = api->log_asks;
		api->log_asks = a;
		a->is_suspended = true;
		r->again = answer_logs;
		r->again_arg = a;
		MHD_suspend_connection(r->conn);
	}
	pthread_mutex_unlock(&api->lock);
	if (!ok)
		ask_free(a);
	return ok;
}

int api_unit_logs(struct request *r, struct err *err)
{
	CLEANUP(db_unit_done) struct db_unit u = { .name = NULL };
	int64_t lines = 100;
	int rc = request_query_int(r, "lines", 1, 10000, &lines, err);

	if (rc == 0)
		rc = db_unit_get(r->api->db, r->args[0], &u, err);
	if (rc < 0)
		return rc;
	if (!*u.host)
		return err_set(err, ERR_CONFLICT, "%s is not on a host, so it has no log",
			       u.name);
	if (!ask(r, &u, lines))
		return err_set(err, ERR_UNAVAIL, "too many logs are being read");
	return 0;
}

json_t *api_log_asks_of(struct api *api, const char *host)
{
	json_t *asks = json_array();

	pthread_mutex_lock(&api->lock);
	for (struct api_log_ask *a = api->log_asks; a; a = a->next) {
		if (strcmp(a->host, host) != 0 || a->is_sent)
			continue;
		a->is_sent = true;
		json_array_append_new(asks, json_pack("{s:I, s:s, s:I}", "id",
						      (json_int_t)a->id, "unit", a->unit,
						      "lines", (json_int_t)a->lines));
	}
	pthread_mutex_unlock(&api->lock);
	return json_pack("{s:o}", "logs", asks);
}

/* {"id","unit","lines":["..."]} or {"id","unit","error":"..."} */
int api_agent_logs(struct request *r, struct err *err)
{
	static const char *const keys[] = { "id", "unit", "lines", "error", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	int64_t id;
	int rc = request_json(r, keys, &body, err);

	if (rc == 0)
		rc = jread_int(body, "id", &id, err);
	if (rc < 0)
		return rc;
	json_object_set_new(body, "host", json_string(r->host));
	json_object_del(body, "id");
	pthread_mutex_lock(&r->api->lock);
	for (struct api_log_ask *a = r->api->log_asks; a; a = a->next) {
		if (a->id != (uint64_t)id || strcmp(a->host, r->host) != 0 || a->answer)
			continue;
		/* Handed over: the thread that answers counts references too. */
		a->answer = TAKE(body);
		resume(a);
		break;
	}
	pthread_mutex_unlock(&r->api->lock);
	reply_empty(r, 204);
	return 0;
}
