/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * args.h - the command line of the sub-commands that talk to a controller.
 *
 * All take --url, --token-file, --ca and --json; each names which others it takes.
 */
#ifndef CLI_CLIENT_ARGS_H
#define CLI_CLIENT_ARGS_H

#include <stdbool.h>

#define ARGS_POSITIONS 4

struct args {
	const char *command;
	const char *position[ARGS_POSITIONS];
	int n;
	const char *url, *token_file, *ca;
	bool json;
	bool dry_run, follow, yes, all, last, force, days, csv;
	const char *stack, *tier, *host, *reason, *duration, *name, *role, *since,
		*horizon, *lines, *pool, *until, *with, *to, *at, *month, *window;
	const char *holds; /* --force=: their numbers */
};

/*
 * takes: the further options by name, "dry-run stack", where "force=" is the one with
 * the numbers of holds; least and most: how many
 * positional arguments. Returns EXIT_OK, or EXIT_USAGE with the message on stderr.
 */
int args_read(int argc, char **argv, const char *takes, int least, int most,
	      struct args *ret);

/* Whether the first positional argument is STACK/TIER, or the name of a stack: EXIT_OK,
 * or EXIT_USAGE with the message on stderr. */
int args_tier(const struct args *a);
int args_stack(const struct args *a);
/* Whether it is either of them. */
int args_place(const struct args *a);

/* What all of them take, for --help. */
#define ARGS_COMMON_HELP                                                             \
	"  --url URL          controller (default: $FORETIDE_URL or "                \
	"http://127.0.0.1:7070)\n"                                                   \
	"  --token-file FILE  file with the token (default: $FORETIDE_TOKEN, then\n" \
	"                     ~/.config/foretide/token)\n"                           \
	"  --ca FILE          certificates to trust for https\n"                     \
	"  --json             print the controller's answer\n"

#endif
