/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics that programs push as text, found again by selectors. */
#include "daemon_fixture.h"

#include "samples.h"

static json_t *post(struct house *h, const char *path, const char *type, const char *body,
		    long status)
{
	json_t *doc;
	const struct call c = { .method = "POST",
				.path = path,
				.token = h->f->admin,
				.type = type,
				.body = body };
	const long got = fixture_json(h->f, &c, &doc);

	if (got != status)
		fail_msg("%s: %ld: %s", body, got,
			 json_string_value(json_object_get(doc, "detail")));
	return doc;
}

static json_t *push(struct house *h, const char *query, const char *body, long status)
{
	CLEANUP(free) char *path = xasprintf("/v1/metrics%s", query);

	return post(h, path, "text/plain", body, status);
}

static int64_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* The names and labels of what matches, each in brackets; match is escaped already. */
static const char *found(struct house *h, const char *match)
{
	static char all[500];
	CLEANUP(free) char *path = xasprintf("/v1/series?match=%s", match);
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *o;
	size_t i, n = 0;

	assert_int_equal(
		fixture_json(h->f, CALL(.path = path, .token = h->f->viewer), &doc), 200);
	all[0] = '\0';
	json_array_foreach(json_object_get(doc, "items"), i, o) n +=
		(size_t)snprintf(all + n, sizeof(all) - n, "[%s %s]",
				 json_string_value(json_object_get(o, "name")),
				 json_string_value(json_object_get(o, "labels")));
	return all;
}

static void samples_get_the_labels_that_they_lack(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *first = NULL;
	CLEANUP(json_decref) json_t *again = NULL;
	CLEANUP(free)
	char *text = xasprintf("depth{tier=\"own\"} 3 %lld\ndepth 4 %lld\n",
			       (long long)clock_now_ms() - 1000,
			       (long long)clock_now_ms() - 1000);

	fixture_put_tier(h->f);
	first = push(h, "?stack=shop&tier=web", text, 200);
	assert_int_equal(number_of(first, "samples"), 2);
	assert_int_equal(number_of(first, "added"), 2);
	assert_true(json_is_true(json_object_get(first, "applied")));
	assert_string_equal(found(h, "depth"), "[depth stack=\"shop\",tier=\"own\"]"
					       "[depth stack=\"shop\",tier=\"web\"]");
	again = push(h, "?stack=shop&tier=web", text, 200);
	assert_int_equal(number_of(again, "added"), 0);
	assert_int_equal(number_of(again, "duplicate"), 2);
}

static void what_cannot_be_taken_is_refused_whole(void **state)
{
	static const struct {
		const char *body, *words;
	} cases[] = {
		{ "# HELP nothing\n", "contains no samples" },
		{ "a 1\nforetide_demand 1\n",
		  "the names foretide_* are the controller's" },
		{ "a{b=\"c} 1\n", "line 1" },
	};
	struct house *h = *state;
	CLEANUP(json_decref) json_t *dry = push(h, "?dry_run=true", "a 1\n", 200);

	assert_true(json_is_false(json_object_get(dry, "applied")));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_decref) json_t *doc = push(h, "", cases[i].body, 400);
		const char *detail = json_string_value(json_object_get(doc, "detail"));

		if (!strstr(detail, cases[i].words))
			fail_msg("'%s' has no '%s'", detail, cases[i].words);
	}
	assert_string_equal(found(h, "a"), "");
}

/* match is escaped for a URL: %22 is ", %7E is ~, %5C is \. */
static void series_are_found_by_name_and_labels(void **state)
{
	static const struct {
		const char *match, *want;
	} cases[] = {
		{ "", "[q at=\"a\"][q at=\"b\\\"c\"][r at=\"a\"]" },
		{ "q", "[q at=\"a\"][q at=\"b\\\"c\"]" },
		{ "%7Bat=%22a%22%7D", "[q at=\"a\"][r at=\"a\"]" },
		{ "q%7Bat=%22a%22%7D", "[q at=\"a\"]" },
		{ "q%7Bat!=%22a%22%7D", "[q at=\"b\\\"c\"]" },
		{ "q%7Bat=%7E%22[xb].*%22,%20at!%7E%22a%22%7D", "[q at=\"b\\\"c\"]" },
		{ "q%7Bat=%22b%5C%22c%22%7D", "[q at=\"b\\\"c\"]" },
		{ "none", "" },
	};
	struct house *h = *state;

	json_decref(
		push(h, "", "q{at=\"a\"} 1\nq{at=\"b\\\"c\"} 1\nr{at=\"a\"} 1\n", 200));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = found(h, cases[i].match);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("'%s': %s", cases[i].match, got);
	}
}

