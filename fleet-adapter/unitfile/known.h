/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * known.h - what of a unit file nobody reads, because its name is misspelt.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_KNOWN_H
#define FLEET_ADAPTER_UNITFILE_KNOWN_H

#include "options.h"
#include "words.h"

/*
 * Adds a line for each section that neither systemd nor Foretide reads, and for each
 * option of [Service] that systemd does not know: "units/web@.service:12: ...".
 */
void unit_file_warn(const struct unit_file *u, struct words *warnings);

#endif
