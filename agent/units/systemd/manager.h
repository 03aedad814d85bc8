/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manager.h - what this backend knows of systemd and of its units.
 *
 * list.c keeps the units, unit_file.c their files, call.c makes calls on the bus, state.c
 * follows their states, jobs.c brings them to what is wanted.
 */
#ifndef AGENT_UNITS_SYSTEMD_MANAGER_H
#define AGENT_UNITS_SYSTEMD_MANAGER_H

#include "units.h"

#include <systemd/sd-bus.h>

#define SYSTEMD_MAGIC 0x73797364u
#define SD_NAME "org.freedesktop.systemd1"
#define SD_PATH "/org/freedesktop/systemd1"
#define SD_MANAGER SD_NAME ".Manager"

struct sysd;

struct sd_unit {
	struct sd_unit *next;
	struct sysd *s;
	char *name, *hash, *text; /* text: to be written; NULL: written */
	char *next_hash, *next_text;
	bool run, dropping, adopted;
	bool ready; /* systemd has read the file */
	bool asked; /* to start or stop it, as run says */
	char active[24], sub[32], load[16];
	char *message;
	int64_t since_ms, restarts;
	pid_t main_pid;
};

struct sysd {
	struct units base;
	uint32_t magic;
	struct loop *loop;
	sd_bus *bus;
	int fd;
	struct loop_timer *timer; /* sd-bus' own time-outs */
	struct loop_timer *work;  /* files to write, jobs to ask for */
	bool reloading, reload_again;
	struct sd_unit *units;
	units_change_fn *on_change;
	void *arg;
};

#endif
