/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rights of hosts, and their records beside those in the store. */
#include "fleet_fixture.h"

#include "etcd.h"
#include "registrations.h"
#include "rights.h"
#include "schedule.h"

#define CONF                                                                          \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nmin = 1\n"
#define TEXT                                                                      \
	"[Service]\nExecStart=/bin/true\n[X-Service]\nName=web\nPort=80\nWeight=" \
	"3\n"
#define KEY "/skydns/local/foretide/shop/web/web-1-80"
#define VALUE "{\"host\":\"10.0.0.1\",\"port\":80,\"weight\":3}"
#define HOST_KEY "/skydns/local/foretide/hosts/a"
#define HOST_VALUE "{\"host\":\"10.0.0.1\"}"

struct office {
	struct scene *s;
	struct rights_opts opts;
	struct rights *rights;
	struct registrations *registrations;
	struct view_snapshot view, skydns;
	size_t sets;
	struct words read, records, programs; /* as set last */
	char *dropped;
};

static void note(struct words *w, const char *const *list)
{
	for (; list && *list; list++)
		words_add(w, *list);
}

static void on_set(void *arg, const struct kv_rights *r)
{
	struct office *o = arg;

	o->sets++;
	words_clear(&o->read);
	words_clear(&o->records);
	words_clear(&o->programs);
	note(&o->read, r->read);
	note(&o->programs, r->programs_read);
	note(&o->programs, r->programs_write);
	for (size_t i = 0; i < r->n_records; i++)
		words_addf(&o->records, "%s %s", r->records[i].key, r->records[i].value);
}

static void on_drop(void *arg, const char *host)
{
	struct office *o = arg;

	free(o->dropped);
	o->dropped = xstrdup(host);
}

static int setup(void **state)
{
	struct office *o = xcalloc(1, sizeof(*o));

	scene_setup((void **)&o->s);
	o->opts = (struct rights_opts){
		.set = on_set, .drop = on_drop, .arg = o, .domain = "foretide.local"
	};
	o->rights = rights_new(&o->opts);
	o->registrations = registrations_new();
	*state = o;
	return 0;
}

static int teardown(void **state)
{
	struct office *o = *state;

	rights_free(o->rights);
	registrations_free(o->registrations);
	view_snapshot_done(&o->view);
	view_snapshot_done(&o->skydns);
	words_done(&o->read);
	words_done(&o->records);
	words_done(&o->programs);
	free(o->dropped);
	scene_teardown((void **)&o->s);
	free(o);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct view_kv *)a)->key, ((const struct view_kv *)b)->key);
}

static void show(struct view_snapshot *v, const char *key, const char *value)
{
	v->kvs = xrealloc(v->kvs, (v->n + 1) * sizeof(*v->kvs));
	v->kvs[v->n++] = (struct view_kv){ xstrdup(key), xstrdup(value), strlen(value) };
	qsort(v->kvs, v->n, sizeof(*v->kvs), by_key);
}

static const char *hash_of(struct office *o)
{
	return fleet_tier(o->s->f, "shop", "web")->cat->unit->hash;
}

static void put_host(struct office *o, const char *id, const char *address)
{
	struct db_host h = { .id = (char *)(uintptr_t)id,
			     .pool = (char *)(uintptr_t) "p",
			     .state = DB_HOST_UP,
			     .address = (char *)(uintptr_t)address,
			     .joined_ms = 1,
			     .ready_ms = 1 };

	assert_ok(db_host_put(o->s->db->db, &h, o->s->e), o->s->e);
}

static void put_unit(struct office *o, const char *name, const char *host)
{
	struct db_unit u = {
		.name = (char *)(uintptr_t)name,
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.host = (char *)(uintptr_t)host,
		.hash = (char *)(uintptr_t)hash_of(o),
		.goal = DB_GOAL_RUN,
	};

	assert_ok(db_unit_put(o->s->db->db, &u, o->s->e), o->s->e);
}

/* Host a with web@1. */
static void set_stage(struct office *o)
{
	scene_apply(o->s, CONF, TEXT);
	put_host(o, "a", "10.0.0.1");
	scene_load(o->s);
	put_unit(o, "web@1.service", "a");
	scene_load(o->s);
}

