/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rounds over hosts of which one falls silent: what is recorded, replaced, lost and taken
 * back. When that is decided is in test_silence.c.
 */
#include "fleet_fixture.h"

#include "clock.h"
#include "observer.h"

#define STACK(pool, tier)                                                    \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n" pool      \
	"[tier web]\nunit = web@.service\npool = p\nmax = 9\nmin = 1\n" tier \
	"[tier lb]\nunit = lb.service\npool = p\nmax = 1\nmin = 0\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"

struct watch {
	struct scene *s;
	struct observer *o;
	struct place_moves *moves;
	struct place_result placed;
	struct events events;
	struct observed seen;
	const char *silent; /* host, or "all" */
	const char *mute;   /* a host that does not say what it runs */
	const char *record; /* of each host; NULL: an empty one */
	const char *of;     /* that host's alone; NULL: of each */
};

static int setup(void **state)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	scene_setup((void **)&w->s);
	w->events = (struct events){ .db = w->s->db->db };
	w->o = observer_new(
		&(struct observer_opts){ .grace_ms = 20, .lost_after_ms = 60 });
	w->moves = place_moves_new();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watch *w = *state;

	observer_free(w->o);
	place_moves_free(w->moves);
	place_result_done(&w->placed);
	scene_teardown((void **)&w->s);
	free(w);
	return 0;
}

/* ---------------------------------------------------------------- the store */

static void show(struct view_snapshot *v, char *key, char *value)
{
	v->kvs = xrealloc(v->kvs, (v->n + 1) * sizeof(*v->kvs));
	v->kvs[v->n++] = (struct view_kv){ key, value, strlen(value) };
}

/* What an agent that runs all of its units publishes. */
static char *states_of(struct watch *w, const char *host)
{
	CLEANUP(states_free) struct states *states = states_new(3);

	for (size_t i = 0; i < w->s->f->n_units; i++) {
		const struct db_unit *u = &w->s->f->units[i].u;
		struct unit_state s = {
			.name = u->name,
			.hash = u->hash,
			.load = (char *)(uintptr_t) "loaded",
			.active = (char *)(uintptr_t) "active",
			.sub = (char *)(uintptr_t) "running",
			.health = HEALTH_PASSING,
		};

		if (strcmp(u->host, host) == 0 && u->goal == DB_GOAL_RUN)
			assert_ok(states_add(states, &s, w->s->e), w->s->e);
	}
	return states_format(states);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct view_kv *)a)->key, ((const struct view_kv *)b)->key);
}

static void publish(struct watch *w, struct view_snapshot *v)
{
	*v = (struct view_snapshot){ .has_copy = true, .is_synced = true };
	for (size_t i = 0; i < w->s->f->n_hosts; i++) {
		const char *id = w->s->f->hosts[i].h.id;

		if (w->silent &&
		    (strcmp(w->silent, id) == 0 || strcmp(w->silent, "all") == 0))
			continue;
		show(v, xasprintf("/foretide/hosts/%s", id),
		     xstrdup(w->record && (!w->of || strcmp(w->of, id) == 0) ? w->record
									     : "{}"));
		if (!w->mute || strcmp(w->mute, id) != 0)
			show(v, xasprintf("/foretide/states/%s", id), states_of(w, id));
	}
	if (v->n)
		qsort(v->kvs, v->n, sizeof(*v->kvs), by_key);
}

/* A round as the tick makes it, without deciding. */
static void look(struct watch *w)
{
	CLEANUP(view_snapshot_done) struct view_snapshot v = { 0 };
	struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
	place_result_done(&w->placed);
	scene_load(w->s);
	publish(w, &v);
	assert_ok(observe(w->o, w->s->f, &v, &w->events, &w->seen, w->s->e), w->s->e);
	unit_plan(w->s->f);
	place_units(w->s->f, w->moves, 0, &w->placed);
	scene_save(w->s);
}

#define look_until(w, condition)                                            \
	({                                                                  \
		int64_t until_ = clock_mono_ms() + PATIENCE_MS;             \
		bool held_;                                                 \
		do                                                          \
			look(w);                                            \
		while (!(held_ = (condition)) && clock_mono_ms() < until_); \
		held_;                                                      \
	})

