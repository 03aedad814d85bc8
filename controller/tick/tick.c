/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tick.h"

#include "check.h"
#include "clock.h"
#include "fleet.h"
#include "log.h"
#include "samples.h"
#include "stacks.h"
#include "text.h"
#include "tiers.h"
#include "utf8.h"

#include <pthread.h>
#include <string.h>

#define TICK_MAGIC 0x7469636bu
#define SETTLE_MS 5       /* pokes that come together make one round */
#define AGAIN_SOON_MS 500 /* while a host is missing or an instance has just come */
#define CONFIRM_MS 3000   /* for a write to come back through the view */
#define MAINTAIN_MS 20    /* of a round, for the upkeep of the database */
#define MOVES_AT_ONCE 1

/* One thing that is wrong, as long as it is. */
struct problem {
	const char *kind;
	char message[ERR_MSG_MAX];
	int64_t since_ms; /* calendar; 0: not wrong */
};

enum {
	PROBLEM_STORE,
	PROBLEM_ROUND,
	PROBLEM_STACK,
	PROBLEM_HOSTS,
	PROBLEM_UNITS,
	PROBLEM_ROLL_OUT,
	PROBLEM_STRAYS,
	N_PROBLEMS
};

struct tick {
	uint32_t magic;
	const struct tick_opts *o;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows up to the line */
	pthread_cond_t poked;
	bool stopping, wants_round, wants_full;
	int64_t last_ms, duration_ms, rounds;
	struct problem problems[N_PROBLEMS];
	/* ---- the thread's own */
	struct store_sync *store;
	struct observer *observer;
	struct failing *failing;
	struct catalog *catalog;
	struct tiers *tiers;
	struct place_moves *moves;
	int64_t again_ms; /* real; sooner than the period */
};

/* One round in the making. */
struct round {
	struct tick *t;
	bool full;
	struct fleet *f;
	struct view_snapshot view;
	struct observed seen;
	struct place_result placed;
};

/* ---------------------------------------------------------------- problems */

static void set_problem(struct tick *t, int i, const char *kind, const char *message)
{
	struct problem *p = &t->problems[i];
	char text[sizeof(p->message)];
	bool is_new;

	snprintf(text, sizeof(text), "%s", message ? message : "");
	utf8_mend(text);
	is_new = message && strcmp(p->message, text) != 0;
	pthread_mutex_lock(&t->lock);
	p->kind = kind;
	if (!message) {
		p->since_ms = 0;
		p->message[0] = '\0';
	} else if (is_new) {
		if (!p->since_ms)
			p->since_ms = clock_now_ms();
		memcpy(p->message, text, sizeof(text));
	}
	pthread_mutex_unlock(&t->lock);
	if (is_new)
		log_warn(kind, STR("message", text));
}

/* ---------------------------------------------------------------- the parts of a round
 */

static const char *distrust(const struct round *r)
{
	if (!r->seen.store_ok)
		return "the store cannot be read";
	if (r->seen.host_shrunk)
		return "most hosts fell silent together";
	return NULL;
}

static int decide_tiers(struct round *r, struct err *err)
{
	struct tick *t = r->t;

	return tiers_decide(t->tiers, r->f,
			    &(struct tiers_context){
				    .events = t->o->events,
				    .distrust = distrust(r),
				    .tick_ms = t->o->tick_ms,
				    .only_new = !r->full,
			    },
			    err);
}

static int terminate(struct round *r, struct fleet_host *h, const char *why,
		     struct err *err)
{
	int rc = db_host_set_state(r->t->o->db, h->h.id, DB_HOST_TERMINATING, why,
				   r->f->now_ms, err);

	if (rc < 0)
		return rc;
	h->h.state = DB_HOST_TERMINATING;
	event_add(r->t->o->events, "host-leaves", DB_LEVEL_INFO,
		  EVENT_ABOUT(.host = h->h.id, .pool = h->h.pool), "host %s goes: %s",
		  h->h.id, why);
	sched_poke(r->t->o->pools, h->h.pool);
	return 0;
}

