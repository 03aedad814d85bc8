/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_health.c - what the thread of health finds and tells, on clocks that this program
 * sets: its seconds pass at once.
 */
#include "db_fixture.h"

#include "clock.h"
#include "db_fail.h"
#include "health.h"
#include "http_script.h"
#include "store_alarm.h"

#include <sys/syscall.h>

/* ---------------------------------------------------------------- clocks */

static _Atomic int64_t passed_ms; /* beyond what passes by itself */
static _Atomic int64_t set_ms;    /* by which the wall clock was set */

static int read_machine(clockid_t id, struct timespec *ts)
{
	return (int)syscall(SYS_clock_gettime, id, ts);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id,
							 struct timespec *ts)
{
	const int rc = read_machine(id, ts);

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_MONOTONIC))
		ts->tv_sec += (passed_ms + (id == CLOCK_REALTIME ? set_ms : 0)) / 1000;
	return rc;
}

__attribute__((visibility("default"))) int pthread_cond_timedwait(
	pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until)
{
	struct timespec soon;

	(void)until;
	(void)read_machine(CLOCK_MONOTONIC, &soon);
	soon.tv_nsec += 1000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &soon);
}

/* ---------------------------------------------------------------- a health */

struct ward {
	struct fixture *f;
	struct events events;
	struct health_opts o;
	struct health *h;
};

static int setup(void **state)
{
	struct ward *w = xcalloc(1, sizeof(*w));

	passed_ms = set_ms = 0;
	fixture_setup((void **)&w->f);
	w->events = (struct events){ .db = w->f->db };
	w->o = (struct health_opts){ .db = w->f->db, .events = &w->events };
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct ward *w = *state;

	health_stop(w->h);
	fixture_teardown((void **)&w->f);
	free(w);
	return 0;
}

static void start(struct ward *w)
{
	assert_ok(health_start(&w->o, &w->h, &w->f->e), &w->f->e);
}

/* Whether that problem is told, with these words. */
static bool is_told(struct ward *w, bool only_database, const char *kind,
		    const char *words)
{
	CLEANUP(json_decref) json_t *list = health_problems(w->h, only_database);
	size_t i;
	const json_t *p;

	json_array_foreach(list, i, p)
	{
		const char *is = json_string_value(json_object_get(p, "kind"));
		const char *text = json_string_value(json_object_get(p, "message"));

		if (strcmp(is, kind) == 0 && strstr(text, words))
			return true;
	}
	return false;
}

/* Looks again until it holds; false: it never did. */
#define until(condition)                                             \
	({                                                           \
		bool held_ = false;                                  \
		for (int i_ = 0; i_ < PATIENCE_MS && !held_; i_++) { \
			held_ = (condition);                         \
			if (!held_)                                  \
				(void)poll(NULL, 0, 1);              \
		}                                                    \
		held_;                                               \
	})

#define tells(w, kind, words) until(is_told(w, false, kind, words))
#define tells_no_more(w, kind) until(!is_told(w, false, kind, ""))

static size_t n_events(struct ward *w, const char *kind, const char *words)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	size_t n = 0;

	assert_ok(db_event_list(w->f->db, &(struct db_event_filter){ .kind = kind }, &l,
				&w->f->e),
		  &w->f->e);
	for (size_t i = 0; i < l.n; i++)
		n += strstr(l.v[i].message, words) != NULL;
	return n;
}

static void add_sample(struct ward *w, const char *labels, int64_t at_ms)
{
	const struct db_sample_in in = { "load", labels, DB_GAUGE, at_ms, 1 };

	assert_ok(db_samples_add(w->f->db, &in, 1, at_ms, NULL, &w->f->e), &w->f->e);
}

/* ---------------------------------------------------------------- its own clock */

static void a_clock_set_back_is_told_and_what_is_later_than_now_is_dropped(void **state)
{
	struct ward *w = *state;

	start(w);
	add_sample(w, "a=\"1\"", clock_now_ms());
	set_ms = -7200000;
	health_clock(w->h);
	assert_false(db_samples_ahead(w->f->db, clock_now_ms()));
	health_clock(w->h);
	assert_true(tells(w, "clock-set",
			  "was set back by 2h: rates are measured anew, and samples of "
			  "later than now were dropped"));
	assert_int_equal(n_events(w, "clock-set", "set back by 2h"), 1);
	/* It is no news for ever. */
	passed_ms += 601000;
	assert_true(tells_no_more(w, "clock-set"));
}

