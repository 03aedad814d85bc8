/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ical_time.h"

#include "check.h"

#include <string.h>

icalproperty *ical_first(icalcomponent *c, icalproperty_kind kind)
{
	return icalcomponent_get_first_property(c, kind);
}

int ical_check_time(struct icaltimetype t, struct err *err)
{
	if (icaltime_is_null_time(t) || t.year < ICAL_YEAR_MIN ||
	    t.year > ICAL_YEAR_MAX || t.month < 1 || t.month > 12 || t.day < 1 ||
	    t.day > icaltime_days_in_month(t.month, t.year))
		return err_set(err, ERR_INVAL, "a time is not a date from %d to %d",
			       ICAL_YEAR_MIN, ICAL_YEAR_MAX);
	return 0;
}

#define DAY_MS INT64_C(86400000)
#define CHANGES_MAX 400 /* rules and spans of all VTIMEZONEs */

void ical_zones_done(struct ical_zones *z)
{
	for (size_t i = 0; i < z->n; i++)
		tz_free(z->v[i].zone);
	z->n = 0;
}

int64_t ical_local_ms(struct icaltimetype t)
{
	int64_t s = t.is_date ? 0 : t.hour * 3600 + t.minute * 60 + t.second;

	return tz_day_number(t.year, t.month, t.day) * DAY_MS + s * 1000;
}

int64_t ical_unix_ms(const struct ical_clock *c, struct icaltimetype t)
{
	int is_daylight;

	if (!c->own)
		return tz_unix_ms(c->zone, ical_local_ms(t));
	return ical_local_ms(t) -
	       INT64_C(1000) * icaltimezone_get_utc_offset(c->own, &t, &is_daylight);
}

/* Some programs put a vendor's name before the
 * zone's: "/example.org/Europe/Stockholm". */
static int open_zone(const char *id, struct tz **ret)
{
	int rc = tz_open(id, ret, NULL);

	while (rc < 0 && (id = strchr(id, '/')))
		rc = tz_open(++id, ret, NULL);
	return rc;
}

static int find_zone(struct ical_zones *z, const char *id, const struct tz **ret,
		     struct err *err)
{
	for (size_t i = 0; i < z->n; i++) {
		if (strcmp(z->v[i].id, id) == 0) {
			*ret = z->v[i].zone;
			return 0;
		}
	}
	if (z->n == ICAL_ZONES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d time zones", ICAL_ZONES_MAX);
	if (open_zone(id, &z->v[z->n].zone) < 0)
		return err_set(err, ERR_INVAL,
			       "TZID=%.60s is neither a time zone of this machine nor a "
			       "VTIMEZONE of the file",
			       id);
	z->v[z->n].id = id;
	*ret = z->v[z->n++].zone;
	return 0;
}

int ical_zones_clock(struct ical_zones *z, icalproperty *p, struct icaltimetype t,
		     struct ical_clock *ret, struct err *err)
{
	icalparameter *tzid = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
	const char *id = tzid ? icalparameter_get_tzid(tzid) : NULL;
	int rc;

	*ret = (struct ical_clock){ .zone = z->local };
	if (icaltime_is_utc(t))
		ret->zone = NULL;
	if (icaltime_is_utc(t) || t.is_date || !id || !*id)
		return 0;
	rc = find_zone(z, id, &ret->zone, err);
	if (rc == ERR_INVAL && (ret->own = icalcomponent_get_timezone(z->calendar, id)))
		rc = 0;
	return rc;
}

/* No clock changes more than once a month; expanding such a rule might never end. */
static int check_changes(icalcomponent *changes, const char *id, struct err *err)
{
	icalproperty *p;

	for (p = icalcomponent_get_first_property(changes, ICAL_RRULE_PROPERTY); p;
	     p = icalcomponent_get_next_property(changes, ICAL_RRULE_PROPERTY)) {
		struct icalrecurrencetype r = icalproperty_get_rrule(p);

		if (r.freq != ICAL_YEARLY_RECURRENCE ||
		    r.by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX ||
		    r.by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX ||
		    r.by_second[0] != ICAL_RECURRENCE_ARRAY_MAX)
			return err_set(err, ERR_INVAL,
				       "VTIMEZONE %.60s: only FREQ=YEARLY rules can be "
				       "read",
				       id);
	}
	return 0;
}

int ical_zones_check(icalcomponent *calendar, struct err *err)
{
	icalcomponent *z, *c;
	int n = 0;

	for (z = icalcomponent_get_first_component(calendar, ICAL_VTIMEZONE_COMPONENT); z;
	     z = icalcomponent_get_next_component(calendar, ICAL_VTIMEZONE_COMPONENT)) {
		icalproperty *tzid =
			icalcomponent_get_first_property(z, ICAL_TZID_PROPERTY);
		const char *id = tzid ? icalproperty_get_tzid(tzid) : "without TZID";

		for (c = icalcomponent_get_first_component(z, ICAL_ANY_COMPONENT); c;
		     c = icalcomponent_get_next_component(z, ICAL_ANY_COMPONENT)) {
			int rc = n++ < CHANGES_MAX
					 ? check_changes(c, id, err)
					 : err_set(err, ERR_LIMIT,
						   "VTIMEZONEs have more than %d parts",
						   CHANGES_MAX);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}
