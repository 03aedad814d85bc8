/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide.c - foretide decide --jsonl: the decision model on stdin and stdout, from any
 * language.
 *
 * In:
 * {"type":"init","interval":60,"boot_delay":180,"capacity":100,"min":1,"max":500,"slo":0.005,
 *       "history_start":T0,"history":[...]}         answered by {"ready":true,...}
 *      {"t":T,"value":V}                            answered by {"desired":N,...}
 *      {"type":"end"}                               ends it, as does the end of the input
 * With "price" above 0, the instance-hours that a minute short of capacity costs, "slo"
 * is not used. T is the Unix time of the start of the step that V describes; a null in
 * the history or as V is a missing sample. A line that cannot be used is answered by
 * {"error":...} and ends the run.
 */
#include "cli.h"
#include "client.h"

#include "check.h"
#include "cleanup.h"
#include "demand.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct session {
	struct demand_model *model; /* NULL before init */
	size_t min, max;
};

static int read_history(const json_t *msg, double **ret, size_t *ret_n, struct err *err)
{
	const json_t *list = json_object_get(msg, "history");
	const size_t n = json_array_size(list);
	CLEANUP(free) double *y = NULL;

	if (list && !json_is_array(list))
		return err_set(err, ERR_INVAL, "history is not an array");
	y = calloc(n + 1, sizeof(*y));
	if (!y)
		return err_set(err, ERR_LIMIT, "history: %zu values do not fit in memory",
			       n);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_number(v) && !json_is_null(v))
			return err_set(err, ERR_INVAL, "history[%zu] is not a number", i);
		y[i] = json_is_null(v) ? NAN : json_number_value(v);
	}
	*ret = TAKE(y);
	*ret_n = n;
	return 0;
}

static int on_init(struct session *s, const json_t *msg, struct err *err)
{
	double step_s = 60, boot_s = 0, risk = 0.005, capacity = 0;
	double min = 1, max = 1e6, start_s = 0, price = 0;
	CLEANUP(free) double *y = NULL;
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	size_t n = 0;
	int rc;

	if ((rc = jread_num_opt(msg, "interval", &step_s, err)) != 0 ||
	    (rc = jread_num_opt(msg, "boot_delay", &boot_s, err)) != 0 ||
	    (rc = jread_num_opt(msg, "slo", &risk, err)) != 0 ||
	    (rc = jread_num_opt(msg, "price", &price, err)) != 0 ||
	    (rc = jread_num(msg, "capacity", &capacity, err)) != 0 ||
	    (rc = jread_num_opt(msg, "min", &min, err)) != 0 ||
	    (rc = jread_num_opt(msg, "max", &max, err)) != 0 ||
	    (rc = jread_num_opt(msg, "history_start", &start_s, err)) != 0 ||
	    (rc = read_history(msg, &y, &n, err)) != 0)
		return rc;
	if (!(step_s >= 1 && step_s <= 86400))
		return err_set(err, ERR_INVAL, "interval is not between 1 and 86400 s");
	if (!(boot_s >= 0 && boot_s / step_s <= DEMAND_LEAD_MAX))
		return err_set(err, ERR_INVAL,
			       "boot_delay is not between 0 and %d intervals",
			       DEMAND_LEAD_MAX);
	if (!(min >= 0 && max >= min && max <= 1e9))
		return err_set(err, ERR_INVAL,
			       "min and max are not 0 <= min <= max <= 1e9");

	const struct demand_opts o = { .step_ms = llround(step_s * 1000),
				       .n_leads = 1,
				       .lead_steps = { (size_t)ceil(boot_s / step_s -
								    1e-9) },
				       .risk = risk,
				       .price = price,
				       .capacity = capacity };

	if ((rc = demand_model_new(&o, &m, err)) != 0 ||
	    (rc = demand_model_train(m, y, n, llround(start_s * 1000), err)) != 0)
		return rc;
	demand_model_free(s->model);
	s->model = TAKE(m);
	s->min = (size_t)min;
	s->max = (size_t)max;
	printf("{\"ready\":true,\"history\":%zu}\n", n);
	return 0;
}

static int on_sample(struct session *s, const json_t *msg, struct err *err)
{
	struct demand_decision d;
	double t = 0;
	int rc;

	if (!s->model)
		return err_set(err, ERR_INVAL, "a sample before init");
	if ((rc = jread_num(msg, "t", &t, err)) != 0)
		return rc;
	if (!json_is_null(json_object_get(msg, "value"))) {
		double value = 0;

		if ((rc = jread_num(msg, "value", &value, err)) != 0 ||
		    (rc = demand_model_update(s->model, llround(t * 1000), value, err)) !=
			    0)
			return rc;
	}
	demand_model_decide(s->model, 0, &d);
	printf("{\"desired\":%zu,\"needed\":%zu,\"median\":%.6g,\"upper\":%.6g,"
	       "\"level\":%.6g,\"fallback_level\":\"%s\"}\n",
	       MIN(MAX(d.instances, s->min), s->max), d.needed, d.median, d.upper,
	       d.level, demand_fallback_name(d.fallback_level));
	return 0;
}

static int on_line(struct session *s, const char *line, size_t len, bool *ret_end,
		   struct err *err)
{
	CLEANUP(json_decref) json_t *msg = NULL;
	const char *type = "sample";
	int rc = json_parse(line, len, "line", &msg, err);

	if (rc != 0 || (rc = jread_str_opt(msg, "type", &type, err)) != 0)
		return rc;
	if (strcmp(type, "init") == 0)
		return on_init(s, msg, err);
	if (strcmp(type, "sample") == 0)
		return on_sample(s, msg, err);
	if (strcmp(type, "end") != 0)
		return err_set(err, ERR_INVAL,
			       "type '%s' is not one of init, sample, end", type);
	*ret_end = true;
	return 0;
}

int cli_decide(int argc, char **argv)
{
	struct session s = { 0 };
	CLEANUP(free) char *line = NULL;
	struct err err;
	size_t cap = 0;
	ssize_t len;
	bool end = false;
	int rc = 0;

	if (argc != 2 || strcmp(argv[1], "--jsonl") != 0)
		return cli_fail(EXIT_USAGE, "decide", "takes only --jsonl");
	while (!end && rc == 0 && (len = getline(&line, &cap, stdin)) > 0) {
		rc = on_line(&s, line, (size_t)len, &end, &err);
		if (rc != 0)
			printf("{\"error\":\"see stderr\"}\n");
		if (fflush(stdout) != 0)
			break;
	}
	demand_model_free(s.model);
	return rc == 0 ? EXIT_OK : cli_fail(EXIT_FAILED, "decide", "%s", err.msg);
}
