/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "registry.h"
#include "selector.h"

#include <string.h>

#define NAMES 7
#define HOSTS 40
#define TIERS 13

static int setup(void **state)
{
	*state = db_registry_new();
	return 0;
}

static int teardown(void **state)
{
	db_registry_free(*state);
	return 0;
}

/* Of n series, what each is called follows from its id. */
static void name_of(int64_t id, char name[16], char labels[96])
{
	snprintf(name, 16, "m%d", (int)(id % NAMES));
	if (id % 3 == 0)
		snprintf(labels, 96, "id=\"%d\"", (int)id);
	else if (id % 3 == 1)
		snprintf(labels, 96, "host=\"h%d\",id=\"%d\"", (int)(id % HOSTS),
			 (int)id);
	else
		snprintf(labels, 96, "host=\"h%d\",id=\"%d\",tier=\"t%d\"",
			 (int)(id % HOSTS), (int)id, (int)(id % TIERS));
}

static void add(struct db_metrics *m, int64_t id)
{
	char name[16], labels[96];

	name_of(id, name, labels);
	db_entry_add(m, id, name, labels, DB_GAUGE);
}

static struct db_selector *selector(const char *name, const char *label,
				    enum db_match_op op, const char *value)
{
	const struct db_matcher matcher = { label, op, value };
	struct db_selector *s;
	struct err e;

	assert_ok(db_selector_new(name, &matcher, *label ? 1 : 0, &s, &e), &e);
	return s;
}

/* All entries, looked at one by one: whose name, and one label, have these values. */
static void assert_selects(struct db_metrics *m, struct db_selector *s, const char *name,
			   const char *label, bool is_equal, const char *value)
{
	CLEANUP(free) char *has = xasprintf("%s=\"%s\"", label, value);
	size_t seen = 0;
	struct err e;

	assert_ok(db_selector_update(m, s, INT64_MAX, &e), &e);
	for (size_t i = 0; i < m->n; i++) {
		const struct db_entry *of = m->v[i];

		if ((*name && strcmp(of->name, name) != 0) ||
		    (*label && (strstr(of->labels, has) != NULL) != is_equal))
			continue;
		assert_true(seen < s->hits.n);
		assert_int_equal(s->hits.v[seen++], of->id);
	}
	assert_int_equal(seen, s->hits.n);
}

static const struct {
	const char *name, *label;
	enum db_match_op op;
	const char *value;
} asked[] = {
	{ "m3", "", DB_MATCH_EQ, "" },         { "m3", "host", DB_MATCH_EQ, "h17" },
	{ "", "host", DB_MATCH_EQ, "h2" },     { "m1", "tier", DB_MATCH_EQ, "t5" },
	{ "m1", "tier", DB_MATCH_NE, "t5" },   { "", "tier", DB_MATCH_EQ, "t11" },
	{ "m0", "host", DB_MATCH_EQ, "none" }, { "none", "host", DB_MATCH_EQ, "h1" },
	{ "m2", "host", DB_MATCH_NE, "h1" },
};

static bool is_marked(const struct db_entry *e)
{
	return e->deleted;
}

static void selectors_find_what_a_look_at_all_finds(void **state)
{
	struct db_metrics *m = *state;
	struct db_selector *s[ARRAY_SIZE(asked)];
	int64_t id = 1;

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		s[i] = selector(asked[i].name, asked[i].label, asked[i].op,
				asked[i].value);
	srand(11);
	for (int round = 0; round < 40; round++) {
		/* Ids have gaps, and some series go, as those of hosts that are gone. */
		for (int i = 0; i < 100; i++, id += 1 + rand() % 2)
			add(m, id);
		for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
			assert_selects(m, s[i], asked[i].name, asked[i].label,
				       asked[i].op == DB_MATCH_EQ, asked[i].value);
		const size_t from = (size_t)rand() % m->n,
			     to = MIN(m->n, from + (size_t)rand() % 150);

		for (size_t i = from; i < to; i++)
			m->v[i]->deleted = rand() % 4 > 0;
		db_entries_drop(m, from, to, is_marked);
	}
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		db_selector_free(s[i]);
}

static void a_series_is_found_by_text_and_by_id_until_it_goes(void **state)
{
	struct db_metrics *m = *state;
	char name[16], labels[96];

	for (int64_t id = 5; id < 2000; id += 1 + id % 2)
		add(m, id);
	for (size_t i = 0; i < m->n; i++)
		m->v[i]->deleted = m->v[i]->id % 5 == 0;
	db_entries_drop(m, 0, m->n, is_marked);
	for (int64_t id = 0; id < 2100; id++) {
		const bool is_there = id >= 5 && id < 2000 && id % 2 == 1 && id % 5 != 0;
		struct db_entry *e = db_entry_by_id(m, id);

		name_of(id, name, labels);
		assert_int_equal(e != NULL, is_there);
		assert_ptr_equal(db_entry_find(m, name, labels), e);
		assert_true(!e || e->id == id);
	}
}

static void what_nothing_is_called_any_more_takes_no_room(void **state)
{
	struct db_metrics *m = *state;

	for (int64_t id = 1; id < 3000; id++)
		add(m, id);
	assert_int_equal(m->index.n, NAMES + HOSTS + TIERS);
	for (size_t i = 0; i < m->n; i++)
		m->v[i]->deleted = true;
	db_entries_drop(m, 0, m->n, is_marked);
	assert_int_equal(m->n, 0);
	assert_int_equal(m->index.n, 0);
	add(m, 5000);
	assert_string_equal(m->v[0]->name, "m2");
}