/* Hosts that hold nothing and that nothing needs: their pools want that many fewer. */
static bool is_unneeded(const struct fleet_host *h)
{
	return h && h->h.state < DB_HOST_DRAINING && h->n_units == 0;
}

static void want_fewer(struct round *r)
{
	for (size_t i = 0; i < r->placed.n_leave; i++) {
		const struct fleet_host *h = fleet_host(r->f, r->placed.leave[i]);

		if (!is_unneeded(h))
			continue;
		for (size_t k = 0; k < r->f->pools.n; k++)
			if (strcmp(r->f->pools.v[k].name, h->h.pool) == 0)
				r->placed.want[k]--;
	}
}

/* Those that a person drains, and those that nothing needs. */
static int let_hosts_go(struct round *r, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->f->n_hosts; i++) {
		struct fleet_host *h = &r->f->hosts[i];

		if (h->h.state == DB_HOST_DRAINING && h->n_units == 0)
			rc = terminate(r, h, "it has been drained", err);
	}
	for (size_t i = 0; rc == 0 && i < r->placed.n_leave; i++) {
		struct fleet_host *h = fleet_host(r->f, r->placed.leave[i]);

		if (is_unneeded(h))
			rc = terminate(r, h, "nothing needs it any more", err);
	}
	return rc;
}

/* Whether a pool's worker has hosts to launch or to end; it would look by itself later.
 */
static bool has_work(const struct fleet *f, const char *pool, int64_t want)
{
	int64_t standing = 0;

	for (size_t i = 0; i < f->n_hosts; i++) {
		if (strcmp(f->hosts[i].h.pool, pool) != 0)
			continue;
		if (f->hosts[i].h.state == DB_HOST_TERMINATING)
			return true;
		standing += f->hosts[i].h.state <= DB_HOST_UP;
	}
	return standing < want;
}

static int want_hosts(struct round *r, struct err *err)
{
	for (size_t i = 0; i < r->f->pools.n; i++) {
		const struct db_pool *p = &r->f->pools.v[i];
		int64_t want = r->placed.want[i];
		int rc = p->want == want ? 0
					 : db_pool_want(r->t->o->db, p->name, want, err);

		if (rc < 0)
			return rc;
		if (p->want != want || has_work(r->f, p->name, want))
			sched_poke(r->t->o->pools, p->name);
	}
	return 0;
}

static int publish(struct round *r, struct err *err)
{
	struct tick *t = r->t;
	CLEANUP(publication_free) struct publication *p = publication_new();
	int64_t rev = 0;
	int rc = catalog_publish(t->catalog, p, t->o->db, err);

	if (rc == 0)
		rc = publication_add_schedules(p, r->f, &r->view, err);
	/* Intent first: what the store shall hold is in the database before. */
	if (rc == 0)
		rc = fleet_save_units(t->o->db, r->f, err);
	if (rc < 0 || !r->seen.store_ok)
		return rc;
	rc = publication_write(p, &r->view, t->store, &rev, err);
	if (rc < 0 || !rev)
		return rc;
	return view_wait(t->o->view, rev, CONFIRM_MS, err);
}

static int read_stacks(struct round *r)
{
	struct err err;
	int rc = catalog_update(r->t->catalog, r->f, &err);

	set_problem(r->t, PROBLEM_STACK, "stack-not-read", rc < 0 ? err.msg : NULL);
	return 0;
}

static void find_failing(struct round *r)
{
	struct tick *t = r->t;
	char text[ERR_MSG_MAX];

	failing_update(t->failing, r->f, clock_mono_ms(), t->o->events);
	/* What came up a moment ago is looked at again soon: a roll-out waits for it. */
	for (size_t i = 0; i < r->f->n_units; i++)
		r->seen.settling |= r->f->units[i].unsteady;
	set_problem(t, PROBLEM_UNITS, "unit-failing",
		    failing_problem(r->f, text, sizeof(text)) ? text : NULL);
	set_problem(t, PROBLEM_ROLL_OUT, "roll-out-waits",
		    failing_roll_out(r->f, text, sizeof(text)) ? text : NULL);
}

