/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arrange.c - which launch has which machine, and how many machines there are to be.
 */
#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <string.h>

/* A launch whose machine is listed no more is over after that. */
#define MISSED_MS 600000

/* ---------------------------------------------------------------- the book */

int cp_book_open(struct drv *d, int64_t deadline, struct book *ret, struct drv_err *err)
{
	const int64_t left = deadline - d->rest.host->mono_ms(d->rest.host->ctx);
	struct err e;

	return book_open(d->opt.state_dir, d->book, MAX(left, INT64_C(0)), ret, &e) < 0
		       ? drv_fail(err, DRV_TRANSIENT, "%s", e.msg)
		       : 0;
}

int cp_book_save(struct drv *d, struct book *b, struct drv_err *err)
{
	struct err e;

	return book_save(b, cp_now_ms(d), &e) < 0
		       ? drv_fail(err, DRV_TRANSIENT, "%s", e.msg)
		       : 0;
}

static bool waits(const struct book_entry *e)
{
	return !e->ended_ms && !*e->machine;
}

static int64_t count_waiting(const struct book *b)
{
	int64_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += waits(&b->v[i]);
	return n;
}

/* ---------------------------------------------------------------- machines */

static bool is_allocated(const struct cp_machine *m)
{
	return m->state <= CP_RUNNING;
}

/* Never one that a launch had: it may be on its way out, and ran another's units. */
static bool is_free(const struct book *b, const struct cp_machine *m)
{
	return is_allocated(m) && m->is_active && m->is_evictable &&
	       !book_holder(b, m->id) && !book_freed_ms(b, m->id);
}

/* Counts in the pool's size, and is neither ours nor to be had. */
static bool is_strange(const struct book *b, const struct cp_machine *m)
{
	return is_allocated(m) && m->is_active && !m->is_evictable &&
	       !book_holder(b, m->id) && !book_freed_ms(b, m->id);
}

int64_t cp_needed(const struct book *b, const struct cp_pool *p)
{
	int64_t n = count_waiting(b);

	for (size_t i = 0; i < p->n; i++) {
		const struct book_entry *e = book_holder(b, p->v[i].id);

		n += e ? is_allocated(&p->v[i]) : is_strange(b, &p->v[i]);
	}
	return n;
}

const struct cp_machine *cp_spare(const struct book *b, const struct cp_pool *p)
{
	const struct cp_machine *last = NULL;
	int64_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!is_free(b, &p->v[i]))
			continue;
		n++;
		if (!last || p->v[i].state < last->state)
			last = &p->v[i];
	}
	return n > count_waiting(b) ? last : NULL;
}

/* The one that is nearest to running; one that was only asked for may get another id. */
static const struct cp_machine *next_free(const struct book *b, const struct cp_pool *p)
{
	const struct cp_machine *best = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct cp_machine *m = &p->v[i];

		if (m->state != CP_REQUESTED && is_free(b, m) &&
		    (!best || m->state > best->state))
			best = m;
	}
	return best;
}

/* ---------------------------------------------------------------- steps */

/* Whether the entry changed. m: its machine; NULL: the list lacks it. */
static bool note_listed(struct book_entry *e, const struct cp_machine *m, int64_t now)
{
	/* One that was given up and is there again is ours still, and is to be ended. */
	if (m && e->missed_ms) {
		e->missed_ms = e->ended_ms = 0;
		return true;
	}
	if (m || e->ended_ms || (e->missed_ms && now - e->missed_ms <= MISSED_MS))
		return false;
	if (e->missed_ms)
		book_end(e, now);
	else
		e->missed_ms = now;
	return true;
}

static bool note_missing(struct drv *d, struct book *b, const struct cp_pool *p)
{
	bool changed = false;

	for (size_t i = 0; i < b->n; i++)
		if (*b->v[i].machine)
			changed |= note_listed(&b->v[i], cp_pool_find(p, b->v[i].machine),
					       cp_now_ms(d));
	return changed;
}

static void say_given(const struct drv *d, const struct book_entry *e)
{
	const struct drv_host *h = d->rest.host;
	CLEANUP(free) char *words = xasprintf("%s has machine %s", e->name, e->machine);

	h->log(h->ctx, DRV_LOG_INFO, "machine-given", words);
}