static void look_for(struct watch *w, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	assert_true(look_until(w, clock_mono_ms() > until));
}

/* Four hosts, with two of web on a and b. */
static void stand(struct watch *w, const char *conf)
{
	static const char *const ids[] = { "a", "b", "c", "d" };

	scene_apply(w->s, conf, TEXT);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		scene_host(w->s, ids[i], "p", DB_HOST_UP);
	scene_load(w->s);
	scene_desire(w->s, "web", 2);
	scene_desire(w->s, "lb", 0);
	look(w);
	look(w);
	assert_int_equal(fleet_tier(w->s->f, "shop", "web")->healthy, 2);
}

static struct db_host *host(struct watch *w, const char *id)
{
	struct fleet_host *h = fleet_host(w->s->f, id);

	return h ? &h->h : NULL;
}

/* Where it is; web@1 and web@2 are the first two. */
static const char *place_of(struct watch *w, const char *unit)
{
	const struct fleet_unit *u = scene_unit(w->s, unit);

	return u ? u->u.host : NULL;
}

static struct fleet_tier *web(struct watch *w)
{
	return fleet_tier(w->s->f, "shop", "web");
}

static size_t n_events(struct watch *w, const char *kind)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	size_t n = 0;

	assert_ok(db_event_list(w->s->db->db, &(struct db_event_filter){ .limit = 1000 },
				&l, w->s->e),
		  w->s->e);
	for (size_t i = 0; i < l.n; i++)
		n += strcmp(l.v[i].kind, kind) == 0;
	return n;
}

static bool is_told(struct watch *w, enum observe_problem which, const char *what)
{
	char text[ERR_MSG_MAX];

	return observe_problem(w->o, w->s->f, &w->seen, which, text, sizeof(text)) &&
	       strstr(text, what) != NULL;
}

/* ---------------------------------------------------------------- unknown */

static void an_unknown_host_keeps_its_unit_and_another_takes_its_place(void **state)
{
	struct watch *w = *state;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, STACK("", ""));
	w->silent = place_of(w, "web@1.service");
	w->silent = strcmp(w->silent, "a") == 0 ? "a" : "b";
	assert_true(look_until(w, host(w, w->silent)->is_replaced));
	assert_true(host(w, w->silent)->unknown_ms > 0);
	assert_int_equal(host(w, w->silent)->state, DB_HOST_UP);
	look_for(w, 50);
	assert_string_equal(place_of(w, "web@1.service"), w->silent);
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_RUN);
	assert_non_null(place_of(w, "web@3.service"));
	assert_int_equal(web(w)->healthy, 2);
	assert_int_equal(web(w)->n_units, 3);
	assert_int_equal(n_events(w, "host-unknown"), 1);
	assert_int_equal(n_events(w, "host-replaced"), 1);
	assert_true(is_told(w, OBSERVE_UNKNOWN, "its units are replaced"));
}

static void services_that_hosts_miss_are_told(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	assert_false(is_told(w, OBSERVE_VANISHED, ""));
	w->record = "{\"vanished\":[\"/skydns/local/foretide/shop/web/\"]}";
	look(w);
	assert_true(
		is_told(w, OBSERVE_VANISHED, "below /skydns/local/foretide/shop/web/: "));
	assert_true(is_told(w, OBSERVE_VANISHED, " more go on with the last list"));
	w->record = "{\"vanished\":7}";
	look(w);
	assert_false(is_told(w, OBSERVE_VANISHED, ""));
}

static void one_that_returns_is_taken_back_and_the_surplus_goes(void **state)
{
	struct watch *w = *state;
	const char *was;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, STACK("", ""));
	w->silent = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	assert_true(
		look_until(w, host(w, w->silent)->is_replaced && web(w)->healthy == 2));
	was = w->silent;
	w->silent = NULL;
	look_for(w, 30);
	for (size_t i = 0; i < w->s->f->n_hosts; i++)
		assert_int_equal(w->s->f->hosts[i].h.unknown_ms, 0);
	assert_int_equal(n_events(w, "host-returned"), 1);
	assert_int_equal(web(w)->running, 2);
	assert_string_equal(place_of(w, "web@1.service"), was);
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_RUN);
	assert_false(is_told(w, OBSERVE_UNKNOWN, ""));
}

