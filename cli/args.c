/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "args.h"

#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = { "url",     "token-file", "ca",    "json",  "dry-run",
				     "follow",  "yes",        "stack", "tier",  "host",
				     "reason",  "for",        "name",  "role",  "since",
				     "horizon", "lines",      "pool",  "until", "with",
				     "at",      "all" };
enum { N_NAMES = sizeof(names) / sizeof(names[0]), N_COMMON = 4 };

/* Where an option's value goes; the flags have a place of their own. */
static const char **value_place(struct args *a, int i)
{
	const char **const places[N_NAMES] = { &a->url,     &a->token_file, &a->ca,
					       NULL,        NULL,           NULL,
					       NULL,        &a->stack,      &a->tier,
					       &a->host,    &a->reason,     &a->duration,
					       &a->name,    &a->role,       &a->since,
					       &a->horizon, &a->lines,      &a->pool,
					       &a->until,   &a->with,       &a->at,
					       NULL };

	return places[i];
}

static bool *flag_place(struct args *a, int i)
{
	return i == 3   ? &a->json
	       : i == 4 ? &a->dry_run
	       : i == 5 ? &a->follow
	       : i == 6 ? &a->yes
			: &a->all;
}

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
	struct option options[N_NAMES + 1] = { 0 };
	struct args a = { .command = argv[0] };
	int i;

	for (int k = 0; k < N_NAMES; k++)
		options[k] = (struct option){ names[k],
					      value_place(&a, k) ? required_argument
								 : no_argument,
					      NULL, k };
	optind = 0;
	opterr = 0;
	while ((i = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (i == ':')
			return cli_fail(EXIT_USAGE, argv[0], "%s needs a value",
					argv[optind - 1]);
		if (i == '?' || (i >= N_COMMON && !is_taken(takes, names[i])))
			return cli_fail(EXIT_USAGE, argv[0],
					"there is no option %s here; see --help",
					argv[optind - 1]);
		if (value_place(&a, i))
			*value_place(&a, i) = optarg;
		else
			*flag_place(&a, i) = true;
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
