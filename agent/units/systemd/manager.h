/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manager.h - inside of units_systemd: systemd.c writes files and asks
 * for jobs, state.c follows what systemd tells.
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

/* A question about one unit; the answer finds it by name, since it may be gone. */
struct job {
	struct sysd *s;
	char *name;
};

struct sd_unit *sysd_find(const struct sysd *s, const char *name);
void sysd_work_soon(struct sysd *s);
void sysd_set_message(struct sd_unit *u, const char *text);

struct job *sysd_job_new(const struct sd_unit *u);
/* The bus owns the question from here on, if it took it (r >= 0). */
void sysd_job_hand_over(struct job *j, sd_bus_slot *slot, int r);
/* Asks for all states; units_change_fn is called for what differs. */
void sysd_list_all(struct sysd *s);
void sysd_ask_main_pid(const struct sd_unit *u);
int sysd_on_properties(sd_bus_message *m, void *arg, sd_bus_error *error);

#endif
