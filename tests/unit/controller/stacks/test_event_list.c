/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "clock.h"
#include "event_list.h"
#include "test.h"

#include <math.h>
#include <string.h>

#define NOW "2026-09-01T12:00:00Z"

struct spans {
	int64_t start_ms[16], end_ms[16];
	size_t n;
};

static int64_t ms(const char *text)
{
	int64_t t;
	struct err e;

	assert_ok(clock_parse(text, &t, &e), &e);
	return t;
}

static int note(void *arg, int64_t start_ms, int64_t end_ms)
{
	struct spans *s = arg;

	assert_true(s->n < ARRAY_SIZE(s->start_ms));
	s->start_ms[s->n] = start_ms;
	s->end_ms[s->n++] = end_ms;
	return 0;
}

/* What the words mean in Stockholm from 2024 to 2029. */
static struct spans spans_of(const char *words)
{
	CLEANUP(tz_free) struct tz *zone = NULL;
	struct spans s = { .n = 0 };
	struct event_when w;
	struct err e;

	assert_ok(tz_open("Europe/Stockholm", &zone, &e), &e);
	assert_ok(event_when_parse(words, &w, &e), &e);
	assert_ok(event_when_each(&w, zone, ms("2024-01-01T00:00:00Z"),
				  ms("2029-01-01T00:00:00Z"), note, &s),
		  &e);
	return s;
}

static void assert_is(const char *words, const char *start, const char *end)
{
	struct spans s = spans_of(words);
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	if (s.n < 1 || s.start_ms[0] != ms(start) || s.end_ms[0] != ms(end))
		fail_msg("'%s' is %zu, %s to %s; expected %s to %s", words, s.n,
			 clock_format(s.start_ms[0], a), clock_format(s.end_ms[0], b),
			 start, end);
}

static void one_off_events_are_read_by_the_local_clock(void **state)
{
	(void)state;
	assert_is("2026-11-27", "2026-11-26T23:00:00Z", "2026-11-27T23:00:00Z");
	assert_is("2026-11-27 .. 2026-11-29", "2026-11-26T23:00:00Z",
		  "2026-11-29T23:00:00Z");
	assert_is("2026-11-27 08:00 .. 2026-11-28 22:00", "2026-11-27T07:00:00Z",
		  "2026-11-28T21:00:00Z");
	assert_is("2026-07-01 08:00-22:00", "2026-07-01T06:00:00Z",
		  "2026-07-01T20:00:00Z");
	assert_is("2026-07-01 08:00 .. 22:00", "2026-07-01T06:00:00Z",
		  "2026-07-01T20:00:00Z");
	assert_is("2026-07-01 22:00-02:00", "2026-07-01T20:00:00Z",
		  "2026-07-02T00:00:00Z");
	assert_is("2026-07-01 22:00-24:00", "2026-07-01T20:00:00Z",
		  "2026-07-01T22:00:00Z");
	assert_is("2026-11-27 08:00 .. 2026-11-28", "2026-11-27T07:00:00Z",
		  "2026-11-28T23:00:00Z");
	assert_is("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
}

static void yearly_events_come_every_year(void **state)
{
	struct spans s = spans_of("yearly 12-24 .. 12-26");

	(void)state;
	assert_int_equal(s.n, 5);
	assert_int_equal(s.start_ms[2], ms("2026-12-23T23:00:00Z"));
	assert_int_equal(s.end_ms[2], ms("2026-12-26T23:00:00Z"));
	s = spans_of("yearly 03-29 18:00-23:00");
	assert_int_equal(s.start_ms[0], ms("2024-03-29T17:00:00Z"));
	assert_int_equal(s.start_ms[2], ms("2026-03-29T16:00:00Z"));
}

static void a_yearly_event_may_go_into_the_next_year(void **state)
{
	struct spans s = spans_of("yearly 12-31 20:00 .. 01-01 03:00");

	(void)state;
	assert_int_equal(s.n, 6);
	assert_int_equal(s.start_ms[0], ms("2023-12-31T19:00:00Z"));
	assert_int_equal(s.end_ms[0], ms("2024-01-01T02:00:00Z"));
}

static void the_29th_of_february_is_in_leap_years_only(void **state)
{
	struct spans s = spans_of("yearly 02-29");

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(s.start_ms[0], ms("2024-02-28T23:00:00Z"));
	assert_int_equal(s.start_ms[1], ms("2028-02-28T23:00:00Z"));
	s = spans_of("yearly 02-27 .. 02-29");
	assert_int_equal(s.n, 5);
	assert_int_equal(s.end_ms[0], ms("2024-02-29T23:00:00Z"));
	assert_int_equal(s.end_ms[1], ms("2025-02-28T23:00:00Z"));
}

static void times_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"soon",
		"2026-02-30",
		"2026-02-29",
		"2026-13-01",
		"2026-11-27 25:00-26:00",
		"2026-11-27 08:00",
		"2026-11-27 08:00 ..",
		"2026-11-27 .. 22:00",
		"2026-11-27 .. 2026-11-26",
		"2026-11-27 08:00 .. 2026-11-27 07:00",
		"2026-11-27 .. 2028-11-27",
		"yearly",
		"yearly 2026-12-24",
		"yearly 13-01",
		"12-24",
		"2026-11-27 08:00-22:00 often",
		"2026-11-27 -22:00",
		"1960-01-01",
	};
	struct event_when w;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (event_when_parse(bad[i], &w, &e) >= 0)
			fail_msg("'%s' is taken for a time", bad[i]);
		assert_non_null(strstr(e.msg, "when = "));
	}
}

