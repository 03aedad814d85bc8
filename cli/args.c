/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "args.h"

#include "cli.h"

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
		if (i == '?' || (i >= N_COMMON && !is_taken(takes, known[i].name)))
			return cli_fail(EXIT_USAGE, argv[0],
					"there is no option %s here; see --help",
					argv[optind - 1]);
		void *place = (char *)&a + known[i].at;

		if (known[i].is_flag)
			*(bool *)place = true;
		else
			*(const char **)place = optarg;
	}
	a.n = argc - optind;
	if (a.n < least || a.n > most || a.n > ARGS_POSITIONS)
		return cli_fail(EXIT_USAGE, argv[0],
				least == most
					? "takes %d argument(s), not %d; see --help"
					: "takes at least %d argument(s), not %d; see "
					  "--help",
				least, a.n);
	memcpy(a.position, argv + optind, (size_t)a.n * sizeof(a.position[0]));
	*ret = a;
	return EXIT_OK;
}
