/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide_session.c - a tier's settings, of the init message of foretide decide --jsonl:
 *
 *	"interval", "boot_delay" in seconds (60, 0), "capacity", "min", "max" (1, 1e6),
 *	"slo" (0.005), or in its place "price" (instance-hours that a minute short costs),
 *	"mode" (auto), "dwell" in seconds (120), "action_price" in instance-minutes (10),
 *	"step_out", "step_in" (0: no limit), "billing" in seconds (0: by the moment),
 *	"billing_min" in seconds that are paid for at least (0)
 */
#include "decide_session.h"

#include "check.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* A number of the message, in units of `unit` in the result. */
static int read_scaled(const json_t *msg, const char *name, double unit, double most,
		       int64_t *ret, struct err *err)
{
	double v = (double)*ret / unit;
	int rc = jread_num_opt(msg, name, &v, err);

	if (rc == 0 && !(v >= 0 && v <= most))
		return err_set(err, ERR_INVAL, "%s is not between 0 and %g", name, most);
	if (rc == 0)
		*ret = llround(v * unit);
	return rc;
}

static int read_settings(const json_t *msg, int64_t step_ms, struct policy_settings *ret,
			 struct err *err)
{
	const char *mode = decide_mode_name(DECIDE_AUTO);
	int64_t lead_ms = 0;
	int rc;

	*ret = (struct policy_settings){ .risk = 0.005,
					 .min = 1,
					 .max = 1000000,
					 .dwell_ms = POLICY_DWELL_MS,
					 .action_price = POLICY_ACTION_PRICE };
	if ((rc = read_scaled(msg, "boot_delay", 1000, 1e9, &lead_ms, err)) != 0 ||
	    (rc = jread_num_opt(msg, "slo", &ret->risk, err)) != 0 ||
	    (rc = jread_num_opt(msg, "price", &ret->price, err)) != 0 ||
	    (rc = jread_num(msg, "capacity", &ret->capacity, err)) != 0 ||
	    (rc = read_scaled(msg, "min", 1, 1e9, &ret->min, err)) != 0 ||
	    (rc = read_scaled(msg, "max", 1, 1e9, &ret->max, err)) != 0 ||
	    (rc = jread_str_opt(msg, "mode", &mode, err)) != 0 ||
	    (rc = decide_mode_parse(mode, &ret->mode, err)) != 0 ||
	    (rc = read_scaled(msg, "dwell", 1000, 604800, &ret->dwell_ms, err)) != 0 ||
	    (rc = read_scaled(msg, "step_out", 1, 1e6, &ret->step_out_max, err)) != 0 ||
	    (rc = read_scaled(msg, "step_in", 1, 1e6, &ret->step_in_max, err)) != 0 ||
	    (rc = read_scaled(msg, "billing", 1000, 2592000, &ret->billing_ms, err)) !=
		    0 ||
	    (rc = read_scaled(msg, "billing_min", 1000, 2592000, &ret->billing_min_ms,
			      err)) != 0 ||
	    (rc = jread_num_opt(msg, "action_price", &ret->action_price, err)) != 0)
		return rc;
	if (lead_ms > POLICY_LEAD_MAX * step_ms)
		return err_set(err, ERR_INVAL,
			       "boot_delay is not between 0 and %d intervals",
			       POLICY_LEAD_MAX);
	ret->lead_ms = lead_ms;
	return policy_settings_check(ret, err);
}

int decide_session_init(struct decide_session *s, const json_t *msg, struct err *err)
{
	double step_s = 60, start_s = 0, running = -1;
	struct policy_settings settings;
	CLEANUP(free) double *y = NULL;
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	size_t n = 0;
	int rc;

	if ((rc = jread_num_opt(msg, "interval", &step_s, err)) != 0 ||
	    (rc = jread_num_opt(msg, "history_start", &start_s, err)) != 0 ||
	    (rc = jread_num_opt(msg, "running", &running, err)) != 0 ||
	    (rc = read_history(msg, &y, &n, err)) != 0)
		return rc;
	if (!(step_s >= 1 && step_s <= 86400))
		return err_set(err, ERR_INVAL, "interval is not between 1 and 86400 s");
	rc = read_settings(msg, llround(step_s * 1000), &settings, err);
	if (rc != 0)
		return rc;

	const struct demand_opts o =
		policy_model_opts(llround(step_s * 1000), settings.lead_ms);
	struct policy p;

	policy_init(&p, &o, &settings);
	if ((rc = demand_model_new(&o, &m, err)) != 0 ||
	    (rc = policy_train(&p, &settings, m,
			       &(struct policy_past){
				       .y = y, .n = n, .t0_ms = llround(start_s * 1000) },
			       err)) != 0)
		return rc;
	decide_session_done(s);
	*s = (struct decide_session){ .model = TAKE(m),
				      .policy = p,
				      .settings = settings,
				      .value = NAN,
				      .at_ms = INT64_MIN,
				      .desired = running >= 0 && running <= 1e9
							 ? (int64_t)running
							 : settings.min };
	policy_leads_init(&s->launches.leads, MAX(settings.lead_ms, INT64_C(1000)));
	paid_init(&s->launches.paid,
		  (struct paid_terms){ .unit = MAX(settings.billing_ms, o.step_ms),
				       .least = settings.billing_min_ms },
		  o.step_ms);
	printf("{\"ready\":true,\"history\":%zu}\n", n);
	return 0;
}

void decide_session_done(struct decide_session *s)
{
	demand_model_free(TAKE(s->model));
	paid_done(&s->launches.paid);
}

void decide_session_note(struct decide_session *s, const struct decide_input *in)
{
	decide_launches_change(&s->launches, in->now_ms, s->plan.desired - s->plan.from);
	s->desired = s->plan.desired;
	s->asked[s->n_asked++ % ARRAY_SIZE(s->asked)] = s->desired;
}

int64_t decide_session_served(const struct decide_session *s)
{
	int64_t n = s->desired;

	for (size_t k = 0; k < MIN(s->policy.lead_steps + 1, s->n_asked); k++)
		n = MIN(n, s->asked[(s->n_asked - 1 - k) % ARRAY_SIZE(s->asked)]);
	return n;
}

void decide_session_print(const struct decide_session *s, const struct decide_input *in,
			  double level)
{
	struct demand_source from;

	demand_model_source(s->model, POLICY_NEAR, &from);
	printf("{\"desired\":%lld,\"needed\":%lld", (long long)s->plan.desired,
	       (long long)s->plan.needed);
	if (isfinite(level))
		printf(",\"median\":%.6g,\"upper\":%.6g,\"level\":%.6g", in->forecast_mid,
		       in->forecast_high, level);
	printf(",\"binding\":\"%s\",\"fallback_level\":\"%s\"}\n",
	       decide_binding_name(s->plan.binding),
	       demand_fallback_name(veto_allows(&s->policy.veto, from.fallback_level)));
}
