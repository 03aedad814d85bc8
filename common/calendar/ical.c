/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ical.h"

#include "check.h"
#include "ical_lines.h"
#include "ical_time.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define REPEATS_MAX 100000 /* of all events since their first */
#define EXDATES_MAX 400
#define YEAR_MIN 1900
#define YEAR_MAX 2200
#define LENGTH_MAX_MS (366 * DAY_MS)

void ical_done(struct ical *c)
{
	for (size_t i = 0; i < c->n_sources; i++) {
		free(c->sources[i].name);
		for (int k = 0; k < ICAL_KEYS; k++)
			free(c->sources[i].extra[k]);
	}
	free(c->sources);
	free(c->v);
	*c = (struct ical){ 0 };
}

struct reading {
	const struct ical_opts *opts;
	struct ical_zones *zones;
	icalcomponent *calendar;
	struct ical *out;
	size_t repeats; /* unfolded so far */
};

/* A VEVENT while it is unfolded. */
struct unfolding {
	struct reading *r;
	icalcomponent *event;
	size_t source;
	struct icaltimetype start;
	struct ical_clock clock;
	int64_t length_ms; /* of whole days by the calendar when start is a date */
};

DEFINE_CLEANUP(icalcomponent *, icalcomponent_free);
DEFINE_CLEANUP(icalrecur_iterator *, icalrecur_iterator_free);

/* ---------------------------------------------------------------- values */

static icalproperty *first(icalcomponent *c, icalproperty_kind kind)
{
	return icalcomponent_get_first_property(c, kind);
}

static int check_time(struct icaltimetype t, struct err *err)
{
	if (icaltime_is_null_time(t) || t.year < YEAR_MIN || t.year > YEAR_MAX ||
	    t.month < 1 || t.month > 12 || t.day < 1 ||
	    t.day > icaltime_days_in_month(t.month, t.year))
		return err_set(err, ERR_INVAL, "a time is no date of %d to %d", YEAR_MIN,
			       YEAR_MAX);
	return 0;
}

/* What libical could not read of a property that matters here. */
static int check_read(icalcomponent *c, const struct ical_opts *o, struct err *err)
{
	static const char *const ours[] = { "SUMMARY", "DTSTART",       "DTEND",
					    "RRULE",   "RDATE",         "EXDATE",
					    "STATUS",  "RECURRENCE-ID", "DURATION" };
	icalproperty *p;

	for (p = first(c, ICAL_XLICERROR_PROPERTY); p;
	     p = icalcomponent_get_next_property(c, ICAL_XLICERROR_PROPERTY)) {
		const char *words = icalproperty_get_xlicerror(p);

		for (size_t i = 0; words && i < ARRAY_SIZE(ours); i++)
			if (strstr(words, ours[i]))
				return err_set(err, ERR_INVAL, "%.120s", words);
		/* libical knows such a name in capitals alone. */
		for (int k = 0; words && k < ICAL_KEYS; k++)
			if (o->keys[k] && strcasestr(words, o->keys[k]))
				return err_set(err, ERR_INVAL, "%.120s", words);
	}
	return 0;
}

static char *trimmed(const char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	return xstrndup(text, n);
}