static void a_selector_that_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
		"q%7B",
		"q%7Bat%7D",
		"q%7Bat=a%7D",
		"q%7Bat=%22a%7D",
		"q%7B=%22a%22%7D",
		"q%7Bat=%22a%22%7Dx",
		"q-r",
		"q%7Bat%3E%221%22%7D",
		"q%7Bat=%7E%22(%22%7D",
	};
	struct house *h = *state;
	CLEANUP(buf_done) struct buf many;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP(free) char *path = xasprintf("/v1/series?match=%s", wrong[i]);
		const long got =
			fixture_status(h->f, CALL(.path = path, .token = h->f->viewer));

		if (got != 400)
			fail_msg("%s: %ld", wrong[i], got);
	}
	buf_init(&many, 4096);
	buf_puts(&many, "/v1/series?match=q%7B");
	for (int i = 0; i < 17; i++)
		buf_puts(&many, "a=%22b%22,");
	buf_puts(&many, "%7D");
	assert_int_equal(
		fixture_status(h->f, CALL(.path = buf_str(&many), .token = h->f->viewer)),
		413);
}

static json_t *forget(struct house *h, const char *query, const char *body, long status)
{
	CLEANUP(free) char *path = xasprintf("/v1/series/forget%s", query);

	return post(h, path, NULL, body, status);
}

/* A source that is gone for good would make a demand unknown for ever. */
static void series_that_fell_silent_are_forgotten_and_others_are_not(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *dry = NULL;
	CLEANUP(json_decref) json_t *done = NULL;
	const int64_t now = clock_now_ms();
	const struct db_sample_in in[] = {
		{ "q", "at=\"old\"", DB_GAUGE, now - 3600000, 1 },
		{ "q", "at=\"new\"", DB_GAUGE, now - 1000, 1 },
	};
	struct err e;

	assert_ok(db_samples_add(h->f->db, in, ARRAY_SIZE(in), now, NULL, &e), &e);
	dry = forget(h, "?dry_run=true", "{\"match\":\"q\"}", 200);
	assert_true(json_is_false(json_object_get(dry, "applied")));
	done = forget(h, "", "{\"match\":\"q\"}", 200);
	assert_int_equal(number_of(done, "forgotten"), 1);
	json_decref(forget(h, "", "{\"match\":\"q\"}", 404));
	json_decref(forget(h, "", "{\"match\":\"\"}", 400));
	json_decref(forget(h, "", "{\"match\":\"q{\"}", 400));
	json_decref(forget(h, "", "{}", 400));
}

static void an_expression_is_evaluated_over_a_span(void **state)
{
	static const char *const wrong[] = {
		"/v1/series/data",
		"/v1/series/data?expr=q&step=1ms",
		"/v1/series/data?expr=q&from=30d&step=1s",
		"/v1/series/data?expr=sum(",
	};
	struct house *h = *state;
	const int64_t from = clock_now_ms() / 60000 * 60000 - 600000;
	const struct db_sample_in in = { "q", "", DB_GAUGE, from + 30000, 7 };
	CLEANUP(free)
	char *path = xasprintf("/v1/series/data?expr=sum(q)&step=1m&from=%lld&to=%lld",
			       (long long)from / 1000, (long long)from / 1000 + 60);
	CLEANUP(json_decref) json_t *doc = NULL;
	struct err e;

	assert_ok(db_samples_add(h->f->db, &in, 1, clock_now_ms(), NULL, &e), &e);
	assert_int_equal(
		fixture_json(h->f, CALL(.path = path, .token = h->f->viewer), &doc), 200);
	assert_int_equal(json_array_size(json_object_get(doc, "points")), 1);
	assert_close(json_number_value(json_array_get(
			     json_array_get(json_object_get(doc, "points"), 0), 1)),
		     7, 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(fixture_status(h->f, CALL(.path = wrong[i],
							   .token = h->f->viewer)),
				 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(samples_get_the_labels_that_they_lack),
		HOUSE_TEST(what_cannot_be_taken_is_refused_whole),
		HOUSE_TEST(series_are_found_by_name_and_labels),
		HOUSE_TEST(a_selector_that_is_none_is_refused),
		HOUSE_TEST(series_that_fell_silent_are_forgotten_and_others_are_not),
		HOUSE_TEST(an_expression_is_evaluated_over_a_span),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
