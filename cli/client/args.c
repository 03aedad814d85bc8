/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "args.h"

#include "clock.h"
#include "exit_status.h"
#include "text.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What a value must look like: one of the words, or so: */
#define ANY NULL
#define TIME "TIME"     /* RFC 3339 */
#define WHEN "WHEN"     /* the same, or how long ago */
#define LENGTH "LENGTH" /* "30m" */
#define COUNT "COUNT"   /* 1 or more */
#define MONTH "MONTH"   /* "2026-11", or all */
#define HOLDS "HOLDS"   /* "3" or "3,5" */

/* The options of all commands; the common ones, which every command takes, come first. */
static const struct {
	const char *name;
	bool is_flag;
	size_t at; /* in struct args */
	const char *form;
} known[] = {
#define VALUE(name, member, form)                                \
	{                                                        \
		name, false, offsetof(struct args, member), form \
	}
#define FLAG(name, member)                                     \
	{                                                      \
		name, true, offsetof(struct args, member), ANY \
	}
	VALUE("url", url, ANY),
	VALUE("token-file", token_file, ANY),
	VALUE("ca", ca, ANY),
	FLAG("json", json),
	FLAG("dry-run", dry_run),
	FLAG("follow", follow),
	FLAG("yes", yes),
	FLAG("all", all),
	FLAG("last", last),
	FLAG("force", force),
	VALUE("force=", holds, HOLDS),
	FLAG("days", days),
	FLAG("csv", csv),
	VALUE("stack", stack, ANY),
	VALUE("tier", tier, ANY),
	VALUE("host", host, ANY),
	VALUE("reason", reason, ANY),
	VALUE("for", duration, LENGTH),
	VALUE("name", name, ANY),
	VALUE("role", role, "viewer operator admin"),
	VALUE("since", since, WHEN),
	VALUE("until", until, WHEN),
	VALUE("horizon", horizon, LENGTH),
	VALUE("lines", lines, COUNT),
	VALUE("pool", pool, ANY),
	VALUE("with", with, ANY),
	VALUE("to", to, "out auto"),
	VALUE("at", at, TIME),
	VALUE("month", month, MONTH),
	VALUE("window", window, ANY),
#undef VALUE
#undef FLAG
};
#define NAME_MAX_BYTES 16 /* the longest, token-file, has 10 */
enum { N_KNOWN = sizeof(known) / sizeof(known[0]), N_COMMON = 4 };

