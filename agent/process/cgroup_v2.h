/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup_v2.h - limits below a group of cgroup v2, which the kernel allows only when no
 * process is in that group itself. Inside the room only.
 */
#ifndef AGENT_PROCESS_CGROUP_V2_H
#define AGENT_PROCESS_CGROUP_V2_H

#include <stdbool.h>

/* Where the processes of our own group are moved to, the agent among them: below it. */
#define CGROUP_MAIN "foretide-agent.main"

/*
 * Lets the groups below dir, our own, count processes; never below a service of systemd's
 * (scope.h).
 */
bool cgroup_count_below(const char *dir);

/* Writes to a file of a group; false, with errno, when the kernel refuses it. */
bool cgroup_write(const char *dir, const char *name, const char *text);

#endif