static void update(struct office *o)
{
	rights_update(o->rights, o->s->f, o->s->catalog, &o->view);
}

static void a_host_may_what_its_units_need(void **state)
{
	struct office *o = *state;
	char text[100];

	set_stage(o);
	update(o);
	assert_int_equal(o->sets, 1);
	snprintf(text, sizeof(text), "/foretide/units/%s", hash_of(o));
	assert_true(words_has(&o->read, text));
	assert_true(words_has(&o->read, "/foretide/conf/shop/"));
	assert_true(words_has(&o->read, "/foretide/secrets/shop/"));
	assert_true(words_has(&o->read, "/apps/shop/"));
	assert_int_equal(o->read.n, 4);
	assert_true(words_has(&o->records, KEY " " VALUE));
	assert_true(words_has(&o->records, HOST_KEY " " HOST_VALUE));
	assert_int_equal(o->records.n, 2);
	assert_true(words_has(&o->programs, "/skydns/"));
	assert_true(words_has(&o->programs, "/apps/shop/"));
	assert_int_equal(o->programs.n, 3);
}

static void what_is_the_same_is_not_handed_over_again(void **state)
{
	struct office *o = *state;

	set_stage(o);
	update(o);
	update(o);
	assert_int_equal(o->sets, 1);
	put_host(o, "a", "10.0.0.2");
	scene_load(o->s);
	update(o);
	assert_int_equal(o->sets, 2);
	assert_true(words_has(&o->records, HOST_KEY " {\"host\":\"10.0.0.2\"}"));
}

static void a_host_without_units_has_its_name_alone(void **state)
{
	struct office *o = *state;

	scene_apply(o->s, CONF, TEXT);
	put_host(o, "a", "10.0.0.1");
	scene_load(o->s);
	update(o);
	assert_int_equal(o->read.n, 0);
	assert_int_equal(o->records.n, 1);
	assert_int_equal(o->programs.n, 1);
}

/* As it has in the store; the fleet does not place it there any more. */
static void a_right_stays_until_the_schedule_lacks_the_unit(void **state)
{
	struct office *o = *state;
	CLEANUP(schedule_free) struct schedule *s = schedule_new(1);
	CLEANUP(free) char *text = NULL;

	set_stage(o);
	assert_ok(schedule_add(s,
			       &(struct schedule_unit){
				       .name = (char *)(uintptr_t) "web@1.service",
				       .hash = (char *)(uintptr_t)hash_of(o),
				       .state = SCHEDULE_LAUNCHED,
				       .stack = (char *)(uintptr_t) "shop",
				       .tier = (char *)(uintptr_t) "web",
			       },
			       o->s->e),
		  o->s->e);
	text = schedule_format(s);
	show(&o->view, "/foretide/schedule/a", text);
	scene_unit(o->s, "web@1.service")->gone = true;
	update(o);
	assert_true(words_has(&o->read, "/foretide/secrets/shop/"));
	assert_true(words_has(&o->records, KEY " " VALUE));
	view_snapshot_done(&o->view);
	update(o);
	assert_int_equal(o->read.n, 0);
	assert_int_equal(o->records.n, 1);
}

/* The text of before a roll-out is in the store alone. */
static void a_replaced_text_is_read_from_the_store(void **state)
{
	struct office *o = *state;

	set_stage(o);
	fleet_unit_set(scene_unit(o->s, "web@1.service"),
		       &scene_unit(o->s, "web@1.service")->u.hash, "ab12");
	update(o);
	assert_int_equal(o->records.n, 1);
	show(&o->view, "/foretide/units/ab12", "[X-Service]\nName=old\nPort=81\n");
	update(o); /* asked for until it is there */
	assert_true(words_has(&o->records, "/skydns/local/foretide/shop/old/web-1-81 "
					   "{\"host\":\"10.0.0.1\",\"port\":81}"));
}

static void rights_go_with_the_host(void **state)
{
	struct office *o = *state;
	size_t n;

	set_stage(o);
	update(o);
	assert_non_null(rights_find(o->rights, KEY));
	assert_ok(db_host_gone(o->s->db->db, "a", "test", NOW_MS, o->s->e), o->s->e);
	scene_load(o->s);
	update(o);
	assert_string_equal(o->dropped, "a");
	assert_null(rights_find(o->rights, KEY));
	assert_null(rights_records(o->rights, "a", &n));
	assert_int_equal(n, 0);
}