static bool is_taken(const char *takes, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = takes; (p = strstr(p, name)); p += len)
		if ((p == takes || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

static bool is_month(const char *value)
{
	char month[32];

	snprintf(month, sizeof(month), "%s-01T00:00:00Z", value);
	return strcmp(value, "all") == 0 ||
	       (strlen(value) == 7 && clock_parse(month, &(int64_t){ 0 }, NULL) == 0);
}

static bool is_holds(const char *value)
{
	return *value && strspn(value, "0123456789,") == strlen(value);
}

/* EXIT_OK, or EXIT_USAGE with the message on stderr. */
static int check_form(const char *command, const char *name, const char *form,
		      const char *value)
{
	struct err err = { .code = 0 };
	int64_t n = 0;
	int rc = 0;

	if (form == ANY)
		return EXIT_OK;
	if (strcmp(form, WHEN) == 0 && clock_parse_duration(value, &n, NULL) == 0)
		return EXIT_OK;
	if (strcmp(form, TIME) == 0 || strcmp(form, WHEN) == 0)
		rc = clock_parse(value, &n, &err);
	else if (strcmp(form, LENGTH) == 0)
		rc = clock_parse_duration(value, &n, &err);
	else if (strcmp(form, COUNT) == 0)
		rc = conf_parse_int(value, &n, &err);
	else if (strcmp(form, MONTH) == 0)
		rc = is_month(value)
			     ? 0
			     : err_set(&err, ERR_INVAL,
				       "must be as 2026-11, or all, not '%s'", value);
	else if (strcmp(form, HOLDS) == 0)
		rc = is_holds(value)
			     ? 0
			     : err_set(&err, ERR_INVAL,
				       "takes the number of a hold, see foretide holds, "
				       "not '%s'",
				       value);
	else if (!*value || !is_taken(form, value))
		rc = err_set(&err, ERR_INVAL, "'%s' is none of: %s", value, form);
	if (rc == 0 && strcmp(form, COUNT) == 0 && n < 1)
		rc = err_set(&err, ERR_INVAL, "must be 1 or more, not %s", value);
	return rc < 0 ? cli_fail(EXIT_USAGE, command, "--%s: %s", name, err.msg)
		      : EXIT_OK;
}

static int wrong_count(const char *command, int n, int least, int most)
{
	const int wanted = n < least ? least : most;

	if (most == 0)
		return cli_fail(EXIT_USAGE, command, "takes only options");
	return cli_fail(EXIT_USAGE, command, "takes %s%d argument%s, not %d",
			least == most ? ""
			: n < least   ? "at least "
				      : "at most ",
			wanted, wanted == 1 ? "" : "s", n);
}

int args_tier(const struct args *a)
{
	const char *slash = strchr(a->position[0], '/');

	if (slash && slash > a->position[0] && slash[1] && !strchr(slash + 1, '/'))
		return EXIT_OK;
	return cli_fail(EXIT_USAGE, a->command,
			"'%s' is not STACK/TIER, such as shop/web", a->position[0]);
}

int args_stack(const struct args *a)
{
	if (*a->position[0] && !strchr(a->position[0], '/'))
		return EXIT_OK;
	return cli_fail(EXIT_USAGE, a->command,
			"'%s' is not the name of a stack, such as shop", a->position[0]);
}

int args_place(const struct args *a)
{
	return strchr(a->position[0], '/') ? args_tier(a) : args_stack(a);
}

/* Of the command's own and the common ones; val is where it is in known. */
static void fill_options(const char *takes, char names[N_KNOWN][NAME_MAX_BYTES],
			 struct option *options)
{
	size_t n = 0;

	for (int k = 0; k < N_KNOWN; k++) {
		if (k >= N_COMMON && !is_taken(takes, known[k].name))
			continue;
		snprintf(names[k], NAME_MAX_BYTES, "%.*s",
			 (int)strcspn(known[k].name, "="), known[k].name);
		options[n++] = (struct option){ names[k],
						known[k].is_flag ? no_argument
								 : required_argument,
						NULL, k };
	}
}

int args_read(int argc, char **argv, const char *takes, int least, int most,
	      struct args *ret)
{
	char names[N_KNOWN][NAME_MAX_BYTES];
	struct option options[N_KNOWN + 1] = { 0 };
	struct args a = { .command = argv[0] };
	int i;

	fill_options(takes, names, options);
	optind = 0;
	opterr = 0;
	while ((i = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (i == ':')
			return cli_fail(EXIT_USAGE, argv[0], "%s needs a value",
					argv[optind - 1]);
		if (i == '?')
			return cli_fail(EXIT_USAGE, argv[0], "unknown option %s",
					argv[optind - 1]);
		void *place = (char *)&a + known[i].at;
		int rc = known[i].is_flag
				 ? EXIT_OK
				 : check_form(argv[0], names[i], known[i].form, optarg);

		if (rc != EXIT_OK)
			return rc;
		if (known[i].is_flag)
			*(bool *)place = true;
		else
			*(const char **)place = optarg;
	}
	a.n = argc - optind;
	if (a.n < least || a.n > most || a.n > ARGS_POSITIONS)
		return wrong_count(argv[0], a.n, least, most);
	memcpy(a.position, argv + optind, (size_t)a.n * sizeof(a.position[0]));
	*ret = a;
	return EXIT_OK;
}
