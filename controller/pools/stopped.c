/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stopped.c - hosts that were at work and whose VMs, by the cloud's list, have failed or
 * stop. The list alone ends none: clouds say so of VMs that are migrated or resized, or
 * that a person stopped for a while.
 */
#include "round.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>

/* Real, between the two lists that must say so: a living agent whose connections have
 * ended opens others within 100 ms. */
#define CONFIRM_MS 200
#define CONFIRM_SLACK_MS 50
#define AGAIN_KEPT_MS 3000
#define LIVES_MS 2000 /* heard for so long with a VM that is said to have failed */

static void keep(struct pool_round *r, const struct db_host *h, const char *why)
{
	r->stopped.one = h->id;
	snprintf(r->stopped.why, sizeof(r->stopped.why), "%s", why);
	r->stopped.n++;
	pool_look_again(r, AGAIN_KEPT_MS);
}

static const struct missing *note(struct pool_round *r, const char *word,
				  const struct db_host *h)
{
	CLEANUP(free) char *what = xasprintf("%s %s", word, h->id);

	return missing_note(&r->pool->missing, what);
}

static bool is_told_twice(struct pool_round *r, const struct db_host *h)
{
	const struct missing *m = note(r, "stopped", h);

	return m->count >= POOL_LISTS_UNTIL_GONE &&
	       clock_mono_ms() - m->first_mono_ms >= CONFIRM_MS - CONFIRM_SLACK_MS;
}

static int is_stateful(struct pool_round *r, const struct db_unit *u, bool *ret,
		       struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	int rc = db_tier_get(r->opts->db, u->stack, u->tier, &t, err);

	if (rc == ERR_NOT_FOUND)
		return 0;
	*ret |= rc == 0 && t.stateful;
	return rc;
}

/* Only a person, or the pool's own rule, gives state up. What an adopted host runs is
 * not known at first. */
static int holds_state(struct pool_round *r, const struct db_host *h, bool *ret,
		       struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { 0 };
	int rc;

	*ret = false;
	if (h->state == DB_HOST_DRAINING || r->row.lose_stateful)
		return 0;
	*ret = !h->ready_ms;
	rc = db_unit_list(r->opts->db, &(struct db_unit_filter){ .host = h->id }, &units,
			  err);
	for (size_t i = 0; rc == 0 && i < units.n; i++)
		rc = is_stateful(r, &units.v[i], ret, err);
	return rc;
}

/* One that hung up and whose VM stops may be rebooting, and one that served with a VM
 * that is said to have failed may restart its agent. */
static bool may_live(struct pool_round *r, const struct db_host *h, enum pool_voice voice,
		     const struct drv_vm *vm)
{
	const struct missing *lives;

	if (voice == POOL_SILENT)
		return false;
	lives = note(r, "lives", h);
	return voice == POOL_HEARD || vm->state == DRV_VM_STOPPING ||
	       clock_mono_ms() - lives->first_mono_ms >= LIVES_MS;
}

int pool_vm_stopped(struct pool_round *r, struct db_host *h, const struct drv_vm *vm,
		    struct err *err)
{
	const char *why = *vm->message ? vm->message : "its VM has stopped";
	enum pool_voice voice;
	bool is_kept = false;
	int rc = 0;

	if (!pool_has_joined(h))
		return pool_host_failed(r, h, why, err);
	voice = pool_listen(r, h->id);
	if (voice == POOL_DEAF)
		return 0;
	if (may_live(r, h, voice, vm)) {
		keep(r, h, why);
		return 0;
	}
	if (!is_told_twice(r, h)) {
		pool_look_again(r, CONFIRM_MS);
		return 0;
	}
	if (vm->state != DRV_VM_GONE)
		rc = holds_state(r, h, &is_kept, err);
	if (rc == 0 && is_kept)
		keep(r, h, why);
	return rc < 0 || is_kept ? rc : pool_host_failed(r, h, why, err);
}

void pool_tell_stopped(struct pool_round *r)
{
	const struct stopped *s = &r->stopped;

	if (!s->n) {
		pool_problem_clear(&r->pool->problems, POOL_STOPPED);
		return;
	}
	pool_problem_set(
		&r->pool->problems, POOL_STOPPED, r->row.name,
		"the cloud lists the VMs of %zu hosts as failed or stopping (one "
		"is %s: %s); they are kept, as their agents are at work or they "
		"hold state; repair them, or give one up with foretide drain %s",
		s->n, s->one, s->why, s->one);
}