static void nothing_goes_before_one_that_returned_says_what_it_runs(void **state)
{
	struct watch *w = *state;
	const char *was;

	w->o->opts.lost_after_ms = 3600000;
	w->o->opts.return_ms = 50;
	stand(w, STACK("", ""));
	w->silent = was = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	assert_true(
		look_until(w, host(w, w->silent)->is_replaced && web(w)->healthy == 2));
	w->mute = was;
	w->silent = NULL;
	assert_true(look_until(w, n_events(w, "host-returned") == 1));
	look_for(w, 30);
	assert_int_equal(web(w)->running, 3);
	w->mute = NULL;
	assert_true(look_until(w, web(w)->running == 2));
	assert_string_equal(place_of(w, "web@1.service"), was);
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_RUN);
}

static void what_was_replaced_stays_so_over_a_restart(void **state)
{
	struct watch *w = *state;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, STACK("", ""));
	w->silent = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	assert_true(
		look_until(w, host(w, w->silent)->is_replaced && web(w)->healthy == 2));
	observer_free(w->o);
	w->o = observer_new(
		&(struct observer_opts){ .grace_ms = 3600000, .lost_after_ms = 3600000 });
	look_for(w, 30);
	assert_int_equal(web(w)->n_units, 3);
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_RUN);
}

static void a_unit_whose_name_can_exist_once_moves_when_there_is_room(void **state)
{
	struct watch *w = *state;
	const char *was;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, STACK("", ""));
	scene_desire(w->s, "lb", 1);
	look(w);
	look(w);
	was = place_of(w, "lb.service");
	w->silent = *was == 'a' ? "a" : *was == 'b' ? "b" : *was == 'c' ? "c" : "d";
	assert_true(look_until(w, strcmp(place_of(w, "lb.service"), w->silent) != 0));
	look(w);
	assert_true(scene_unit(w->s, "lb.service")->healthy);
	assert_int_equal(fleet_tier(w->s->f, "shop", "lb")->n_units, 1);
}

/* The unit is to be run again on its host, which falls silent meanwhile. */
static void fall_silent_in_a_restart(struct watch *w, const char *unit)
{
	static const char *const ids[] = { "a", "b", "c", "d" };
	struct fleet_unit *u;

	scene_load(w->s);
	u = scene_unit(w->s, unit);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (strcmp(ids[i], u->u.host) == 0)
			w->silent = ids[i];
	u->u.goal = DB_GOAL_RESTART;
	u->dirty = true;
	scene_save(w->s);
}

static void one_that_was_being_restarted_is_replaced_as_well(void **state)
{
	struct watch *w = *state;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, STACK("", ""));
	scene_desire(w->s, "lb", 1);
	look(w);
	look(w);
	fall_silent_in_a_restart(w, "web@1.service");
	assert_true(look_until(w, web(w)->healthy == 2 && web(w)->n_units == 3));
	assert_string_equal(place_of(w, "web@1.service"), w->silent);
	w->silent = NULL;
	assert_true(look_until(w, web(w)->n_units == 2));
	fall_silent_in_a_restart(w, "lb.service");
	assert_true(look_until(w, fleet_tier(w->s->f, "shop", "lb")->healthy == 1));
	assert_string_not_equal(place_of(w, "lb.service"), w->silent);
}

