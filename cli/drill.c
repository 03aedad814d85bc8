/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drill.c - foretide drill: faults on purpose, followed as they are made, and what they
 * cost.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_MS 500
#define PATIENCE_MS 900000 /* without an answer: the controller is stopped meanwhile */

/* ---------------------------------------------------------------- showing */

/* "web@1.service, web@2.service" */
static void print_list(const char *title, const json_t *list, const char *none)
{
	size_t i;
	const json_t *item;

	printf("%s", title);
	if (json_array_size(list) == 0)
		printf("%s", none);
	json_array_foreach(list, i, item)
	{
		printf("%s%s", i ? ", " : "", json_string_value(item));
	}
	putchar('\n');
}

static void print_plan(const json_t *plan, const char *stack)
{
	const json_t *first = json_array_get(json_object_get(plan, "steps"), 0);
	const double for_s = field_number(plan, "for_ms") / 1000;

	printf("A drill of %s, each fault after all has recovered from the one before:\n",
	       stack);
	printf("  1. kills host %s", field_text(first, "host"));
	print_list(", with ", json_object_get(first, "units"), "no unit");
	printf("  2. cuts one host off from the controller for %g s\n", for_s);
	printf("  3. stops the controller, for all stacks, for %g s\n", for_s);
}

static void print_tiers(const json_t *tiers)
{
	size_t i;
	const json_t *t;

	json_array_foreach(tiers, i, t)
	{
		printf("  %s: %lld of %lld served at least, fewer than wanted for %.1f "
		       "s\n",
		       field_text(t, "tier"), field_int(t, "least"),
		       field_int(t, "wanted"), field_number(t, "short_ms") / 1000);
	}
}

static void print_requests(const json_t *lost)
{
	if (json_is_integer(json_object_get(lost, "requests")))
		printf("  requests failed: %lld of %lld, by the balancers' count\n",
		       field_int(lost, "requests"), field_int(lost, "requests_of"));
	else
		puts("  requests failed: no balancer counted");
}

static void print_step(const json_t *step)
{
	const json_t *lost = json_object_get(step, "lost");
	const char *host = field_text(step, "host"), *why = field_text(step, "why");

	printf("\n%s%s%s: %s%s%s\n", field_text(step, "step"), *host ? " " : "", host,
	       field_text(step, "state"), *why ? ": " : "", why);
	if (!lost)
		return;
	printf("  all served again after %.1f s, the step took %.1f s\n",
	       field_number(step, "served_again_ms") / 1000,
	       field_number(step, "took_ms") / 1000);
	print_tiers(json_object_get(lost, "tiers"));
	print_list("  units that did not serve: ", json_object_get(lost, "units"),
		   "none");
	print_list("  hosts ended without need: ", json_object_get(lost, "hosts"),
		   "none");
	print_requests(lost);
	print_list("  told: ", json_object_get(step, "told"), "nothing");
}

static void print_report(const json_t *doc)
{
	const char *why = field_text(doc, "why");
	size_t i;
	const json_t *step;

	printf("drill %lld of %s by %s, %s: %s%s%s\n", field_int(doc, "id"),
	       field_text(doc, "stack"), field_text(doc, "owner"),
	       field_text(doc, "started"), field_text(doc, "state"), *why ? ": " : "",
	       why);
	json_array_foreach(json_object_get(doc, "steps"), i, step)
	{
		print_step(step);
	}
}

/* How it went, as the exit status. */
static int verdict(const json_t *doc, struct err *err)
{
	if (json_is_true(json_object_get(doc, "held")))
		return 0;
	if (strcmp(field_text(doc, "state"), "done") == 0)
		return err_set(err, ERR_INTERNAL, "something was lost: see above");
	return err_set(err, ERR_INTERNAL, "it did not end as it should: %s",
		       field_text(doc, "why"));
}

/* ---------------------------------------------------------------- following */

static void wait_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void print_new(const json_t *doc, size_t *shown, FILE *to)
{
	const json_t *log = json_object_get(doc, "log");

	for (; *shown < json_array_size(log); (*shown)++) {
		const json_t *line = json_array_get(log, *shown);
		CLEANUP(free) char *text = printable(field_text(line, "text"), "\t");

		fprintf(to, "%s  %s\n", field_text(line, "at"), text);
		fflush(to);
	}
}

