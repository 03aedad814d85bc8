/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit.h - inside of our own supervisor; for units_own*.c only.
 *
 * own.c keeps the list and finds units again, machine.c and
 * stop.c are the life of one unit, env.c makes ready what its
 * processes are given, spawn.c starts and kills its processes, save.c
 * keeps its state on disk, deps.c orders units among each other.
 */
#ifndef AGENT_UNITS_OWN_UNIT_H
#define AGENT_UNITS_OWN_UNIT_H

#include "process.h"
#include "spec.h"
#include "text.h"
#include "units.h"

#define UNIT_MAGIC 0x756e6974u
#define OWN_MAGIC 0x6f776e73u

enum phase {
	PHASE_DEAD,
	PHASE_WAITING, /* for a unit it is After= */
	PHASE_START_PRE,
	PHASE_START,
	PHASE_START_POST,
	PHASE_RUNNING,
	PHASE_EXITED,
	PHASE_RELOAD,
	PHASE_STOP,
	PHASE_STOP_SIGTERM,
	PHASE_STOP_SIGKILL,
	PHASE_STOP_POST,
	PHASE_FAILED,
	PHASE_AUTO_RESTART,
	PHASE_N,
};

/* Why a unit is failed; RESULT_SUCCESS when it is not. */
enum result {
	RESULT_SUCCESS,
	RESULT_EXIT_CODE,
	RESULT_SIGNAL,
	RESULT_TIMEOUT,
	RESULT_PROTOCOL,
	RESULT_RESOURCES,
	RESULT_START_LIMIT,
	RESULT_DEPENDENCY,
	RESULT_N,
};

struct own;

struct unit {
	uint32_t magic;
	struct own *own;
	struct unit *next;
	char *name, *hash, *text;
	struct unit_spec *spec;      /* NULL: the text is wrong */
	char *next_hash, *next_text; /* replaces the above once it is stopped */
	bool run, dropping, stop_asked, adopted;
	bool held; /* in PHASE_STOP, until what is After= it has stopped */
	bool gone; /* out of the list for all but the reaper */
	enum phase phase;
	enum result result;
	char *message;
	int64_t since_ms, restarts;
	size_t cmd;   /* index of the command of this phase that runs */
	bool started; /* got as far as running, so ExecStop applies */
	struct proc_watch *main, *control;
	struct proc_exit main_exit;
	bool main_exited;
	struct loop_timer *deadline; /* of the phase; RestartSec in AUTO_RESTART */
	struct loop_timer *poll;     /* for a PID file, or for processes to end */
	int64_t poll_ms;
	int64_t limit_since_mono_ms, limit_count;
	int notify_fd;
	char invocation[33];
	struct cgroup cgroup;
};

struct own {
	struct units base;
	uint32_t magic;
	struct loop *loop;
	char *state_dir; /* of units: one file each */
	struct cgroup_root *cgroups;
	char *host;
	char machine_id[33], boot_id[33];
	struct unit_log *log;
	units_change_fn *on_change;
	void *arg;
	struct unit *units;        /* by name */
	struct loop_timer *reaper; /* frees those that are gone */
	bool opening;              /* no callbacks yet */
};

extern const char *const result_names[RESULT_N];

/* ---- own.c */
struct unit *own_add(struct own *o, const char *name);
struct unit *own_find(const struct own *o, const char *name);
void unit_remove(struct unit *u); /* it is gone; freed later, so callers may go on */
struct unit *own_next(
	struct unit *u); /* u itself, or the first behind it that is not gone */
int unit_load(struct unit *u, struct err *err) MUST_CHECK; /* text to spec */

/* ---- machine.c */
const char *phase_active(enum phase p);
const char *phase_sub(enum phase p);
bool unit_is_idle(const struct unit *u); /* dead or failed */
bool unit_is_up(const struct unit *u);   /* running, exited or reloading */
void unit_start(struct unit *u);
void unit_stop(struct unit *u);
int unit_reload(struct unit *u, struct err *err) MUST_CHECK;
/* Goes on from where an earlier life of the agent left it; main is watched or gone. */
void unit_resume(struct unit *u);
void unit_main_exited(void *arg, struct proc_exit how);
void unit_on_deadline(void *arg);
void unit_on_poll(void *arg);
void unit_fail(struct unit *u, enum result why, const char *message);

/* ---- between machine.c and stop.c */
#define POLL_FIRST_MS 5
#define POLL_MOST_MS 200
void unit_set_phase(struct unit *u, enum phase phase); /* saves and tells it */
void unit_set_deadline(struct unit *u, int64_t ms);    /* negative: none */
void unit_set_poll(struct unit *u);
void unit_run_cmds(struct unit *u, enum phase phase); /* the commands of the phase */
void unit_next_cmd(struct unit *u);
void unit_cmds_done(struct unit *u); /* of this phase: goes on to the next */
void unit_enter_running(struct unit *u);
void unit_enter_signal(struct unit *u, enum phase phase);
void unit_finish(struct unit *u);
bool unit_exit_is_clean(const struct unit *u, struct proc_exit how);
void unit_fail_by_exit(struct unit *u, const char *what, struct proc_exit how);

/* ---- spawn.c */
int unit_spawn(struct unit *u, enum unit_exec kind, const struct unit_cmd *cmd,
	       pid_t *ret, struct err *err) MUST_CHECK;
int unit_make_dirs(struct unit *u, struct err *err) MUST_CHECK;
void unit_remove_runtime_dirs(const struct unit *u);
int unit_open_notify(struct unit *u, struct err *err) MUST_CHECK;
void unit_close_notify(struct unit *u);
/* Signals all its processes, or only main and control; leaves main out on request. */
void unit_kill(struct unit *u, int signo, bool all, bool but_main);
bool unit_has_processes(struct unit *u, bool all);
/* From PIDFile=, or the only process there is; 0 when there is none yet. */
pid_t unit_guess_main(struct unit *u);
/* READY=1, MAINPID=, STATUS= as they come; in the machine. */
void unit_notified(struct unit *u, char *message);

/* ---- save.c */
void unit_save(const struct unit *u);
void unit_save_remove(const struct unit *u);
/* Adds what the files tell to the list; processes are looked for, nothing is started. */
void own_restore(struct own *o);

/* ---- deps.c */
/* Something it is After= is on its way up (or down) still. */
bool unit_must_wait(const struct unit *u);
/* Starts what it Requires= or Wants= among the units here; false: one of them failed. */
bool unit_pull(struct unit *u);
/* Others that wait for it, or that it takes down with it, are looked at. */
void unit_tell_others(struct unit *u);
/* One that is After= it still stops, so it has to wait with its own stop. */
bool unit_stop_must_wait(const struct unit *u);

#endif
