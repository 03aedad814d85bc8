/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * units.h - what runs units on this host: our own supervisor, or systemd over D-Bus.
 *
 * Both keep units running when the agent exits. States have systemd's names.
 */
#ifndef AGENT_UNITS_UNITS_H
#define AGENT_UNITS_UNITS_H

#include "cleanup.h"
#include "err.h"
#include "net.h"
#include "output.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct unit_status {
	const char *name;
	const char *hash;
	const char *load;    /* loaded, error */
	const char *active;  /* active, reloading, inactive, failed, (de)activating */
	const char *sub;     /* running, exited, dead, ... */
	const char *message; /* why it is not as it should be, or "" */
	int64_t restarts;
	int64_t since_ms; /* calendar time of the last change of active or sub */
	pid_t main_pid;   /* 0: none */
	bool adopted;     /* it was running when this agent started */
	bool want_run;
};

struct units;

struct units_ops {
	const char *name;
	void (*set)(struct units *u, const char *name, const char *hash, const char *text,
		    bool run);
	void (*drop)(struct units *u, const char *name);
	int (*reload)(struct units *u, const char *name, struct err *err);
	int (*restart)(struct units *u, const char *name, struct err *err);
	bool (*get)(const struct units *u, const char *name, struct unit_status *ret);
	const char *(*at)(const struct units *u, size_t i);
	double (*cpu_seconds)(const struct units *u, const char *name);
	void (*close)(struct units *u);
};

struct units {
	const struct units_ops *ops;
};

/* A unit's status changed, or it is gone (units_get() returns false). From the loop
 * only. */
typedef void units_change_fn(void *arg, const char *name);

struct units_opts {
	const char *state_dir;   /* exists; the backend creates what it needs below */
	const char *cgroup_name; /* groups are made below OWN/NAME; NULL: no groups */
	const char *host;        /* name, for specifiers */
	struct unit_log *log;    /* NULL: output goes to /dev/null */
	units_change_fn *on_change;
	void *arg;
};

void units_close(struct units *u); /* all units keep running */
DEFINE_CLEANUP(struct units *, units_close);

/*
 * The unit should exist with this text, and run or not. If the hash has changed, it is
 * stopped, replaced and started. Equal calls change nothing: a unit that failed stays
 * failed. An invalid text sets load to "error" and message to the reason.
 */
void units_set(struct units *u, const char *name, const char *hash, const char *text,
	       bool run);
/* Stops and forgets it. */
void units_drop(struct units *u, const char *name);
/* ERR_CONFLICT when it is not running, ERR_NOT_FOUND when there is no such unit. */
int units_reload(struct units *u, const char *name, struct err *err) MUST_CHECK;
/* Stops it and starts it again, with the same text. Errors as of units_reload(). */
int units_restart(struct units *u, const char *name, struct err *err) MUST_CHECK;
/* The strings are valid until the loop runs again. */
bool units_get(const struct units *u, const char *name, struct unit_status *ret);
/* The name of the i-th unit, NULL after the last. */
const char *units_at(const struct units *u, size_t i);
/* CPU time used since its start, seconds; negative when not known. */
double units_cpu_seconds(const struct units *u, const char *name);

#endif