/* ---------------------------------------------------------------- registrations */

static bool compare(struct office *o, int64_t now_ms)
{
	scene_unit(o->s, "web@1.service")->healthy = true;
	return registrations_update(o->registrations, o->s->f, o->rights, &o->skydns,
				    "foretide.local", now_ms);
}

static bool missing(struct office *o, char *text, size_t n)
{
	return registrations_missing(o->registrations, text, n);
}

static bool foreign(struct office *o, char *text, size_t n)
{
	return registrations_foreign(o->registrations, text, n);
}

static void a_healthy_unit_without_a_record_is_told_after_a_while(void **state)
{
	struct office *o = *state;
	char text[500];

	set_stage(o);
	update(o);
	assert_true(compare(o, 1000));
	assert_false(missing(o, text, sizeof(text)));
	assert_false(compare(o, 1000 + REGISTRATIONS_GRACE_MS));
	assert_true(missing(o, text, sizeof(text)));
	assert_non_null(strstr(text, "web@1.service"));
	assert_non_null(strstr(text, KEY));
	show(&o->skydns, KEY, VALUE);
	assert_false(compare(o, 2000 + REGISTRATIONS_GRACE_MS));
	assert_false(missing(o, text, sizeof(text)));
	assert_false(foreign(o, text, sizeof(text)));
}

static void a_record_with_another_value_is_not_the_units(void **state)
{
	struct office *o = *state;
	char text[500];

	set_stage(o);
	update(o);
	show(&o->skydns, KEY, "{\"host\":\"10.0.0.9\",\"port\":80,\"weight\":3}");
	assert_true(compare(o, 0));
	assert_false(compare(o, REGISTRATIONS_GRACE_MS));
	assert_true(missing(o, text, sizeof(text)));
	/* The same in other words is. */
	view_snapshot_done(&o->skydns);
	show(&o->skydns, KEY, "{ \"port\":80, \"weight\":3, \"host\":\"10.0.0.1\" }");
	assert_false(compare(o, REGISTRATIONS_GRACE_MS));
	assert_false(missing(o, text, sizeof(text)));
}

static void a_record_of_nobody_is_told_unless_it_is_withdrawn(void **state)
{
	struct office *o = *state;
	char text[500];

	set_stage(o);
	update(o);
	show(&o->skydns, KEY, VALUE);
	show(&o->skydns, HOST_KEY, HOST_VALUE);
	show(&o->skydns, "/skydns/local/foretide/shop/web/x",
	     "{\"host\":\"1\",\"withdrawn\":true}");
	show(&o->skydns, "/skydns/org/example/www", "{\"host\":\"1\"}");
	assert_false(compare(o, 0));
	show(&o->skydns, "/skydns/local/foretide/shop/web/y", "{\"host\":\"1\"}");
	show(&o->skydns, "/skydns/local/foretide/shop/web/z", "{\"host\":\"1\"}");
	assert_true(compare(o, 0));
	assert_false(compare(o, REGISTRATIONS_GRACE_MS));
	assert_true(foreign(o, text, sizeof(text)));
	assert_non_null(strstr(text, "/shop/web/y belongs to no unit"));
	assert_non_null(strstr(text, "(and 1 more)"));
	assert_false(missing(o, text, sizeof(text)));
}

#define OFFICE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(a_host_may_what_its_units_need),
		OFFICE_TEST(what_is_the_same_is_not_handed_over_again),
		OFFICE_TEST(a_host_without_units_has_its_name_alone),
		OFFICE_TEST(a_right_stays_until_the_schedule_lacks_the_unit),
		OFFICE_TEST(a_replaced_text_is_read_from_the_store),
		OFFICE_TEST(rights_go_with_the_host),
		OFFICE_TEST(a_healthy_unit_without_a_record_is_told_after_a_while),
		OFFICE_TEST(a_record_with_another_value_is_not_the_units),
		OFFICE_TEST(a_record_of_nobody_is_told_unless_it_is_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