static void find_strays(struct round *r)
{
	char text[ERR_MSG_MAX];

	set_problem(r->t, PROBLEM_STRAYS, "unit-stays",
		    place_strays(r->f, text, sizeof(text)) ? text : NULL);
}

static int run_parts(struct round *r, struct err *err)
{
	struct tick *t = r->t;
	int rc;

	if ((rc = fleet_load(t->o->db, clock_now_ms(), &r->f, err)) < 0 ||
	    (rc = read_stacks(r)) < 0 ||
	    (rc = observe(t->observer, r->f, &r->view, t->o->events, &r->seen, err)) < 0)
		return rc;
	find_failing(r);
	rc = decide_tiers(r, err);
	if (rc < 0)
		return rc;
	set_problem(t, PROBLEM_HOSTS, "hosts-silent",
		    r->seen.host_shrunk
			    ? "most hosts fell silent together; nothing is scaled "
			      "in"
			    : NULL);
	place_mark_moves(t->moves, r->f);
	unit_plan(r->f);
	find_strays(r);
	place_units(r->f, t->moves, MOVES_AT_ONCE, &r->placed);
	want_fewer(r);
	/* A host that goes while its pool still wants it would be launched anew. */
	if ((rc = publish(r, err)) < 0 || (rc = want_hosts(r, err)) < 0)
		return rc;
	return let_hosts_go(r, err);
}

/* ---------------------------------------------------------------- rounds */

static void note_round(struct tick *t, int64_t began_mono_ms)
{
	pthread_mutex_lock(&t->lock);
	t->last_ms = clock_now_ms();
	t->duration_ms = clock_mono_ms() - began_mono_ms;
	t->rounds++;
	pthread_mutex_unlock(&t->lock);
}

static void run_round(struct tick *t, bool full)
{
	struct round r = { .t = t, .full = full };
	int64_t began = clock_mono_ms();
	struct view_status status;
	struct err err;
	int rc;

	t->again_ms = 0;
	view_snapshot(t->o->view, "/foretide/", &r.view);
	view_status(t->o->view, &status);
	set_problem(t, PROBLEM_STORE, "store-away", status.ok ? NULL : status.problem);
	/* Before the first reading nothing is known, and nothing may be concluded. */
	if (!r.view.has_copy) {
		t->again_ms = AGAIN_SOON_MS;
		view_snapshot_done(&r.view);
		return;
	}
	rc = run_parts(&r, &err);
	set_problem(t, PROBLEM_ROUND, "round-failed", rc < 0 ? err.msg : NULL);
	if (r.seen.settling || rc < 0)
		t->again_ms = AGAIN_SOON_MS;
	else if (full && tiers_want_more(t->tiers))
		tick_poke(t, true);
	if (full && stack_sweep(t->o->db, &err) < 0)
		log_warn("pools-not-swept", ERR(&err));
	if (full && db_maintain(t->o->db, clock_now_ms(), MAINTAIN_MS, NULL, &err) < 0)
		log_warn("upkeep-failed", ERR(&err));
	place_result_done(&r.placed);
	fleet_free(r.f);
	view_snapshot_done(&r.view);
	note_round(t, began);
}

