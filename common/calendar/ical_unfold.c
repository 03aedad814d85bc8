/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ical_unfold.h"

#include "check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define REPEATS_MAX 100000 /* of all events since their first */
#define EXDATES_MAX 400
#define LENGTH_MAX_MS (366 * DAY_MS)

DEFINE_CLEANUP(icalrecur_iterator *, icalrecur_iterator_free);

/* ---------------------------------------------------------------- spans */

/* From DTEND or DURATION; the default for a date is one day. */
static int read_length(struct ical_unfolding *u, struct err *err)
{
	icalproperty *end = ical_first(u->event, ICAL_DTEND_PROPERTY);
	icalproperty *length = ical_first(u->event, ICAL_DURATION_PROPERTY);
	struct ical_clock clock;
	int rc;

	u->length_ms = u->start.is_date && !end ? DAY_MS : 0;
	if (end) {
		struct icaltimetype t = icalproperty_get_dtend(end);

		rc = ical_check_time(t, err);
		if (rc == 0)
			rc = ical_zones_clock(u->zones, end, t, &clock, err);
		if (rc < 0)
			return rc;
		u->length_ms = u->start.is_date
				       ? ical_local_ms(t) - ical_local_ms(u->start)
				       : ical_unix_ms(&clock, t) -
						 ical_unix_ms(&u->clock, u->start);
	} else if (length) {
		struct icaldurationtype d = icalproperty_get_duration(length);

		u->length_ms = INT64_C(1000) * icaldurationtype_as_int(d);
	}
	if (u->length_ms <= 0 || u->length_ms > LENGTH_MAX_MS)
		return err_set(err, ERR_INVAL,
			       "the event must end after its start, within a year: give "
			       "DTEND or DURATION");
	return 0;
}

static int add(struct ical_unfolding *u, int64_t start_ms, int64_t end_ms,
	       struct err *err)
{
	const struct ical_opts *o = u->opts;
	struct ical *c = u->out;

	if (end_ms <= o->from_ms || start_ms >= o->to_ms)
		return 0;
	if (c->n == ICAL_OCCURRENCES_MAX)
		return err_set(err, ERR_LIMIT, "events take place more than %d times",
			       ICAL_OCCURRENCES_MAX);
	if (c->n % 64 == 0)
		c->v = xrealloc(c->v, (c->n + 64) * sizeof(*c->v));
	c->v[c->n++] = (struct ical_occurrence){ u->source, start_ms, end_ms };
	return 0;
}

/* Dates end by the calendar, others after an exact duration (RFC 5545, 3.8.5.3). */
static int add_at(struct ical_unfolding *u, struct icaltimetype t, struct err *err)
{
	const int64_t start_ms = ical_unix_ms(&u->clock, t);

	if (!u->start.is_date)
		return add(u, start_ms, start_ms + u->length_ms, err);
	return add(u, start_ms,
		   tz_unix_ms(u->clock.zone, ical_local_ms(t) + u->length_ms), err);
}

/* ---------------------------------------------------------------- exceptions */

static bool is_same(struct ical_unfolding *u, icalproperty *p, struct icaltimetype t,
		    int64_t start_ms)
{
	struct ical_clock clock;
	int64_t day_ms;

	if (ical_check_time(t, NULL) < 0 ||
	    ical_zones_clock(u->zones, p, t, &clock, NULL) < 0)
		return false;
	if (!t.is_date || u->start.is_date)
		return ical_unix_ms(&clock, t) == start_ms;
	/* A date excepts what begins on it. */
	day_ms = ical_local_ms(t);
	return start_ms >= tz_unix_ms(u->opts->zone, day_ms) &&
	       start_ms < tz_unix_ms(u->opts->zone, day_ms + DAY_MS);
}

static bool is_excepted(struct ical_unfolding *u, int64_t start_ms)
{
	icalproperty *p;

	for (p = ical_first(u->event, ICAL_EXDATE_PROPERTY); p;
	     p = icalcomponent_get_next_property(u->event, ICAL_EXDATE_PROPERTY))
		if (is_same(u, p, icalproperty_get_exdate(p), start_ms))
			return true;
	return false;
}

static const char *uid_of(icalcomponent *c)
{
	icalproperty *p = ical_first(c, ICAL_UID_PROPERTY);

	return p ? icalproperty_get_uid(p) : NULL;
}

/* Another VEVENT of the same UID replaces this repetition. */
static bool is_replaced(struct ical_unfolding *u, int64_t start_ms)
{
	const char *uid = uid_of(u->event);

	for (size_t i = 0; uid && i < u->n_events; i++) {
		icalproperty *p = ical_first(u->events[i], ICAL_RECURRENCEID_PROPERTY);
		const char *its = uid_of(u->events[i]);

		if (p && its && strcmp(uid, its) == 0 &&
		    is_same(u, p, icalproperty_get_recurrenceid(p), start_ms))
			return true;
	}
	return false;
}

/* Removes excepted, replaced and duplicate occurrences. */
static void drop_exceptions(struct ical_unfolding *u, size_t from)
{
	const bool is_master = !ical_first(u->event, ICAL_RECURRENCEID_PROPERTY);
	struct ical *c = u->out;
	size_t kept = from;

	for (size_t i = from; i < c->n; i++) {
		bool is_twice = false;

		for (size_t k = from; k < kept && !is_twice; k++)
			is_twice = c->v[k].start_ms == c->v[i].start_ms;
		if (is_twice || is_excepted(u, c->v[i].start_ms) ||
		    (is_master && is_replaced(u, c->v[i].start_ms)))
			continue;
		c->v[kept++] = c->v[i];
	}
	c->n = kept;
}

/* ---------------------------------------------------------------- repetitions */

