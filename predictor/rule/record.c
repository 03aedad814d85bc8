/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include "check.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Whole numbers of a record lie within this, so that sums of them never overflow. */
#define WHOLE_MAX INT64_C(1000000000000000)

enum kind { WHOLE, COUNT, REAL, FLAG, MODE, TEXT, NAME /* a TEXT that must be there */ };

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define FIELD(kind, member) FIELD_AS(kind, member, #member)
/* name: the one that stored records have, where the member was renamed since. */
#define FIELD_AS(kind, member, name)                              \
	{                                                         \
		name, kind, offsetof(struct decide_input, member) \
	}
#define EVENTS(member)                                                      \
	FIELD(COUNT, member.n), FIELD(TEXT, member.names[0]),               \
		FIELD(TEXT, member.names[1]), FIELD(TEXT, member.names[2]), \
		FIELD(TEXT, member.names[3]), FIELD(TEXT, member.unknown),  \
		FIELD(REAL, member.uplift), FIELD(COUNT, member.learned_from)
/* Each member of struct decide_input is one line here. One that an older record does not
 * have is 0, false or NULL, which must mean that it was not there. */
static const struct field fields[] = {
	FIELD(NAME, stack),
	FIELD(NAME, tier),
	FIELD(WHOLE, now_ms),
	FIELD(MODE, mode),
	FIELD(WHOLE, min),
	FIELD(WHOLE, max),
	FIELD(REAL, capacity),
	FIELD(TEXT, capacity_source),
	FIELD(TEXT, capacity_note),
	FIELD(TEXT, unit),
	FIELD(REAL, risk),
	FIELD(REAL, price),
	FIELD(REAL, target_utilisation),
	FIELD(WHOLE, step_out_max),
	FIELD(WHOLE, step_in_max),
	FIELD(WHOLE, dwell_ms),
	FIELD(FLAG, stateful),
	FIELD(WHOLE, lead_ms),
	FIELD(FLAG, is_lead_prior),
	FIELD(WHOLE, running),
	FIELD(WHOLE, starting),
	FIELD(WHOLE, desired),
	FIELD(WHOLE, desired_since_ms),
	FIELD(REAL, demand),
	FIELD(WHOLE, demand_at_ms),
	FIELD(WHOLE, stale_after_ms),
	FIELD(TEXT, distrust),
	FIELD(REAL, forecast_mid),
	FIELD(REAL, forecast_high),
	FIELD(REAL, forecast_high_dwell),
	FIELD(WHOLE, forecast_at_ms),
	FIELD_AS(TEXT, fallback_level, "rung"),
	FIELD_AS(TEXT, fallback_reason, "rung_why"),
	EVENTS(events),
	EVENTS(events_dwell),
	FIELD(WHOLE, floor),
	FIELD(TEXT, floor_name),
	FIELD(WHOLE, ceiling),
	FIELD(TEXT, ceiling_name),
	FIELD(WHOLE, budget),
	FIELD(TEXT, budget_name),
	FIELD(TEXT, hold_owner),
	FIELD(TEXT, hold_reason),
	FIELD(WHOLE, hold_until_ms),
};
_Static_assert(
	sizeof(void *) != 8 || sizeof(struct decide_input) == 464,
	"struct decide_input changed: give its new member a line in fields[], then "
	"correct the size");
_Static_assert(DECIDE_EVENTS_MAX == 4, "EVENTS has a line a name");
_Static_assert(sizeof(enum decide_mode) == sizeof(int), "MODE is read as an int");

/* ---------------------------------------------------------------- writing */

static json_t *real_json(double x)
{
	if (isfinite(x))
		return json_real(x);
	return json_string(isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
}

static bool is_plain_zero(double x)
{
	return x == 0 && !signbit(x);
}

/* The member as JSON; NULL when it is left out. */
static json_t *field_json(const struct field *f, const void *place)
{
	const char *text;

	switch (f->kind) {
	case WHOLE:
		return *(const int64_t *)place ? json_integer(*(const int64_t *)place)
					       : NULL;
	case COUNT:
		return *(const size_t *)place
			       ? json_integer((json_int_t) * (const size_t *)place)
			       : NULL;
	case REAL:
		return is_plain_zero(*(const double *)place)
			       ? NULL
			       : real_json(*(const double *)place);
	case FLAG:
		return *(const bool *)place ? json_true() : NULL;
	case MODE:
		return json_integer(*(const int *)place);
	case TEXT:
	case NAME:
	default:
		text = *(const char *const *)place;
		return text ? json_text(text) : NULL;
	}
}

static json_t *window_json(const struct decide_window *w, int64_t now_ms)
{
	json_t *list = json_array();

	json_array_append_new(list, json_integer(now_ms - w->since_ms));
	json_array_append_new(list, json_integer(now_ms - w->last_ms));
	for (size_t i = 0; i < w->n; i++) {
		json_array_append_new(list, json_integer(now_ms - w->v[i].at_ms));
		json_array_append_new(list, json_integer(w->v[i].value));
	}
	return list;
}

char *record_write(const struct decide_input *in, const struct decide_state *state)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		json_t *v = field_json(&fields[i], (const char *)in + fields[i].offset);

		if (v)
			json_object_set_new(o, fields[i].name, v);
	}
	doc = json_pack("{s:i, s:s, s:o, s:{s:o, s:o, s:I, s:I}}", "v", RECORD_FORM, "by",
			FORETIDE_VERSION, "in", o, "state", "needed",
			window_json(&state->needed, in->now_ms), "upper",
			window_json(&state->upper, in->now_ms), "in_since",
			(json_int_t)state->in_since_ms, "in_count",
			(json_int_t)state->in_count);
	return json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(17));
}

