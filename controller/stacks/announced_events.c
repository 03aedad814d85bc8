/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "announced_events.h"

#include "check.h"
#include "uplift.h"

#include <math.h>
#include <string.h>

#define TIERS_TEXT_MAX 4000

const char *const stack_event_options[] = { "when", "uplift", "tiers", NULL };

void event_terms_done(struct event_terms *t)
{
	free(t->tiers);
}

void stack_events_done(struct stack_events *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->v[i].name);
		free(e->v[i].when);
		event_terms_done(&e->v[i].terms);
	}
	for (size_t i = 0; i < e->n_files; i++) {
		free(e->files[i].name);
		free(e->files[i].text);
	}
	free(e->v);
	free(e->files);
	*e = (struct stack_events){ 0 };
}

int event_terms_set_uplift(struct event_terms *t, const char *text, struct err *err)
{
	if (t->is_uplift_set)
		return err_set(err, ERR_INVAL, "uplift is given twice");
	t->is_uplift_set = true;
	return uplift_parse(text, &t->uplift, err);
}

int event_terms_set_tiers(struct event_terms *t, const char *text, struct err *err)
{
	if (t->is_tiers_set)
		return err_set(err, ERR_INVAL, "tiers is given twice");
	if (strlen(text) > TIERS_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "tiers is longer than %d bytes",
			       TIERS_TEXT_MAX);
	t->is_tiers_set = true;
	t->tiers = text[strspn(text, " \t,")] ? xstrdup(text) : NULL;
	return 0;
}

int event_terms_each_tier(const struct event_terms *t, event_tier_fn *fn, void *arg,
			  struct err *err)
{
	CLEANUP(free) char *copy = t->tiers ? xstrdup(t->tiers) : NULL;
	char *next = copy, *word;
	int rc = 0;

	while (rc == 0 && (word = strsep(&next, " \t,")))
		if (*word)
			rc = fn(arg, word, err);
	return rc;
}

struct stack_event *stack_events_find(const struct stack_events *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->v[i].name, name) == 0)
			return &e->v[i];
	return NULL;
}

int stack_events_add(struct stack_events *e, const char *name, int line, struct err *err)
{
	if (!*name || strlen(name) > EVENT_NAME_MAX)
		return err_set(err, ERR_INVAL, "the event's name must have 1 to %d bytes",
			       EVENT_NAME_MAX);
	if (stack_events_find(e, name))
		return err_set(err, ERR_INVAL, "[event %s] is defined twice", name);
	if (e->n == EVENT_SECTIONS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d [event NAME]",
			       EVENT_SECTIONS_MAX);
	e->v = xrealloc(e->v, (e->n + 1) * sizeof(*e->v));
	e->v[e->n++] = (struct stack_event){ .name = xstrdup(name),
					     .terms = { .uplift = NAN },
					     .line = line };
	return 0;
}

static int add_when(struct stack_event *e, const char *text, struct err *err)
{
	struct event_when w;
	int rc = event_when_parse(text, &w, err);

	if (rc < 0)
		return rc;
	if (e->n_when == EVENT_WHEN_MAX)
		return err_set(err, ERR_LIMIT, "more than %d times (when)",
			       EVENT_WHEN_MAX);
	e->when = xrealloc(e->when, (e->n_when + 1) * sizeof(*e->when));
	e->when[e->n_when++] = w;
	return 0;
}

int stack_events_set(struct stack_events *e, const char *name, const char *option,
		     const char *value, struct err *err)
{
	struct stack_event *to = stack_events_find(e, name);

	CHECK(to);
	if (strcmp(option, "when") == 0)
		return add_when(to, value, err);
	if (strcmp(option, "uplift") == 0)
		return event_terms_set_uplift(&to->terms, value, err);
	if (strcmp(option, "tiers") == 0)
		return event_terms_set_tiers(&to->terms, value, err);
	return err_set(
		err, ERR_INVAL,
		"'%s' is not an option of an event: these are when, uplift and tiers",
		option);
}

void stack_events_add_file(struct stack_events *e, const char *name, const char *text)
{
	e->files = xrealloc(e->files, (e->n_files + 1) * sizeof(*e->files));
	e->files[e->n_files].name = xstrdup(name);
	e->files[e->n_files++].text = xstrdup(text);
}
