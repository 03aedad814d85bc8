/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "start.h"

#include "check.h"
#include "clock.h"
#include "driver_util.h"
#include "pending.h"
#include "run.h"
#include "text.h"
#include "wire.h"

#include <string.h>

#define START_MS 10000 /* from a new process to its answer to open */
#define ZONES_BETWEEN ", \t"

static int not_started(struct drv *d, enum drv_class cls, struct drv_err *err)
{
	const int64_t left_ms = d->not_before - clock_mono_ms();

	if (left_ms > 0)
		return drv_fail(err, cls, "%s; it is started again in %.1f s", d->why,
				(double)left_ms / 1000);
	return drv_fail(err, cls, "%s", d->why);
}

/* The thread of a run that is over has nothing left to do but to return. */
static int begin_run(struct drv *d, struct drv_err *err)
{
	if (d->has_thread)
		pthread_join(d->thread, NULL);
	d->has_thread = false;
	d->life = DRV_STARTING;
	d->is_garbage = false;
	json_decref(TAKE(d->greeting));
	if (pthread_create(&d->thread, NULL, run_process, d) != 0) {
		d->life = DRV_DOWN;
		return drv_fail(err, DRV_TRANSIENT, "no thread can be started");
	}
	d->has_thread = true;
	return 0;
}

static int refuse(struct drv *d, enum drv_class cls, struct drv_err *err,
		  const char *words)
{
	life_end(d, false, "%.200s", words);
	return drv_fail(err, cls, "%s", words);
}

/* What is of the controller's machine is in its configuration alone. NULL: nothing. */
static const char *not_for_stacks(const struct drv *d)
{
	const json_t *allowed = json_object_get(d->hello, "pool_options");
	const json_t *option, *may;
	size_t i, j;

	json_array_foreach(d->order.from_stack, i, option)
	{
		bool is_allowed = false;

		json_array_foreach(allowed, j, may) is_allowed |= json_equal(option, may);
		if (!is_allowed)
			return json_string_value(option);
	}
	return NULL;
}

/* What it says before it is asked. */
static int read_greeting(struct drv *d, struct drv_err *err)
{
	const json_t *error = json_object_get(d->greeting, "error");
	const json_int_t protocol =
		json_integer_value(json_object_get(d->greeting, "protocol"));
	char words[DRV_WHY_MAX];
	const char *option;
	struct err e;

	if (protocol != WIRE_PROTOCOL) {
		snprintf(words, sizeof(words),
			 "driver '%s' speaks protocol %lld, this controller %d", d->name,
			 (long long)protocol, WIRE_PROTOCOL);
		return refuse(d, DRV_BUG, err, words);
	}
	if (error) {
		wire_read_err(error, err);
		life_end(d, false, "%.200s", err->msg);
		return err->cls;
	}
	if (!d->hello)
		d->hello = json_incref(d->greeting);
	option = not_for_stacks(d);
	if (!option)
		return 0;
	order_refused(d->name, option, &e);
	return refuse(d, DRV_BADREQ, err, e.msg);
}

static int await_greeting(struct drv *d, int64_t deadline, struct drv_err *err)
{
	int rc;

	while (d->life == DRV_STARTING && !d->greeting)
		if (!life_wait(d, deadline))
			life_end(d, false, "it did not say in time what it is");
	/* It may have said why it ended. */
	if (d->greeting && (rc = read_greeting(d, err)) < 0)
		return rc;
	if (d->life == DRV_STARTING)
		return 0;
	return not_started(d, d->is_garbage ? DRV_BUG : DRV_TRANSIENT, err);
}

const char *start_zone_option(const json_t *hello)
{
	const json_t *option = json_object_get(hello, "zone_option");

	return option ? json_string_value(option) : "zone";
}

/* Of several zones it gets the first; launches name theirs. */
static void first_zone(const struct drv *d, json_t *options)
{
	const char *option = start_zone_option(d->hello);
	const json_t *list = option ? json_object_get(options, option) : NULL;
	const char *at = json_string_value(list);

	if (!at || !*at)
		return;
	at += strspn(at, ZONES_BETWEEN);
	json_object_set_new(options, option,
			    json_stringn(at, strcspn(at, ZONES_BETWEEN)));
}

static int open_it(struct drv *d, int64_t deadline, struct drv_err *err)
{
	const struct exchange x = { .call = "open", .deadline_mono_ms = deadline };
	CLEANUP(json_decref) json_t *options = json_loads(d->order.text, 0, NULL);
	CLEANUP(json_decref)
	json_t *request = json_pack("{s:O}", "options", options);
	CLEANUP(json_decref) json_t *answer = NULL;
	struct err e;
	int rc;

	first_zone(d, options);
	rc = pending_call(d, &x, request, &answer, err);

	if (rc < 0) {
		life_end(d, false, "%.200s", err->msg);
		return rc;
	}
	if (!d->ops.name &&
	    wire_read_caps(json_object_get(answer, "caps"), &d->caps, &e) < 0) {
		life_end(d, true, "its answer to 'open' is wrong: %.160s", e.msg);
		return drv_fail(err, DRV_BUG, "%s", d->why);
	}
	if (d->life == DRV_STARTING)
		d->life = DRV_UP;
	pthread_cond_broadcast(&d->changed);
	return 0;
}

/* Whoever comes first starts it, the others wait. */
int start_process(struct drv *d, int64_t deadline_mono_ms, struct drv_err *err)
{
	const int64_t until = MIN(deadline_mono_ms, clock_mono_ms() + START_MS);
	int rc;

	while (d->life == DRV_STARTING || d->life == DRV_ENDING)
		if (!life_wait(d, until))
			return drv_fail(err, DRV_TRANSIENT,
					"the driver's process does not come up");
	if (d->is_halted)
		return drv_fail(err, DRV_TRANSIENT, "the controller ends");
	if (d->life == DRV_UP)
		return 0;
	if (clock_mono_ms() < d->not_before)
		return not_started(d, d->is_garbage ? DRV_BUG : DRV_TRANSIENT, err);
	if ((rc = begin_run(d, err)) < 0 || (rc = await_greeting(d, until, err)) < 0)
		return rc;
	return open_it(d, until, err);
}
