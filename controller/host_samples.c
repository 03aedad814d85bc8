/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host_samples.h"

#include "check.h"
#include "text.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

#define FUTURE_MS 600000 /* calendar; later is no clock that is a little ahead */

struct reading {
	const char *host;
	int64_t latest_ms;         /* by the sender's clock */
	struct db_unit_list units; /* placed on it */
	struct host_samples *to;
};

void host_samples_done(struct host_samples *s)
{
	for (size_t i = 0; i < s->n; i++)
		free((char *)(uintptr_t)s->v[i].labels);
	free(s->v);
	json_decref(s->refused);
	*s = (struct host_samples){ 0 };
}

/* ---------------------------------------------------------------- what it may say */

/* "lb.service:HOST" is lb.service while another of it serves in its place. */
static const struct db_unit *find_unit(const struct reading *r, const char *name)
{
	for (size_t i = 0; i < r->units.n; i++) {
		const struct db_unit *u = &r->units.v[i];

		if (strcspn(u->name, ":") == strlen(name) &&
		    strncmp(u->name, name, strlen(name)) == 0)
			return u;
	}
	return NULL;
}

/* What a label says that the controller sets; "": nothing. */
static int said(const json_t *labels, const char *name, const char **ret, struct err *err)
{
	const char *value = "";
	int rc = labels ? jread_str_opt(labels, name, &value, err) : 0;

	*ret = value ? value : "";
	return rc;
}

static int check_said(const json_t *labels, const char *name, const char *is,
		      struct err *err)
{
	const char *value;
	int rc = said(labels, name, &value, err);

	if (rc == 0 && *value && strcmp(value, is) != 0)
		return err_set(err, ERR_DENIED,
			       *is ? "its label %s is '%.100s', not '%s'"
				   : "its label %s is '%.100s', and it is of no unit",
			       name, value, is);
	return rc;
}

static bool is_set_here(const char *name)
{
	return strcmp(name, "host") == 0 || strcmp(name, "stack") == 0 ||
	       strcmp(name, "tier") == 0 || strcmp(name, "unit") == 0;
}

/* ---------------------------------------------------------------- one sample */

static int write_labels(const struct reading *r, const json_t *o, const char *unit,
			const struct db_unit *u, char **ret, struct err *err)
{
	struct label l[LABELS_MAX] = { { "host", r->host },
				       { "unit", unit },
				       { "stack", u ? u->stack : "" },
				       { "tier", u ? u->tier : "" } };
	CLEANUP(buf_done) struct buf b;
	const char *key;
	json_t *value;
	size_t n = 4;
	int rc;

	buf_init(&b, LABELS_MAX_BYTES);
	/* The macro needs a mutable object; nothing is changed. */
	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		if (is_set_here(key))
			continue;
		if (n == LABELS_MAX || !json_is_string(value))
			return err_set(err, ERR_INVAL,
				       "labels are at most %d strings by name",
				       LABELS_MAX);
		l[n++] = (struct label){ key, json_string_value(value) };
	}
	rc = labels_format(l, n, &b, err);
	if (rc < 0)
		return rc;
	if (!utf8_is_plain(buf_str(&b), LABELS_MAX_BYTES))
		return err_set(err, ERR_INVAL,
			       "its labels have control characters, or marks that turn "
			       "the direction of text");
	*ret = buf_take(&b);
	return 0;
}

static int read_labels(const struct reading *r, const json_t *o, char **ret,
		       struct err *err)
{
	const struct db_unit *u = NULL;
	const char *unit = "";
	int rc = check_said(o, "host", r->host, err);

	if (rc == 0)
		rc = said(o, "unit", &unit, err);
	if (rc < 0)
		return rc;
	if (*unit && !(u = find_unit(r, unit)))
		return err_set(err, ERR_NOT_FOUND,
			       "its unit '%.100s' is not on this host", unit);
	if ((rc = check_said(o, "stack", u ? u->stack : "", err)) < 0 ||
	    (rc = check_said(o, "tier", u ? u->tier : "", err)) < 0)
		return rc;
	return write_labels(r, o, unit, u, ret, err);
}

