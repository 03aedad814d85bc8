/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - foretide: finds the sub-command and runs it.
 */
#include "cli.h"

#include <gsl/gsl_errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct cli_command commands[] = {
	{ "decide", "--jsonl", "decide on a stream of samples, one JSON line each", NULL,
	  cli_decide },
	{ "forecast", "FILE.csv | --jsonl", "forecast a series, in quantiles", NULL, cli_forecast },
	{ NULL, NULL, NULL, NULL, NULL },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: foretide COMMAND [ARGUMENTS]\n\n");
	for (const struct cli_command *c = commands; c->name; c++)
		fprintf(to, "  %-10s %s\n", c->name, c->help);
	fprintf(to, "\nforetide COMMAND --help says more; foretide --version names the "
		    "version.\nExit status: 0 done, 1 failed, 2 wrong usage.\n");
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int run(const struct cli_command *c, int argc, char **argv)
{
	if (!wants_help(argc, argv))
		return c->run(argc, argv);
	printf("usage: foretide %s %s\n\n%s\n", c->name, c->args, c->help);
	if (c->more)
		printf("\n%s", c->more);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	gsl_set_error_handler_off();
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		puts("foretide " FORETIDE_VERSION);
		return EXIT_OK;
	}
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
			  strcmp(argv[1], "help") == 0)) {
		usage(stdout);
		return EXIT_OK;
	}
	if (argc >= 2)
		for (const struct cli_command *c = commands; c->name; c++)
			if (strcmp(argv[1], c->name) == 0)
				return run(c, argc - 1, argv + 1);
	if (argc >= 2)
		fprintf(stderr, "foretide: no command '%s'\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}