static void one_that_took_hosts_with_it_moves_to_no_other(void **state)
{
	struct watch *w = *state;
	struct db_roll_out *r;
	int64_t version;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, STACK("", ""));
	scene_desire(w->s, "lb", 1);
	look(w);
	look(w);
	scene_load(w->s);
	version = w->s->f->stacks.v[0].version;
	r = &(struct db_roll_out){
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "lb",
		.hash = (char *)(uintptr_t)fleet_tier(w->s->f, "shop", "lb")
				->cat->unit->hash,
		.good = (char *)(uintptr_t) "",
		.state = DB_ROLL_OUT_BANNED,
	};
	assert_ok(db_roll_outs_put(w->s->db->db, r, &version, 1, w->s->e), w->s->e);
	w->silent = *place_of(w, "lb.service") == 'a'   ? "a"
		    : *place_of(w, "lb.service") == 'b' ? "b"
		    : *place_of(w, "lb.service") == 'c' ? "c"
							: "d";
	assert_true(look_until(w, host(w, w->silent)->is_replaced));
	look_for(w, 50);
	assert_string_equal(place_of(w, "lb.service"), w->silent);
	assert_int_equal(scene_unit(w->s, "lb.service")->u.goal, DB_GOAL_RUN);
}

static void in_a_full_pool_one_host_more_replaces_one_that_is_not_heard(void **state)
{
	static const char conf[] =
		"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 4\n[tier web]\n"
		"unit = web@.service\npool = p\nmax = 9\nmin = 1\n"
		"[tier lb]\nunit = lb.service\npool = p\nmax = 1\nmin = 0\n";
	static const char text[] = TEXT "[X-Fleet]\nConflicts=web@*.service\n";
	struct watch *w = *state;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, conf);
	scene_apply(w->s, conf, text);
	scene_load(w->s);
	scene_desire(w->s, "web", 4);
	assert_true(look_until(w, web(w)->healthy == 4));
	assert_int_equal(w->placed.want[0], 4);
	w->silent = "a";
	assert_true(look_until(w, host(w, "a")->is_replaced));
	look(w);
	assert_int_equal(w->placed.want[0], 5);
}

static void most_hosts_silent_together_are_doubted(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	assert_false(w->seen.host_shrunk);
	w->silent = "all";
	assert_true(look_until(w, host(w, "a")->unknown_ms && host(w, "d")->unknown_ms));
	look_for(w, 200);
	assert_true(w->seen.host_shrunk);
	assert_true(is_told(w, OBSERVE_DOUBTED, "4 of 4 hosts"));
	assert_int_equal(n_events(w, "host-replaced"), 0);
	assert_int_equal(n_events(w, "host-lost"), 0);
	assert_int_equal(web(w)->n_units, 2);
	w->silent = NULL;
	look_for(w, 20);
	assert_false(w->seen.host_shrunk);
	assert_int_equal(n_events(w, "host-returned"), 4);
}

static void nothing_is_concluded_while_nobody_listened(void **state)
{
	struct watch *w = *state;
	CLEANUP(listening_free) struct listening *l = listening_new();
	struct listening_work held;

	stand(w, STACK("", ""));
	assert_ok(listening_start(l, w->s->e), w->s->e);
	w->o->opts.listening = l;
	listening_begin_at(l, &held, "a test", 5, clock_mono_ms() - 1000);
	w->silent = "a";
	look_for(w, 200);
	assert_int_equal(host(w, "a")->unknown_ms, 0);
	assert_true(is_told(w, OBSERVE_DEAF, "a test"));
	listening_end(l, &held);
	assert_true(look_until(w, host(w, "a")->unknown_ms > 0));
}

/* ---------------------------------------------------------------- lost */

static bool is_ended(struct watch *w, const char *id)
{
	return host(w, id)->state == DB_HOST_TERMINATING;
}

static void one_is_lost_once_others_serve_in_its_place(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	w->silent = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	assert_true(look_until(w, is_ended(w, w->silent)));
	assert_int_equal(n_events(w, "host-lost"), 1);
	look(w);
	look(w);
	assert_int_equal(web(w)->running, 2);
	assert_int_equal(web(w)->healthy, 2);
}

#define POOL_OF(max)                                                                 \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = " max "\n[tier web]\n" \
	"unit = web@.service\npool = p\nmax = 9\nmin = 1\n"                          \
	"[tier lb]\nunit = lb.service\npool = p\nmax = 1\nmin = 0\n"

