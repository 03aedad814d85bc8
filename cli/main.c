/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - foretide: finds the sub-command and runs it.
 */
#include "cli.h"
#include "client.h"

#include <errno.h>
#include <gsl/gsl_errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ASKING_HELP                                                                    \
	"  --dry-run          only show\n"                                             \
	"  --yes              do not ask\n"                                            \
	"  --force HOLD       although this hold forbids it: its number, or several\n" \
	"                     such as 3,5\n"

static const struct cli_command commands[] = {
	{ "apply", "FOLDER [--dry-run] [--yes] [--force HOLD]",
	  "show what a stack folder changes, and apply it", ASKING_HELP ARGS_COMMON_HELP,
	  cli_apply },
	{ "rollback", "STACK [VERSION] [--dry-run] [--yes] [--force HOLD]",
	  "apply an earlier version of a stack again", ASKING_HELP ARGS_COMMON_HELP,
	  cli_rollback },
	{ "delete", "STACK [--dry-run] [--yes] [--force HOLD]",
	  "show what goes with a stack, drain and remove it",
	  ASKING_HELP ARGS_COMMON_HELP, cli_delete },
	{ "status", "", "state of the controller", ARGS_COMMON_HELP, cli_status },
	{ "stacks", "", "applied stacks", ARGS_COMMON_HELP, cli_list },
	{ "tiers", "[--stack S]", "demand, instances and the reason of every tier",
	  ARGS_COMMON_HELP, cli_list },
	{ "pools", "", "pools of hosts", ARGS_COMMON_HELP, cli_list },
	{ "credentials", "[list] | check [PROFILE]",
	  "profiles of cloud credentials; whether hosts can be launched with them",
	  ARGS_COMMON_HELP "\ncheck needs an admin's token, and creates nothing. Exit "
			   "status 1: a profile\n"
			   "cannot be used.\n",
	  cli_credentials },
	{ "gates", "", "what bounds the calls to clouds, and their last failures",
	  ARGS_COMMON_HELP, cli_list },
	{ "launches", "[--pool POOL]", "launches of hosts, and how long each took",
	  ARGS_COMMON_HELP, cli_list },
	{ "hosts", "[--pool POOL]", "hosts", ARGS_COMMON_HELP, cli_list },
	{ "units", "[--stack S] [--tier T] [--host H]", "units and their health",
	  ARGS_COMMON_HELP, cli_list },
	{ "services", "[--stack S]", "what is registered, by DNS name", ARGS_COMMON_HELP,
	  cli_list },
	{ "decisions", "[--stack S] [--tier T] [--since TIME]", "past decisions",
	  "  --since TIME       RFC 3339, or how long ago (default: all that are "
	  "kept)\n" ARGS_COMMON_HELP,
	  cli_list },
	{ "ledger", "[STACK | STACK/TIER] [--month 2026-11 | all] [--days] [--csv]",
	  "what tiers had and cost, beside what was promised",
	  "  --month MONTH      such as 2026-11, or all (default: this month); UTC\n"
	  "  --days             a row a day\n"
	  "  --csv              comma-separated values\n" ARGS_COMMON_HELP,
	  cli_ledger },
	{ "costs", "[STACK] [--days]",
	  "what stacks and tiers cost this month, beside their budget",
	  "  --days             each day of the month, with --json\n" ARGS_COMMON_HELP,
	  cli_costs },
	{ "holds", "[--stack S]", "holds in force", ARGS_COMMON_HELP, cli_list },
	{ "explain", "STACK/TIER [--at TIME]",
	  "why a tier has as many instances as it has",
	  "  --at TIME          the last decision recorded before then, RFC "
	  "3339\n" ARGS_COMMON_HELP,
	  cli_explain },
	{ "calendar", "STACK [--tier T]", "events of a stack and their uplift",
	  ARGS_COMMON_HELP, cli_calendar },
	{ "hold", "STACK[/TIER] --reason TEXT [--for 2h]", "stop scaling",
	  "  --reason TEXT      why, shown with the hold\n"
	  "  --for TIME         such as 30m, 2h or 1d (default: until it is "
	  "released)\n" ARGS_COMMON_HELP,
	  cli_hold },
	{ "release", "STACK[/TIER] | ID", "lift a hold", ARGS_COMMON_HELP, cli_release },
	{ "drain", "HOST [--dry-run] [--yes] [--force HOLD]",
	  "show what runs on a host, drain and remove it", ASKING_HELP ARGS_COMMON_HELP,
	  cli_drain },
	{ "drill", "STACK [--window W] [--for 60s] [--host H] [--yes] | --last [STACK]",
	  "make faults in a stack, and report what they cost",
	  "  --window WINDOW    it is refused outside of it, such as 'sun 02:00-04:00'\n"
	  "                     (default: the stack's own drill_window)\n"
	  "  --for TIME         how long a host is cut off, and the controller stopped\n"
	  "                     (default: 60s)\n"
	  "  --host HOST        that is killed (default: is chosen)\n"
	  "  --yes              do not ask\n"
	  "  --dry-run          only show\n"
	  "  --last             the report of the last one\n" ARGS_COMMON_HELP,
	  cli_drill },
	{ "backup", "FILE | FOLDER", "the controller's state in one file, with its keys",
	  ARGS_COMMON_HELP
	  "\nThe file holds secrets. The controller starts from it, see foretided(8).\n",
	  cli_backup },
	{ "logs", "UNIT [--lines N]", "the end of a unit's log",
	  "  --lines N          how many (default: 100)\n" ARGS_COMMON_HELP, cli_logs },
	{ "events", "[--follow]", "past events",
	  "  --follow           and new ones as they happen\n" ARGS_COMMON_HELP,
	  cli_events },
	{ "token", "list | create --name N [--role R] [--for 30d] | revoke ID",
	  "access tokens",
	  "  --name NAME        who or what it is for\n"
	  "  --role ROLE        viewer, operator or admin (default: viewer)\n"
	  "  --for TIME         how long it is valid (default: until it is "
	  "revoked)\n" ARGS_COMMON_HELP,
	  cli_token },
	{ "enroll", "machine NAME | pool NAME",
	  "the command that lets a machine wait to be a host",
	  ARGS_COMMON_HELP
	  "\nIt has the machine's key. A shell runs it, or cloud-init as user data.\n",
	  cli_enroll },
	{ "import", "STACK/TIER FILE.csv [--dry-run]", "history of a tier's demand",
	  "  --dry-run          only read and check it\n" ARGS_COMMON_HELP
	  "\nFILE.csv holds lines of timestamp,value: Unix seconds or milliseconds or\n"
	  "RFC 3339; a value holds until the next one, an empty one is missing.\n",
	  cli_import },
	{ "forget", "SELECTOR", "wait no longer for a source of demand that is silent",
	  ARGS_COMMON_HELP, cli_forget },
	{ "replay",
	  "[STACK/TIER] [--since 24h] [--until TIME] [--with FILE.conf] [--all]",
	  "repeat recorded decisions, and simulate other settings",
	  "  --since TIME       RFC 3339, or how long ago (default: 24h)\n"
	  "  --until TIME       the same (default: now)\n"
	  "  --with FILE.conf   simulate the recorded demand with the [tier NAME] "
	  "sections "
	  "of\n"
	  "                     this file, in the syntax of stack.conf; what they leave\n"
	  "                     out stays unchanged\n"
	  "  --all              show every difference, not only the first "
	  "20\n" ARGS_COMMON_HELP
	  "\nWithout a tier: all of them. Exit status 7: a recorded decision was not\n"
	  "repeated.\n",
	  cli_replay },
	{ "promote", "STACK/TIER [--to out|auto] [--force] [--yes] [--dry-run]",
	  "a tier's next mode, when a backtest on its past allows it",
	  "  --to MODE          out or auto (default: the next)\n"
	  "  --force            even when it is not eligible\n"
	  "  --yes              do not ask\n"
	  "  --dry-run          only show\n" ARGS_COMMON_HELP,
	  cli_promote },
	{ "local", "list | clean [--state-dir FOLDER]",
	  "hosts of the local driver on this machine",
	  "  --state-dir FOLDER  the driver's (default: /var/lib/foretide/local)\n"
	  "  --json              print the list as JSON\n\n"
	  "clean removes all of them, with their links, cgroups and folders.\n",
	  cli_local },
	{ "play", "--service STACK/SERVICE | --target HOST:PORT",
	  "send requests to a site at the rates of a trace",
	  "  --trace FILE.csv  timestamp,value; default: a built-in week\n"
	  "  --peak N          requests per second at its 99.9 % quantile (10)\n"
	  "  --fresh R         share of requests that no cache can answer (0.5)\n"
	  "  --time-scale N    how much faster than the clock (1)\n"
	  "  --start 8h        where in the trace to begin\n"
	  "  --for 1h          how much of the trace to play (all, again and "
	  "again)\n" ARGS_COMMON_HELP,
	  cli_play },
	{ "decide", "--jsonl", "decide on a stream of samples, one JSON line each",
	  "  --jsonl            a line is an init with the tier's settings, or a "
	  "sample;\n"
	  "                     see foretide(1)\n",
	  cli_decide },
	{ "forecast", "STACK/TIER | FILE.csv [--horizon 48h] | --jsonl",
	  "forecast a tier, a file, or JSON lines, in quantiles",
	  "  --horizon TIME     how far ahead (default: 48h of a file, 2h of a tier)\n"
	  "  --every TIME       between two lines of a file's forecast (default: a\n"
	  "                     round time, for 50 lines at most)\n"
	  "  --events FILE.ics  a calendar of events that move the file's demand\n"
	  "  --timezone ZONE    whose clock the file's days follow (default: UTC)\n"
	  "  --svg FILE         draw the end of the file and what is ahead\n"
	  "  --json             all of a file's forecast, for programs\n"
	  "  --jsonl            one request and one answer per line\n\n"
	  "FILE.csv holds lines of timestamp,value: Unix seconds or milliseconds or\n"
	  "RFC 3339; an empty value is a missing one. For a tier:\n" ARGS_COMMON_HELP,
	  cli_forecast },
	{ "backtest",
	  "FILE.csv --capacity N [--boot 180s] [--risk 0.5% | --price N] [...]",
	  "what scaling a recorded demand would have cost",
	  "  --capacity N       demand that one instance serves\n"
	  "  --boot TIME        from launch to serving (default: 180s)\n"
	  "  --risk SHARE       of time that may be short of capacity (default:\n"
	  "                     0.5%)\n"
	  "  --price N          in its place: instance-hours that a minute short costs\n"
	  "  --dwell TIME       how long fewer instances must suffice (default: 2m)\n"
	  "  --action-price N   instance-minutes that a change is worth avoiding for\n"
	  "                     (default: 10)\n"
	  "  --billing TIME     instances are paid for in units of it (default: by the\n"
	  "                     moment)\n"
	  "  --billing-min TIME what is paid of one at least (default: 0)\n"
	  "  --min N, --max N   bounds of the number of instances (default: 1, none)\n"
	  "  --step-out N       instances that may be starting at once (default: any)\n"
	  "  --step-in N        instances removed within any one dwell (default: any)\n"
	  "  --mode MODE        observe, out or auto (default: auto)\n"
	  "  --play TIME        the part at the end of the file to simulate (default:\n"
	  "                     14d, at most half of it)\n"
	  "  --svg FILE         draw it\n"
	  "  --events FILE.ics  a calendar of events that were announced\n"
	  "  --timezone ZONE    of its floating times (default: UTC)\n",
	  cli_backtest },
	{ NULL, NULL, NULL, NULL, NULL },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: foretide COMMAND [ARGUMENTS]\n\n");
	for (const struct cli_command *c = commands; c->name; c++)
		fprintf(to, "  %-10s %s\n", c->name, c->help);
	fprintf(to, "\nSee foretide COMMAND --help; foretide --version prints the "
		    "version.\nExit status: 0 done, 1 failed, 2 wrong usage, 3 the "
		    "controller does not\nanswer or is busy, 4 not allowed, 5 not found, "
		    "6 conflict with the current\nstate, on hold or not confirmed, 7 a "
		    "decision was not "
		    "repeated.\n");
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static void usage_of(FILE *to, const struct cli_command *c)
{
	fprintf(to, "usage: foretide %s%s%s\n", c->name, *c->args ? " " : "", c->args);
}

static int help_of(const struct cli_command *c)
{
	usage_of(stdout, c);
	printf("\n%s\n", c->help);
	if (c->more)
		printf("\n%s", c->more);
	return EXIT_OK;
}

static int run(const struct cli_command *c, int argc, char **argv)
{
	int status;

	if (wants_help(argc, argv))
		return help_of(c);
	status = c->run(argc, argv);
	if (status == EXIT_USAGE)
		usage_of(stderr, c);
	return status;
}

static const struct cli_command *find(const char *name)
{
	const struct cli_command *c = commands;

	while (c->name && strcmp(c->name, name) != 0)
		c++;
	return c->name ? c : NULL;
}

static int no_command(const char *name)
{
	if (*name == '-')
		fprintf(stderr, "foretide: the command comes first, then %s\n", name);
	else if (*name)
		fprintf(stderr, "foretide: no command '%s'\n", name);
	usage(stderr);
	return EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
	const char *name = argc >= 2 ? argv[1] : "";
	bool is_help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
		       strcmp(name, "help") == 0;
	const struct cli_command *c = find(is_help && argc >= 3 ? argv[2] : name);

	if (strcmp(name, "--version") == 0) {
		puts("foretide " FORETIDE_VERSION);
		return EXIT_OK;
	}
	if (is_help && argc < 3) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!c)
		return no_command(is_help ? argv[2] : name);
	return is_help ? help_of(c) : run(c, argc - 1, argv + 1);
}

/* What was printed is lost on a full disk, or where nobody reads: that is not done. */
static int end_of_output(int status)
{
	bool is_lost = ferror(stdout) != 0;

	is_lost |= fclose(stdout) != 0;
	if (!is_lost || status != EXIT_OK)
		return status;
	fprintf(stderr, "foretide: the output cannot be written: %s\n", strerror(errno));
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	gsl_set_error_handler_off();
	return end_of_output(dispatch(argc, argv));
}