static void one_set_forth_drops_nothing(void **state)
{
	struct ward *w = *state;
	const int64_t before = clock_now_ms();

	add_sample(w, "a=\"1\"", before);
	start(w);
	set_ms = 60000;
	assert_true(tells(w, "clock-set", "was set forth by 1m: rates are measured"));
	assert_false(is_told(w, false, "clock-set", "dropped"));
	assert_true(db_samples_ahead(w->f->db, before - 1));
	assert_int_equal(n_events(w, "clock-set", "set forth by 1m"), 1);
}

static void samples_that_cannot_be_put_right_now_are_later(void **state)
{
	struct ward *w = *state;

	start(w);
	add_sample(w, "a=\"1\"", clock_now_ms());
	db_fail_writes(w->f->db, true);
	set_ms = -3600000;
	health_clock(w->h);
	assert_true(db_samples_ahead(w->f->db, clock_now_ms()));
	db_fail_writes(w->f->db, false);
	health_clock(w->h);
	assert_false(db_samples_ahead(w->f->db, clock_now_ms()));
}

static void what_a_clock_that_was_ahead_left_is_dropped_at_the_start(void **state)
{
	struct ward *w = *state;

	set_ms = INT64_C(30) * 86400000;
	add_sample(w, "a=\"1\"", clock_now_ms());
	set_ms = 0;
	assert_true(db_samples_ahead(w->f->db, clock_now_ms()));
	start(w);
	assert_false(db_samples_ahead(w->f->db, clock_now_ms()));
}

/* ---------------------------------------------------------------- hosts */

static void the_samples_of_a_host_whose_clock_is_behind_are_corrected(void **state)
{
	struct ward *w = *state;

	start(w);
	for (int i = 0; i < 3; i++)
		(void)health_sender(w->h, "web-1", clock_now_ms() - 60000);
	assert_in_range(health_sender(w->h, "web-1", clock_now_ms() - 60000), 59000,
			61000);
	assert_int_equal(health_sender(w->h, "web-2", clock_now_ms()), 0);
	assert_true(tells(w, "clock-skew", "web-1 is 1m behind"));
	for (int i = 0; i < 4; i++)
		(void)health_sender(w->h, "web-1", clock_now_ms());
	assert_true(tells_no_more(w, "clock-skew"));
}

static void a_time_beyond_all_reason_moves_no_sample(void **state)
{
	struct ward *w = *state;

	start(w);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(health_sender(w->h, "web-1", INT64_MIN), 0);
		assert_int_equal(health_sender(w->h, "web-2", INT64_MAX), 0);
	}
	assert_true(tells(w, "clock-skew", "cannot be used"));
}

static void a_peer_that_breaks_off_is_told_until_it_asks(void **state)
{
	struct ward *w = *state;

	start(w);
	for (int i = 0; i < 5; i++) {
		health_connection(w->h, "10.0.0.7", false);
		passed_ms += 4000;
	}
	assert_true(tells(w, "connections-refused", "10.0.0.7"));
	assert_int_equal(n_events(w, "connection-refused", "10.0.0.7 breaks its"), 1);
	health_connection(w->h, "10.0.0.7", true);
	assert_true(tells_no_more(w, "connections-refused"));
}

/* ---------------------------------------------------------------- its files */

static void a_database_that_was_moved_away_is_why_calls_fail(void **state)
{
	struct ward *w = *state;
	CLEANUP(free) char *away = xasprintf("%s.away", w->f->path);

	add_sample(w, "a=\"1\"", clock_now_ms());
	start(w);
	assert_int_equal(rename(w->f->path, away), 0);
	assert_true(until(is_told(w, true, "database-replaced", w->f->path)));
	assert_int_equal(rename(away, w->f->path), 0);
	assert_true(tells_no_more(w, "database-replaced"));
}

static void series_that_are_refused_are_told_but_fail_no_call(void **state)
{
	struct ward *w = *state;
	struct db_limits l;

	db_limits_default(&l);
	l.max_series = 1;
	db_set_limits(w->f->db, &l);
	start(w);
	add_sample(w, "a=\"1\"", clock_now_ms());
	add_sample(w, "a=\"2\"", clock_now_ms());
	assert_true(tells(w, "series-refused", "a=\"2\""));
	assert_false(is_told(w, true, "series-refused", ""));
}