/* Five instances, one a host, are wanted of four hosts; host a falls silent. */
static void lack(struct watch *w, const char *conf)
{
	static const char text[] = TEXT "[X-Fleet]\nConflicts=web@*.service\n";

	stand(w, conf);
	scene_apply(w->s, conf, text);
	scene_load(w->s);
	scene_desire(w->s, "web", 5);
	assert_true(look_until(w, web(w)->healthy == 4));
	w->silent = "a";
}

static void one_is_kept_while_there_is_no_successor(void **state)
{
	struct watch *w = *state;

	lack(w, POOL_OF("9"));
	assert_true(look_until(w, host(w, "a")->is_replaced));
	look_for(w, 4 * w->o->opts.lost_after_ms);
	assert_false(is_ended(w, "a"));
}

static void unless_it_takes_the_place_of_it(void **state)
{
	struct watch *w = *state;

	lack(w, POOL_OF("4"));
	assert_true(look_until(w, is_ended(w, "a")));
}

static void the_time_of_its_pool_is_kept(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("lost_after = 1h\n", ""));
	w->silent = "a";
	assert_true(look_until(w, host(w, "a")->is_replaced));
	look_for(w, 200);
	assert_false(is_ended(w, "a"));
}

static void one_that_holds_state_is_told_and_ended_by_a_person_alone(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", "stateful = yes\n"));
	w->silent = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	assert_true(look_until(w, host(w, w->silent)->unknown_ms > 0));
	look_for(w, 200);
	assert_false(is_ended(w, w->silent));
	assert_int_equal(web(w)->n_units, 2);
	assert_true(is_told(w, OBSERVE_STATEFUL, "foretide drain"));
	/* The person does. */
	assert_ok(db_host_set_state(w->s->db->db, w->silent, DB_HOST_DRAINING, "by hand",
				    NOW_MS, w->s->e),
		  w->s->e);
	assert_true(look_until(w, fleet_host(w->s->f, w->silent)->n_units == 0));
	assert_true(look_until(w, web(w)->healthy == 2));
}

static void in_doubt_one_is_given_up_by_a_person_alone(void **state)
{
	struct watch *w = *state;
	const char *given_up;

	stand(w, STACK("", ""));
	given_up = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	w->silent = "all";
	assert_true(look_until(w, host(w, "a")->unknown_ms && host(w, "d")->unknown_ms));
	look_for(w, 100);
	assert_true(is_told(w, OBSERVE_DOUBTED, "'foretide drain HOST'"));
	assert_ok(db_host_set_state(w->s->db->db, given_up, DB_HOST_DRAINING, "by hand",
				    NOW_MS, w->s->e),
		  w->s->e);
	assert_true(look_until(w, fleet_host(w->s->f, given_up)->n_units == 0));
	look_for(w, 50);
	assert_string_not_equal(place_of(w, "web@2.service"), given_up);
	assert_int_equal(scene_unit(w->s, "web@2.service")->u.goal, DB_GOAL_RUN);
}

static void unless_its_pool_says_that_state_is_lost_too(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("lose_stateful = yes\n", "stateful = yes\n"));
	w->silent = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	assert_true(look_until(w, is_ended(w, w->silent)));
}

static void hold_shop(struct watch *w)
{
	struct db_hold hold = {
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "",
		.reason = (char *)(uintptr_t) "a test",
		.owner = (char *)(uintptr_t) "me",
		.created_ms = NOW_MS,
		.expires_ms = NOW_MS + 3600000,
	};
	int64_t id;

	assert_ok(db_hold_add(w->s->db->db, &hold, &id, w->s->e), w->s->e);
}

static void none_is_ended_under_a_hold(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	hold_shop(w);
	w->silent = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	assert_true(look_until(w, host(w, w->silent)->is_replaced));
	look_for(w, 200);
	assert_false(is_ended(w, w->silent));
}

static void of_a_stack_that_is_deleted_nobody_is_waited_for(void **state)
{
	struct watch *w = *state;

	w->o->opts.lost_after_ms = 3600000;
	stand(w, STACK("", ""));
	w->silent = "all";
	assert_true(look_until(w, host(w, "a")->unknown_ms && host(w, "d")->unknown_ms));
	assert_int_equal(w->placed.n_leave, 0);
	assert_ok(stack_remove(w->s->db->db, "shop", STACK_ANY_VERSION, w->s->e),
		  w->s->e);
	assert_true(look_until(w, w->placed.n_leave == 4 && w->s->f->n_units == 0));
}

