/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include "check.h"
#include "record_input.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- writing */

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

	doc = json_pack("{s:i, s:s, s:o, s:{s:o, s:I, s:I}}", "v", RECORD_FORMAT, "by",
			FORETIDE_VERSION, "in", record_input_json(in), "state", "needed",
			window_json(&state->needed, in->now_ms), "in_since",
			(json_int_t)state->in_since_ms, "in_count",
			(json_int_t)state->in_count);
	return json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(17));
}

/* ---------------------------------------------------------------- reading */

/* Item i of a window, which must be an integer in range. */
static int read_item(const json_t *list, const char *name, size_t i, int64_t *ret,
		     struct err *err)
{
	const json_t *v = json_array_get(list, i);

	if (!json_is_integer(v))
		return err_set(err, ERR_INVAL, "\"%s\" must be integers", name);
	*ret = json_integer_value(v);
	return record_check_integer(name, *ret, err);
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
	static const char *const keys[] = { "needed", "in_since", "in_count", NULL };
	int rc = read_window(o, "needed", now_ms, &s->needed, err);

	if (rc == 0)
		rc = record_read_integer(o, "in_since", &s->in_since_ms, err);
	if (rc == 0)
		rc = record_read_integer(o, "in_count", &s->in_count, err);
	return rc == 0 ? json_only(o, keys, err) : rc;
}

static int read_head(struct record *r, struct err *err)
{
	static const char *const keys[] = { "v", "by", "in", "state", NULL };
	const char *version = "";
	int64_t format = 0;
	int rc = jread_int(r->doc, "v", &format, err);

	if (rc == 0 && format != RECORD_FORMAT)
		return err_set(err, ERR_INVAL,
			       "it has format version %" PRId64
			       ", this program knows version %d",
			       format, RECORD_FORMAT);
	if (rc == 0)
		rc = jread_str(r->doc, "by", &version, err);
	if (rc == 0 && strlen(version) >= sizeof(r->version))
		return err_set(err, ERR_INVAL, "\"by\" is not a version");
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
		rc = record_input_read(json_object_get(r->doc, "in"), &r->in, err);
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
