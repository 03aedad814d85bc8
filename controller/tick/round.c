/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "round.h"

#include "clock.h"
#include "log.h"
#include "stacks.h"

#define CONFIRM_MS 3000 /* for a write to come back through the view */
#define MOVES_AT_ONCE 1
#define REGISTRATIONS_EVERY_MS 3000

void tick_parts_init(struct tick_parts *p, const struct tick_opts *o)
{
	*p = (struct tick_parts){
		.o = o,
		.observer = observer_new(&o->observer),
		.failing = failing_new(),
		.roll_outs = roll_outs_new(),
		.catalog = catalog_new(),
		.tiers = tiers_new(o->db),
		.ledger = ledger_new(o->db),
		.budgets = budgets_new(o->db),
		.moves = place_moves_new(),
		.rights = rights_new(&o->rights),
		.registrations = registrations_new(),
	};
	problems_init(&p->problems);
}

void tick_parts_done(struct tick_parts *p)
{
	store_sync_close(p->store);
	registrations_free(p->registrations);
	rights_free(p->rights);
	place_moves_free(p->moves);
	budgets_free(p->budgets);
	ledger_free(p->ledger);
	tiers_free(p->tiers);
	catalog_free(p->catalog);
	roll_outs_free(p->roll_outs);
	failing_free(p->failing);
	observer_free(p->observer);
	problems_done(&p->problems);
}

void round_done(struct round *r)
{
	place_result_done(&r->placed);
	fleet_free(r->f);
	view_snapshot_done(&r->view);
}

static const char *distrust_of_store(const struct round *r)
{
	if (!r->seen.store_ok)
		return "the store cannot be read";
	if (clock_wait_left_ms(&r->parts->o->care) > 0)
		return "the controller was restored from a backup a short time ago";
	return NULL;
}

static const char *distrust(const struct round *r)
{
	const char *of_store = distrust_of_store(r);

	if (of_store)
		return of_store;
	if (r->seen.host_shrunk)
		return "most hosts stopped responding at the same time";
	return NULL;
}

static int decide_tiers(struct round *r, struct err *err)
{
	struct tick_parts *p = r->parts;

	return tiers_decide(p->tiers, r->f,
			    &(struct tiers_context){
				    .events = p->o->events,
				    .distrust = distrust(r),
				    .tick_ms = p->o->tick_ms,
				    .only_new = !r->full,
			    },
			    err);
}

static void tell_of_tiers(struct round *r)
{
	struct tick_parts *p = r->parts;
	char text[ERR_MSG_MAX];

	problems_set(&p->problems, PROBLEM_DEMAND,
		     tiers_problem(p->tiers, TIER_MISSING, text, sizeof(text)) ? text
									       : NULL);
	problems_set(&p->problems, PROBLEM_FORECAST,
		     tiers_problem(p->tiers, TIER_VETOED, text, sizeof(text)) ? text
									      : NULL);
}

/* What fails here is told, and tried again: a host without its rights asks again too. */
static void follow_users(struct round *r)
{
	struct tick_parts *p = r->parts;
	char text[ERR_MSG_MAX];
	bool more = false;
	struct err err;
	int rc;

	if (!p->o->users)
		return;
	rc = store_users_apply(p->o->users, p->store, &more, &err);
	r->seen.settling |= more || rc < 0;
	problems_set(&p->problems, PROBLEM_STORE_USERS, rc < 0 ? err.msg : NULL);
	problems_set(&p->problems, PROBLEM_STORE_OPEN,
		     store_users_open_problem(p->o->users, text, sizeof(text)) ? text
									       : NULL);
}

