/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "resolver.h"

#include "check.h"
#include "clock.h"
#include "lookup.h"

#include <string.h>
#include <sys/epoll.h>

#define RESOLVER_MAGIC 0x7265736fu
/* A look-up that failed at once is not repeated before this. */
#define FAILED_MS 1000

struct resolver_wait {
	struct resolver_wait *next, **link;
	resolver_fn *fn;
	void *arg;
};

struct known {
	struct known *next;
	char *name;
	char *addresses; /* NULL: none */
	struct err err;  /* of the last look-up, when it failed */
	int64_t due_ms;  /* the next look-up is not before this */
	int64_t used_ms;
	bool asked; /* a look-up is wanted, or runs */
	bool runs;
	bool answering; /* stays, whatever the callbacks do */
	struct resolver_wait *waits;
};

struct resolver {
	uint32_t magic;
	struct loop *loop;
	struct lookup_box *box;
	struct loop_timer *later; /* answers that are here already */
	struct known *names;
	size_t n_names, n_running;
};

/* ---------------------------------------------------------------- look-ups */

static void start_some(struct resolver *r)
{
	for (struct known *k = r->names; k && r->n_running < RESOLVER_THREADS;
	     k = k->next) {
		if (!k->asked || k->runs)
			continue;
		if (!lookup_start(r->box, k->name, k))
			return;
		k->runs = true;
		r->n_running++;
	}
}

static void ask(struct resolver *r, struct known *k)
{
	if (!k->asked && clock_mono_ms() < k->due_ms)
		return;
	k->asked = true;
	if (!k->runs)
		start_some(r);
}

/* Those who wait now: the callbacks may wait again, and cancel. */
static void answer_all(struct known *k)
{
	struct resolver_wait *waits = TAKE(k->waits), *w;

	if (waits)
		waits->link = &waits;
	k->answering = true;
	while ((w = waits)) {
		resolver_fn *fn = w->fn;
		void *arg = w->arg;
		CLEANUP(free) char *copy = k->addresses ? xstrdup(k->addresses) : NULL;
		struct err err = k->err;

		resolver_cancel(w);
		fn(arg, copy, copy ? NULL : &err);
	}
	k->answering = false;
}

static void take(struct known *k, struct lookup *q)
{
	k->asked = k->runs = false;
	k->due_ms = clock_mono_ms() + FAILED_MS;
	if (q->addresses) {
		free(k->addresses);
		k->addresses = TAKE(q->addresses);
		k->due_ms = clock_mono_ms() + RESOLVER_FRESH_MS;
		return;
	}
	k->err = q->err;
	if (q->no_such_name)
		free(TAKE(k->addresses));
}

static void on_over(void *arg, int fd, uint32_t events)
{
	struct resolver *r = arg;
	struct lookup *q;

	(void)fd;
	(void)events;
	CHECK_MAGIC(r, RESOLVER_MAGIC);
	while ((q = lookup_take(r->box))) {
		struct known *k = q->arg;

		r->n_running--;
		take(k, q);
		lookup_free(q);
		start_some(r);
		answer_all(k);
	}
}

/* Those who wait for a name whose look-up has just failed, or is known after all. */
static void on_later(void *arg)
{
	struct resolver *r = arg;

	CHECK_MAGIC(r, RESOLVER_MAGIC);
	for (struct known *k = r->names; k; k = k->next)
		if (!k->asked)
			answer_all(k);
}

/* ---------------------------------------------------------------- names */

static void free_known(struct known *k)
{
	while (k->waits)
		resolver_cancel(k->waits);
	free(k->name);
	free(k->addresses);
	free(k);
}

/* Makes room: the name that was not used for the longest time goes. */
static void forget_one(struct resolver *r)
{
	struct known **oldest = NULL, *k;

	for (struct known **at = &r->names; *at; at = &(*at)->next)
		if (!(*at)->asked && !(*at)->waits && !(*at)->answering &&
		    (!oldest || (*at)->used_ms < (*oldest)->used_ms))
			oldest = at;
	if (!oldest)
		return;
	k = *oldest;
	*oldest = k->next;
	r->n_names--;
	free_known(k);
}

static struct known *find(const struct resolver *r, const char *name)
{
	for (struct known *k = r->names; k; k = k->next)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static struct known *find_or_add(struct resolver *r, const char *name)
{
	struct known *k = find(r, name);

	if (!k) {
		if (r->n_names >= RESOLVER_NAMES)
			forget_one(r);
		k = xcalloc(1, sizeof(*k));
		k->name = xstrdup(name);
		k->next = r->names;
		r->names = k;
		r->n_names++;
	}
	k->used_ms = clock_mono_ms();
	return k;
}

const char *resolver_get(struct resolver *r, const char *name)
{
	struct known *k;

	CHECK_MAGIC(r, RESOLVER_MAGIC);
	k = find_or_add(r, name);
	ask(r, k);
	return k->addresses;
}

struct resolver_wait *resolver_wait(struct resolver *r, const char *name, resolver_fn *fn,
				    void *arg)
{
	struct resolver_wait *w = xcalloc(1, sizeof(*w));
	struct known *k;

	CHECK_MAGIC(r, RESOLVER_MAGIC);
	k = find_or_add(r, name);
	w->fn = fn;
	w->arg = arg;
	w->next = k->waits;
	if (w->next)
		w->next->link = &w->next;
	w->link = &k->waits;
	k->waits = w;
	ask(r, k);
	if (!k->asked)
		loop_timer_in(r->later, 0);
	return w;
}

void resolver_cancel(struct resolver_wait *w)
{
	if (!w)
		return;
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	free(w);
}

void resolver_doubt(struct resolver *r, const char *name)
{
	struct known *k = find(r, name);

	if (k && k->addresses)
		k->due_ms = MIN(k->due_ms, clock_mono_ms() + FAILED_MS);
}

int resolver_new(struct loop *l, struct resolver **ret, struct err *err)
{
	CLEANUP(resolver_free) struct resolver *r = xcalloc(1, sizeof(*r));
	int rc;

	r->magic = RESOLVER_MAGIC;
	r->loop = l;
	r->later = loop_timer_new(l, on_later, r);
	rc = lookup_box_new(&r->box, err);
	if (rc == 0)
		rc = loop_io_add(l, lookup_box_fd(r->box), EPOLLIN, on_over, r, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}

void resolver_free(struct resolver *r)
{
	struct known *next;

	if (!r)
		return;
	CHECK_MAGIC(r, RESOLVER_MAGIC);
	for (struct known *k = r->names; k; k = next) {
		next = k->next;
		free_known(k);
	}
	if (r->box)
		loop_io_del(r->loop, lookup_box_fd(r->box));
	lookup_box_leave(r->box);
	loop_timer_free(r->later);
	r->magic = 0;
	free(r);
}
