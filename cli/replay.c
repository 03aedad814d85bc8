/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c - foretide replay: recorded decisions repeated, and the same demand simulated
 * with other settings.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"
#include "files.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_ALL 50000

/* ---------------------------------------------------------------- the report */

static void print_decisions(const json_t *doc)
{
	const json_t *d = json_object_get(doc, "decisions");
	const json_t *different = json_object_get(d, "different");
	long long repeated = field_int(d, "repeated"), equal = field_int(d, "equal");
	const json_t *one;
	size_t i;

	printf("%s/%s: %lld of %lld recorded decisions repeated, bit for bit, from %s to "
	       "%s\n",
	       field_text(doc, "stack"), field_text(doc, "tier"), equal, repeated,
	       field_text(doc, "since"), field_text(doc, "until"));
	if (field_int(d, "without_record"))
		printf("  %lld have no record (older version)\n",
		       field_int(d, "without_record"));
	json_array_foreach(different, i, one)
	{
		printf("  %s  decision %lld differs in %s", field_text(one, "at"),
		       field_int(one, "id"), field_text(one, "field"));
		if (*field_text(one, "version"))
			printf(" (recorded by version %s, this is %s)",
			       field_text(one, "version"), field_text(doc, "version"));
		printf("\n    recorded: %s\n", field_text(one, "recorded"));
		if (json_object_get(one, "repeated"))
			printf("    repeated: %s\n", field_text(one, "repeated"));
	}
	if (repeated - equal > (long long)json_array_size(different))
		printf("  ... and %lld more differ; --all shows them\n",
		       repeated - equal - (long long)json_array_size(different));
}

static void print_side(const char *name, const json_t *s)
{
	printf("  %-10s %14.1f %11.3f %% %11.3f %% %8lld %8lld\n", name,
	       field_number(s, "instance_hours"), 100 * field_number(s, "short"),
	       100 * field_number(s, "unserved"), field_int(s, "changes"),
	       field_int(s, "largest"));
}

static void print_moments(const json_t *p)
{
	const json_t *moments = json_object_get(p, "moments");
	const json_t *m;
	char text[CLOCK_TEXT];
	size_t i;

	json_array_foreach(moments, i, m)
	{
		const json_t *in_force = json_object_get(m, "in_force");
		const json_t *other = json_object_get(m, "other");

		if (i == 0)
			printf("  %-24s  %8s  %5s  %s\n", "TIME", "IN FORCE", "OTHER",
			       "FOR");
		printf("  %-24s  %8lld  %5lld  %s\n    in force: %s\n    other:    %s\n",
		       field_text(m, "at"), field_int(in_force, "desired"),
		       field_int(other, "desired"),
		       clock_format_duration(field_int(m, "for_ms"), text),
		       field_text(in_force, "sentence"), field_text(other, "sentence"));
	}
	if (field_int(p, "differences") > (long long)json_array_size(moments))
		printf("  ... and %lld more; --all shows them\n",
		       field_int(p, "differences") - (long long)json_array_size(moments));
	if (field_int(p, "differences") == 0)
		puts("  both would have made the same decisions throughout");
}

static const char *capacity_source_text(const char *source)
{
	return strcmp(source, "other") == 0 ? "from the other settings" : source;
}

/* What else both sides were simulated under, where it is not the plain case. */
static void print_terms(const json_t *p)
{
	if (json_is_string(json_object_get(p, "capacity_from")))
		printf("  the capacity is as it was known from %s on, and before as it "
		       "is now\n",
		       field_text(p, "capacity_from"));
	if (json_is_integer(json_object_get(p, "room")))
		printf("  the pool has room for %lld beside its other tiers\n",
		       field_int(p, "room"));
	if (field_int(p, "boots"))
		printf("  new instances boot as long as the last %lld did\n",
		       field_int(p, "boots"));
}

static void print_simulation(const json_t *p)
{
	char lead[CLOCK_TEXT];

	printf("  simulated minute by minute from %s to %s: %lld minutes, %lld without "
	       "demand; lead time %s%s;\n  capacity %g per instance, %s\n",
	       field_text(p, "from"), field_text(p, "to"), field_int(p, "minutes"),
	       field_int(p, "missing"),
	       clock_format_duration(field_int(p, "lead_ms"), lead),
	       json_is_true(json_object_get(p, "lead_is_prior")) ? ", not measured yet"
								 : "",
	       field_number(p, "capacity"),
	       capacity_source_text(field_text(p, "capacity_source")));
	print_terms(p);
	printf("  %-10s %14s %13s %13s %8s %8s\n", "settings", "instance-hours",
	       "time short", "unserved", "changes", "largest");
	print_side("in force", json_object_get(p, "in_force"));
	print_side("other", json_object_get(p, "other"));
	print_moments(p);
}