/* ---------------------------------------------------------------- doomed */

static void one_that_is_heard_before_its_end_was_requested_is_taken_back(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	w->silent = "c";
	assert_true(look_until(w, is_ended(w, "c")));
	w->silent = NULL;
	look(w);
	assert_int_equal(host(w, "c")->state, DB_HOST_UP);
	assert_int_equal(host(w, "c")->unknown_ms, 0);
	assert_int_equal(n_events(w, "host-returned"), 1);
	/* And its pool's worker, which read it before, does not end it. */
	assert_int_equal(db_host_ending(w->s->db->db, "c", NOW_MS, w->s->e),
			 ERR_NOT_FOUND);
}

static void one_whose_end_was_requested_is_not(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	w->silent = "c";
	assert_true(look_until(w, is_ended(w, "c")));
	assert_ok(db_host_ending(w->s->db->db, "c", NOW_MS, w->s->e), w->s->e);
	w->silent = NULL;
	look(w);
	assert_true(is_ended(w, "c"));
}

static void one_that_is_ended_for_another_reason_is_not_taken_back(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	assert_ok(db_host_set_state(w->s->db->db, "c", DB_HOST_TERMINATING,
				    "it is no longer needed", NOW_MS, w->s->e),
		  w->s->e);
	look(w);
	assert_true(is_ended(w, "c"));
}

/* ---------------------------------------------------------------- taken back */

#define TAKEN "{\"interruption\":{\"how\":\"terminate\",\"at\":\"soon\"}}"

static size_t n_draining(struct watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->s->f->n_hosts; i++)
		n += w->s->f->hosts[i].h.state == DB_HOST_DRAINING;
	return n;
}

static void hosts_that_their_cloud_takes_back_drain_once_others_serve(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	w->record = TAKEN;
	look(w);
	assert_int_equal(n_draining(w), 4);
	assert_int_equal(n_events(w, "host-interrupted"), 4);
	assert_true(is_told(w, OBSERVE_INTERRUPTED, "and 3 more of pool p"));
	assert_true(is_told(w, OBSERVE_INTERRUPTED, "its units move to others"));
	look_for(w, 20);
	assert_string_equal(host(w, "a")->message,
			    "its cloud takes it back: terminate at soon");
	/* No other is there yet, so all serve. */
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_RUN);
	assert_int_equal(scene_unit(w->s, "web@2.service")->u.goal, DB_GOAL_RUN);
	assert_int_equal(n_events(w, "host-interrupted"), 4);
	w->record = "{}";
	look(w);
	assert_false(is_told(w, OBSERVE_INTERRUPTED, ""));
	assert_int_equal(n_draining(w), 4);
}

/* Its successor starts, but does not serve yet. */
static void its_instance_is_drained_in_its_last_seconds_while_others_serve(void **state)
{
	struct watch *w = *state;
	char late[CLOCK_TEXT], soon[CLOCK_TEXT];
	CLEANUP(free) char *much = NULL;
	CLEANUP(free) char *little = NULL;

	much = xasprintf("{\"interruption\":{\"how\":\"stop\",\"at\":\"%s\"}}",
			 clock_format(clock_wall_ms() + 3600000, late));
	little = xasprintf("{\"interruption\":{\"how\":\"stop\",\"at\":\"%s\"}}",
			   clock_format(clock_wall_ms() + 10000, soon));
	stand(w, STACK("", ""));
	w->of = strcmp(place_of(w, "web@1.service"), "a") == 0 ? "a" : "b";
	w->record = much;
	look(w);
	w->mute = place_of(w, "web@3.service");
	w->mute = strcmp(w->mute, "c") == 0 ? "c" : "d";
	look(w);
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_RUN);
	w->record = little;
	look(w);
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_DRAIN);
	assert_int_equal(scene_unit(w->s, "web@2.service")->u.goal, DB_GOAL_RUN);
}