/* ---------------------------------------------------------------- sections, calendars */

#define ICS(body) "BEGIN:VCALENDAR\nVERSION:2.0\n" body "END:VCALENDAR\n"
#define VEVENT(name, day, more)                                                    \
	"BEGIN:VEVENT\nSUMMARY:" name "\nDTSTART;VALUE=DATE:" day "\n" more "END:" \
	"VEVENT\n"

struct court {
	struct stack_events e;
	struct event_list l;
	struct err err;
};

static int setup(void **state)
{
	*state = xcalloc(1, sizeof(struct court));
	return 0;
}

static int teardown(void **state)
{
	struct court *c = *state;

	event_list_done(&c->l);
	stack_events_done(&c->e);
	free(c);
	return 0;
}

static int list(struct court *c)
{
	return event_list_read(&c->e, NULL, ms(NOW), &c->l, &c->err);
}

static void add(struct court *c, const char *name, const char *option, const char *value)
{
	(void)!stack_events_add(&c->e, name, 7, &c->err);
	assert_ok(stack_events_set(&c->e, name, option, value, &c->err), &c->err);
}

static void events_of_sections_and_calendars_are_listed_by_their_start(void **state)
{
	struct court *c = *state;

	add(c, "late", "when", "2027-01-01");
	stack_events_add_file(&c->e, "events/a.ics",
			      ICS(VEVENT("early", "20260910", "")));
	assert_ok(list(c), &c->err);
	assert_int_equal(c->l.n, 2);
	assert_string_equal(c->l.kinds[c->l.v[0].kind].name, "early");
	assert_string_equal(c->l.kinds[c->l.v[0].kind].source, "events/a.ics");
	assert_string_equal(c->l.kinds[c->l.v[1].kind].source, "stack.conf");
	assert_true(isnan(c->l.kinds[c->l.v[1].kind].terms.uplift));
}