static int read_sample(const struct reading *r, const json_t *o, struct db_sample_in *ret,
		       struct err *err)
{
	const char *kind = "g";
	char *labels = NULL;
	int rc;

	if ((rc = jread_str(o, "n", &ret->name, err)) < 0 ||
	    (rc = jread_str_opt(o, "k", &kind, err)) < 0 ||
	    (rc = jread_int(o, "t", &ret->t_ms, err)) < 0 ||
	    (rc = jread_num(o, "v", &ret->v, err)) < 0)
		return rc;
	ret->kind = *kind == 'c' ? DB_COUNTER : DB_GAUGE;
	if (!labels_metric_ok(ret->name))
		return err_set(err, ERR_INVAL, "it has no name of a metric");
	if (strncmp(ret->name, "foretide_", 9) == 0)
		return err_set(err, ERR_DENIED,
			       "the names foretide_* are the controller's");
	if (ret->t_ms <= 0)
		return err_set(err, ERR_INVAL, "it has no time");
	if (ret->t_ms > r->latest_ms)
		return err_set(err, ERR_INVAL, "its time is in the future");
	rc = read_labels(r, json_object_get(o, "l"), &labels, err);
	ret->labels = labels;
	return rc;
}

/* ---------------------------------------------------------------- a push */

static void name_refused(struct host_samples *to, const char *sample, const char *why)
{
	if (!to->refused)
		to->refused = json_array();
	if (json_array_size(to->refused) < HOST_SAMPLES_TOLD_MAX)
		json_array_append_new(to->refused,
				      json_pack("{s:o, s:o}", "sample", json_text(sample),
						"why", json_text(why)));
}

static void refuse(struct host_samples *to, const json_t *o, size_t i,
		   const struct err *why)
{
	const char *name = json_string_value(json_object_get(o, "n"));
	char number[32];

	snprintf(number, sizeof(number), "sample %zu", i);
	name_refused(to, name ? name : number, why->msg);
	to->n_refused++;
}

void host_samples_left_out(struct host_samples *s, const struct db_samples_result *by)
{
	if (!by->left_out)
		return;
	name_refused(s, by->left_out->name ? by->left_out->name : "", by->why);
	s->n_refused += by->too_old + by->refused + by->no_room;
}

int host_samples_read(struct db *db, const char *host, const json_t *body, int64_t now_ms,
		      struct host_samples *ret, struct err *err)
{
	const struct db_unit_filter on_host = { .host = host };
	CLEANUP(host_samples_done) struct host_samples s = { 0 };
	CLEANUP(db_unit_list_done) struct db_unit_list units = { 0 };
	const json_t *list = json_object_get(body, "samples"), *o;
	const size_t n = json_array_size(list);
	int64_t sent_ms = now_ms;
	struct reading r = { .host = host, .to = &s };
	size_t i;
	int rc;

	if (n > HOST_SAMPLES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d samples in one push",
			       HOST_SAMPLES_MAX);
	rc = db_unit_list(db, &on_host, &units, err);
	if (rc < 0)
		return rc;
	(void)!jread_int(body, "now", &sent_ms, NULL);
	r.units = units;
	r.latest_ms = MIN(sent_ms, INT64_MAX / 2) + FUTURE_MS;
	s.v = xcalloc(n + 1, sizeof(*s.v));
	json_array_foreach(list, i, o)
	{
		struct err why;

		int sample_rc = read_sample(&r, o, &s.v[s.n], &why);

		s.n += sample_rc == 0;
		s.n_left += sample_rc == ERR_NOT_FOUND;
		if (sample_rc < 0)
			refuse(&s, o, i, &why);
	}
	*ret = s;
	s = (struct host_samples){ 0 };
	return 0;
}
