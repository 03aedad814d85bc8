/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flight.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>

void flight_init(struct flight *f, const struct pool_round *r)
{
	const struct driver *d = r->pool->driver;

	*f = (struct flight){ .round = r,
			      .most = MAX(d->ops->caps(d->drv)->in_flight, 1u) };
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->landed, NULL);
}

void flight_done(struct flight *f)
{
	CHECK(f->n == 0);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->landed);
}

bool flight_is_full(const struct flight *f)
{
	return f->n == f->most;
}

static int launch(struct flight_call *c)
{
	const struct pool_round *r = c->flight->round;
	const struct driver *d = r->pool->driver;
	const struct choice *asked = &c->choice;
	const char *types[] = { *asked->type ? asked->type : NULL, NULL };
	const struct drv_launch launch = {
		.launch_id = c->host->launch_id,
		.owner = r->opts->owner,
		.pool = c->host->pool,
		.name = c->host->id,
		.types = types,
		.zone = *asked->zone ? asked->zone : NULL,
		.spot = c->host->is_spot,
		.user_data = c->user_data,
		.user_data_len = strlen(c->user_data),
	};
	int rc = d->ops->launch(d->drv, &launch, pool_call_deadline(r->opts), &c->vm,
				&c->e);

	if (rc < 0 || c->vm.state != DRV_VM_GONE)
		return rc;
	/* Sent again, after somebody had ended what the first call launched. */
	c->e = (struct drv_err){ .cls = DRV_NOTFOUND, .retry_after_ms = -1 };
	snprintf(c->e.msg, sizeof(c->e.msg), "its VM %s was launched and is gone already",
		 c->vm.id);
	return c->e.cls;
}

static void *call_driver(void *arg)
{
	struct flight_call *c = arg;
	struct flight *f = c->flight;

	c->cls = launch(c);
	pthread_mutex_lock(&f->lock);
	c->next = f->first;
	f->first = c;
	pthread_cond_signal(&f->landed);
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

void flight_start(struct flight *f, struct db_host *host, const struct choice *choice,
		  bool is_again, char *user_data)
{
	struct flight_call *c = xcalloc(1, sizeof(*c));
	pthread_attr_t attr;
	pthread_t thread;

	c->flight = f;
	c->host = host;
	c->is_again = is_again;
	c->choice = *choice;
	c->user_data = user_data;
	f->n++;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* One at a time needs no other thread, and without another it still is made. */
	if (f->most == 1 || pthread_create(&thread, &attr, call_driver, c) != 0)
		(void)call_driver(c);
	pthread_attr_destroy(&attr);
}

struct flight_call *flight_land(struct flight *f)
{
	struct flight_call *c;

	if (f->n == 0)
		return NULL;
	pthread_mutex_lock(&f->lock);
	while (!f->first)
		pthread_cond_wait(&f->landed, &f->lock);
	c = f->first;
	f->first = c->next;
	pthread_mutex_unlock(&f->lock);
	f->n--;
	return c;
}

void flight_call_free(struct flight_call *c)
{
	if (!c)
		return;
	explicit_bzero(c->user_data, strlen(c->user_data));
	free(c->user_data);
	free(c);
}
