/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pending.h"

#include "check.h"
#include "clock.h"
#include "driver_util.h"
#include "wire.h"

#include <string.h>

#define LATE_MS 2000 /* a driver itself gives up at the deadline */

/* ---------------------------------------------------------------- a call under way */

static void add(struct drv *d, struct pending *p)
{
	*p = (struct pending){ .id = ++d->last_id,
			       .parts = json_array(),
			       .next = d->calls };
	d->calls = p;
	d->n_calls++;
}

static void drop(struct drv *d, struct pending *p)
{
	struct pending **at = &d->calls;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	d->n_calls--;
	pthread_cond_broadcast(&d->changed);
}

/* Not to a process that was started when that of the call had ended. */
static bool send_request(struct drv *d, const struct exchange *x, const struct pending *p,
			 json_t *request)
{
	CLEANUP(free) char *text = NULL;
	size_t len;
	bool is_sent = false, is_up;

	json_object_set_new(request, "call", json_string(x->call));
	json_object_set_new(request, "deadline_ms",
			    json_integer(MAX(x->deadline_mono_ms - clock_mono_ms(), 0)));
	text = json_dumps(request, JSON_COMPACT);
	CHECK(text);
	len = strlen(text);
	text[len] = '\n';
	pthread_mutex_lock(&d->writing);
	pthread_mutex_lock(&d->lock);
	is_up = d->has_child && !p->is_over;
	pthread_mutex_unlock(&d->lock);
	if (is_up)
		is_sent = child_write(&d->child, text, len + 1, x->deadline_mono_ms);
	pthread_mutex_unlock(&d->writing);
	explicit_bzero(text, len);
	return is_sent;
}

/* Hands over what has come; the lock is held, but not while that is looked at. */
static int take_parts(struct drv *d, const struct exchange *x, struct pending *p,
		      struct err *err)
{
	json_t *parts = p->parts;
	const json_t *part;
	size_t i;
	int rc = 0;

	if (json_array_size(parts) == 0)
		return 0;
	p->parts = json_array();
	pthread_mutex_unlock(&d->lock);
	json_array_foreach(parts, i, part) if (rc == 0) rc =
		x->part ? x->part(x->arg, part, err)
			: err_set(err, ERR_INVAL, "it has no parts");
	json_decref(parts);
	pthread_mutex_lock(&d->lock);
	return rc;
}

/* It gets no answer, because of how the process ends, or has. */
static void give_up(struct drv *d, struct pending *p)
{
	json_decref(TAKE(p->end));
	p->is_garbage = d->is_garbage;
	snprintf(p->why, sizeof(p->why), "%s", d->why);
}

/* Until the call is over, or nobody waits for it any more. The lock is held. */
static void wait_for_end(struct drv *d, const struct exchange *x, struct pending *p)
{
	const int64_t until = x->deadline_mono_ms + LATE_MS;
	struct err e;

	for (;;) {
		if (take_parts(d, x, p, &e) < 0) {
			life_end(d, true, "its answer to '%s' is wrong: %.160s", x->call,
				 e.msg);
			give_up(d, p);
			return;
		}
		if (p->is_over && json_array_size(p->parts) == 0)
			return;
		if (d->life == DRV_ENDING && !p->is_over) {
			give_up(d, p);
			return;
		}
		if (!p->is_over && !life_wait(d, until))
			life_end(d, false, "it did not answer '%s' in time", x->call);
	}
}

/* ---------------------------------------------------------------- results */

static int unanswered(const struct drv *d, const struct exchange *x, bool is_sent,
		      const struct pending *p, struct drv_err *err)
{
	enum drv_class cls = DRV_TRANSIENT;

	if (!is_sent)
		return drv_fail(err, cls,
				"the driver's process '%s' did not take the "
				"call '%s'",
				d->name, x->call);
	if (x->changes)
		cls = DRV_AMBIGUOUS;
	else if (p->is_garbage)
		cls = DRV_BUG;
	return drv_fail(err, cls, "no answer to '%s': %s", x->call, p->why);
}

static int result_of(struct drv *d, struct pending *p, json_t **ret, struct drv_err *err)
{
	const json_t *error = json_object_get(p->end, "error");

	/* Some write a null with what went well. */
	if (!json_is_object(error))
		error = NULL;
	if (error)
		wire_read_err(error, err);
	/* That it opens the driver says nothing of its calls. */
	if (d->life == DRV_UP && (!error || err->cls != DRV_BUG))
		d->failures = 0;
	if (error)
		return err->cls;
	if (ret)
		*ret = TAKE(p->end);
	return 0;
}

int pending_call(struct drv *d, const struct exchange *x, json_t *request, json_t **ret,
		 struct drv_err *err)
{
	struct pending p;
	bool is_sent;
	int rc;

	add(d, &p);
	json_object_set_new(request, "id", json_integer((json_int_t)p.id));
	pthread_mutex_unlock(&d->lock);
	is_sent = send_request(d, x, &p, request);
	pthread_mutex_lock(&d->lock);
	if (is_sent)
		wait_for_end(d, x, &p);
	else if (!p.is_over)
		life_end(d, false, "it did not read the call '%s'", x->call);
	drop(d, &p);
	rc = p.end ? result_of(d, &p, ret, err) : unanswered(d, x, is_sent, &p, err);
	json_decref(p.parts);
	json_decref(p.end);
	return rc;
}
