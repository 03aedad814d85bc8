/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diff_events.c - which events applying a stack would add, change or remove.
 */
#include "change_list.h"

#include "check.h"
#include "clock.h"

#include <math.h>
#include <stdio.h>

/* "uplift 2.5, 3 times, next 2026-11-27T07:00:00.000Z" */
static void describe(const json_t *event, int64_t now_ms, char *ret, size_t size)
{
	CLEANUP(free)
	char *uplift = json_dumps(json_object_get(event, "uplift"),
				  JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	const json_t *times = json_object_get(event, "times");
	char text[CLOCK_TEXT];
	const json_t *t;
	int64_t next_ms = 0;
	size_t i;

	json_array_foreach(times, i, t)
	{
		if (json_integer_value(json_array_get(t, 1)) > now_ms && !next_ms)
			next_ms = json_integer_value(json_array_get(t, 0));
	}
	snprintf(ret, size, "uplift %s, tiers %.60s, %s%s", uplift,
		 json_string_value(json_object_get(event, "tiers")),
		 next_ms ? "next " : "none within a year",
		 next_ms ? clock_format(next_ms, text) : "");
}

/*
 * The occurrences of each name, for comparing two stacks:
 * {"sale":{"uplift":2.5|"learn","tiers":"web"|"all","times":[[ms, ms], ..]}}.
 */
static json_t *events_summary(const struct event_list *l)
{
	json_t *all = json_object();

	for (size_t i = 0; i < l->n_kinds; i++) {
		const struct event_kind *k = &l->kinds[i];

		if (!json_object_get(all, k->name))
			json_object_set_new(
				all, k->name,
				json_pack("{s:o, s:o, s:[]}", "uplift",
					  isnan(k->terms.uplift)
						  ? json_string("learn")
						  : json_real(k->terms.uplift),
					  "tiers",
					  k->terms.tiers ? json_string(k->terms.tiers)
							 : json_string("all"),
					  "times"));
	}
	for (size_t i = 0; i < l->n; i++) {
		json_t *of = json_object_get(all, l->kinds[l->v[i].kind].name);

		json_array_append_new(json_object_get(of, "times"),
				      json_pack("[I, I]", (json_int_t)l->v[i].start_ms,
						(json_int_t)l->v[i].end_ms));
	}
	return all;
}

/* A stack that can no longer be read, such as an older version's, has none. */
static json_t *summary_of(const struct stack_file *s, int64_t now_ms)
{
	CLEANUP(tz_free) struct tz *zone = NULL;
	CLEANUP(event_list_done) struct event_list l = { 0 };

	if (!s || tz_open(s->timezone, &zone, NULL) < 0 ||
	    event_list_read(&s->events, zone, now_ms, &l, NULL) < 0)
		return json_object();
	return events_summary(&l);
}

void change_list_add_events(json_t *to, const struct stack_file *old,
			    const struct stack_file *s)
{
	const int64_t now_ms = clock_now_ms();
	CLEANUP(json_decref) json_t *was = summary_of(old, now_ms);
	CLEANUP(json_decref) json_t *is = summary_of(s, now_ms);
	const char *name;
	char detail[256];
	json_t *event;

	json_object_foreach(is, name, event)
	{
		describe(event, now_ms, detail, sizeof(detail));
		if (!json_object_get(was, name))
			change_list_add(to, "add", "event", name, detail);
		else if (!json_equal(json_object_get(was, name), event))
			change_list_add(to, "change", "event", name, detail);
	}
	json_object_foreach(was, name, event)
	{
		if (!json_object_get(is, name))
			change_list_add(to, "remove", "event", name, "");
	}
}