static void a_section_speaks_for_a_calendars_events_that_say_nothing(void **state)
{
	struct court *c = *state;

	add(c, "sale", "uplift", "2.5");
	add(c, "sale", "tiers", "web cache");
	stack_events_add_file(
		&c->e, "events/a.ics",
		ICS(VEVENT("sale", "20260910", "")
			    VEVENT("sale", "20260920",
				   "X-FORETIDE-UPLIFT:+200%\nX-FORETIDE-TIERS:web\n")));
	assert_ok(list(c), &c->err);
	assert_int_equal(c->l.n, 2);
	assert_close(c->l.kinds[0].terms.uplift, 2.5, 0);
	assert_true(event_kind_is_of(&c->l.kinds[0], "cache"));
	assert_false(event_kind_is_of(&c->l.kinds[0], "db"));
	assert_close(c->l.kinds[1].terms.uplift, 3, 1e-12);
	assert_false(event_kind_is_of(&c->l.kinds[1], "cache"));
}

static void an_event_without_tiers_is_of_all(void **state)
{
	struct court *c = *state;

	add(c, "sale", "when", "2026-09-10");
	assert_ok(list(c), &c->err);
	assert_true(event_kind_is_of(&c->l.kinds[0], "anything"));
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	struct court *c = *state;

	add(c, "sale", "uplift", "2");
	assert_int_equal(list(c), ERR_INVAL);
	assert_non_null(strstr(c->err.msg, "stack.conf:7: [event sale] needs a when"));
	stack_events_add_file(
		&c->e, "events/a.ics",
		ICS(VEVENT("sale", "20260910", "X-FORETIDE-UPLIFT:lots\n")));
	assert_int_equal(list(c), ERR_INVAL);
	assert_non_null(strstr(c->err.msg, "events/a.ics:3: uplift = lots is neither"));
	assert_int_equal(stack_events_set(&c->e, "sale", "uplift", "3", &c->err),
			 ERR_INVAL);
	assert_non_null(strstr(c->err.msg, "twice"));
	assert_int_equal(stack_events_set(&c->e, "sale", "colour", "3", &c->err),
			 ERR_INVAL);
	assert_non_null(strstr(c->err.msg, "not an option of an event"));
	assert_int_equal(stack_events_add(&c->e, "sale", 9, &c->err), ERR_INVAL);
}

/* Three years of ten such hours are too many; those that matter now are not. */
static void what_repeats_for_years_stays_readable(void **state)
{
	struct court *c = *state;

	for (int i = 0; i < 10; i++) {
		CLEANUP(free) char *name = xasprintf("events/%d.ics", i);

		stack_events_add_file(
			&c->e, name,
			ICS(VEVENT("lunch", "20200101", "RRULE:FREQ=DAILY\n")));
	}
	assert_ok(list(c), &c->err);
	assert_in_range(c->l.n, 10 * 420, 10 * 430);
	assert_in_range(c->l.from_ms, ms("2026-06-01T00:00:00Z"),
			ms("2026-08-01T00:00:00Z"));
	for (int i = 0; i < 2; i++)
		stack_events_add_file(
			&c->e, "events/more.ics",
			ICS(VEVENT("dinner", "20200101", "RRULE:FREQ=DAILY\n")));
	event_list_done(&c->l);
	assert_int_equal(list(c), ERR_LIMIT);
}

#define COURT_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_off_events_are_read_by_the_local_clock),
		cmocka_unit_test(yearly_events_come_every_year),
		cmocka_unit_test(a_yearly_event_may_go_into_the_next_year),
		cmocka_unit_test(the_29th_of_february_is_in_leap_years_only),
		cmocka_unit_test(times_that_are_none_are_refused),
		COURT_TEST(events_of_sections_and_calendars_are_listed_by_their_start),
		COURT_TEST(a_section_speaks_for_a_calendars_events_that_say_nothing),
		COURT_TEST(an_event_without_tiers_is_of_all),
		COURT_TEST(what_is_wrong_is_said_with_its_place),
		COURT_TEST(what_repeats_for_years_stays_readable),
	};

	return cmocka_run_group_tests_name("stack_events", tests, NULL, NULL);
}
