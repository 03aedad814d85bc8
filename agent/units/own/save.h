/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * save.h - the state file of a unit, from which an agent that is restarted adopts it.
 */
#ifndef AGENT_UNITS_OWN_SAVE_H
#define AGENT_UNITS_OWN_SAVE_H

#include "text.h"
#include "unit.h"

void unit_save(struct unit *u);
/* The same, and u->unsaved is set: u->poll is due once it is written, or cannot be. */
void unit_save_and_hold(struct unit *u);
void unit_save_remove(const struct unit *u);

/* Reads a state file: the caller owns *ret, *ret_name is in it. ERR_NOT_FOUND when it is
 * from before the machine's last boot. */
int saved_open(const struct own *o, const char *path, json_t **ret, const char **ret_name,
	       struct err *err) MUST_CHECK;
/* Sets all of u but its processes. */
int saved_read(const json_t *doc, struct unit *u, struct err *err) MUST_CHECK;
/* Groups that still exist. */
void saved_read_cgroup(const json_t *doc, struct cgroup *ret);
/* The process under "main" or "control"; false: none. */
bool saved_read_process(const json_t *doc, const char *which, pid_t *ret_pid,
			uint64_t *ret_start);

#endif