static int publish(struct round *r, struct err *err)
{
	struct tick_parts *p = r->parts;
	CLEANUP(publication_free) struct publication *pub = publication_new();
	int64_t rev = 0;
	int rc = catalog_publish(p->catalog, pub, p->o->db, err);

	if (rc == 0)
		rc = publication_add_schedules(pub, r->f, &r->view, err);
	/* Intent first: the database has it before the store does. */
	if (rc == 0)
		rc = fleet_save_units(p->o->db, r->f, err);
	if (rc < 0 || !r->seen.store_ok)
		return rc;
	/* A unit that starts finds its rights. */
	rights_update(p->rights, r->f, p->catalog, &r->view);
	follow_users(r);
	rc = publication_write(pub, &r->view, p->store, &rev, err);
	if (rc < 0 || !rev)
		return rc;
	return view_wait(p->o->view, rev, CONFIRM_MS, err);
}

static int read_stacks(struct round *r)
{
	struct err err;
	int rc = catalog_update(r->parts->catalog, r->f, &err);

	problems_set(&r->parts->problems, PROBLEM_STACK, rc < 0 ? err.msg : NULL);
	return 0;
}

static void find_failing(struct round *r)
{
	struct tick_parts *p = r->parts;
	char text[ERR_MSG_MAX];

	failing_update(p->failing, r->f, !distrust(r), clock_mono_ms(), p->o->events);
	/* Look again soon at units that have just started: a roll-out waits for them. */
	for (size_t i = 0; i < r->f->n_units; i++)
		r->seen.settling |= r->f->units[i].unsteady;
	problems_set(&p->problems, PROBLEM_UNITS,
		     failing_problem(r->f, text, sizeof(text)) ? text : NULL);
	problems_set(&p->problems, PROBLEM_CHECKS,
		     sick_problem(r->f, text, sizeof(text)) ? text : NULL);
}

static enum roll_out_trust roll_out_trust(const struct round *r)
{
	return !distrust(r)           ? ROLL_OUT_TRUST_ALL
	       : distrust_of_store(r) ? ROLL_OUT_TRUST_NOTHING
				      : ROLL_OUT_TRUST_STORE;
}

static int follow_roll_outs(struct round *r, struct err *err)
{
	struct tick_parts *p = r->parts;
	char text[ERR_MSG_MAX];
	int rc = roll_outs_update(p->roll_outs, r->f, roll_out_trust(r), clock_mono_ms(),
				  p->o->events, err);

	if (rc < 0)
		return rc;
	/* What it has applied is read by the next round. */
	r->seen.settling |= roll_outs_go_back(p->roll_outs, r->f, p->o->events);
	problems_set(&p->problems, PROBLEM_ROLL_OUT,
		     failing_roll_out(r->f, text, sizeof(text)) ? text : NULL);
	problems_set(&p->problems, PROBLEM_STOPPED,
		     roll_outs_stopped_problem(r->f, text, sizeof(text)) ? text : NULL);
	problems_set(&p->problems, PROBLEM_KILLS,
		     roll_outs_kills_problem(r->f, text, sizeof(text)) ? text : NULL);
	return 0;
}

static void find_misplaced(struct round *r)
{
	char text[ERR_MSG_MAX];

	problems_set(&r->parts->problems, PROBLEM_MISPLACED,
		     place_misplaced(r->f, text, sizeof(text)) ? text : NULL);
}

/* What its driver lists decides soonest about a host that is gone. */
static void ask_for_lists(struct round *r)
{
	for (size_t i = 0; r->seen.lists_due && i < r->f->n_hosts; i++)
		if (r->f->hosts[i].is_missing)
			sched_poke(r->parts->o->pools, r->f->hosts[i].h.pool);
}

static void tell_of_hosts(struct round *r)
{
	static const enum problem_kind kinds[N_OBSERVE_PROBLEMS] = {
		[OBSERVE_DEAF] = PROBLEM_DEAF,
		[OBSERVE_DOUBTED] = PROBLEM_HOSTS,
		[OBSERVE_UNKNOWN] = PROBLEM_UNKNOWN,
		[OBSERVE_CUT] = PROBLEM_CUT,
		[OBSERVE_STATEFUL] = PROBLEM_STATEFUL,
		[OBSERVE_LIMITED] = PROBLEM_LIMITED,
		[OBSERVE_INTERRUPTED] = PROBLEM_INTERRUPTED,
		[OBSERVE_VANISHED] = PROBLEM_VANISHED,
		[OBSERVE_PUT_RIGHT] = PROBLEM_PUT_RIGHT,
	};
	struct tick_parts *p = r->parts;
	char text[ERR_MSG_MAX];

	for (int i = 0; i < N_OBSERVE_PROBLEMS; i++)
		problems_set(&p->problems, kinds[i],
			     observe_problem(p->observer, r->f, &r->seen,
					     (enum observe_problem)i, text, sizeof(text))
				     ? text
				     : NULL);
}

