/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "args.h"

#include "exit_status.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The options of all commands; the common ones, which every command takes, come first. */
static const struct {
	const char *name;
	bool is_flag;
	size_t at; /* in struct args */
} known[] = {
#define VALUE(name, member)                                \
	{                                                  \
		name, false, offsetof(struct args, member) \
	}
#define FLAG(name, member)                                \
	{                                                 \
		name, true, offsetof(struct args, member) \
	}
	VALUE("url", url),         VALUE("token-file", token_file),
	VALUE("ca", ca),           FLAG("json", json),
	FLAG("dry-run", dry_run),  FLAG("follow", follow),
	FLAG("yes", yes),          FLAG("all", all),
	FLAG("force", force),      VALUE("stack", stack),
	VALUE("tier", tier),       VALUE("host", host),
	VALUE("reason", reason),   VALUE("for", duration),
	VALUE("name", name),       VALUE("role", role),
	VALUE("since", since),     VALUE("until", until),
	VALUE("horizon", horizon), VALUE("lines", lines),
	VALUE("pool", pool),       VALUE("with", with),
	VALUE("to", to),           VALUE("at", at),
#undef VALUE
#undef FLAG
};
enum { N_KNOWN = sizeof(known) / sizeof(known[0]), N_COMMON = 4 };

static bool is_taken(const char *takes, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = takes; (p = strstr(p, name)); p += len)
		if ((p == takes || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
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

int args_read(int argc, char **argv, const char *takes, int least, int most,
	      struct args *ret)
{
	struct option options[N_KNOWN + 1] = { 0 };
	struct args a = { .command = argv[0] };
	int i;

	for (int k = 0; k < N_KNOWN; k++)
		options[k] = (struct option){ known[k].name,
					      known[k].is_flag ? no_argument
							       : required_argument,
					      NULL, k };
	optind = 0;
	opterr = 0;
	while ((i = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (i == ':')
			return cli_fail(EXIT_USAGE, argv[0], "%s needs a value",
					argv[optind - 1]);
		if (i == '?')
			return cli_fail(EXIT_USAGE, argv[0], "unknown option %s",
					argv[optind - 1]);
		if (i >= N_COMMON && !is_taken(takes, known[i].name))
			return cli_fail(EXIT_USAGE, argv[0], "unknown option --%s",
					known[i].name);
		void *place = (char *)&a + known[i].at;

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
