/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit_file.h - files of units in /run/systemd/system. They begin with "# foretide HASH",
 * by which they are found again.
 */
#ifndef AGENT_UNITS_SYSTEMD_UNIT_FILE_H
#define AGENT_UNITS_SYSTEMD_UNIT_FILE_H

#include "manager.h"

int sysd_file_write(const struct sd_unit *u, struct err *err) MUST_CHECK;
void sysd_file_remove(const struct sd_unit *u);
/* Adds the units whose files a previous run of the agent wrote. */
void sysd_files_adopt(struct sysd *s);

#endif
