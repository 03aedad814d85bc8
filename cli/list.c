/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - the sub-commands that print one list of the API as a table.
 */
#include "cli.h"
#include "client.h"
#include "clock.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

struct listing {
	const char *command;
	const char *path;
	const char *takes; /* options that become query parameters */
	struct table_column columns[12];
};

static const struct listing listings[] = {
	{ "stacks",
	  "/v1/stacks",
	  "",
	  { { "STACK", "name", TABLE_TEXT },
	    { "VERSION", "version", TABLE_TEXT },
	    { "TIMEZONE", "timezone", TABLE_TEXT },
	    { "APPLIED", "applied", TABLE_AGE } } },
	{ "tiers",
	  "/v1/tiers",
	  "stack",
	  { { "STACK", "stack", TABLE_TEXT },
	    { "TIER", "name", TABLE_TEXT },
	    { "MODE", "mode", TABLE_TEXT },
	    { "DEMAND", "demand.value", TABLE_TEXT },
	    { "CAPACITY", "capacity", TABLE_TEXT },
	    { "FROM", "capacity_learned.used", TABLE_TEXT },
	    { "DESIRED", "desired", TABLE_TEXT },
	    { "RUNNING", "running", TABLE_TEXT },
	    { "HEALTHY", "healthy", TABLE_TEXT },
	    { "LEAD", "lead.used_ms", TABLE_DURATION },
	    { "WHY", "sentence", TABLE_TEXT } } },
	{ "pools",
	  "/v1/pools",
	  "",
	  { { "POOL", "name", TABLE_TEXT },
	    { "STACK", "stack", TABLE_TEXT },
	    { "DRIVER", "driver", TABLE_TEXT },
	    { "PROFILE", "profile", TABLE_TEXT },
	    { "WANT", "want", TABLE_TEXT },
	    { "MAX", "max", TABLE_TEXT },
	    { "STATE", "state", TABLE_TEXT },
	    { "ERROR", "last_error", TABLE_TEXT } } },
	{ "launches",
	  "/v1/launches",
	  "pool",
	  { { "HOST", "host", TABLE_TEXT },
	    { "POOL", "pool", TABLE_TEXT },
	    { "STATE", "state", TABLE_TEXT },
	    { "VM", "vm", TABLE_TEXT },
	    { "LAUNCHED", "created", TABLE_AGE },
	    { "LEAD", "lead_ms", TABLE_DURATION },
	    { "ERROR", "error", TABLE_TEXT } } },
	{ "gates",
	  "/v1/gates",
	  "",
	  { { "PROFILE", "profile", TABLE_TEXT },
	    { "REGION", "region", TABLE_TEXT },
	    { "CALLS", "calls", TABLE_TEXT },
	    { "TYPE", "type", TABLE_TEXT },
	    { "ZONE", "zone", TABLE_TEXT },
	    { "STATE", "state", TABLE_TEXT },
	    { "WAITS", "wait_ms", TABLE_DURATION },
	    { "CALLS/S", "tokens.calls_per_s", TABLE_TEXT },
	    { "FAILED", "last_failure.at", TABLE_AGE },
	    { "REQUEST", "last_failure.request_id", TABLE_TEXT },
	    { "ERROR", "last_failure.message", TABLE_TEXT } } },
	{ "hosts",
	  "/v1/hosts",
	  "pool",
	  { { "HOST", "id", TABLE_TEXT },
	    { "POOL", "pool", TABLE_TEXT },
	    { "STATE", "state", TABLE_TEXT },
	    { "ADDRESS", "address", TABLE_TEXT },
	    { "CPU", "cpu", TABLE_TEXT },
	    { "MEMORY", "memory_bytes", TABLE_BYTES },
	    { "LAUNCHED", "requested", TABLE_AGE },
	    { "MESSAGE", "message", TABLE_TEXT } } },
	{ "units",
	  "/v1/units",
	  "stack tier host",
	  { { "UNIT", "name", TABLE_TEXT },
	    { "STACK", "stack", TABLE_TEXT },
	    { "TIER", "tier", TABLE_TEXT },
	    { "HOST", "host", TABLE_TEXT },
	    { "GOAL", "goal", TABLE_TEXT },
	    { "ACTIVE", "active", TABLE_TEXT },
	    { "SUB", "sub", TABLE_TEXT },
	    { "HEALTH", "health", TABLE_TEXT },
	    { "MESSAGE", "message", TABLE_TEXT } } },
	{ "services",
	  "/v1/services",
	  "stack",
	  { { "DNS", "dns", TABLE_TEXT },
	    { "UNIT", "unit", TABLE_TEXT },
	    { "HOST", "host", TABLE_TEXT },
	    { "ADDRESS", "address", TABLE_TEXT },
	    { "PORT", "port", TABLE_TEXT } } },
	{ "holds",
	  "/v1/holds",
	  "stack",
	  { { "ID", "id", TABLE_TEXT },
	    { "STACK", "stack", TABLE_TEXT },
	    { "TIER", "tier", TABLE_TEXT },
	    { "OWNER", "owner", TABLE_TEXT },
	    { "SINCE", "created", TABLE_AGE },
	    { "EXPIRES", "expires", TABLE_TEXT },
	    { "REASON", "reason", TABLE_TEXT } } },
	{ "decisions",
	  "/v1/decisions",
	  "stack tier since",
	  { { "AT", "at", TABLE_TEXT },
	    { "STACK", "stack", TABLE_TEXT },
	    { "TIER", "tier", TABLE_TEXT },
	    { "FROM", "from", TABLE_TEXT },
	    { "TO", "to", TABLE_TEXT },
	    { "CAUSE", "cause", TABLE_TEXT },
	    { "SENTENCE", "sentence", TABLE_TEXT } } },
};

