/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promote.c - foretide promote: a tier's next mode, when a backtest on its own past
 * allows it.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

/* The rows of the controller's report; a figure that it does not know is 0. */
static int read_rows(const json_t *report, struct judge_row row[JUDGE_POLICIES],
		     struct err *err)
{
	const json_t *policies = json_object_get(report, "policies");

	for (size_t k = 0; k < JUDGE_POLICIES; k++) {
		const json_t *p = json_array_get(policies, k);
		struct judge_row *w = &row[k];
		int64_t actions = 0;
		int rc;

		*w = (struct judge_row){ .cost = 0 };
		if ((rc = jread_num_opt(p, "instance_hours", &w->instance_hours, err)) <
			    0 ||
		    (rc = jread_num_opt(p, "cost", &w->cost, err)) < 0 ||
		    (rc = jread_num_opt(p, "short", &w->run.short_share, err)) < 0 ||
		    (rc = jread_num_opt(p, "unserved", &w->run.unserved_share, err)) <
			    0 ||
		    (rc = jread_num_opt(p, "headroom", &w->headroom, err)) < 0 ||
		    (rc = jread_int_opt(p, "actions", &actions, err)) < 0)
			return rc;
		w->run.actions = (size_t)actions;
	}
	return 0;
}

/* "in mode out, from 1 to 2 instances, room for 2 in pool web, 13 boots measured" */
static void show_terms(const json_t *report)
{
	const json_t *played = json_object_get(report, "played");
	const json_t *room = json_object_get(report, "room");
	const size_t schedules = json_array_size(json_object_get(played, "schedules"));

	printf("in mode %s, from %lld to %lld instances", field_text(played, "mode"),
	       field_int(played, "min"), field_int(played, "max"));
	if (schedules)
		printf(", with %zu schedule%s", schedules, schedules > 1 ? "s" : "");
	if (json_is_integer(room))
		printf(", room for %lld in pool %s", field_int(report, "room"),
		       field_text(played, "pool"));
	if (field_int(report, "boots"))
		printf(", boots as the last %lld were", field_int(report, "boots"));
	if (json_is_string(json_object_get(report, "capacity_from")))
		printf(", capacity as it was known since %s",
		       field_text(report, "capacity_from"));
	puts(":\n");
}

struct outcome {
	const char *from, *to, *why;
	const char *plan; /* the tag of what was shown */
	bool promote;
};

static int read_outcome(const json_t *answer, struct outcome *ret, struct err *err)
{
	const json_t *verdict = json_object_get(answer, "verdict");
	struct outcome o = { .promote = false };
	int rc;

	if ((rc = jread_str(answer, "from", &o.from, err)) < 0 ||
	    (rc = jread_str(answer, "to", &o.to, err)) < 0 ||
	    (rc = jread_str(answer, "plan", &o.plan, err)) < 0 ||
	    (rc = jread_str(verdict, "why", &o.why, err)) < 0 ||
	    (rc = jread_bool_opt(verdict, "promote", &o.promote, err)) < 0)
		return rc;
	*ret = o;
	return 0;
}

static int show(const struct args *a, const json_t *answer, const struct outcome *o,
		struct err *err)
{
	const json_t *report = json_object_get(answer, "backtest");
	struct judge_row row[JUDGE_POLICIES];
	const char *from = "", *to = "", *source = NULL, *follows = NULL;
	double capacity = 0;
	int rc;

	if (json_is_object(report)) {
		if ((rc = read_rows(report, row, err)) < 0 ||
		    (rc = jread_str(report, "from", &from, err)) < 0 ||
		    (rc = jread_str(report, "to", &to, err)) < 0 ||
		    (rc = jread_num_opt(report, "capacity", &capacity, err)) < 0 ||
		    (rc = jread_str_opt(report, "capacity_source", &source, err)) < 0 ||
		    (rc = jread_str_opt(report, "follows", &follows, err)) < 0)
			return rc;
		printf("%s, simulated on its own demand from %s to %s, with a capacity "
		       "of "
		       "%g per instance%s%s,\n",
		       a->position[0], from, to, capacity, source ? ", " : "",
		       source ? source : "");
		show_terms(report);
		backtest_print(row);
		if (follows)
			printf("\nPlayed with its own forecast; the controller's follows "
			       "%s, which proved better.\n",
			       follows);
		putchar('\n');
	}
	printf("%s -> %s: %s; %s.\n", o->from, o->to,
	       o->promote ? "eligible" : "not eligible", o->why);
	return 0;
}

static int send_request(struct client *c, const struct args *a, bool dry_run,
			json_t **ret, struct err *err)
{
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:b, s:b}", "force", a->force, "dry_run", dry_run);
	CLEANUP(free) char *base = client_tier_path(a->position[0], "");
	CLEANUP(free) char *path = xasprintf("%s/promote", base);
	CLEANUP(free) char *progress = xasprintf("%s/backtest", base);

	if (a->to)
		json_object_set_new(body, "to", json_string(a->to));
	return progress_send(c, progress, "POST", path, body, ret, err);
}

/* Shows the result of a dry run and asks; *ret_plan, the caller's, is the tag of it. */
static int consider(struct client *c, const struct args *a, char **ret_plan,
		    struct err *err)
{
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(free) char *question = NULL;
	struct outcome o;
	int rc = send_request(c, a, true, &answer, err);

	if (rc == 0)
		rc = read_outcome(answer, &o, err);
	if (rc == 0 && a->dry_run && a->json)
		client_print(answer);
	else if (rc == 0 && !a->json)
		rc = show(a, answer, &o, err);
	if (rc < 0)
		return rc;
	if (!o.promote && !a->force)
		return err_set(err, ERR_CONFLICT, "%s stays in mode %s: %s",
			       a->position[0], o.from, o.why);
	question = xasprintf("Promote %s from %s to %s%s?", a->position[0], o.from, o.to,
			     o.promote ? "" : " anyway");
	rc = a->dry_run ? 0 : cli_confirm(a, question, err);
	if (rc == 0)
		*ret_plan = xasprintf("\"%s\"", o.plan);
	return rc;
}

static int promote(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(free) char *plan = NULL;
	struct outcome o;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = consider(&c, a, &plan, err);
	if (rc < 0 || a->dry_run)
		return rc;
	c.if_match = plan;
	rc = send_request(&c, a, false, &answer, err);
	if (rc == 0)
		rc = read_outcome(answer, &o, err);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(answer);
	else
		printf("%s is now in mode %s. Set mode = %s in its section of stack.conf "
		       "too:\nthe next apply restores what is written there.\n",
		       a->position[0], o.to, o.to);
	return 0;
}

int cli_promote(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "to force yes dry-run", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_tier(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, promote(&a, &err), &err);
}
