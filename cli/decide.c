/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide.c - foretide decide --jsonl: a tier's decisions on stdin and stdout, from any
 * language, by the model and the rule that the controller uses.
 *
 * In:
 * {"type":"init","interval":60,"boot_delay":180,"capacity":100,"min":1,"max":500,"slo":0.005,
 *       "history_start":T0,"history":[...]}         answered by {"ready":true,...}
 *      {"t":T,"value":V,"running":R,"booting":B}    answered by {"desired":N,...}
 *      {"type":"end"}                               ends it, as does the end of the input
 * T is the Unix time of the start of the step that V describes; a null in the history or
 * as V is a missing sample. R instances served in that step and B boot at its end; left
 * out: those that were desired, each a boot delay later. "leads":[seconds], one per
 * instance that began to serve, and "failed":n, launches given up, teach it lead times;
 * a launch that is overdue is replaced. A line that cannot be used is
 * answered by {"error":...} and ends the run. Settings: decide_session.c.
 */
#include "cli.h"
#include "client.h"

#include "check.h"
#include "cleanup.h"
#include "decide_session.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The instances that served and boot, as said, or as those that were desired would. */
static int read_fleet(struct decide_session *s, const json_t *msg, int64_t *ret_running,
		      int64_t *ret_booting, struct err *err)
{
	double running = -1, booting = 0;
	int rc;

	if ((rc = jread_num_opt(msg, "running", &running, err)) != 0 ||
	    (rc = jread_num_opt(msg, "booting", &booting, err)) != 0)
		return rc;
	if (!(running <= 1e9 && booting >= 0 && booting <= 1e9))
		return err_set(err, ERR_INVAL,
			       "running and booting are not between 0 and 1e9");
	*ret_running = running >= 0 ? (int64_t)running : decide_session_served(s);
	*ret_booting = running >= 0 ? (int64_t)booting : s->desired - *ret_running;
	return 0;
}

/* The model and the policy take the sample of the step at t_ms. */
static int observe(struct decide_session *s, int64_t t_ms, double value, int64_t running,
		   struct err *err)
{
	const bool is_new = t_ms >= s->at_ms;
	int rc = demand_model_update(s->model, t_ms, value, err);

	if (rc != 0 || !is_new)
		return rc;
	policy_observe(&s->policy, &s->settings, NULL, value, running,
		       decide_is_bound(&s->plan));
	s->at_ms = t_ms + s->policy.step_ms;
	s->value = value;
	return 0;
}

static void miss(struct decide_session *s, int64_t t_ms)
{
	demand_model_skip(s->model, t_ms);
	policy_miss(&s->policy);
}

static int on_sample(struct decide_session *s, const json_t *msg, struct err *err)
{
	struct decide_input in;
	int64_t running = 0, booting = 0;
	double t = 0, value = NAN, level;
	int rc;

	if (!s->model)
		return err_set(err, ERR_INVAL, "a sample before init");
	if ((rc = jread_num(msg, "t", &t, err)) != 0 ||
	    (rc = read_fleet(s, msg, &running, &booting, err)) != 0 ||
	    (rc = decide_launches_read(&s->launches, msg, llround(t * 1000), running,
				       booting, err)) != 0)
		return rc;
	if (json_is_null(json_object_get(msg, "value")))
		miss(s, llround(t * 1000));
	else if ((rc = jread_num(msg, "value", &value, err)) != 0 ||
		 (rc = observe(s, llround(t * 1000), value, running, err)) != 0)
		return rc;
	s->settings.lead_spread = policy_leads_spread(&s->launches.leads);
	policy_input(&s->policy, &s->settings, llround(t * 1000) + s->policy.step_ms,
		     s->value, running, booting, &in);
	in.forecast_at_ms = in.demand_at_ms = s->at_ms;
	in.ending = decide_launches_ending(&s->launches, in.now_ms);
	in.overdue = decide_launches_overdue(&s->launches, in.now_ms);
	policy_fill(&s->policy, &s->settings, s->model, NULL, &in, &level);
	decide(&in, &s->state, &s->plan);
	decide_session_note(s, &in);
	decide_session_print(s, &in, level);
	return 0;
}

static int on_line(struct decide_session *s, const char *line, size_t len, bool *ret_end,
		   struct err *err)
{
	CLEANUP(json_decref) json_t *msg = NULL;
	const char *type = "sample";
	int rc = json_parse(line, len, "line", &msg, err);

	if (rc != 0 || (rc = jread_str_opt(msg, "type", &type, err)) != 0)
		return rc;
	if (strcmp(type, "init") == 0)
		return decide_session_init(s, msg, err);
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
	struct decide_session s = { 0 };
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
	decide_session_done(&s);
	return rc == 0 ? EXIT_OK : cli_fail(EXIT_FAILED, "decide", "%s", err.msg);
}
