/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ended.h - launch ids whose hosts were terminated: they launch no other host. Each is an
 * empty file STATE/ended/LAUNCH-ID, which is kept for a week.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_ENDED_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_ENDED_H

#include "state_folder.h"

/* Before the host is removed. */
int ended_note(const struct state *s, const char *launch_id, struct err *err) MUST_CHECK;
bool ended_has(const struct state *s, const char *launch_id);

#endif
