/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphans.c - no VM runs unseen: a VM without a host record, left by a lost answer, a
 * previous run or a restored database, becomes a host when it serves; else people are
 * told, and after a while it is terminated. A pool is forgotten only when its cloud lists
 * no more of its VMs.
 */
#include "round.h"

#include "check.h"
#include "clock.h"
#include "records.h"

#include <stdio.h>
#include <string.h>

/* Real, at most: a pool without VMs is empty after that. */
#define EMPTY_MS 60000
/* Real: one that was terminated may stay listed that long. */
#define LINGER_MS 60000

/* The unknown VMs of a round, for people. */
struct strangers {
	size_t n;
	char names[160];  /* of the first few */
	size_t n_calling; /* their agents are heard */
	int64_t left_ms;  /* real, until the first of the others is terminated */
};

static bool is_of_pool(const struct pool_round *r, const struct drv_vm *vm)
{
	return strcmp(vm->pool, r->row.name) == 0;
}

/* Also a VM of a pool that no longer exists. */
static bool is_ours(const struct pool_round *r, const struct records *k,
		    const struct drv_vm *vm)
{
	return is_of_pool(r, vm) || !records_have_pool(k, vm->pool);
}

/* ---------------------------------------------------------------- what it was */

enum past {
	PAST_NONE,     /* no host of its name was ever recorded */
	PAST_VANISHED, /* it was, until lists lacked it */
	PAST_ENDED,    /* it was terminated */
	PAST_OTHER,    /* another VM has its name */
};

static int find_past(struct pool_round *r, const struct drv_vm *vm, enum past *ret,
		     struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { 0 };
	int rc = db_host_get(r->opts->db, vm->name, &h, err);

	*ret = PAST_NONE;
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc < 0)
		return rc;
	if (strcmp(h.launch_id, vm->launch_id) != 0)
		*ret = PAST_OTHER;
	else
		*ret = strcmp(h.message, POOL_WHY_VANISHED) == 0 ? PAST_VANISHED
								 : PAST_ENDED;
	return 0;
}

static int put_host(struct pool_round *r, const struct drv_vm *vm, struct db_host *h,
		    struct err *err)
{
	int rc;

	h->pool = r->row.name;
	h->launch_id = (char *)(uintptr_t)vm->launch_id;
	h->vm_id = (char *)(uintptr_t)vm->id;
	h->requested_ms = h->listed_ms = r->now_ms;
	rc = db_host_put(r->opts->db, h, err);
	if (rc < 0)
		return rc;
	r->changed = true;
	missing_clear(&r->pool->missing, vm->id);
	return 0;
}

/* Its agent has our certificate and serves: it is a host as any other. */
static int adopt(struct pool_round *r, const struct drv_vm *vm, struct err *err)
{
	struct db_host h = {
		.id = (char *)(uintptr_t)vm->name,
		.state = DB_HOST_UP,
		.address = (char *)(uintptr_t)vm->address,
		.booted_ms = r->now_ms,
		.joined_ms = r->now_ms,
		.adopted_ms = r->now_ms,
		.join_token_used = true,
		.cpu = r->row.cpu,
		.memory_bytes = r->row.memory_bytes,
	};
	int rc = put_host(r, vm, &h, err);

	if (rc == 0)
		event_add(r->opts->events, "host-adopted", DB_LEVEL_WARN,
			  EVENT_ABOUT(.host = h.id, .pool = r->row.name),
			  "VM %s has no record, but its agent is at work: it is host %s "
			  "of pool %s again, with the units that it runs",
			  vm->id, h.id, r->row.name);
	return rc;
}

/* It becomes a host that is terminated: operators see it, and it ends like any other. */
static int doom(struct pool_round *r, const struct drv_vm *vm, struct err *err)
{
	CLEANUP(free) char *id = xasprintf("%s-%.8s", r->row.name, vm->launch_id);
	struct db_host h = {
		.id = id,
		.state = DB_HOST_TERMINATING,
		.message = (char *)(uintptr_t) "its VM belonged to no known host",
	};
	int rc = put_host(r, vm, &h, err);

	if (rc == 0)
		event_add(r->opts->events, "orphan-found", DB_LEVEL_WARN,
			  EVENT_ABOUT(.host = id, .pool = r->row.name),
			  "VM %s carries our tag but belongs to no known host, and does "
			  "not serve: terminating it as host %s",
			  vm->id, id);
	return rc;
}

/* ---------------------------------------------------------------- telling */

static void note_stranger(struct strangers *s, const struct drv_vm *vm, bool calls,
			  int64_t left_ms)
{
	const size_t len = strlen(s->names);

	if (s->n++ < 4)
		snprintf(s->names + len, sizeof(s->names) - len, "%s%.24s",
			 len ? ", " : "", vm->id);
	if (calls)
		s->n_calling++;
	else
		s->left_ms =
			s->n == s->n_calling + 1 ? left_ms : MIN(s->left_ms, left_ms);
}

