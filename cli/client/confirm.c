/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "confirm.h"

#include "check.h"
#include "fields.h"
#include "printable.h"

#include <stdio.h>
#include <string.h>

#define TRIES 3
#define PATH_MAX_BYTES 1024
#define STATUS_CHANGED 412

int cli_confirm(const struct args *a, const char *question, struct err *err)
{
	char answer[16];

	if (a->yes)
		return 0;
	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin)) {
		fputc('\n', stderr);
		return err_set(err, ERR_CONFLICT,
			       "nobody answered, so nothing was changed; --yes does not "
			       "ask");
	}
	if (*answer == 'y' || *answer == 'Y')
		return 0;
	return err_set(err, ERR_CONFLICT, "nothing was changed");
}

static void show_change(const json_t *c, FILE *to)
{
	const char *detail = field_text(c, "detail");

	fprintf(to, "%-7s %-5s %s%s%s\n", field_text(c, "action"), field_text(c, "kind"),
		field_text(c, "name"), *detail ? ": " : "", detail);
}

static void show_hold(const json_t *h, FILE *to)
{
	const char *tier = field_text(h, "tier"), *until = field_text(h, "expires");

	fprintf(to, "on hold: %s%s%s, hold %lld of %s%s%s: %s\n", field_text(h, "stack"),
		*tier ? "/" : "", tier, field_int(h, "id"), field_text(h, "owner"),
		*until ? " until " : "", until, field_text(h, "reason"));
}

void cli_show_changes(const json_t *answer, FILE *to)
{
	const json_t *changes = json_object_get(answer, "changes"), *item;
	const long long back_to = field_int(answer, "back_to");
	size_t i;

	if (back_to)
		fprintf(to, "version %lld is applied again\n", back_to);
	if (json_array_size(changes) == 0)
		fputs("nothing changes\n", to);
	json_array_foreach(changes, i, item)
	{
		show_change(item, to);
	}
	json_array_foreach(json_object_get(answer, "warnings"), i, item)
	{
		fprintf(to, "warning: %s\n", json_string_value(item));
	}
	json_array_foreach(json_object_get(answer, "holds"), i, item)
	{
		show_hold(item, to);
	}
}

static int send_change(struct client *c, const struct args *a,
		       const struct change_request *q, bool dry_run, json_t **ret,
		       struct err *err)
{
	CLEANUP(buf_done) struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	buf_puts(&path, q->path);
	client_query(&path, "dry_run", dry_run ? "true" : NULL);
	client_query(&path, "force", a->holds);
	return client_send(c, q->method, buf_str(&path), q->body, ret, err);
}

/* Without another call: a hold that ends meanwhile would not be asked about. */
static int refuse_holds(const json_t *holds, struct err *err)
{
	CLEANUP(buf_done) struct buf ids;
	const json_t *first = json_array_get(holds, 0), *h;
	size_t i;

	buf_init(&ids, 4096);
	json_array_foreach(holds, i, h)
	{
		buf_printf(&ids, "%s%lld", i ? "," : "", field_int(h, "id"));
	}
	return err_set(err, ERR_CONFLICT,
		       "hold %lld of %s forbids it: release it (foretide release %lld), "
		       "or force this by number (--force %s). Its reason: %.300s",
		       field_int(first, "id"), field_text(first, "owner"),
		       field_int(first, "id"), buf_str(&ids),
		       field_text(first, "reason"));
}

/* What the dry run showed, asked for. */
static int consider(const struct args *a, const struct change_request *q, json_t *plan,
		    struct err *err)
{
	const json_t *holds = json_object_get(plan, "holds");

	if (a->dry_run && a->json) {
		client_print(plan);
		return 0;
	}
	/* With --json it came as it is. */
	printable_doc(plan);
	cli_show_changes(plan, a->json ? stderr : stdout);
	if (a->dry_run)
		return 0;
	if (json_array_size(holds) > 0)
		return refuse_holds(holds, err);
	if (json_array_size(json_object_get(plan, "changes")) == 0)
		return 0;
	return cli_confirm(a, q->question, err);
}

/* One round of showing and asking; *ret_again: it has changed meanwhile. */
static int change_once(struct client *c, const struct args *a,
		       const struct change_request *q, json_t **ret, bool *ret_again,
		       struct err *err)
{
	CLEANUP(json_decref) json_t *plan = NULL;
	CLEANUP(free) char *match = NULL;
	int rc = send_change(c, a, q, true, &plan, err);

	*ret_again = false;
	if (rc == 0)
		rc = consider(a, q, plan, err);
	if (rc < 0 || a->dry_run)
		return rc;
	match = xasprintf("\"%s\"", field_text(plan, "plan"));
	c->if_match = match;
	rc = send_change(c, a, q, false, ret, err);
	c->if_match = NULL;
	*ret_again = rc < 0 && c->status == STATUS_CHANGED;
	return rc;
}

int client_change(const struct args *a, const struct change_request *q, json_t **ret,
		  struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	bool again = true;
	int rc = client_init(&c, a, err);

	*ret = NULL;
	for (int i = 0; rc == 0 && again && i < TRIES; i++) {
		rc = change_once(&c, a, q, ret, &again, err);
		if (!again || i + 1 == TRIES)
			continue;
		fputs("It has changed since it was shown; now it is:\n", stderr);
		rc = 0;
	}
	if (rc < 0 && again)
		return err_set(err, ERR_CONFLICT,
			       "it changed each time while it was looked at; nothing was "
			       "changed by this command");
	return rc;
}
