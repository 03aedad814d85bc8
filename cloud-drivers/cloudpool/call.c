/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.c - calls to the pool's API, and what its errors mean.
 *
 * Source: the cloudpool REST API of https://github.com/elastisys/scale.cloudpool, module
 * api.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "utf8.h"

#include <string.h>

#define MACHINES_MAX 20000

/* Errors have words alone. */
static const struct {
	long status;
	const char *code;
} codes[] = {
	{ 400, "bad-request" },
	{ 404, "not-found" },
	{ 500, "pool-failure" },
	{ 502, "cloud-failure" },
};

void cp_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault)
{
	const char *message = rest_text(a->doc, "message");

	(void)arg;
	if (!*message)
		return;
	fault->message = message;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].status == a->status)
			fault->code = codes[i].code;
}

static int call(struct drv *d, const char *method, const char *path, const json_t *body,
		int64_t deadline, struct rest_answer *ret, struct drv_err *err)
{
	CLEANUP(free) char *url = xasprintf("%s%s", d->base, path);
	const struct rest_call c = {
		.method = method,
		.url = url,
		.body = body,
		.want_doc = strcmp(method, "GET") == 0,
		.deadline_mono_ms = deadline,
	};

	return rest_call(&d->rest, &c, ret, err);
}

/* Of a member: its path lacks "/pool" in a multipool. Takes body. */
static int call_member(struct drv *d, const char *what, json_t *body, int64_t deadline,
		       struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref) json_t *own = body;
	CLEANUP(free)
	char *path = xasprintf("%s/%s", d->opt.cloudpool ? "" : "/pool", what);

	return call(d, "POST", path, own, deadline, &a, err);
}

/* ---------------------------------------------------------------- the list */

static const struct {
	const char *name;
	enum cp_state state;
} states[] = {
	{ "REQUESTED", CP_REQUESTED }, { "PENDING", CP_PENDING },
	{ "RUNNING", CP_RUNNING },     { "TERMINATING", CP_ENDING },
	{ "TERMINATED", CP_ENDED },    { "REJECTED", CP_ENDED },
};

static int machine_read(const json_t *o, struct cp_machine *ret, struct drv_err *err)
{
	const char *id = rest_text(o, "id"), *state = rest_text(o, "machineState");
	size_t i = 0;

	while (i < ARRAY_SIZE(states) && strcmp(states[i].name, state) != 0)
		i++;
	if (!*id || strlen(id) >= sizeof(ret->id) ||
	    !utf8_is_plain(id, sizeof(ret->id)) || i == ARRAY_SIZE(states))
		return drv_fail(err, DRV_TRANSIENT,
				"GET /pool: a machine has no id or state that can be "
				"read");
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	ret->state = states[i].state;
	ret->is_refused = strcmp(state, "REJECTED") == 0;
	ret->is_active = json_is_true(rest_at(o, "membershipStatus.active"));
	ret->is_evictable = json_is_true(rest_at(o, "membershipStatus.evictable"));
	ret->doc = o;
	return 0;
}

void cp_pool_done(struct cp_pool *p)
{
	free(p->v);
	rest_answer_done(&p->answer);
	*p = (struct cp_pool){ .v = NULL };
}

int cp_pool_get(struct drv *d, int64_t deadline, struct cp_pool *ret, struct drv_err *err)
{
	CLEANUP(cp_pool_done) struct cp_pool p = { .v = NULL };
	const json_t *all, *one;
	size_t i;
	int rc = call(d, "GET", "/pool", NULL, deadline, &p.answer, err);

	if (rc < 0)
		return rc;
	all = rest_at(p.answer.doc, "machines");
	if (!json_is_array(all) || json_array_size(all) > MACHINES_MAX)
		return drv_fail(err, DRV_TRANSIENT,
				"GET /pool: the answer has no list of machines, or one "
				"of more than %d",
				MACHINES_MAX);
	p.v = xcalloc(json_array_size(all) + 1, sizeof(*p.v));
	json_array_foreach(all, i, one)
	{
		rc = machine_read(one, &p.v[p.n++], err);
		if (rc < 0)
			return rc;
	}
	*ret = p;
	p = (struct cp_pool){ .v = NULL };
	return 0;
}

const struct cp_machine *cp_pool_find(const struct cp_pool *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].id, id) == 0)
			return &p->v[i];
	return NULL;
}

/* ---------------------------------------------------------------- the rest */

int cp_size_get(struct drv *d, int64_t deadline, int64_t *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	int rc = call(d, "GET", "/pool/size", NULL, deadline, &a, err);

	if (rc < 0)
		return rc;
	*ret = rest_int(a.doc, "desiredSize", -1);
	return *ret < 0 ? drv_fail(err, DRV_TRANSIENT,
				   "GET /pool/size: the answer has no desiredSize")
			: 0;
}

int cp_size_set(struct drv *d, int64_t size, int64_t deadline, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:I}", "desiredSize", (json_int_t)size);

	return call(d, "POST", "/pool/size", body, deadline, &a, err);
}

int cp_evictable(struct drv *d, const char *machine, bool is, int64_t deadline,
		 struct drv_err *err)
{
	return call_member(d, "membershipStatus",
			   json_pack("{s:s, s:{s:b, s:b}}", "machineId", machine,
				     "membershipStatus", "active", 1, "evictable", is),
			   deadline, err);
}

int cp_end(struct drv *d, const char *machine, int64_t deadline, struct drv_err *err)
{
	return call_member(
		d, "terminate",
		json_pack("{s:s, s:b}", "machineId", machine, "decrementDesiredSize", 1),
		deadline, err);
}

int cp_status(struct drv *d, int64_t deadline, bool *ret_started, bool *ret_configured,
	      struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	int rc = call(d, "GET", "/status", NULL, deadline, &a, err);

	*ret_started = rc == 0 && json_is_true(rest_at(a.doc, "started"));
	*ret_configured = rc == 0 && json_is_true(rest_at(a.doc, "configured"));
	return rc;
}
