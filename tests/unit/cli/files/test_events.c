/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"

#include "cli_fixture.h"

#define DAY_MS INT64_C(86400000)
#define DAYS 40

/* Hours of 100 from 1970-01-05, a Monday, doubled from 10 to 12 of these days. */
static void doubled_on(const int *days, size_t n, struct series *ret)
{
	*ret = (struct series){ .n = 24 * DAYS, .t0_ms = 4 * DAY_MS, .step_ms = 3600000 };
	ret->y = xcalloc(ret->n, sizeof(*ret->y));
	for (size_t i = 0; i < ret->n; i++)
		ret->y[i] = 100 + (double)(i % 24);
	for (size_t k = 0; k < n; k++) {
		ret->y[24 * days[k] + 10] *= 2;
		ret->y[24 * days[k] + 11] *= 2;
	}
}

static void add_event(struct buf *to, const char *name, int day, const char *uplift)
{
	const int date = 4 + day; /* from 1970-01-01 */
	static const int months[] = { 31, 28, 31 };
	int month = 0, of_month = date;

	while (of_month >= months[month])
		of_month -= months[month++];
	buf_printf(to,
		   "BEGIN:VEVENT\r\nUID:%s%d\r\nSUMMARY:%s\r\n"
		   "DTSTART:1970%02d%02dT100000Z\r\nDTEND:1970%02d%02dT120000Z\r\n%s"
		   "END:VEVENT\r\n",
		   name, day, name, month + 1, of_month + 1, month + 1, of_month + 1,
		   uplift);
}

static void write_calendar(const int *days, size_t n, const char *uplift)
{
	CLEANUP(buf_done) struct buf text;

	buf_init(&text, 1 << 20);
	buf_puts(&text, "BEGIN:VCALENDAR\r\n");
	for (size_t k = 0; k < n; k++)
		add_event(&text, "sale", days[k], uplift);
	buf_puts(&text, "END:VCALENDAR\r\n");
	cli_write("e.ics", buf_str(&text));
}

static void an_event_expects_what_those_before_it_did(void **state)
{
	static const int days[] = { 15, 22, 29, DAYS + 3 };
	CLEANUP(series_done) struct series s = { 0 };
	CLEANUP(file_events_done) struct file_events e = { 0 };
	CLEANUP(json_decref) json_t *list = NULL;
	CLEANUP(free) char *text = NULL;
	const int64_t end_ms = (4 + DAYS) * DAY_MS;
	struct err err;
	int was;

	(void)state;
	doubled_on(days, 3, &s);
	write_calendar(days, 4, "");
	assert_ok(file_events_read("e.ics", "UTC", &s, end_ms, end_ms + 7 * DAY_MS, &e,
				   &err),
		  &err);
	assert_int_equal(e.n, 4);
	assert_int_equal(e.v[0].u.n, 0); /* nothing was known before it */
	assert_int_equal(e.v[3].u.n, 3);
	assert_close(e.v[3].u.mid, 2, 0.01);
	assert_close(e.was[1].u.mid, 2, 0.01);
	was = cli_swap(stdout, cli_memory(""));
	file_events_print(&e, end_ms);
	text = cli_swap_back(stdout, was);
	assert_non_null(strstr(text, "event sale, 1970-02-17T10:00:00.000Z to "
				     "1970-02-17T12:00:00.000Z: demand times 2 ("));
	assert_non_null(strstr(text, "), learned from 3 past events\n"));
	list = file_events_json(&e, 0);
	assert_int_equal(json_array_size(list), 4);
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "uplift")));
	assert_int_equal(field_int(json_array_get(list, 3), "learned_from"), 3);
	assert_close(field_number(json_array_get(list, 3), "uplift"), 2, 0.01);
}

static void an_effect_that_is_not_known_is_said_to_be(void **state)
{
	static const int days[] = { DAYS + 3 };
	CLEANUP(series_done) struct series s = { 0 };
	CLEANUP(file_events_done) struct file_events e = { 0 };
	CLEANUP(free) char *text = NULL;
	const int64_t end_ms = (4 + DAYS) * DAY_MS;
	struct err err;
	int was;

	(void)state;
	doubled_on(NULL, 0, &s);
	write_calendar(days, 1, "");
	assert_ok(file_events_read("e.ics", "UTC", &s, end_ms, end_ms + 7 * DAY_MS, &e,
				   &err),
		  &err);
	was = cli_swap(stdout, cli_memory(""));
	file_events_print(&e, end_ms);
	text = cli_swap_back(stdout, was);
	assert_string_equal(
		text, "event sale, 1970-02-17T10:00:00.000Z to "
		      "1970-02-17T12:00:00.000Z: ignored, its effect is not known\n");
}

static void a_given_effect_is_taken_as_it_is(void **state)
{
	static const int days[] = { DAYS + 3, DAYS + 2 };
	CLEANUP(series_done) struct series s = { 0 };
	CLEANUP(file_events_done) struct file_events e = { 0 };
	CLEANUP(json_decref) json_t *list = NULL;
	const int64_t end_ms = (4 + DAYS) * DAY_MS;
	struct err err;

	(void)state;
	doubled_on(NULL, 0, &s);
	write_calendar(days, 2, "X-FORETIDE-UPLIFT:1.5\r\n");
	assert_ok(file_events_read("e.ics", "UTC", &s, end_ms, end_ms + 7 * DAY_MS, &e,
				   &err),
		  &err);
	assert_int_equal(e.n, 2);
	assert_true(e.v[0].span.start_ms < e.v[1].span.start_ms);
	assert_close(e.expected[0].u.mid, 1.5, 1e-9);
	list = file_events_json(&e, end_ms);
	assert_true(json_is_true(json_object_get(json_array_get(list, 0), "given")));
	assert_close(field_number(json_array_get(list, 0), "uplift"), 1.5, 1e-9);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	static const int days[] = { 1 };
	CLEANUP(series_done) struct series s = { 0 };
	struct file_events e;
	struct err err;

	(void)state;
	doubled_on(NULL, 0, &s);
	write_calendar(days, 1, "X-FORETIDE-UPLIFT:much\r\n");
	assert_int_equal(file_events_read("e.ics", "UTC", &s, 0, 99 * DAY_MS, &e, &err),
			 ERR_INVAL);
	assert_string_equal(err.msg, "e.ics:2: uplift = much is neither a factor such as "
				     "2.5, a change such as +150% or -40%, nor learn");
	assert_int_equal(file_write("nul.ics", "a\0b", 3, 0600, NULL), 0);
	assert_int_equal(file_events_read("nul.ics", "UTC", &s, 0, 99 * DAY_MS, &e, &err),
			 ERR_INVAL);
	assert_string_equal(err.msg, "nul.ics: holds a NUL byte");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_expects_what_those_before_it_did),
		cmocka_unit_test(an_effect_that_is_not_known_is_said_to_be),
		cmocka_unit_test(a_given_effect_is_taken_as_it_is),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
	};

	return cmocka_run_group_tests_name("events", tests, cli_in_folder,
					   cli_out_of_folder);
}
