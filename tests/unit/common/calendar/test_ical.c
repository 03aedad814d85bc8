/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "clock.h"
#include "ical.h"
#include "test.h"

#include <string.h>

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define EVENT(body) "BEGIN:VEVENT\r\nUID:1@x\r\nSUMMARY:sale\r\n" body "END:VEVENT\r\n"
#define CALENDAR(body)   \
	HEAD EVENT(body) \
	TAIL

struct court {
	struct tz *zone; /* Europe/Stockholm */
	struct ical c;
	struct err e;
};

static int setup(void **state)
{
	struct court *c = xcalloc(1, sizeof(*c));

	assert_ok(tz_open("Europe/Stockholm", &c->zone, &c->e), &c->e);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct court *c = *state;

	ical_done(&c->c);
	tz_free(c->zone);
	free(c);
	return 0;
}

static int64_t ms(const char *text)
{
	int64_t t;
	struct err e;

	assert_ok(clock_parse(text, &t, &e), &e);
	return t;
}

static int read_within(struct court *c, const char *text, const char *from,
		       const char *to)
{
	const struct ical_opts o = { .what = "events/a.ics",
				     .zone = c->zone,
				     .from_ms = ms(from),
				     .to_ms = ms(to),
				     .keys = { "X-FORETIDE-UPLIFT",
					       "X-FORETIDE-TIERS" } };

	ical_done(&c->c);
	return ical_read(text, &o, &c->c, &c->e);
}

static void read_all(struct court *c, const char *text)
{
	assert_ok(read_within(c, text, "2024-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
		  &c->e);
}

static void assert_span(struct court *c, size_t i, const char *start, const char *end)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	assert_true(i < c->c.n);
	if (c->c.v[i].start_ms != ms(start) || c->c.v[i].end_ms != ms(end))
		fail_msg("occurrence %zu is %s to %s, expected %s to %s", i,
			 clock_format(c->c.v[i].start_ms, a),
			 clock_format(c->c.v[i].end_ms, b), start, end);
}

static void a_yearly_event_keeps_its_local_hour_across_daylight_saving(void **state)
{
	struct court *c = *state;

	read_all(c, CALENDAR("DTSTART;TZID=Europe/Stockholm:20260327T080000\r\n"
			     "DTEND;TZID=Europe/Stockholm:20260327T220000\r\n"
			     "RRULE:FREQ=YEARLY;COUNT=2\r\n"));
	assert_int_equal(c->c.n, 2);
	assert_span(c, 0, "2026-03-27T07:00:00Z", "2026-03-27T21:00:00Z");
	/* In 2027 the clocks change on 28 March only: winter time, too. */
	assert_span(c, 1, "2027-03-27T07:00:00Z", "2027-03-27T21:00:00Z");
	read_all(c, CALENDAR("DTSTART;TZID=Europe/Stockholm:20260328T080000\r\n"
			     "DURATION:PT14H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"));
	assert_span(c, 0, "2026-03-28T07:00:00Z", "2026-03-28T21:00:00Z");
	assert_span(c, 1, "2026-03-29T06:00:00Z", "2026-03-29T20:00:00Z");
}

static void the_fourth_friday_of_november_is_found(void **state)
{
	struct court *c = *state;

	read_all(c, CALENDAR("DTSTART;TZID=Europe/Stockholm:20241122T080000\r\n"
			     "DURATION:PT16H\r\n"
			     "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4FR;"
			     "UNTIL=20271231T000000Z\r\n"));
	assert_int_equal(c->c.n, 4);
	assert_span(c, 2, "2026-11-27T07:00:00Z", "2026-11-27T23:00:00Z");
}