static void a_restore_is_told_for_as_long_as_no_host_is_ended(void **state)
{
	struct ward *w = *state;

	clock_wait_begin(&w->o.care, clock_now_ms() + 3600000, 3600000);
	start(w);
	assert_true(tells(w, "restored", "no host is ended before 20"));
	passed_ms += 3601000;
	assert_true(tells_no_more(w, "restored"));
}

/* ---------------------------------------------------------------- the store */

#define NOSPACE SCRIPT_JSON("{\"alarms\":[{\"memberID\":\"1\",\"alarm\":\"NOSPACE\"}]}")
#define QUIET SCRIPT_JSON("{\"header\":{}}")

static void an_alarm_of_the_store_is_told_until_it_is_disarmed(void **state)
{
	struct ward *w = *state;
	static const char *const answers[] = { NOSPACE, "", QUIET, NULL };
	struct script s;

	script_start(&s, answers);
	w->o.etcd.endpoints = s.url;
	start(w);
	assert_true(tells(w, "store-no-space", "etcdctl alarm disarm"));
	assert_non_null(
		strstr(buf_str(&s.requests[0]), "POST /v3/maintenance/alarm HTTP"));
	assert_non_null(strstr(buf_str(&s.requests[0]), "{\"action\":\"GET\"}"));
	/* One that gives no answer ends no alarm. */
	passed_ms += 3000;
	assert_true(until(s.served == 2));
	assert_true(is_told(w, false, "store-no-space", ""));
	passed_ms += 3000;
	assert_true(tells_no_more(w, "store-no-space"));
	health_stop(TAKE(w->h));
	script_done(&s);
	script_free(&s);
}

static void the_members_are_asked_until_one_answers(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 503 No\r\nConnection: close\r\n\r\n", NOSPACE, NULL
	};
	struct script s;
	char text[ERR_MSG_MAX];
	bool is_known = false;

	(void)state;
	script_start(&s, answers);
	CLEANUP(free)
	char *urls = xasprintf("http://127.0.0.1:1,%s, %s", s.url, s.url);

	assert_string_equal(store_alarm(&(struct store_opts){ .endpoints = urls },
					&is_known, text, sizeof(text)),
			    "store-no-space");
	assert_true(is_known);
	/* Now nobody is there. */
	assert_null(store_alarm(&(struct store_opts){ .endpoints = urls }, &is_known,
				text, sizeof(text)));
	assert_false(is_known);
	script_done(&s);
	script_free(&s);
}

static void stopped_before_it_began_it_is_nothing(void **state)
{
	struct ward *w = *state;
	struct health *h = NULL;

	/* Records of a clock that was ahead cannot be dropped. */
	set_ms = 3600000;
	add_sample(w, "a=\"1\"", clock_now_ms());
	set_ms = 0;
	db_fail_writes(w->f->db, true);
	assert_int_equal(health_start(&w->o, &h, &w->f->e), ERR_STORE);
	assert_null(h);
	db_fail_writes(w->f->db, false);
	health_stop(NULL);
}

#define WARD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WARD_TEST(a_clock_set_back_is_told_and_what_is_later_than_now_is_dropped),
		WARD_TEST(one_set_forth_drops_nothing),
		WARD_TEST(samples_that_cannot_be_put_right_now_are_later),
		WARD_TEST(what_a_clock_that_was_ahead_left_is_dropped_at_the_start),
		WARD_TEST(the_samples_of_a_host_whose_clock_is_behind_are_corrected),
		WARD_TEST(a_time_beyond_all_reason_moves_no_sample),
		WARD_TEST(a_peer_that_breaks_off_is_told_until_it_asks),
		WARD_TEST(a_database_that_was_moved_away_is_why_calls_fail),
		WARD_TEST(series_that_are_refused_are_told_but_fail_no_call),
		WARD_TEST(a_restore_is_told_for_as_long_as_no_host_is_ended),
		WARD_TEST(an_alarm_of_the_store_is_told_until_it_is_disarmed),
		WARD_TEST(the_members_are_asked_until_one_answers),
		WARD_TEST(stopped_before_it_began_it_is_nothing),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