/* Until it has ended; *ret is its report. */
static int follow(struct client *c, const struct args *a, const char *path, json_t **ret,
		  struct err *err)
{
	int64_t answered = clock_mono_ms();
	size_t shown = 0;

	for (;;) {
		CLEANUP(json_decref) json_t *doc = NULL;
		int rc = client_get(c, path, &doc, err);

		if (rc == 0) {
			answered = clock_mono_ms();
			print_new(doc, &shown, a->json ? stderr : stdout);
		} else if (!err_is_transient(rc) ||
			   clock_mono_ms() - answered > PATIENCE_MS) {
			return rc;
		}
		if (rc == 0 && strcmp(field_text(doc, "state"), "running") != 0) {
			*ret = TAKE(doc);
			return 0;
		}
		wait_ms(LOOK_EVERY_MS);
	}
}

static json_t *request_of(const struct args *a)
{
	json_t *body = json_pack("{s:s}", "stack", a->position[0]);

	if (a->window)
		json_object_set_new(body, "window", json_string(a->window));
	if (a->host)
		json_object_set_new(body, "host", json_string(a->host));
	if (a->duration)
		json_object_set_new(body, "for", json_string(a->duration));
	return body;
}

/* What it would do, asked for; the host that was shown is put into the request. */
static int consider(struct client *c, const struct args *a, json_t *body, struct err *err)
{
	CLEANUP(json_decref) json_t *plan = NULL;
	CLEANUP(free)
	char *question = xasprintf("Make these faults in %s now?", a->position[0]);
	int rc = client_send(c, "POST", "/v1/drills?dry_run=true", body, &plan, err);

	if (rc < 0)
		return rc;
	if (!a->json)
		print_plan(plan, a->position[0]);
	else if (a->dry_run)
		client_print(plan);
	json_object_set(body, "host",
			json_object_get(json_array_get(json_object_get(plan, "steps"), 0),
					"host"));
	return a->dry_run ? 0 : cli_confirm(a, question, err);
}

static int drill(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *body = request_of(a);
	CLEANUP(json_decref) json_t *begun = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = NULL;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = consider(&c, a, body, err);
	if (rc < 0 || a->dry_run)
		return rc;
	rc = client_send(&c, "POST", "/v1/drills", body, &begun, err);
	if (rc < 0)
		return rc;
	path = xasprintf("/v1/drills/%lld", field_int(begun, "id"));
	rc = follow(&c, a, path, &doc, err);
	if (rc < 0)
		return rc;
	if (a->json) {
		client_print(doc);
	} else {
		putchar('\n');
		print_report(doc);
	}
	return verdict(doc, err);
}

static int show_last(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *page = NULL;
	CLEANUP(buf_done) struct buf path;
	const json_t *doc;
	int rc;

	buf_init(&path, 1024);
	buf_puts(&path, "/v1/drills?limit=1");
	client_query(&path, "stack", a->n ? a->position[0] : NULL);
	rc = client_fetch(a, buf_str(&path), &page, err);
	if (rc < 0)
		return rc;
	doc = json_array_get(json_object_get(page, "items"), 0);
	if (!doc)
		return err_set(err, ERR_NOT_FOUND, "there was no drill%s%s",
			       a->n ? " of " : "", a->n ? a->position[0] : "");
	if (a->json)
		client_print(doc);
	else
		print_report(doc);
	return 0;
}

int cli_drill(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "window for host yes dry-run last", 0, 1, &a);

	if (rc == EXIT_OK && a.n == 0 && !a.last)
		rc = cli_fail(EXIT_USAGE, argv[0],
			      "takes the name of a stack, or --last");
	if (rc == EXIT_OK && a.n == 1)
		rc = args_stack(&a);
	if (rc != EXIT_OK)
		return rc;
	return client_exit(&a, a.last ? show_last(&a, &err) : drill(&a, &err), &err);
}
