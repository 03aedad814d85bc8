/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spec.h - what a unit file sets for our own supervisor, parsed once.
 *
 * Options and their meaning follow systemd.service(5), systemd.exec(5), systemd.kill(5)
 * and systemd.unit(5). Options that we do not act on are kept by name, for a warning.
 */
#ifndef AGENT_UNITS_OWN_SPEC_SPEC_H
#define AGENT_UNITS_OWN_SPEC_SPEC_H

#include "cleanup.h"
#include "err.h"
#include "specifiers.h"
#include "strv.h"
#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

enum unit_type { UNIT_SIMPLE, UNIT_EXEC, UNIT_FORKING, UNIT_ONESHOT, UNIT_NOTIFY };

enum unit_exec {
	UNIT_EXEC_START_PRE,
	UNIT_EXEC_START,
	UNIT_EXEC_START_POST,
	UNIT_EXEC_RELOAD,
	UNIT_EXEC_STOP,
	UNIT_EXEC_STOP_POST,
	UNIT_EXEC_N,
};

enum unit_restart {
	UNIT_RESTART_NO,
	UNIT_RESTART_ON_SUCCESS,
	UNIT_RESTART_ON_FAILURE,
	UNIT_RESTART_ON_ABNORMAL,
	UNIT_RESTART_ON_WATCHDOG,
	UNIT_RESTART_ON_ABORT,
	UNIT_RESTART_ALWAYS,
};

enum unit_kill_mode {
	UNIT_KILL_GROUP,
	UNIT_KILL_PROCESS,
	UNIT_KILL_MIXED,
	UNIT_KILL_NONE
};

/* Whose notify messages count; "none" for a unit that sends READY=1 is "main". */
enum unit_notify_access {
	UNIT_NOTIFY_NONE,
	UNIT_NOTIFY_BY_MAIN,
	UNIT_NOTIFY_BY_EXEC, /* and the commands of ExecStartPre= and the like */
	UNIT_NOTIFY_BY_ALL,  /* every process of the unit */
};

struct unit_cmd {
	char **words;        /* words[0] is the program's path */
	char *argv0;         /* with the prefix @, else NULL */
	bool ignore_failure; /* - */
	bool privileged;     /* + ! !!: not as User= */
	bool no_substitute;  /* : */
};

struct unit_cmds {
	struct unit_cmd *v;
	size_t n;
};

struct unit_limit {
	int resource;
	struct rlimit limit;
};

/* Exit codes and signals, as in SuccessExitStatus=. */
struct unit_exits {
	uint8_t codes[32]; /* one bit per code */
	uint64_t signals;  /* bit n: signal n */
};

#define UNIT_DIRS_N 5 /* Runtime, State, Cache, Logs, Configuration */

struct unit_spec {
	char *name;
	enum unit_type type;
	bool type_given;
	enum unit_notify_access notify_access;
	struct unit_cmds cmds[UNIT_EXEC_N];
	enum unit_restart restart;
	int64_t restart_ms;
	int64_t start_limit_ms;
	int64_t start_limit_burst; /* 0: no limit */
	int64_t timeout_start_ms;  /* -1: none */
	int64_t timeout_stop_ms;   /* -1: none */
	bool timeout_start_given;
	char **env;       /* NAME=VALUE */
	char **env_files; /* a leading - makes the file optional */
	char *workdir;
	bool workdir_optional;
	char *user, *group;
	char *pid_file;
	bool remain_after_exit;
	bool no_new_privs;
	int kill_signal;
	bool send_sigkill;
	enum unit_kill_mode kill_mode;
	struct unit_limit limits[16];
	size_t n_limits;
	char **dirs[UNIT_DIRS_N];
	int64_t dir_mode;
	int64_t umask;
	int64_t nice;
	int64_t oom_score_adjust; /* INT64_MIN: unchanged */
	int64_t tasks_max;        /* 0: not given; -1: no limit */
	double tasks_share;       /* instead, unless 0: of the host's */
	bool output_null, error_null;
	struct unit_exits success, prevent;
	char **after, **before, **requires, **wants, **binds_to, **part_of;
	char **ignored; /* names of options that have no effect here */
};

/* The folders under which unit_spec.dirs are made, in the same order, and their
 * environment variables. */
extern const char *const unit_dir_roots[UNIT_DIRS_N];
extern const char *const unit_dir_vars[UNIT_DIRS_N];

/*
 * Parses unit text. specifiers.unit names it. The caller owns *ret. ERR_INVAL, with the
 * option's name, for an invalid value, or a service without a command.
 */
int unit_spec_parse(const char *text, const struct unit_specifiers *specifiers,
		    struct unit_spec **ret, struct err *err) MUST_CHECK;
void unit_spec_free(struct unit_spec *s);
DEFINE_CLEANUP(struct unit_spec *, unit_spec_free);

bool unit_exits_has(const struct unit_exits *e, bool signalled, int code_or_signal);

#endif
