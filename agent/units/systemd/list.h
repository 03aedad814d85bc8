/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.h - the units of this backend: added, found by name, removed.
 */
#ifndef AGENT_UNITS_SYSTEMD_LIST_H
#define AGENT_UNITS_SYSTEMD_LIST_H

#include "manager.h"

struct sd_unit *sysd_add(struct sysd *s, const char *name, const char *hash);
struct sd_unit *sysd_find(const struct sysd *s, const char *name);
void sysd_remove(struct sysd *s, struct sd_unit *u);
void sysd_remove_all(struct sysd *s);

bool sysd_is_stopped(const struct sd_unit *u);
void sysd_set_message(struct sd_unit *u, const char *text);

#endif