static int count_of(const short *list, int max)
{
	int n = 0;

	while (n < max && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
		n++;
	return n;
}

/* Rules whose expansion is bounded: by days or longer, once a day. */
static int check_rule(const struct icalrecurrencetype *r, struct err *err)
{
	if (r->freq != ICAL_DAILY_RECURRENCE && r->freq != ICAL_WEEKLY_RECURRENCE &&
	    r->freq != ICAL_MONTHLY_RECURRENCE && r->freq != ICAL_YEARLY_RECURRENCE)
		return err_set(
			err, ERR_INVAL,
			"RRULE: only FREQ=DAILY, WEEKLY, MONTHLY and YEARLY can be "
			"read");
	if (count_of(r->by_hour, ICAL_BY_HOUR_SIZE) > 1 ||
	    count_of(r->by_minute, ICAL_BY_MINUTE_SIZE) > 1 ||
	    count_of(r->by_second, ICAL_BY_SECOND_SIZE) > 1)
		return err_set(err, ERR_INVAL,
			       "RRULE: an event takes place once a day at most");
	return 0;
}

/* The last start that UNTIL allows, unchanged when there is none; libical would compare
 * it in a zone of its own. */
static int take_until(struct ical_unfolding *u, struct icalrecurrencetype *r,
		      int64_t *ret, struct err *err)
{
	const struct ical_clock utc = { NULL, NULL };
	struct icaltimetype t = r->until;
	int rc;

	if (icaltime_is_null_time(t))
		return 0;
	rc = ical_check_time(t, err);
	if (rc < 0)
		return rc;
	*ret = ical_unix_ms(icaltime_is_utc(t) ? &utc : &u->clock, t);
	if (t.is_date)
		*ret += DAY_MS - 1;
	r->until = icaltime_null_time();
	return 0;
}

static int add_rule(struct ical_unfolding *u, struct icalrecurrencetype r,
		    struct err *err)
{
	CLEANUP(icalrecur_iterator_free) icalrecur_iterator *it = NULL;
	struct icaltimetype t, start = u->start;
	int64_t until_ms = INT64_MAX, at_ms;
	int rc = check_rule(&r, err);

	if (rc == 0)
		rc = take_until(u, &r, &until_ms, err);
	if (rc < 0)
		return rc;
	start.zone = NULL;
	it = icalrecur_iterator_new(r, start);
	if (!it)
		return err_set(err, ERR_INVAL, "RRULE: its parts contradict each other");
	while (u->repeats++ < REPEATS_MAX) {
		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t) || t.year > ICAL_YEAR_MAX)
			return 0;
		at_ms = ical_unix_ms(&u->clock, t);
		if (at_ms > until_ms || at_ms >= u->opts->to_ms)
			return 0;
		rc = add_at(u, t, err);
		if (rc < 0)
			return rc;
	}
	return err_set(err, ERR_LIMIT,
		       "RRULE: events have repeated more than %d times since their first",
		       REPEATS_MAX);
}

static int add_date(struct ical_unfolding *u, icalproperty *p, struct err *err)
{
	struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);
	const bool is_period = icaltime_is_null_time(d.time);
	struct icaltimetype t = is_period ? d.period.start : d.time;
	const struct ical_clock usual = u->clock;
	int64_t start_ms, end_ms;
	int rc = ical_check_time(t, err);

	if (rc == 0)
		rc = ical_zones_clock(u->zones, p, t, &u->clock, err);
	if (rc == 0 && !is_period)
		rc = add_at(u, t, err);
	if (rc == 0 && is_period) {
		start_ms = ical_unix_ms(&u->clock, t);
		end_ms = icaltime_is_null_time(d.period.end)
				 ? start_ms + INT64_C(1000) * icaldurationtype_as_int(
								      d.period.duration)
				 : ical_unix_ms(&u->clock, d.period.end);
		rc = end_ms > start_ms && end_ms - start_ms <= LENGTH_MAX_MS
			     ? add(u, start_ms, end_ms, err)
			     : err_set(err, ERR_INVAL,
				       "RDATE: a period must end after its start");
	}
	u->clock = usual;
	return rc;
}

static int add_repetitions(struct ical_unfolding *u, struct err *err)
{
	icalproperty *p;
	int rc = add_at(u, u->start, err);

	for (p = ical_first(u->event, ICAL_RRULE_PROPERTY); rc == 0 && p;
	     p = icalcomponent_get_next_property(u->event, ICAL_RRULE_PROPERTY))
		rc = add_rule(u, icalproperty_get_rrule(p), err);
	for (p = ical_first(u->event, ICAL_RDATE_PROPERTY); rc == 0 && p;
	     p = icalcomponent_get_next_property(u->event, ICAL_RDATE_PROPERTY))
		rc = add_date(u, p, err);
	return rc;
}

int ical_unfold(struct ical_unfolding *u, struct err *err)
{
	icalproperty *p = ical_first(u->event, ICAL_DTSTART_PROPERTY);
	const size_t from = u->out->n;
	int rc;

	if (!p)
		return err_set(err, ERR_INVAL, "the event has no DTSTART");
	u->start = icalproperty_get_dtstart(p);
	rc = ical_check_time(u->start, err);
	if (rc == 0 &&
	    icalcomponent_count_properties(u->event, ICAL_EXDATE_PROPERTY) > EXDATES_MAX)
		rc = err_set(err, ERR_LIMIT, "more than %d EXDATE", EXDATES_MAX);
	if (rc == 0)
		rc = ical_zones_clock(u->zones, p, u->start, &u->clock, err);
	if (rc == 0)
		rc = read_length(u, err);
	if (rc == 0)
		rc = add_repetitions(u, err);
	if (rc == 0)
		drop_exceptions(u, from);
	return rc;
}
