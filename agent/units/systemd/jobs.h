/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jobs.h - brings units to what is wanted: files written and read by systemd, then jobs
 * that start, stop or reload them.
 */
#ifndef AGENT_UNITS_SYSTEMD_JOBS_H
#define AGENT_UNITS_SYSTEMD_JOBS_H

#include "manager.h"

/* StartUnit, StopUnit, ReloadUnit, RestartUnit. */
void sysd_job(const struct sd_unit *u, const char *method);
/* What all units need next; to be called from the timer s->work. */
void sysd_work(struct sysd *s);

#endif