/* What becomes of them. */
static void describe(const struct strangers *s, char *text, size_t size)
{
	char left[CLOCK_TEXT];
	size_t len = 0;

	*text = '\0';
	if (s->n_calling)
		len = (size_t)snprintf(text, size,
				       "; the agents of %zu call, so they are kept: "
				       "apply their stack, or end them at the cloud",
				       s->n_calling);
	if (s->n > s->n_calling)
		snprintf(text + len, size - len,
			 "; those whose agents do not call are terminated, the first in "
			 "%s (limits.unknown_vm_grace)",
			 clock_format_duration(MAX(s->left_ms, INT64_C(0)) / 1000 * 1000,
					       left));
}

static void tell_strangers(struct pool_round *r, const struct strangers *s)
{
	char text[256];

	if (!s->n) {
		pool_problem_clear(&r->pool->problems, POOL_UNKNOWN_VMS);
		return;
	}
	describe(s, text, sizeof(text));
	pool_problem_set(&r->pool->problems, POOL_UNKNOWN_VMS, r->row.name,
			 "%zu VMs carry this installation's tag and no record knows them "
			 "(%s%s); they count against the maximum%s",
			 s->n, s->names, s->n > 4 ? ", ..." : "", text);
}

/* Hosts that were adopted, and that the fleet leaves as they are. */
static void tell_adoptions(struct pool_round *r)
{
	for (size_t i = 0; i < r->hosts.n; i++) {
		const struct db_host *h = &r->hosts.v[i];

		if (!h->adopted_ms || h->ready_ms || h->state > DB_HOST_UP ||
		    !*h->message)
			continue;
		pool_problem_set(&r->pool->problems, POOL_ADOPTION, r->row.name,
				 "host %s is left as it is: %s", h->id, h->message);
		return;
	}
	pool_problem_clear(&r->pool->problems, POOL_ADOPTION);
}

/* ---------------------------------------------------------------- one VM */

/* For how long it was not heard, while it could have been. */
static int64_t silent_ms(struct pool_round *r, const struct drv_vm *vm,
			 enum pool_voice voice)
{
	CLEANUP(free) char *what = xasprintf("silent %.100s", vm->id);

	if (voice != POOL_SILENT) {
		missing_clear(&r->pool->missing, what);
		return -1;
	}
	return clock_mono_ms() - missing_note(&r->pool->missing, what)->first_mono_ms;
}

static int judge(struct pool_round *r, const struct drv_vm *vm, struct strangers *s,
		 struct err *err)
{
	const enum pool_voice voice = pool_listen(r, vm->name);
	const int64_t grace = r->opts->orphan_grace_ms;
	int64_t seen_ms, silent;
	enum past past;
	int rc = find_past(r, vm, &past, err);

	if (rc < 0)
		return rc;
	if (voice == POOL_HEARD && is_of_pool(r, vm) && r->row.max > 0 &&
	    (past == PAST_NONE || past == PAST_VANISHED))
		return adopt(r, vm, err);
	seen_ms =
		clock_mono_ms() - missing_note(&r->pool->missing, vm->id)->first_mono_ms;
	r->n_unknown += is_of_pool(r, vm);
	silent = silent_ms(r, vm, voice);
	if (silent >= grace)
		return doom(r, vm, err);
	if (past != PAST_ENDED || seen_ms >= LINGER_MS)
		note_stranger(s, vm, voice == POOL_HEARD,
			      grace - MAX(silent, INT64_C(0)));
	return 0;
}

int pool_sweep_orphans(struct pool_round *r, struct err *err)
{
	CLEANUP(records_done) struct records known = { 0 };
	struct strangers s = { 0 };
	int rc = records_read(r, &known, err);

	for (size_t i = 0; rc == 0 && i < r->n_vms; i++) {
		const struct drv_vm *vm = &r->vms[i];

		if (vm->state != DRV_VM_GONE &&
		    !records_have_host(&known, vm->launch_id) && is_ours(r, &known, vm))
			rc = judge(r, vm, &s, err);
	}
	if (rc == 0)
		tell_strangers(r, &s);
	tell_adoptions(r);
	return rc;
}

/* ---------------------------------------------------------------- empty pools */

static bool has_vm(const struct pool_round *r)
{
	for (size_t i = 0; i < r->n_vms; i++)
		if (is_of_pool(r, &r->vms[i]) && r->vms[i].state != DRV_VM_GONE)
			return true;
	return false;
}

bool pool_is_empty(struct pool_round *r)
{
	const struct drv_caps *caps = r->pool->driver->ops->caps(r->pool->driver->drv);
	const int64_t wait_ms = MIN(r->opts->orphan_grace_ms, EMPTY_MS);
	const struct missing *m;

	if (r->row.max > 0 || r->hosts.n > 0 || has_vm(r)) {
		missing_clear(&r->pool->missing, "(nothing)");
		return false;
	}
	/* The VM of a launch whose answer was lost may still appear. */
	m = missing_note(&r->pool->missing, "(nothing)");
	return m->count >= POOL_LISTS_UNTIL_GONE &&
	       clock_mono_ms() - m->first_mono_ms >= MAX(caps->visible_ms, wait_ms);
}