static void what_is_no_notice_takes_nothing(void **state)
{
	static const char *const records[] = {
		"{\"interruption\":7}",
		"{\"interruption\":\"terminate\"}",
		"{\"interruption\":{}}",
		"{\"interruption\":{\"how\":\"\",\"at\":\"soon\"}}",
		"{\"interruption\":{\"how\":[\"terminate\"]}}",
		"{\"interruption\":{\"how\":\"a\\u0007b\"}}",
	};
	struct watch *w = *state;

	stand(w, STACK("", ""));
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		w->record = records[i];
		look(w);
		assert_int_equal(n_draining(w), 0);
		assert_false(is_told(w, OBSERVE_INTERRUPTED, ""));
	}
}

/* others: without an instance, that drain all the same. */
static void assert_a_person_decides(struct watch *w, size_t others)
{
	w->record = TAKEN;
	look(w);
	assert_int_equal(host(w, place_of(w, "web@1.service"))->state, DB_HOST_UP);
	assert_int_equal(host(w, place_of(w, "web@2.service"))->state, DB_HOST_UP);
	assert_int_equal(n_draining(w), others);
	assert_true(is_told(w, OBSERVE_INTERRUPTED, "foretide drain HOST"));
}

static void one_that_holds_state_is_left_to_a_person(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", "stateful = yes\n"));
	assert_a_person_decides(w, 2);
}

static void one_under_a_hold_is_left_to_a_person(void **state)
{
	struct watch *w = *state;

	stand(w, STACK("", ""));
	hold_shop(w);
	assert_a_person_decides(w, 0);
}

#define WATCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(an_unknown_host_keeps_its_unit_and_another_takes_its_place),
		WATCH_TEST(services_that_hosts_miss_are_told),
		WATCH_TEST(one_that_returns_is_taken_back_and_the_surplus_goes),
		WATCH_TEST(nothing_goes_before_one_that_returned_says_what_it_runs),
		WATCH_TEST(what_was_replaced_stays_so_over_a_restart),
		WATCH_TEST(a_unit_whose_name_can_exist_once_moves_when_there_is_room),
		WATCH_TEST(one_that_was_being_restarted_is_replaced_as_well),
		WATCH_TEST(one_that_took_hosts_with_it_moves_to_no_other),
		WATCH_TEST(in_a_full_pool_one_host_more_replaces_one_that_is_not_heard),
		WATCH_TEST(most_hosts_silent_together_are_doubted),
		WATCH_TEST(nothing_is_concluded_while_nobody_listened),
		WATCH_TEST(one_is_lost_once_others_serve_in_its_place),
		WATCH_TEST(one_is_kept_while_there_is_no_successor),
		WATCH_TEST(unless_it_takes_the_place_of_it),
		WATCH_TEST(the_time_of_its_pool_is_kept),
		WATCH_TEST(one_that_holds_state_is_told_and_ended_by_a_person_alone),
		WATCH_TEST(in_doubt_one_is_given_up_by_a_person_alone),
		WATCH_TEST(unless_its_pool_says_that_state_is_lost_too),
		WATCH_TEST(none_is_ended_under_a_hold),
		WATCH_TEST(of_a_stack_that_is_deleted_nobody_is_waited_for),
		WATCH_TEST(one_that_is_heard_before_its_end_was_requested_is_taken_back),
		WATCH_TEST(one_whose_end_was_requested_is_not),
		WATCH_TEST(one_that_is_ended_for_another_reason_is_not_taken_back),
		WATCH_TEST(hosts_that_their_cloud_takes_back_drain_once_others_serve),
		WATCH_TEST(
			its_instance_is_drained_in_its_last_seconds_while_others_serve),
		WATCH_TEST(what_is_no_notice_takes_nothing),
		WATCH_TEST(one_that_holds_state_is_left_to_a_person),
		WATCH_TEST(one_under_a_hold_is_left_to_a_person),
	};

	return cmocka_run_group_tests_name("observe_silent", tests, NULL, NULL);
}