static const struct listing *find(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(listings); i++)
		if (strcmp(listings[i].command, command) == 0)
			return &listings[i];
	CHECK(false);
	return NULL;
}

/* The time since which, as the API takes it: how long ago is from the controller's now.
 */
static const char *since_of(const struct args *a, int64_t now_ms, char text[CLOCK_TEXT])
{
	int64_t back_ms;

	if (!a->since || clock_parse_duration(a->since, &back_ms, NULL) < 0)
		return a->since;
	return clock_format(now_ms - back_ms, text);
}

static int check_exists(struct client *c, const char *resource, const char *of,
			const char *name, struct err *err)
{
	CLEANUP(json_decref) json_t *found = NULL;
	CLEANUP(buf_done) struct buf path;

	buf_init(&path, 4096);
	buf_puts(&path, resource);
	if (of) {
		http_escape(&path, of);
		buf_puts(&path, "/");
	}
	http_escape(&path, name);
	return client_get(c, buf_str(&path), &found, err);
}

/* A tier of any stack. */
static int check_tier(struct client *c, const char *name, struct err *err)
{
	CLEANUP(json_decref) json_t *tiers = NULL;
	const json_t *t;
	size_t i;
	int rc = client_list(c, "/v1/tiers", &tiers, err);

	json_array_foreach(tiers, i, t)
	{
		if (strcmp(field_text(t, "name"), name) == 0)
			return 0;
	}
	return rc < 0 ? rc : err_set(err, ERR_NOT_FOUND, "there is no tier '%s'", name);
}

/* Whether there is what an empty list was asked of. */
static int check_names(struct client *c, const struct args *a, struct err *err)
{
	int rc = 0;

	if (a->stack)
		rc = check_exists(c, "/v1/stacks/", NULL, a->stack, err);
	if (rc == 0 && a->tier)
		rc = a->stack ? check_exists(c, "/v1/tiers/", a->stack, a->tier, err)
			      : check_tier(c, a->tier, err);
	if (rc == 0 && a->host)
		rc = check_exists(c, "/v1/hosts/", NULL, a->host, err);
	if (rc == 0 && a->pool)
		rc = check_exists(c, "/v1/pools/", NULL, a->pool, err);
	return rc;
}

static int list(const struct args *a, const struct listing *l, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *rows = NULL;
	CLEANUP(json_decref) json_t *status = NULL;
	CLEANUP(buf_done) struct buf path;
	char since[CLOCK_TEXT];
	int64_t now_ms = clock_wall_ms();
	int rc = client_init(&c, a, err);

	buf_init(&path, 4096);
	if (rc == 0)
		rc = client_get(&c, "/v1/status", &status, err);
	if (rc == 0)
		rc = jread_time_opt(status, "now", &now_ms, err);
	if (rc < 0)
		return rc;
	buf_puts(&path, l->path);
	client_query(&path, "stack", a->stack);
	client_query(&path, "tier", a->tier);
	client_query(&path, "host", a->host);
	client_query(&path, "pool", a->pool);
	client_query(&path, "since", since_of(a, now_ms, since));
	rc = client_list(&c, buf_str(&path), &rows, err);
	if (rc == 0 && json_array_size(rows) == 0)
		rc = check_names(&c, a, err);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(rows);
	else
		table_print(rows, l->columns, now_ms);
	return 0;
}

int cli_list(int argc, char **argv)
{
	const struct listing *l = find(argv[0]);
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, l->takes, 0, 0, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, list(&a, l, &err), &err);
}