/* ---------------------------------------------------------------- reading */

static int check_whole(const char *name, int64_t v, struct err *err)
{
	if (v >= -WHOLE_MAX && v <= WHOLE_MAX)
		return 0;
	return err_set(err, ERR_INVAL, "\"%s\": %" PRId64 " is out of range", name, v);
}

static int read_whole(const json_t *o, const char *name, int64_t *ret, struct err *err)
{
	int64_t v = 0;
	int rc = jread_int_opt(o, name, &v, err);

	if (rc == 0)
		rc = check_whole(name, v, err);
	if (rc == 0)
		*ret = v;
	return rc;
}

static int read_count(const json_t *o, const char *name, size_t *ret, struct err *err)
{
	int64_t v = 0;
	int rc = read_whole(o, name, &v, err);

	if (rc == 0 && v < 0)
		return err_set(err, ERR_INVAL, "\"%s\" must not be negative", name);
	if (rc == 0)
		*ret = (size_t)v;
	return rc;
}

static int read_real(const json_t *o, const char *name, double *ret, struct err *err)
{
	const char *text = json_string_value(json_object_get(o, name));

	if (!text)
		return jread_num_opt(o, name, ret, err);
	if (strcmp(text, "nan") == 0)
		*ret = NAN;
	else if (strcmp(text, "inf") == 0)
		*ret = INFINITY;
	else if (strcmp(text, "-inf") == 0)
		*ret = -INFINITY;
	else
		return err_set(err, ERR_INVAL, "\"%s\" must be a number", name);
	return 0;
}

static int read_mode(const json_t *o, const char *name, int *ret, struct err *err)
{
	int64_t v = -1;
	int rc = jread_int_opt(o, name, &v, err);

	if (rc < 0)
		return rc;
	if (v < DECIDE_OBSERVE || v > DECIDE_AUTO)
		return err_set(err, ERR_INVAL, "\"%s\": there is no mode %" PRId64, name,
			       v);
	*ret = (int)v;
	return 0;
}

static int read_field(const json_t *o, const struct field *f, void *place,
		      struct err *err)
{
	switch (f->kind) {
	case WHOLE:
		return read_whole(o, f->name, place, err);
	case COUNT:
		return read_count(o, f->name, place, err);
	case REAL:
		return read_real(o, f->name, place, err);
	case FLAG:
		return jread_bool_opt(o, f->name, place, err);
	case MODE:
		return read_mode(o, f->name, place, err);
	case NAME:
		return jread_str(o, f->name, place, err);
	case TEXT:
	default:
		return jread_str_opt(o, f->name, place, err);
	}
}

/* Each event that is counted has a name. */
static int check_events(const struct decide_events *e, struct err *err)
{
	if (e->n > DECIDE_EVENTS_MAX)
		return err_set(err, ERR_INVAL, "there are %zu events, at most %d can be",
			       e->n, DECIDE_EVENTS_MAX);
	for (size_t i = 0; i < e->n; i++)
		if (!e->names[i])
			return err_set(err, ERR_INVAL, "event %zu has no name", i);
	return 0;
}

