/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit.h - what our own supervisor knows of a unit, and of all of them.
 *
 * The layers of this room, each knowing those before it only:
 *   spec/                      the text of a unit file
 *   phase, result              names of what a unit does, and why it failed
 *   ids, env, dirs, notify, spawn, processes   its processes and what they are given
 *   save, load, list           its state file, its text, and where it is found
 *   deps                       the order among units
 *   commands, start, running, stop, restart    what a phase does, and which one follows
 *   machine                    takes a unit from phase to phase
 *   adopt, own                 units of a previous run; the operations of units.h
 */
#ifndef AGENT_UNITS_OWN_UNIT_H
#define AGENT_UNITS_OWN_UNIT_H

#include "log_streak.h"
#include "phase.h"
#include "process.h"
#include "result.h"
#include "spec.h"
#include "units.h"

#define UNIT_MAGIC 0x756e6974u
#define OWN_MAGIC 0x6f776e73u

struct own;

struct unit {
	uint32_t magic;
	struct own *own;
	struct unit *next;
	char *name, *hash, *text;
	struct unit_spec *spec;      /* NULL: the text is invalid */
	char *next_hash, *next_text; /* replaces the above once it is stopped */
	bool run, dropping, stop_asked, adopted;
	bool held;    /* in PHASE_STOP, until what is After= it has stopped */
	bool gone;    /* skipped by all but the reaper */
	bool unsaved; /* in PHASE_START_PRE, until its invocation is on the disk */
	enum phase phase;
	enum result result;
	char *message;
	int64_t since_ms, restarts;
	size_t cmd; /* index of the command of this phase that runs */
	struct proc_watch *main, *control;
	struct proc_exit main_exit;
	bool main_exited;
	struct loop_timer *deadline; /* of the phase; RestartSec in AUTO_RESTART */
	struct loop_timer *poll;     /* for a PID file, processes to end, or the disk */
	int64_t poll_ms;
	int64_t limit_since_mono_ms, limit_count;
	int notify_fd;
	struct log_streak strangers; /* whose notify messages were ignored */
	int64_t heard_since_mono_ms; /* the second that is counted */
	int n_ignored;               /* in it */
	struct loop_timer *hear_again;
	char invocation[33];
	struct cgroup cgroup;
};

struct own {
	struct units base;
	uint32_t magic;
	struct loop *loop;
	char *state_dir; /* of units: one file each */
	struct files *files;
	struct cgroup_root *cgroups;
	char *host;
	char machine_id[33], boot_id[33];
	int oom_score; /* of units that do not say */
	struct unit_log *log;
	units_change_fn *on_change;
	void *arg;
	struct unit *units;        /* by name */
	struct loop_timer *reaper; /* frees those that are gone */
	bool opening;              /* no callbacks yet */
};

#endif
