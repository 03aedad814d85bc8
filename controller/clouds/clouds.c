/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clouds.h"

#include "calls.h"
#include "check.h"
#include "clock.h"
#include "log.h"
#include "start.h"

#include <string.h>
#include <sys/socket.h>

#define OPEN_MS 10000
#define POLITE_MS 2000 /* from the end of its input to its own */
#define KILLED_MS 5000

/* ---------------------------------------------------------------- all that are open */

struct clouds {
	pthread_mutex_t lock;
	struct driver *first;
	bool is_halted;
};

struct clouds *clouds_new(void)
{
	struct clouds *c = xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void clouds_free(struct clouds *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void halt(struct drv *d)
{
	pthread_mutex_lock(&d->lock);
	d->is_halted = true;
	life_end(d, false, "the controller ends");
	pthread_mutex_unlock(&d->lock);
}

void clouds_halt(struct clouds *c)
{
	pthread_mutex_lock(&c->lock);
	c->is_halted = true;
	for (struct driver *d = c->first; d; d = d->next)
		halt(d->drv);
	pthread_mutex_unlock(&c->lock);
}

/* ---------------------------------------------------------------- their end */

/* Whether its thread has ended. The lock is held. */
static bool comes_down(struct drv *d, int64_t until)
{
	while (d->life != DRV_DOWN)
		if (!life_wait(d, until))
			break;
	return d->life == DRV_DOWN;
}

/* It is told that nothing more is asked of it. The lock is held. */
static void dismiss(struct drv *d)
{
	d->is_halted = true;
	if (d->has_child)
		(void)shutdown(d->child.in, SHUT_WR);
}

void clouds_end(struct clouds *c)
{
	const int64_t until = clock_mono_ms() + POLITE_MS;

	pthread_mutex_lock(&c->lock);
	c->is_halted = true;
	for (struct driver *d = c->first; d; d = d->next) {
		pthread_mutex_lock(&d->drv->lock);
		dismiss(d->drv);
		pthread_mutex_unlock(&d->drv->lock);
	}
	for (struct driver *d = c->first; d; d = d->next) {
		pthread_mutex_lock(&d->drv->lock);
		(void)comes_down(d->drv, until);
		pthread_mutex_unlock(&d->drv->lock);
		halt(d->drv);
	}
	pthread_mutex_unlock(&c->lock);
}

static void enter(struct clouds *c, struct driver *d)
{
	d->clouds = c;
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	d->next = c->first;
	c->first = d;
	if (c->is_halted)
		halt(d->drv);
	pthread_mutex_unlock(&c->lock);
}

static void leave(struct driver *d)
{
	struct clouds *c = d->clouds;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	for (struct driver **at = &c->first; *at; at = &(*at)->next)
		if (*at == d) {
			*at = d->next;
			break;
		}
	pthread_mutex_unlock(&c->lock);
}

/* ---------------------------------------------------------------- one of them */

static struct drv *drv_new(const char *name)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	pthread_condattr_t attr;

	d->magic = DRV_MAGIC;
	d->name = xstrdup(name);
	d->caps.in_flight = 1;
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->writing, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attr);
	pthread_condattr_destroy(&attr);
	return d;
}

static void drv_free(struct drv *d)
{
	free(d->name);
	order_done(&d->order);
	free((void *)(uintptr_t)d->ops.pool_options);
	json_decref(d->hello);
	json_decref(d->greeting);
	pthread_mutex_destroy(&d->lock);
	pthread_mutex_destroy(&d->writing);
	pthread_cond_destroy(&d->changed);
	free(d);
}

static bool end(struct drv *d)
{
	bool is_down;

	pthread_mutex_lock(&d->lock);
	dismiss(d);
	is_down = comes_down(d, clock_mono_ms() + (d->life == DRV_UP ? POLITE_MS : 0));
	if (!is_down) {
		life_end(d, false, "it is not used any more");
		is_down = comes_down(d, clock_mono_ms() + KILLED_MS);
	}
	pthread_mutex_unlock(&d->lock);
	return is_down;
}

void driver_close(struct driver *d)
{
	struct drv *drv;

	if (!d)
		return;
	leave(d);
	drv = d->drv;
	free(d);
	/* A process that the kernel cannot end is left, with the thread that waits for
	 * it.
	 */
	if (!end(drv)) {
		log_error("driver-not-ended", STR("driver", drv->name),
			  INT("pid", drv->child.pid));
		return;
	}
	if (drv->has_thread)
		pthread_join(drv->thread, NULL);
	drv_free(drv);
}

/* ---------------------------------------------------------------- open */

static const char *const *names_of(const json_t *list)
{
	const char **names = xcalloc(json_array_size(list) + 1, sizeof(*names));
	const json_t *name;
	size_t i, n = 0;

	json_array_foreach(list, i, name) if (json_is_string(name)) names[n++] =
		json_string_value(name);
	return names;
}

static int code_of(const struct drv *d, int cls)
{
	if (cls == DRV_TRANSIENT)
		return ERR_UNAVAIL;
	return d->hello ? ERR_INVAL : ERR_ABI;
}

static int start(struct drv *d, struct err *err)
{
	struct drv_err e;
	int rc;

	pthread_mutex_lock(&d->lock);
	rc = start_process(d, clock_mono_ms() + OPEN_MS, &e);
	pthread_mutex_unlock(&d->lock);
	if (rc < 0 && strncmp(e.msg, "driver '", 8) == 0)
		return err_set(err, code_of(d, rc), "%s", e.msg);
	if (rc < 0)
		return err_set(err, code_of(d, rc), "driver '%s': %s", d->name, e.msg);
	calls_table(d->hello, names_of(json_object_get(d->hello, "pool_options")),
		    &d->ops);
	d->ops.name = d->name;
	return 0;
}

int driver_open(struct clouds *clouds, const char *dir, const char *name,
		const char *config_json, struct driver **ret, struct err *err)
{
	CLEANUP(driver_close) struct driver *d = xcalloc(1, sizeof(*d));
	int rc;

	d->drv = drv_new(name);
	d->ops = &d->drv->ops;
	rc = order_read(dir, name, config_json, &d->drv->order, err);
	if (rc < 0)
		return rc;
	enter(clouds, d);
	rc = start(d->drv, err);
	if (rc == 0)
		*ret = TAKE(d);
	return rc;
}

bool driver_has_trouble(const struct driver *d, char *ret, size_t size)
{
	bool has;

	pthread_mutex_lock(&d->drv->lock);
	has = d->drv->failures > 0;
	if (has)
		snprintf(ret, size, "%s", d->drv->why);
	pthread_mutex_unlock(&d->drv->lock);
	return has;
}
