/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repeat.h"

#include "check.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void repeat_done(struct repeat *r)
{
	free(r->recorded);
	free(r->repeated);
	*r = (struct repeat){ 0 };
}

/* Takes both texts over. */
static void differ(struct repeat *r, const char *field, char *recorded, char *repeated)
{
	r->outcome = REPEAT_DIFFERENT;
	snprintf(r->field, sizeof(r->field), "%s", field);
	r->recorded = recorded;
	r->repeated = repeated;
}

static bool compare_count(struct repeat *r, const char *field, int64_t recorded,
			  int64_t repeated)
{
	if (recorded != repeated)
		differ(r, field, xasprintf("%" PRId64, recorded),
		       xasprintf("%" PRId64, repeated));
	return recorded == repeated;
}

static bool compare_text(struct repeat *r, const char *field, const char *recorded,
			 const char *repeated)
{
	bool is_equal = strcmp(recorded, repeated) == 0;

	if (!is_equal)
		differ(r, field, xstrdup(recorded), xstrdup(repeated));
	return is_equal;
}

static char *text_of(const json_t *v)
{
	return v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
}

/* Notes the first member that differs, within objects too. */
static bool compare_json(struct repeat *r, const char *field, json_t *recorded,
			 json_t *repeated)
{
	const char *key;
	json_t *v;

	if (json_equal(recorded, repeated))
		return true;
	if (!json_is_object(recorded) || !json_is_object(repeated)) {
		differ(r, field, text_of(recorded), text_of(repeated));
		return false;
	}
	json_object_foreach(recorded, key, v)
	{
		CLEANUP(free) char *path = xasprintf("%s.%s", field, key);

		if (!compare_json(r, path, v, json_object_get(repeated, key)))
			return false;
	}
	json_object_foreach(repeated, key, v)
	{
		CLEANUP(free) char *path = xasprintf("%s.%s", field, key);

		if (!compare_json(r, path, json_object_get(recorded, key), v))
			return false;
	}
	return true;
}

static void compare_explanation(struct repeat *r, const char *recorded, json_t *now)
{
	CLEANUP(json_decref) json_t *before = NULL;
	CLEANUP(free) char *repeated = json_dumps(now, JSON_COMPACT);

	if (strcmp(recorded, repeated) == 0)
		return;
	if (json_parse(recorded, strlen(recorded), "explanation", &before, NULL) < 0 ||
	    compare_json(r, "explanation", before, now))
		differ(r, "explanation", xstrdup(recorded), TAKE(repeated));
}

static void compare(struct repeat *r, const struct db_decision *d,
		    const struct record *rec, const struct decide_plan *p)
{
	CLEANUP(json_decref) json_t *now = NULL;

	if (!compare_text(r, "stack", d->stack, rec->in.stack) ||
	    !compare_text(r, "tier", d->tier, rec->in.tier) ||
	    !compare_count(r, "at", d->at_ms, rec->in.now_ms) ||
	    !compare_count(r, "to", d->to, p->desired) ||
	    !compare_count(r, "from", d->from, p->from) ||
	    !compare_text(r, "cause", d->cause, decide_cause_name(p->cause)) ||
	    !compare_text(r, "sentence", d->sentence, p->sentence))
		return;
	now = decide_explain(&rec->in, p);
	compare_explanation(r, d->explanation_json, now);
}

void repeat_decision(const struct db_decision *d, struct repeat *ret)
{
	CLEANUP(record_free) struct record *rec = NULL;
	struct decide_plan p;
	struct err err;

	*ret = (struct repeat){ .outcome = REPEAT_NO_RECORD };
	if (!*d->record)
		return;
	if (record_read(d->record, &rec, &err) < 0) {
		ret->outcome = REPEAT_UNREADABLE;
		snprintf(ret->field, sizeof(ret->field), "record");
		ret->recorded = xstrdup(err.msg);
		return;
	}
	ret->outcome = REPEAT_EQUAL;
	memcpy(ret->version, rec->version, sizeof(ret->version));
	decide(&rec->in, &rec->state, &p);
	compare(ret, d, rec, &p);
}