static int read_name(icalcomponent *c, char **ret, struct err *err)
{
	icalproperty *p = first(c, ICAL_SUMMARY_PROPERTY);
	const char *text = p ? icalproperty_get_summary(p) : NULL;
	CLEANUP(free) char *name = trimmed(text ? text : "");

	if (!*name)
		return err_set(err, ERR_INVAL, "the event has no SUMMARY, its name");
	if (strlen(name) > ICAL_NAME_MAX)
		return err_set(err, ERR_INVAL,
			       "the SUMMARY is longer than %d bytes: '%.40s...'",
			       ICAL_NAME_MAX, name);
	for (const char *s = name; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return err_set(err, ERR_INVAL, "the SUMMARY is not one line");
	*ret = TAKE(name);
	return 0;
}

static void read_extras(icalcomponent *c, const struct ical_opts *o,
			struct ical_source *ret)
{
	icalproperty *p;

	for (p = first(c, ICAL_X_PROPERTY); p;
	     p = icalcomponent_get_next_property(c, ICAL_X_PROPERTY)) {
		const char *name = icalproperty_get_x_name(p);
		const char *value = icalproperty_get_x(p);

		for (int k = 0; k < ICAL_KEYS; k++)
			if (o->keys[k] && name && value && !ret->extra[k] &&
			    strcasecmp(name, o->keys[k]) == 0)
				ret->extra[k] = trimmed(value);
	}
}

/* ---------------------------------------------------------------- spans */

/* From DTEND or DURATION; a whole day lasts a day by itself. */
static int read_length(struct unfolding *u, struct err *err)
{
	icalproperty *end = first(u->event, ICAL_DTEND_PROPERTY);
	icalproperty *length = first(u->event, ICAL_DURATION_PROPERTY);
	struct ical_clock clock;
	int rc;

	u->length_ms = u->start.is_date && !end ? DAY_MS : 0;
	if (end) {
		struct icaltimetype t = icalproperty_get_dtend(end);

		rc = check_time(t, err);
		if (rc == 0)
			rc = ical_zones_clock(u->r->zones, end, t, &clock, err);
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

static int add(struct unfolding *u, int64_t start_ms, int64_t end_ms, struct err *err)
{
	const struct ical_opts *o = u->r->opts;
	struct ical *c = u->r->out;

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

/* Whole days end by the calendar, others after their exact time (RFC 5545, 3.8.5.3). */
static int add_at(struct unfolding *u, struct icaltimetype t, struct err *err)
{
	const int64_t start_ms = ical_unix_ms(&u->clock, t);

	if (!u->start.is_date)
		return add(u, start_ms, start_ms + u->length_ms, err);
	return add(u, start_ms,
		   tz_unix_ms(u->clock.zone, ical_local_ms(t) + u->length_ms), err);
}

/* ---------------------------------------------------------------- exceptions */

static bool is_same(struct unfolding *u, icalproperty *p, struct icaltimetype t,
		    int64_t start_ms)
{
	struct ical_clock clock;
	int64_t day_ms;

	if (check_time(t, NULL) < 0 ||
	    ical_zones_clock(u->r->zones, p, t, &clock, NULL) < 0)
		return false;
	if (!t.is_date || u->start.is_date)
		return ical_unix_ms(&clock, t) == start_ms;
	/* A day takes out what begins in it. */
	day_ms = ical_local_ms(t);
	return start_ms >= tz_unix_ms(u->r->opts->zone, day_ms) &&
	       start_ms < tz_unix_ms(u->r->opts->zone, day_ms + DAY_MS);
}

static bool is_excepted(struct unfolding *u, int64_t start_ms)
{
	icalproperty *p;

	for (p = first(u->event, ICAL_EXDATE_PROPERTY); p;
	     p = icalcomponent_get_next_property(u->event, ICAL_EXDATE_PROPERTY))
		if (is_same(u, p, icalproperty_get_exdate(p), start_ms))
			return true;
	return false;
}

static const char *uid_of(icalcomponent *c)
{
	icalproperty *p = first(c, ICAL_UID_PROPERTY);

	return p ? icalproperty_get_uid(p) : NULL;
}

/* Another VEVENT of the same UID says what becomes of this repetition. */
static bool is_replaced(struct unfolding *u, icalcomponent **others, size_t n,
			int64_t start_ms)
{
	const char *uid = uid_of(u->event);

	for (size_t i = 0; uid && i < n; i++) {
		icalproperty *p = first(others[i], ICAL_RECURRENCEID_PROPERTY);
		const char *its = uid_of(others[i]);

		if (p && its && strcmp(uid, its) == 0 &&
		    is_same(u, p, icalproperty_get_recurrenceid(p), start_ms))
			return true;
	}
	return false;
}

/* Takes out what was excepted or replaced, and what came twice. */
static void drop_exceptions(struct unfolding *u, size_t from, icalcomponent **others,
			    size_t n_others)
{
	const bool is_master = !first(u->event, ICAL_RECURRENCEID_PROPERTY);
	struct ical *c = u->r->out;
	size_t kept = from;

	for (size_t i = from; i < c->n; i++) {
		bool is_twice = false;

		for (size_t k = from; k < kept && !is_twice; k++)
			is_twice = c->v[k].start_ms == c->v[i].start_ms;
		if (is_twice || is_excepted(u, c->v[i].start_ms) ||
		    (is_master && is_replaced(u, others, n_others, c->v[i].start_ms)))
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

/* Rules whose unfolding is bounded: by days or longer, once a day. */
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

/* The last start that UNTIL allows, left alone when there is none; libical would compare
 * it in a zone of its own. */
static int take_until(struct unfolding *u, struct icalrecurrencetype *r, int64_t *ret,
		      struct err *err)
{
	const struct ical_clock utc = { NULL, NULL };
	struct icaltimetype t = r->until;
	int rc;

	if (icaltime_is_null_time(t))
		return 0;
	rc = check_time(t, err);
	if (rc < 0)
		return rc;
	*ret = ical_unix_ms(icaltime_is_utc(t) ? &utc : &u->clock, t);
	if (t.is_date)
		*ret += DAY_MS - 1;
	r->until = icaltime_null_time();
	return 0;
}

static int add_rule(struct unfolding *u, struct icalrecurrencetype r, struct err *err)
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
		return err_set(err, ERR_INVAL, "RRULE: its parts do not fit together");
	while (u->r->repeats++ < REPEATS_MAX) {
		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t) || t.year > YEAR_MAX)
			return 0;
		at_ms = ical_unix_ms(&u->clock, t);
		if (at_ms > until_ms || at_ms >= u->r->opts->to_ms)
			return 0;
		rc = add_at(u, t, err);
		if (rc < 0)
			return rc;
	}
	return err_set(err, ERR_LIMIT,
		       "RRULE: events have repeated more than %d times since their first",
		       REPEATS_MAX);
}

static int add_date(struct unfolding *u, icalproperty *p, struct err *err)
{
	struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);
	const bool is_period = icaltime_is_null_time(d.time);
	struct icaltimetype t = is_period ? d.period.start : d.time;
	const struct ical_clock usual = u->clock;
	int64_t start_ms, end_ms;
	int rc = check_time(t, err);

	if (rc == 0)
		rc = ical_zones_clock(u->r->zones, p, t, &u->clock, err);
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

static int add_repetitions(struct unfolding *u, struct err *err)
{
	icalproperty *p;
	int rc = add_at(u, u->start, err);

	for (p = first(u->event, ICAL_RRULE_PROPERTY); rc == 0 && p;
	     p = icalcomponent_get_next_property(u->event, ICAL_RRULE_PROPERTY))
		rc = add_rule(u, icalproperty_get_rrule(p), err);
	for (p = first(u->event, ICAL_RDATE_PROPERTY); rc == 0 && p;
	     p = icalcomponent_get_next_property(u->event, ICAL_RDATE_PROPERTY))
		rc = add_date(u, p, err);
	return rc;
}

/* ---------------------------------------------------------------- the file */

static bool is_cancelled(icalcomponent *c)
{
	icalproperty *p = first(c, ICAL_STATUS_PROPERTY);

	return p && icalproperty_get_status(p) == ICAL_STATUS_CANCELLED;
}

static int read_event(struct reading *r, icalcomponent **events, size_t n, size_t i,
		      struct err *err)
{
	struct unfolding u = { .r = r, .event = events[i], .source = i };
	icalproperty *p = first(u.event, ICAL_DTSTART_PROPERTY);
	struct ical_source *s = &r->out->sources[i];
	const size_t from = r->out->n;
	int rc = check_read(u.event, r->opts, err);

	if (rc == 0)
		rc = read_name(u.event, &s->name, err);
	if (rc < 0)
		return rc;
	read_extras(u.event, r->opts, s);
	if (!p)
		return err_set(err, ERR_INVAL, "the event has no DTSTART");
	u.start = icalproperty_get_dtstart(p);
	rc = check_time(u.start, err);
	if (rc == 0 &&
	    icalcomponent_count_properties(u.event, ICAL_EXDATE_PROPERTY) > EXDATES_MAX)
		rc = err_set(err, ERR_LIMIT, "more than %d EXDATE", EXDATES_MAX);
	if (rc == 0)
		rc = ical_zones_clock(r->zones, p, u.start, &u.clock, err);
	if (rc == 0)
		rc = read_length(&u, err);
	if (rc == 0)
		rc = add_repetitions(&u, err);
	if (rc < 0)
		return rc;
	drop_exceptions(&u, from, events, n);
	if (is_cancelled(u.event))
		r->out->n = from;
	return 0;
}

static int read_events(struct reading *r, const int *lines, size_t n, struct err *err)
{
	CLEANUP(free) icalcomponent **events = xcalloc(n + 1, sizeof(icalcomponent *));
	icalcomponent *c;
	size_t found = 0;
	int rc = 0;

	for (c = icalcomponent_get_first_component(r->calendar, ICAL_VEVENT_COMPONENT);
	     c && found < n;
	     c = icalcomponent_get_next_component(r->calendar, ICAL_VEVENT_COMPONENT))
		events[found++] = c;
	r->out->sources = xcalloc(n + 1, sizeof(*r->out->sources));
	for (size_t i = 0; rc == 0 && i < found; i++) {
		r->out->sources[i].line = lines[i];
		r->out->n_sources = i + 1;
		rc = read_event(r, events, found, i, err);
		if (rc < 0)
			return err_wrap(err, rc, "%s:%d", r->opts->what, lines[i]);
	}
	return rc;
}

static int by_start(const void *a, const void *b)
{
	const struct ical_occurrence *x = a, *y = b;

	if (x->start_ms != y->start_ms)
		return x->start_ms < y->start_ms ? -1 : 1;
	return (x->source > y->source) - (x->source < y->source);
}

static int parse(const char *text, const struct ical_opts *o, icalcomponent **ret,
		 struct err *err)
{
	icalcomponent *c;

	/* libical's own default is to abort(). */
	icalerror_set_errors_are_fatal(0);
	c = icalparser_parse_string(text);
	if (c && icalcomponent_isa(c) == ICAL_VCALENDAR_COMPONENT) {
		*ret = c;
		return 0;
	}
	if (c)
		icalcomponent_free(c);
	return err_set(err, ERR_INVAL, "%s: is no iCalendar file", o->what);
}

static int read_all(const char *text, const struct ical_opts *o, struct ical *out,
		    struct err *err)
{
	CLEANUP(icalcomponent_free) icalcomponent *calendar = NULL;
	CLEANUP(ical_zones_done) struct ical_zones zones = { .local = o->zone };
	CLEANUP(free) int *lines = xcalloc(ICAL_SOURCES_MAX, sizeof(*lines));
	struct reading r = { .opts = o, .zones = &zones, .out = out };
	size_t n;
	int rc = ical_lines_check(text, o->what, lines, ICAL_SOURCES_MAX, &n, err);

	if (rc == 0)
		rc = parse(text, o, &calendar, err);
	if (rc < 0)
		return rc;
	rc = ical_zones_check(calendar, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", o->what);
	r.calendar = zones.calendar = calendar;
	return read_events(&r, lines, n, err);
}

int ical_read(const char *text, const struct ical_opts *opts, struct ical *ret,
	      struct err *err)
{
	CLEANUP(ical_done) struct ical out = { 0 };
	int rc;

	if (strlen(text) > ICAL_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "%s: more than %d KiB", opts->what,
			       ICAL_TEXT_MAX >> 10);
	rc = read_all(text, opts, &out, err);
	/* Answers of libical that were strings lie in a ring of this thread. */
	icalmemory_free_ring();
	if (rc < 0)
		return rc;
	if (out.n)
		qsort(out.v, out.n, sizeof(*out.v), by_start);
	*ret = out;
	out = (struct ical){ 0 };
	return 0;
}