/* A user's pattern comes first; another stack's values are none of its business. */
static void a_stacks_patterns_are_matched_with_its_own_series(void **state)
{
	struct db_metrics *m = *state;
	const struct db_matcher of[] = { { "path", DB_MATCH_RE, "(?:a?){900}a{900}" },
					 { "stack", DB_MATCH_EQ, "wp" } };
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	char path[1501], labels[1600];
	struct err e;

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_ok(db_selector_new("m0", of, 2, &s, &e), &e);
	snprintf(labels, sizeof(labels), "path=\"%s\",stack=\"alpha\"", path);
	db_entry_add(m, 1, "m0", labels, DB_GAUGE);
	db_entry_add(m, 2, "m0", "path=\"aaa\",stack=\"wp\"", DB_GAUGE);
	assert_ok(db_selector_update(m, s, INT64_MAX, &e), &e);
	assert_int_equal(s->undecided.n, 0);
	assert_int_equal(db_index_find(&m->index, DB_BY_STACK, "wp", 2)->n, 1);
	/* One of its own is left out, and told until it goes. */
	snprintf(labels, sizeof(labels), "path=\"%s\",stack=\"wp\"", path);
	db_entry_add(m, 3, "m0", labels, DB_GAUGE);
	db_entry_add(m, 4, "m0", "path=\"b\",stack=\"wp\"", DB_GAUGE);
	assert_ok(db_selector_update(m, s, INT64_MAX, &e), &e);
	assert_int_equal(s->undecided.n, 1);
	assert_non_null(strstr(s->why.msg, "label path, regular expression"));
	m->v[2]->deleted = true;
	db_entries_drop(m, 0, m->n, is_marked);
	assert_ok(db_selector_update(m, s, INT64_MAX, &e), &e);
	assert_int_equal(s->undecided.n, 0);
	assert_int_equal(s->hits.n, 0);
}

/* After a transaction that was rolled back the next series has the same id. */
static void an_id_that_is_given_again_is_another_series(void **state)
{
	struct db_metrics *m = *state;
	CLEANUP(db_selector_free)
	struct db_selector *s = selector("m", "a", DB_MATCH_RE, "x.*");
	struct err e;

	db_entry_add(m, 1, "m", "a=\"x1\"", DB_GAUGE);
	db_entry_add(m, 2, "m", "a=\"x2\"", DB_GAUGE)->fresh = true;
	assert_ok(db_selector_update(m, s, INT64_MAX, &e), &e);
	assert_int_equal(s->hits.n, 2);
	db_entries_drop_fresh(m);
	db_entry_add(m, 2, "m", "a=\"y\"", DB_GAUGE);
	assert_ok(db_selector_update(m, s, INT64_MAX, &e), &e);
	assert_int_equal(s->hits.n, 1);
}

/* Each call gets on, however little time it has. */
static void a_search_without_time_goes_on_at_the_next_call(void **state)
{
	struct db_metrics *m = *state;
	CLEANUP(db_selector_free)
	struct db_selector *s = selector("m", "a", DB_MATCH_RE, ".*7");
	int rc = ERR_LIMIT, calls = 0;
	struct err e = { 0 };

	for (int64_t id = 1; id <= 3000; id++) {
		char labels[32];

		snprintf(labels, sizeof(labels), "a=\"%d\"", (int)id);
		db_entry_add(m, id, "m", labels, DB_GAUGE);
	}
	while (rc == ERR_LIMIT && calls++ < 3000)
		rc = db_selector_update(m, s, 0, &e);
	assert_ok(rc, &e);
	assert_true(calls > 100);
	assert_int_equal(s->hits.n, 300);
}

/* What a selector looks at are those of its tier, not all of its name. */
static void a_tiers_series_are_found_among_many(void **state)
{
	struct db_metrics *m = *state;
	const struct db_posting *p;
	struct err e;
	CLEANUP(db_selector_free)
	struct db_selector *s = selector("load", "tier", DB_MATCH_EQ, "t77");

	for (int64_t id = 1; id <= 50000; id++) {
		char labels[32];

		snprintf(labels, sizeof(labels), "tier=\"t%d\"", (int)(id % 1000));
		db_entry_add(m, id, id % 5 ? "load" : "other", labels, DB_GAUGE);
	}
	p = db_index_find(&m->index, DB_BY_TIER, "t77", 3);
	assert_int_equal(p->n, 50);
	assert_ok(db_selector_update(m, s, INT64_MAX, &e), &e);
	assert_int_equal(s->hits.n, 50);
	assert_int_equal(s->hits.v[0], 77);
}

#define REGISTRY_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REGISTRY_TEST(selectors_find_what_a_look_at_all_finds),
		REGISTRY_TEST(a_series_is_found_by_text_and_by_id_until_it_goes),
		REGISTRY_TEST(what_nothing_is_called_any_more_takes_no_room),
		REGISTRY_TEST(a_tiers_series_are_found_among_many),
		REGISTRY_TEST(a_stacks_patterns_are_matched_with_its_own_series),
		REGISTRY_TEST(an_id_that_is_given_again_is_another_series),
		REGISTRY_TEST(a_search_without_time_goes_on_at_the_next_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