static void a_floating_time_and_a_whole_day_are_the_stacks_own(void **state)
{
	struct court *c = *state;

	read_all(c, CALENDAR("DTSTART:20260701T080000\r\nDTEND:20260701T090000\r\n"));
	assert_span(c, 0, "2026-07-01T06:00:00Z", "2026-07-01T07:00:00Z");
	read_all(c, CALENDAR("DTSTART;VALUE=DATE:20261224\r\n"
			     "DTEND;VALUE=DATE:20261227\r\n"));
	assert_span(c, 0, "2026-12-23T23:00:00Z", "2026-12-26T23:00:00Z");
	/* The day on which clocks go forward has 23 hours. */
	read_all(c, CALENDAR("DTSTART;VALUE=DATE:20260329\r\n"));
	assert_span(c, 0, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
}

static void a_utc_time_is_utc(void **state)
{
	struct court *c = *state;

	read_all(c, CALENDAR("DTSTART:20260701T080000Z\r\nDURATION:PT30M\r\n"));
	assert_span(c, 0, "2026-07-01T08:00:00Z", "2026-07-01T08:30:00Z");
}

static void the_files_own_zone_serves_when_its_name_is_no_zone(void **state)
{
	struct court *c = *state;

	read_all(c, HEAD
		 "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\n"
		 "BEGIN:STANDARD\r\nDTSTART:16011028T030000\r\n"
		 "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
		 "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
		 "BEGIN:DAYLIGHT\r\nDTSTART:16010325T020000\r\n"
		 "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
		 "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n"
		 "END:VTIMEZONE\r\n" EVENT(
			 "DTSTART;TZID=W. Europe Standard Time:20260701T080000\r\n"
			 "DTEND;TZID=W. Europe Standard Time:20260701T090000\r\n"
			 "RDATE;TZID=W. Europe Standard Time:20261201T080000\r\n") TAIL);
	assert_int_equal(c->c.n, 2);
	assert_span(c, 0, "2026-07-01T06:00:00Z", "2026-07-01T07:00:00Z");
	assert_span(c, 1, "2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z");
}

static void a_makers_name_before_the_zones_is_passed_over(void **state)
{
	struct court *c = *state;

	read_all(c, CALENDAR("DTSTART;TZID=/example.org/2020/America/New_York:"
			     "20260701T080000\r\nDURATION:PT1H\r\n"));
	assert_span(c, 0, "2026-07-01T12:00:00Z", "2026-07-01T13:00:00Z");
}

static void excepted_dates_are_left_out(void **state)
{
	struct court *c = *state;

	read_all(c,
		 CALENDAR("DTSTART:20260105T100000Z\r\nDURATION:PT1H\r\n"
			  "RRULE:FREQ=WEEKLY;COUNT=4\r\n"
			  "EXDATE:20260112T100000Z\r\nEXDATE;VALUE=DATE:20260119\r\n"));
	assert_int_equal(c->c.n, 2);
	assert_span(c, 1, "2026-01-26T10:00:00Z", "2026-01-26T11:00:00Z");
}

static void a_moved_or_cancelled_repetition_takes_the_place_of_the_rules(void **state)
{
	struct court *c = *state;

	read_all(c, HEAD EVENT("DTSTART:20260105T100000Z\r\nDURATION:PT1H\r\n"
			       "RRULE:FREQ=WEEKLY;COUNT=3\r\n")
			    EVENT("RECURRENCE-ID:20260112T100000Z\r\n"
				  "DTSTART:20260113T150000Z\r\nDURATION:PT2H\r\n")
				    EVENT("RECURRENCE-ID:20260119T100000Z\r\n"
					  "STATUS:CANCELLED\r\n"
					  "DTSTART:20260119T100000Z\r\n"
					  "DURATION:PT1H\r\n") TAIL);
	assert_int_equal(c->c.n, 2);
	assert_span(c, 1, "2026-01-13T15:00:00Z", "2026-01-13T17:00:00Z");
}

static void a_cancelled_event_does_not_take_place(void **state)
{
	struct court *c = *state;

	read_all(c, CALENDAR("STATUS:CANCELLED\r\nDTSTART:20260105T100000Z\r\n"
			     "DURATION:PT1H\r\n"));
	assert_int_equal(c->c.n, 0);
	assert_int_equal(c->c.n_sources, 1);
}

static void the_29th_of_february_comes_in_leap_years(void **state)
{
	struct court *c = *state;

	read_all(c, CALENDAR("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY\r\n"));
	assert_int_equal(c->c.n, 2);
	assert_span(c, 1, "2028-02-28T23:00:00Z", "2028-02-29T23:00:00Z");
}

static void only_what_touches_the_window_is_told(void **state)
{
	struct court *c = *state;

	assert_ok(read_within(c,
			      CALENDAR("DTSTART:20260101T100000Z\r\nDURATION:PT2H\r\n"
				       "RRULE:FREQ=DAILY\r\n"),
			      "2026-05-01T11:00:00Z", "2026-05-03T10:00:00Z"),
		  &c->e);
	assert_int_equal(c->c.n, 2);
	assert_span(c, 0, "2026-05-01T10:00:00Z", "2026-05-01T12:00:00Z");
}

static void own_properties_and_names_are_told(void **state)
{
	struct court *c = *state;

	read_all(c, HEAD "BEGIN:VEVENT\r\nSUMMARY: Black Fri\r\n day \r\n"
			 "X-FORETIDE-UPLIFT:+150%\r\nX-FORETIDE-TIERS:web cache\r\n"
			 "DTSTART:20261127T080000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
			 "BEGIN:VTODO\r\nSUMMARY:no event\r\nEND:VTODO\r\n" TAIL);
	assert_int_equal(c->c.n_sources, 1);
	assert_string_equal(c->c.sources[0].name, "Black Friday");
	assert_string_equal(c->c.sources[0].extra[0], "+150%");
	assert_string_equal(c->c.sources[0].extra[1], "web cache");
	assert_int_equal(c->c.sources[0].line, 4);
}

static void broken_files_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "events/a.ics: has no VCALENDAR" },
		{ "hello\n", "events/a.ics:1: is not NAME:value" },
		{ HEAD, "events/a.ics:4: the file ends within VCALENDAR" },
		{ HEAD "BEGIN:VEVENT\r\n" TAIL, "events/a.ics:5: END without BEGIN" },
		{ HEAD TAIL HEAD TAIL,
		  "events/a.ics:5: everything must be in one VCALENDAR" },
		{ HEAD "SUMMARY\r\n" TAIL, "events/a.ics:4: is not NAME:value" },
		{ HEAD "BEGIN:VTODO\r\nBEGIN:VEVENT\r\n", "events/a.ics:5: a VEVENT" },
		{ CALENDAR(""), "events/a.ics:4: the event has no DTSTART" },
		{ CALENDAR("DTSTART:20260101T100000Z\r\n"), "must end after its start" },
		{ CALENDAR("DTSTART:20260101T100000Z\r\nDTEND:20260101T090000Z\r\n"),
		  "must end after its start" },
		{ CALENDAR("DTSTART:tomorrow\r\nDURATION:PT1H\r\n"), "DTSTART" },
		{ CALENDAR("DTSTART:20260101T100000Z\r\nDURATION:PT1H\r\n"
			   "RRULE:FREQ=HOURLY\r\n"),
		  "events/a.ics:4: RRULE: only FREQ=DAILY" },
		{ CALENDAR("DTSTART:20260101T100000Z\r\nDURATION:PT1H\r\n"
			   "RRULE:FREQ=SOMETIMES\r\n"),
		  "RRULE" },
		{ CALENDAR("DTSTART:20260101T100000Z\r\nDURATION:PT1H\r\n"
			   "RRULE:FREQ=DAILY;BYHOUR=1,2\r\n"),
		  "once a day" },
		{ CALENDAR("DTSTART;TZID=Mars/Olympus:20260101T100000\r\n"
			   "DURATION:PT1H\r\n"),
		  "events/a.ics:4: TZID=Mars/Olympus is neither" },
		{ HEAD "BEGIN:VEVENT\r\nDTSTART:20260101T100000Z\r\nDURATION:PT1H\r\n"
		       "END:VEVENT\r\n" TAIL,
		  "no SUMMARY" },
		{ CALENDAR("DTSTART:20260101T100000Z\r\nDURATION:PT1H\r\n"
			   "x-foretide-uplift:3\r\n"),
		  "x-foretide-uplift" },
	};
	struct court *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int rc = read_within(c, cases[i].text, "2024-01-01T00:00:00Z",
				     "2029-01-01T00:00:00Z");

		assert_int_equal(rc, ERR_INVAL);
		assert_int_equal(c->c.n_sources, 0);
		if (!strstr(c->e.msg, cases[i].words))
			fail_msg("'%s' does not say '%s'", c->e.msg, cases[i].words);
	}
}