static void keep_ledger(struct round *r)
{
	const struct ledger_moment m = { .is_fresh = r->seen.store_ok,
					 .tick_ms = r->parts->o->tick_ms };
	struct err err;

	if (ledger_round(r->parts->ledger, r->f, &m, &err) < 0)
		log_warn("ledger-not-entered", ERR(&err));
}

/* What it found before holds while the costs cannot be read. */
static void mind_budgets(struct round *r)
{
	struct tick_parts *p = r->parts;
	char text[ERR_MSG_MAX];
	struct err err;

	if (budgets_apply(p->budgets, r->f, &err) < 0)
		log_warn("costs-not-read", ERR(&err));
	problems_set(&p->problems, PROBLEM_BUDGET,
		     budgets_problem(p->budgets, text, sizeof(text)) ? text : NULL);
}

/* Only a full round knows what each tier needs. */
static void find_short(struct round *r)
{
	char text[ERR_MSG_MAX];

	if (r->full)
		problems_set(&r->parts->problems, PROBLEM_ROOM,
			     place_short_of_room(r->f, text, sizeof(text)) ? text : NULL);
}

/* The records of services are many, and change by themselves. */
static void compare_registrations(struct round *r)
{
	struct tick_parts *p = r->parts;
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };
	const int64_t now_ms = clock_mono_ms();
	char text[ERR_MSG_MAX];

	if (!r->seen.store_ok || now_ms < p->registered_ms)
		return;
	p->registered_ms = now_ms + REGISTRATIONS_EVERY_MS;
	view_snapshot(p->o->view, "/skydns/", &s);
	if (!s.has_copy || !s.is_synced)
		return;
	r->seen.settling |= registrations_update(p->registrations, r->f, p->rights, &s,
						 p->o->rights.domain, now_ms);
	problems_set(&p->problems, PROBLEM_UNREGISTERED,
		     registrations_missing(p->registrations, text, sizeof(text)) ? text
										 : NULL);
	problems_set(&p->problems, PROBLEM_FOREIGN,
		     registrations_foreign(p->registrations, text, sizeof(text)) ? text
										 : NULL);
}

int round_run(struct round *r, struct err *err)
{
	struct tick_parts *p = r->parts;
	int rc;

	if ((rc = fleet_load(p->o->db, clock_now_ms(), &r->f, err)) < 0 ||
	    (rc = read_stacks(r)) < 0 ||
	    (rc = observe(p->observer, r->f, &r->view, p->o->events, &r->seen, err)) < 0)
		return rc;
	ask_for_lists(r);
	tell_of_hosts(r);
	find_failing(r);
	rc = follow_roll_outs(r, err);
	if (rc == 0)
		rc = observe_leads(p->observer, r->f, p->o->events, err);
	mind_budgets(r);
	if (rc == 0)
		rc = decide_tiers(r, err);
	if (rc < 0)
		return rc;
	tell_of_tiers(r);
	keep_ledger(r);
	find_short(r);
	place_mark_moves(p->moves, r->f);
	unit_plan(r->f);
	find_misplaced(r);
	place_units(r->f, p->moves, MOVES_AT_ONCE, &r->placed);
	lower_desired(r);
	/*
	 * Lower the desired count first, or the pool would replace the terminated host.
	 */
	if ((rc = publish(r, err)) < 0 || (rc = want_hosts(r, err)) < 0)
		return rc;
	compare_registrations(r);
	return terminate_unneeded_hosts(r, err);
}
