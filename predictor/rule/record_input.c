/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record_input.h"

#include "check.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Integers of a record are within this, so that sums of them never overflow. */
#define INTEGER_MAX INT64_C(1000000000000000)

enum kind {
	INTEGER,
	COUNT,
	REAL,
	FLAG,
	MODE,
	TEXT,
	NAME /* a TEXT that must be there */
};

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define FIELD(kind, member)                                          \
	{                                                            \
#member, kind, offsetof(struct decide_input, member) \
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
	FIELD(INTEGER, now_ms),
	FIELD(MODE, mode),
	FIELD(INTEGER, min),
	FIELD(INTEGER, max),
	FIELD(REAL, capacity),
	FIELD(TEXT, capacity_source),
	FIELD(TEXT, capacity_note),
	FIELD(TEXT, unit),
	FIELD(REAL, risk),
	FIELD(REAL, price),
	FIELD(REAL, target_utilisation),
	FIELD(INTEGER, step_out_max),
	FIELD(INTEGER, step_in_max),
	FIELD(INTEGER, dwell_ms),
	FIELD(REAL, action_price),
	FIELD(FLAG, stateful),
	FIELD(INTEGER, lead_ms),
	FIELD(FLAG, is_lead_prior),
	FIELD(INTEGER, running),
	FIELD(INTEGER, starting),
	FIELD(INTEGER, overdue),
	FIELD(INTEGER, desired),
	FIELD(INTEGER, desired_since_ms),
	FIELD(REAL, demand),
	FIELD(REAL, demand_sure),
	FIELD(INTEGER, demand_at_ms),
	FIELD(INTEGER, stale_after_ms),
	FIELD(INTEGER, ending),
	FIELD(TEXT, distrust),
	FIELD(TEXT, missing),
	FIELD(REAL, forecast_mid),
	FIELD(REAL, forecast_high),
	FIELD(REAL, forecast_level),
	FIELD(INTEGER, forecast_need),
	FIELD(REAL, need_level),
	FIELD(REAL, out_gain),
	FIELD(REAL, again_near),
	FIELD(REAL, again_far),
	FIELD(INTEGER, outlook_ms),
	FIELD(INTEGER, forecast_at_ms),
	FIELD(TEXT, fallback_level),
	FIELD(TEXT, fallback_reason),
	FIELD(TEXT, follows),
	FIELD(INTEGER, follows_ahead_ms),
	FIELD(REAL, follows_gain),
	FIELD(INTEGER, follows_over_ms),
	EVENTS(events),
	EVENTS(events_far),
	FIELD(INTEGER, floor),
	FIELD(TEXT, floor_name),
	FIELD(INTEGER, ceiling),
	FIELD(TEXT, ceiling_name),
	FIELD(INTEGER, budget),
	FIELD(TEXT, budget_name),
	FIELD(TEXT, budget_note),
	FIELD(INTEGER, waiting),
	FIELD(TEXT, takes_from),
	FIELD(TEXT, yields_to),
	FIELD(TEXT, thrift),
	FIELD(TEXT, hold_owner),
	FIELD(TEXT, hold_reason),
	FIELD(INTEGER, hold_until_ms),
};
_Static_assert(
	sizeof(void *) != 8 || sizeof(struct decide_input) == 624,
	"struct decide_input changed: give its new member a line in fields[], then "
	"correct the size");
_Static_assert(DECIDE_EVENTS_MAX == 4, "EVENTS has a line a name");
_Static_assert(sizeof(enum decide_mode) == sizeof(int), "MODE is read as an int");

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
	case INTEGER:
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

json_t *record_input_json(const struct decide_input *in)
{
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		json_t *v = field_json(&fields[i], (const char *)in + fields[i].offset);

		if (v)
			json_object_set_new(o, fields[i].name, v);
	}
	return o;
}

int record_check_integer(const char *name, int64_t v, struct err *err)
{
	if (v >= -INTEGER_MAX && v <= INTEGER_MAX)
		return 0;
	return err_set(err, ERR_INVAL, "\"%s\": %" PRId64 " is out of range", name, v);
}

int record_read_integer(const json_t *o, const char *name, int64_t *ret, struct err *err)
{
	int64_t v = 0;
	int rc = jread_int_opt(o, name, &v, err);

	if (rc == 0)
		rc = record_check_integer(name, v, err);
	if (rc == 0)
		*ret = v;
	return rc;
}

static int read_count(const json_t *o, const char *name, size_t *ret, struct err *err)
{
	int64_t v = 0;
	int rc = record_read_integer(o, name, &v, err);

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
	case INTEGER:
		return record_read_integer(o, f->name, place, err);
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

int record_input_read(const json_t *o, struct decide_input *in, struct err *err)
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
		rc = check_events(&in->events_far, err);
	return rc == 0 ? json_only(o, keys, err) : rc;
}
