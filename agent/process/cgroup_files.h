/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup_files.h - where the kernel shows control groups, and their files. Inside the
 * room only.
 *
 * A hierarchy is named by one of its controllers, or by "name=systemd"; "": that of v2.
 */
#ifndef AGENT_PROCESS_CGROUP_FILES_H
#define AGENT_PROCESS_CGROUP_FILES_H

/* Where a hierarchy is mounted; NULL: nowhere. */
char *cgroup_mount_point(const char *controller);
/* The folder of our own group; the mount point where our path is not visible in it; NULL:
 * there is none. */
char *cgroup_own_dir(const char *controller);

/* A group's file; NULL, or negative, when it cannot be read. */
char *cgroup_read(const char *dir, const char *name);
double cgroup_read_number(const char *dir, const char *name);

#endif