/* ---------------------------------------------------------------- requests */

struct run {
	const struct args *a;
	struct client client;
	struct tier_settings settings;
	json_t *answers; /* for --json */
	bool differs;
};

static void run_done(struct run *r)
{
	client_done(&r->client);
	tier_settings_done(&r->settings);
	json_decref(r->answers);
}
DEFINE_CLEANUP_OBJECT(struct run, run_done);

static int replay(struct run *r, const char *stack, const char *tier, struct err *err)
{
	CLEANUP(free) char *path = client_path("/v1/tiers/%s/%s/replay", stack, tier);
	CLEANUP(json_decref) json_t *body = json_object();
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *options = tier_settings_of(&r->settings, stack, tier);
	const json_t *d;
	int rc;

	json_object_set_new(body, "since",
			    json_string(r->a->since ? r->a->since : "24h"));
	if (r->a->until)
		json_object_set_new(body, "until", json_string(r->a->until));
	if (r->a->all)
		json_object_set_new(body, "limit", json_integer(SHOWN_ALL));
	if (options)
		json_object_set(body, "with", options);
	rc = progress_send(&r->client, path, "POST", path, body, &doc, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s/%s", stack, tier);
	d = json_object_get(doc, "decisions");
	r->differs = r->differs || field_int(d, "equal") != field_int(d, "repeated");
	if (r->a->json) {
		json_array_append(r->answers, doc);
		return 0;
	}
	print_decisions(doc);
	if (json_is_object(json_object_get(doc, "played")))
		print_simulation(json_object_get(doc, "played"));
	return 0;
}

/* Each tier that the file names must be one that there is. */
static int check_names(const struct run *r, json_t *tiers, struct err *err)
{
	const char *name;
	const json_t *t;
	json_t *options;
	size_t i;

	json_object_foreach(r->settings.tiers, name, options)
	{
		bool found = false;

		json_array_foreach(tiers, i, t) found =
			found || tier_settings_of(&r->settings, field_text(t, "stack"),
						  field_text(t, "name")) == options;
		if (!found)
			return err_set(err, ERR_NOT_FOUND, "%s: there is no tier '%s'",
				       r->settings.file, name);
	}
	return 0;
}

static int replay_all(struct run *r, struct err *err)
{
	CLEANUP(json_decref) json_t *tiers = NULL;
	const json_t *t;
	size_t i;
	int rc = client_list(&r->client, "/v1/tiers", &tiers, err);

	if (rc == 0)
		rc = check_names(r, tiers, err);
	for (i = 0; rc == 0 && i < json_array_size(tiers); i++) {
		t = json_array_get(tiers, i);
		rc = replay(r, field_text(t, "stack"), field_text(t, "name"), err);
	}
	return rc;
}

static int replay_one(struct run *r, struct err *err)
{
	const char *slash = strchr(r->a->position[0], '/');
	CLEANUP(free)
	char *stack = xstrndup(r->a->position[0], (size_t)(slash - r->a->position[0]));

	if (r->settings.file && !tier_settings_of(&r->settings, stack, slash + 1))
		return err_set(err, ERR_INVAL, "%s has no [tier %s]%s%s",
			       r->settings.file, slash + 1,
			       r->settings.stack ? " of stack " : "",
			       r->settings.stack ? stack : "");
	return replay(r, stack, slash + 1, err);
}

int cli_replay(int argc, char **argv)
{
	CLEANUP(run_done) struct run r = { .answers = json_array() };
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "since until with all", 0, 1, &a);

	if (rc == EXIT_OK && a.n)
		rc = args_tier(&a);
	if (rc != EXIT_OK)
		return rc;
	r.a = &a;
	rc = tier_settings_read(a.with, &r.settings, &err);
	if (rc == 0)
		rc = client_init(&r.client, &a, &err);
	if (rc == 0)
		rc = a.n ? replay_one(&r, &err) : replay_all(&r, &err);
	if (rc == 0 && a.json)
		client_print(r.answers);
	if (rc < 0)
		return client_exit(&a, rc, &err);
	return r.differs ? EXIT_DIFFERS : EXIT_OK;
}
