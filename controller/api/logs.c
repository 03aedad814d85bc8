/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logs of a unit, which the agent of its host keeps. The agent is never called: the
 * request is sent with the answer to its next metrics report, and the agent POSTs the
 * lines. The user's request is suspended until then. An agent is sent one at a time, and
 * what several ask for alike is asked for once.
 */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "crowd.h"
#include "fleet.h"
#include "log_answer.h"
#include "logs.h"
#include "workers.h"

#include <string.h>

#define WAIT_MS 15000
#define ASKS_MAX 64    /* in all; an answer has 2 MB at the most */
#define ASKS_A_HOST 16 /* an agent answers one after the other */
#define ASKS_A_CALLER 4

struct api_log_ask {
	struct api_log_ask *next;
	struct request *r;
	uint64_t id;
	char host[API_NAME_MAX];
	char *unit;
	int64_t lines;
	int64_t until_mono_ms;
	bool is_sent;      /* to the agent, or another one that asks for the same is */
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
		request_go_on(a->r);
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

static bool is_alike(const struct api_log_ask *a, const struct api_log_ask *b)
{
	return a->lines == b->lines && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->unit, b->unit) == 0;
}

/* The same is on its way from the agent; the lock is held. */
static const struct api_log_ask *sent_alike(const struct api_log_ask *a)
{
	for (const struct api_log_ask *p = a->r->api->log_asks; p; p = p->next)
		if (p->is_sent && !p->answer && is_alike(p, a))
			return p;
	return NULL;
}

/* Where the next one is put. */
static struct api_log_ask **last_of(struct api *api)
{
	struct api_log_ask **p = &api->log_asks;

	while (*p)
		p = &(*p)->next;
	return p;
}

/* The lock is held. */
static int check_room(struct request *r, const char *host, struct err *err)
{
	size_t n = 0, here = 0, mine = 0;

	for (const struct api_log_ask *p = r->api->log_asks; p; p = p->next) {
		n++;
		here += strcmp(p->host, host) == 0;
		mine += strcmp(p->r->caller, r->caller) == 0;
	}
	r->retry_s = 2;
	if (r->api->stopping)
		return err_set(err, ERR_UNAVAIL, "the controller is shutting down");
	if (mine >= ASKS_A_CALLER)
		return err_set(err, ERR_UNAVAIL,
			       "%d logs are being read with this token already: wait for "
			       "one",
			       ASKS_A_CALLER);
	if (here >= ASKS_A_HOST)
		return err_set(err, ERR_UNAVAIL,
			       "%d logs of host %s are being read already: try again",
			       ASKS_A_HOST, host);
	if (n >= ASKS_MAX)
		return err_set(err, ERR_UNAVAIL,
			       "%d logs are being read already: try again", ASKS_MAX);
	r->retry_s = 0;
	return 0;
}

/* Adds a request and suspends the caller, unless there are too many. */
static int ask(struct request *r, const struct db_unit *u, int64_t lines, struct err *err)
{
	struct api *api = r->api;
	struct api_log_ask *a = xcalloc(1, sizeof(*a));
	const struct api_log_ask *same;
	char name[UNIT_NAME_TEXT];
	int rc;

	a->r = r;
	a->unit = xstrdup(fleet_name_on_host(u->name, name));
	snprintf(a->host, sizeof(a->host), "%s", u->host);
	a->lines = lines;
	a->until_mono_ms = clock_mono_ms() + WAIT_MS;
	pthread_mutex_lock(&api->lock);
	rc = check_room(r, a->host, err);
	if (rc == 0) {
		same = sent_alike(a);
		a->is_sent = same != NULL;
		a->id = same ? same->id : ++api->log_ask_seq;
		/* At the end: who asked first is answered first. */
		*last_of(api) = a;
		a->is_suspended = true;
		r->again = answer_logs;
		r->again_arg = a;
		request_wait(r);
	}
	pthread_mutex_unlock(&api->lock);
	if (rc < 0) {
		crowd_note(api->crowd, CROWD_LOGS, r->caller);
		ask_free(a);
	}
	return rc;
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
	return ask(r, &u, lines, err);
}

/* The one to be sent to the host; NULL: there is none, or one is on its way. */
static struct api_log_ask *next_of(struct api *api, const char *host)
{
	struct api_log_ask *next = NULL;

	for (struct api_log_ask *a = api->log_asks; a; a = a->next) {
		if (strcmp(a->host, host) != 0 || a->answer)
			continue;
		if (a->is_sent)
			return NULL;
		if (!next)
			next = a;
	}
	return next;
}

json_t *api_log_asks_of(struct api *api, const char *host)
{
	json_t *asks = json_array();
	struct api_log_ask *next;

	pthread_mutex_lock(&api->lock);
	next = next_of(api, host);
	for (struct api_log_ask *a = next; a; a = a->next)
		if (is_alike(a, next)) {
			a->is_sent = true;
			a->id = next->id;
		}
	if (next)
		json_array_append_new(asks,
				      json_pack("{s:I, s:s, s:I}", "id",
						(json_int_t)next->id, "unit", next->unit,
						"lines", (json_int_t)next->lines));
	pthread_mutex_unlock(&api->lock);
	return json_pack("{s:o}", "logs", asks);
}

/* {"id","unit","lines":["..."]} or {"id","unit","error":"..."}. The answer has what is
 * asked of the host next, as that to its metrics has. */
int api_agent_logs(struct request *r, struct err *err)
{
	static const char *const keys[] = { "id", "unit", "lines", "error", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(json_decref) json_t *answer = NULL;
	int64_t id;
	int rc;

	/* Routes of hosts also accept an admin; this is for hosts only. */
	if (!*r->host)
		return err_set(err, ERR_DENIED, "only a host itself may call this");
	rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = log_answer_read(body, r->host, &id, &answer, err);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&r->api->lock);
	for (struct api_log_ask *a = r->api->log_asks; a; a = a->next)
		if (a->id == (uint64_t)id && strcmp(a->host, r->host) == 0 &&
		    a->is_sent && !a->answer) {
			/* Of its own: the thread that answers counts references too. */
			a->answer = json_deep_copy(answer);
			resume(a);
		}
	pthread_mutex_unlock(&r->api->lock);
	reply_json(r, 200, api_log_asks_of(r->api, r->host));
	return 0;
}