/* Waits until a round is due; false: stop. */
static bool wait_for_work(struct tick *t, int64_t due_mono_ms, bool *ret_full)
{
	bool goes_on;

	pthread_mutex_lock(&t->lock);
	while (!t->stopping && !t->wants_round && clock_mono_ms() < due_mono_ms) {
		struct timespec ts = {
			.tv_sec = due_mono_ms / 1000,
			.tv_nsec = due_mono_ms % 1000 * 1000000,
		};

		pthread_cond_timedwait(&t->poked, &t->lock, &ts);
	}
	if (t->wants_round && !t->stopping) {
		const struct timespec settle = { .tv_nsec = SETTLE_MS * 1000000 };

		pthread_mutex_unlock(&t->lock);
		nanosleep(&settle, NULL);
		pthread_mutex_lock(&t->lock);
	}
	*ret_full = t->wants_full;
	t->wants_round = t->wants_full = false;
	goes_on = !t->stopping;
	pthread_mutex_unlock(&t->lock);
	return goes_on;
}

static void *run(void *arg)
{
	struct tick *t = arg;
	int64_t period = clock_real_ms(t->o->tick_ms);
	int64_t next_full = 0;
	bool full;

	CHECK_MAGIC(t, TICK_MAGIC);
	while (wait_for_work(t,
			     t->again_ms ? MIN(next_full, clock_mono_ms() + t->again_ms)
					 : next_full,
			     &full)) {
		if (clock_mono_ms() >= next_full)
			full = true;
		run_round(t, full);
		if (full)
			next_full = clock_mono_ms() + period;
	}
	return NULL;
}

void tick_poke(struct tick *t, bool full)
{
	pthread_mutex_lock(&t->lock);
	t->wants_round = true;
	t->wants_full |= full;
	pthread_cond_signal(&t->poked);
	pthread_mutex_unlock(&t->lock);
}

int tick_start(const struct tick_opts *opts, struct tick **ret, struct err *err)
{
	CLEANUP(tick_free) struct tick *t = xcalloc(1, sizeof(*t));
	pthread_condattr_t attr;
	int rc;

	t->magic = TICK_MAGIC;
	t->o = opts;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->poked, &attr);
	pthread_condattr_destroy(&attr);
	t->observer = observer_new(opts->host_grace_ms);
	t->failing = failing_new();
	t->catalog = catalog_new();
	t->tiers = tiers_new(opts->db);
	t->moves = place_moves_new();
	rc = store_sync_open(opts->store, &t->store, err);
	if (rc < 0)
		return rc;
	if (pthread_create(&t->thread, NULL, run, t) != 0)
		return err_set(err, ERR_INTERNAL, "cannot start the tick's thread");
	*ret = TAKE(t);
	return 0;
}

void tick_halt(struct tick *t)
{
	if (!t || !t->thread)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_cond_signal(&t->poked);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	t->thread = 0;
}

void tick_free(struct tick *t)
{
	if (!t)
		return;
	tick_halt(t);
	store_sync_close(t->store);
	place_moves_free(t->moves);
	tiers_free(t->tiers);
	catalog_free(t->catalog);
	failing_free(t->failing);
	observer_free(t->observer);
	pthread_cond_destroy(&t->poked);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---------------------------------------------------------------- for others */

void tick_status(struct tick *t, json_t **ret_tick, json_t **ret_problems)
{
	json_t *problems = json_array();

	pthread_mutex_lock(&t->lock);
	*ret_tick = json_pack("{s:o, s:I, s:I, s:I}", "last", json_time(t->last_ms),
			      "duration_ms", (json_int_t)t->duration_ms, "period_ms",
			      (json_int_t)t->o->tick_ms, "rounds", (json_int_t)t->rounds);
	for (int i = 0; i < N_PROBLEMS; i++) {
		const struct problem *p = &t->problems[i];

		if (p->since_ms)
			json_array_append_new(problems,
					      json_pack("{s:s, s:s, s:o}", "kind",
							p->kind, "message", p->message,
							"since", json_time(p->since_ms)));
	}
	pthread_mutex_unlock(&t->lock);
	*ret_problems = problems;
}

json_t *tick_tier_live(struct tick *t, const char *stack, const char *tier)
{
	return tiers_live(t->tiers, stack, tier);
}
