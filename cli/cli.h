/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli.h - the sub-commands of foretide.
 *
 * A sub-command is one row of the table in main.c and one run function, in the file that
 * has its name. argv[0] is the sub-command's name, so that getopt() works on it
 * unchanged. main prints its --help from the row.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

struct cli_command {
	const char *name;
	const char *args; /* after the name, for the usage line */
	const char *help; /* one line */
	const char *more; /* options, one line each; NULL when there are none */
	int (*run)(int argc, char **argv);
};

int cli_decide(int argc, char **argv);
int cli_forecast(int argc, char **argv);
int cli_backtest(int argc, char **argv);

/* Clients of a controller. */
int cli_apply(int argc, char **argv);
int cli_ledger(int argc, char **argv);
int cli_costs(int argc, char **argv);
int cli_calendar(int argc, char **argv);
int cli_rollback(int argc, char **argv);
int cli_delete(int argc, char **argv);
int cli_list(int argc, char **argv); /* argv[0] is the list */
int cli_status(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_hold(int argc, char **argv);
int cli_release(int argc, char **argv);
int cli_drain(int argc, char **argv);
int cli_credentials(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_drill(int argc, char **argv);
int cli_logs(int argc, char **argv);
int cli_events(int argc, char **argv);
int cli_token(int argc, char **argv);
int cli_enroll(int argc, char **argv);
int cli_forget(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_replay(int argc, char **argv);
int cli_promote(int argc, char **argv);
int cli_play(int argc, char **argv);

/* The local driver's hosts on this machine. */
int cli_local(int argc, char **argv);

#endif