static int read_input(const json_t *o, struct decide_input *in, struct err *err)
{
	const char *keys[ARRAY_SIZE(fields) + 1] = { NULL };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields) && rc == 0; i++) {
		keys[i] = fields[i].name;
		rc = read_field(o, &fields[i], (char *)in + fields[i].offset, err);
	}
	if (rc == 0)
		rc = check_events(&in->events, err);
	if (rc == 0)
		rc = check_events(&in->events_dwell, err);
	return rc == 0 ? json_only(o, keys, err) : rc;
}

/* Item i of a window, which must be a whole number in range. */
static int read_item(const json_t *list, const char *name, size_t i, int64_t *ret,
		     struct err *err)
{
	const json_t *v = json_array_get(list, i);

	if (!json_is_integer(v))
		return err_set(err, ERR_INVAL, "\"%s\" must be whole numbers", name);
	*ret = json_integer_value(v);
	return check_whole(name, *ret, err);
}

static int read_window(const json_t *o, const char *name, int64_t now_ms,
		       struct decide_window *w, struct err *err)
{
	const json_t *list = json_object_get(o, name);
	size_t n = json_array_size(list);
	int64_t ago[2], value;

	if (n < 2 || n % 2 || n / 2 - 1 > DECIDE_WINDOW_MAX)
		return err_set(err, ERR_INVAL,
			       "\"%s\" must be a list of two times and at most %d pairs",
			       name, DECIDE_WINDOW_MAX);
	for (size_t i = 0; i < 2; i++)
		if (read_item(list, name, i, &ago[i], err) < 0)
			return ERR_INVAL;
	w->since_ms = now_ms - ago[0];
	w->last_ms = now_ms - ago[1];
	for (w->n = 0; w->n < n / 2 - 1; w->n++) {
		if (read_item(list, name, 2 * w->n + 2, &ago[0], err) < 0 ||
		    read_item(list, name, 2 * w->n + 3, &value, err) < 0)
			return ERR_INVAL;
		w->v[w->n].at_ms = now_ms - ago[0];
		w->v[w->n].value = value;
	}
	return 0;
}

static int read_state(const json_t *o, int64_t now_ms, struct decide_state *s,
		      struct err *err)
{
	static const char *const keys[] = { "needed", "upper", "in_since", "in_count",
					    NULL };
	int rc = read_window(o, "needed", now_ms, &s->needed, err);

	if (rc == 0)
		rc = read_window(o, "upper", now_ms, &s->upper, err);
	if (rc == 0)
		rc = read_whole(o, "in_since", &s->in_since_ms, err);
	if (rc == 0)
		rc = read_whole(o, "in_count", &s->in_count, err);
	return rc == 0 ? json_only(o, keys, err) : rc;
}

static int read_head(struct record *r, struct err *err)
{
	static const char *const keys[] = { "v", "by", "in", "state", NULL };
	const char *version = "";
	int64_t form = 0;
	int rc = jread_int(r->doc, "v", &form, err);

	if (rc == 0 && form != RECORD_FORM)
		return err_set(err, ERR_INVAL,
			       "it is of form %" PRId64 ", this version knows form %d",
			       form, RECORD_FORM);
	if (rc == 0)
		rc = jread_str(r->doc, "by", &version, err);
	if (rc == 0 && strlen(version) >= sizeof(r->version))
		return err_set(err, ERR_INVAL, "\"by\" is no version");
	if (rc == 0)
		rc = json_only(r->doc, keys, err);
	if (rc == 0)
		snprintf(r->version, sizeof(r->version), "%s", version);
	return rc;
}

int record_read(const char *text, struct record **ret, struct err *err)
{
	CLEANUP(record_free) struct record *r = xcalloc(1, sizeof(*r));
	size_t len = strlen(text);
	int rc;

	if (len > RECORD_MAX_BYTES)
		return err_set(err, ERR_INVAL, "it is longer than %d bytes",
			       RECORD_MAX_BYTES);
	rc = json_parse(text, len, "the record", &r->doc, err);
	if (rc == 0)
		rc = read_head(r, err);
	if (rc == 0)
		rc = read_input(json_object_get(r->doc, "in"), &r->in, err);
	if (rc == 0)
		rc = read_state(json_object_get(r->doc, "state"), r->in.now_ms, &r->state,
				err);
	if (rc < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}

void record_free(struct record *r)
{
	if (!r)
		return;
	json_decref(r->doc);
	free(r);
}
