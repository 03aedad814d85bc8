/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * process.h - a host's init as a process of this machine.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_PROCESS_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_PROCESS_H

#include "meta.h"

/* Start time in clock ticks since boot; 0 for no such process or a zombie. */
uint64_t process_start(pid_t pid);
int machine_boot_id(char ret[40], struct err *err) MUST_CHECK;
bool init_is_alive(const struct meta *m);
/* Inits that this process has made and that have ended, whoever has removed their hosts,
 * leave nothing in the kernel; other children are left alone. */
void reap_inits(void);
/* Kills the init and waits until it and all its processes have exited. */
int init_kill(const struct meta *m, int64_t wait_ms, struct err *err) MUST_CHECK;

#endif