static void too_much_is_refused(void **state)
{
	struct court *c = *state;
	CLEANUP(free) char *long_text = xcalloc(1, ICAL_TEXT_MAX + 2);

	memset(long_text, '\n', ICAL_TEXT_MAX + 1);
	assert_int_equal(
		read_within(c, long_text, "2024-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
		ERR_LIMIT);
	assert_int_equal(
		read_within(c,
			    CALENDAR("DTSTART:20240101T100000Z\r\nDURATION:PT1H\r\n"
				     "RRULE:FREQ=DAILY\r\n"),
			    "2024-01-01T00:00:00Z", "2044-01-01T00:00:00Z"),
		ERR_LIMIT);
	assert_non_null(strstr(c->e.msg, "more than 5000 times"));
}

#define COURT_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(a_yearly_event_keeps_its_local_hour_across_daylight_saving),
		COURT_TEST(the_fourth_friday_of_november_is_found),
		COURT_TEST(a_floating_time_and_a_whole_day_are_the_stacks_own),
		COURT_TEST(a_utc_time_is_utc),
		COURT_TEST(the_files_own_zone_serves_when_its_name_is_no_zone),
		COURT_TEST(a_makers_name_before_the_zones_is_passed_over),
		COURT_TEST(excepted_dates_are_left_out),
		COURT_TEST(a_moved_or_cancelled_repetition_takes_the_place_of_the_rules),
		COURT_TEST(a_cancelled_event_does_not_take_place),
		COURT_TEST(the_29th_of_february_comes_in_leap_years),
		COURT_TEST(only_what_touches_the_window_is_told),
		COURT_TEST(own_properties_and_names_are_told),
		COURT_TEST(broken_files_are_refused_with_the_line),
		COURT_TEST(too_much_is_refused),
	};

	return cmocka_run_group_tests_name("ical", tests, NULL, NULL);
}
