/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ical.h"

#include "check.h"
#include "ical_lines.h"
#include "ical_unfold.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

DEFINE_CLEANUP(icalcomponent *, icalcomponent_free);

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

/* ---------------------------------------------------------------- values */

/* What libical could not read of a property that matters here. */
static int check_read(icalcomponent *c, const struct ical_opts *o, struct err *err)
{
	static const char *const ours[] = { "SUMMARY", "DTSTART",       "DTEND",
					    "RRULE",   "RDATE",         "EXDATE",
					    "STATUS",  "RECURRENCE-ID", "DURATION" };
	icalproperty *p;

	for (p = ical_first(c, ICAL_XLICERROR_PROPERTY); p;
	     p = icalcomponent_get_next_property(c, ICAL_XLICERROR_PROPERTY)) {
		const char *words = icalproperty_get_xlicerror(p);

		for (size_t i = 0; words && i < ARRAY_SIZE(ours); i++)
			if (strstr(words, ours[i]))
				return err_set(err, ERR_INVAL, "%.120s", words);
		/* libical knows such names in capitals only. */
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
	icalproperty *p = ical_first(c, ICAL_SUMMARY_PROPERTY);
	const char *text = p ? icalproperty_get_summary(p) : NULL;
	CLEANUP(free) char *name = trimmed(text ? text : "");

	if (!*name)
		return err_set(err, ERR_INVAL,
			       "the event has no SUMMARY, which is its name");
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

	for (p = ical_first(c, ICAL_X_PROPERTY); p;
	     p = icalcomponent_get_next_property(c, ICAL_X_PROPERTY)) {
		const char *name = icalproperty_get_x_name(p);
		const char *value = icalproperty_get_x(p);

		for (int k = 0; k < ICAL_KEYS; k++)
			if (o->keys[k] && name && value && !ret->extra[k] &&
			    strcasecmp(name, o->keys[k]) == 0)
				ret->extra[k] = trimmed(value);
	}
}

/* ---------------------------------------------------------------- the file */

static bool is_cancelled(icalcomponent *c)
{
	icalproperty *p = ical_first(c, ICAL_STATUS_PROPERTY);

	return p && icalproperty_get_status(p) == ICAL_STATUS_CANCELLED;
}

static int read_event(struct ical_unfolding *u, size_t i, struct err *err)
{
	struct ical_source *s = &u->out->sources[i];
	const size_t from = u->out->n;
	int rc;

	u->event = u->events[i];
	u->source = i;
	rc = check_read(u->event, u->opts, err);
	if (rc == 0)
		rc = read_name(u->event, &s->name, err);
	if (rc < 0)
		return rc;
	read_extras(u->event, u->opts, s);
	rc = ical_unfold(u, err);
	if (rc == 0 && is_cancelled(u->event))
		u->out->n = from;
	return rc;
}

/* lines [n]: where the events begin. */
static int read_events(const struct ical_opts *o, struct ical_zones *zones,
		       const int *lines, size_t n, struct ical *out, struct err *err)
{
	CLEANUP(free) icalcomponent **events = xcalloc(n + 1, sizeof(icalcomponent *));
	struct ical_unfolding u = {
		.opts = o, .zones = zones, .events = events, .out = out
	};
	icalcomponent *c;
	int rc = 0;

	for (c = icalcomponent_get_first_component(zones->calendar,
						   ICAL_VEVENT_COMPONENT);
	     c && u.n_events < n;
	     c = icalcomponent_get_next_component(zones->calendar, ICAL_VEVENT_COMPONENT))
		events[u.n_events++] = c;
	out->sources = xcalloc(n + 1, sizeof(*out->sources));
	for (size_t i = 0; rc == 0 && i < u.n_events; i++) {
		out->sources[i].line = lines[i];
		out->n_sources = i + 1;
		rc = read_event(&u, i, err);
		if (rc < 0)
			return err_wrap(err, rc, "%s:%d", o->what, lines[i]);
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
	return err_set(err, ERR_INVAL, "%s: is not an iCalendar file", o->what);
}

static int read_all(const char *text, const struct ical_opts *o, struct ical *out,
		    struct err *err)
{
	CLEANUP(icalcomponent_free) icalcomponent *calendar = NULL;
	CLEANUP(ical_zones_done) struct ical_zones zones = { .local = o->zone };
	CLEANUP(free) int *lines = xcalloc(ICAL_SOURCES_MAX, sizeof(*lines));
	size_t n;
	int rc = ical_lines_check(text, o->what, lines, ICAL_SOURCES_MAX, &n, err);

	if (rc == 0)
		rc = parse(text, o, &calendar, err);
	if (rc < 0)
		return rc;
	rc = ical_zones_check(calendar, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", o->what);
	zones.calendar = calendar;
	return read_events(o, &zones, lines, n, out, err);
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
	/* libical's string results are in a ring of this thread. */
	icalmemory_free_ring();
	if (rc < 0)
		return rc;
	if (out.n)
		qsort(out.v, out.n, sizeof(*out.v), by_start);
	*ret = out;
	out = (struct ical){ 0 };
	return 0;
}