/* In the order of the launches. Whether one got a machine. */
static bool give(struct drv *d, struct book *b, const struct cp_pool *p)
{
	bool changed = false;

	for (size_t i = 0; i < b->n; i++) {
		const struct cp_machine *m = waits(&b->v[i]) ? next_free(b, p) : NULL;

		if (!m)
			continue;
		snprintf(b->v[i].machine, sizeof(b->v[i].machine), "%s", m->id);
		say_given(d, &b->v[i]);
		changed = true;
	}
	return changed;
}

static int protect(struct drv *d, struct book *b, int64_t deadline, struct drv_err *err)
{
	bool changed = false;

	for (size_t i = 0; i < b->n; i++) {
		struct book_entry *e = &b->v[i];
		int rc;

		if (e->ended_ms || e->is_ready || e->is_ending || !*e->machine)
			continue;
		rc = cp_evictable(d, e->machine, false, deadline, err);
		/* It went meanwhile: the next list shows that. */
		if (rc < 0 && rc != DRV_NOTFOUND)
			return rc;
		e->is_ready = changed = true;
	}
	return changed ? cp_book_save(d, b, err) : 0;
}

static int grow(struct drv *d, const struct book *b, const struct cp_pool *p,
		int64_t deadline, struct drv_err *err)
{
	const int64_t needed = cp_needed(b, p);
	int64_t size = 0;
	int rc = cp_size_get(d, deadline, &size, err);

	return rc == 0 && size < needed ? cp_size_set(d, needed, deadline, err) : rc;
}

int cp_arrange(struct drv *d, struct book *b, const struct cp_pool *p, int64_t deadline,
	       struct drv_err *err)
{
	const bool is_missed = note_missing(d, b, p), is_given = give(d, b, p);
	/* On disk before anybody relies on it. */
	int rc = is_missed || is_given ? cp_book_save(d, b, err) : 0;

	/* The larger size first: what comes of it takes the longest. */
	if (rc == 0 && count_waiting(b) > 0)
		rc = grow(d, b, p, deadline, err);
	return rc < 0 ? rc : protect(d, b, deadline, err);
}

/* ---------------------------------------------------------------- as a VM */

static void note_addresses(const struct drv *d, const json_t *doc, struct drv_vm *ret)
{
	const json_t *inside = json_array_get(rest_at(doc, "privateIps"), 0);
	const json_t *outside = json_array_get(rest_at(doc, "publicIps"), 0);
	const bool is_public = strcmp(d->opt.address, "public") == 0;
	const char *first = json_string_value(is_public ? outside : inside);
	const char *other = json_string_value(is_public ? inside : outside);

	if (!first)
		first = other ? other : "";
	snprintf(ret->address, sizeof(ret->address), "%s", first);
	if (json_string_value(outside))
		snprintf(ret->public_address, sizeof(ret->public_address), "%s",
			 json_string_value(outside));
}

void cp_vm(const struct drv *d, const struct book_entry *e, const struct cp_machine *m,
	   struct drv_vm *ret)
{
	static const enum drv_vm_state of[] = {
		[CP_REQUESTED] = DRV_VM_PENDING, [CP_PENDING] = DRV_VM_PENDING,
		[CP_RUNNING] = DRV_VM_RUNNING,   [CP_ENDING] = DRV_VM_STOPPING,
		[CP_ENDED] = DRV_VM_GONE,
	};

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->id, sizeof(ret->id), "%s", e->launch_id);
	snprintf(ret->launch_id, sizeof(ret->launch_id), "%s", e->launch_id);
	snprintf(ret->owner, sizeof(ret->owner), "%s", e->owner);
	snprintf(ret->pool, sizeof(ret->pool), "%s", e->pool);
	snprintf(ret->name, sizeof(ret->name), "%s", e->name);
	ret->created_ms = e->given_ms;
	ret->state = e->ended_ms ? DRV_VM_GONE : m ? of[m->state] : DRV_VM_PENDING;
	if (!m)
		return;
	rest_copy(ret->type, sizeof(ret->type), m->doc, "machineSize");
	rest_copy(ret->zone, sizeof(ret->zone), m->doc, "region");
	note_addresses(d, m->doc, ret);
	if (m->is_refused && !e->ended_ms) {
		ret->state = DRV_VM_FAILED;
		snprintf(ret->message, sizeof(ret->message),
			 "the cloud refused machine %.60s", m->id);
	}
}
