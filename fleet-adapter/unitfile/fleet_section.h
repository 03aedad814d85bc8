/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet_section.h - the [X-Fleet] section: where a unit may run.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_FLEET_SECTION_H
#define FLEET_ADAPTER_UNITFILE_FLEET_SECTION_H

#include "cleanup.h"
#include "options.h"
#include "words.h"

#include <stdbool.h>

struct x_fleet {
	char *machine_id;        /* only this host; NULL for any */
	struct words machine_of; /* units whose host it must share */
	struct words
		metadata; /* "key=value": alternatives for one key; all keys must match */
	struct words conflicts; /* globs of units that it must not share a host with */
	struct words replaces;  /* globs of units that it replaces on a host */
	bool global;            /* on every host that metadata and conflicts allow */
};

/*
 * Reads and checks the section.
 *
 *   name      the unit's own name, for the specifiers %n %N %p %i in values
 *   ret       the caller's; x_fleet_done() also after a failure
 *   warnings  gets one line for each unknown key and each malformed metadata pair, both
 *             of which are ignored, as in fleet; may be NULL
 *
 * Old names (X-ConditionMachineID, X-Conflicts, ...) are accepted. Lists may be
 * given in several lines or, quoted or not, in one. ERR_INVAL for contradictory
 * options: MachineID with MachineOf, Conflicts, Global or Replaces; Global with
 * MachineOf or Replaces; Conflicts with Replaces; a unit in MachineOf that Conflicts or
 * Replaces match; and for an invalid name in MachineOf.
 */
int x_fleet_read(const struct unit_file *u, const char *name, struct x_fleet *ret,
		 struct words *warnings, struct err *err) MUST_CHECK;
void x_fleet_done(struct x_fleet *x);
DEFINE_CLEANUP_OBJECT(struct x_fleet, x_fleet_done);

/* Whether a host of these "key=value" pairs has the required metadata. */
bool x_fleet_metadata_fits(const struct x_fleet *x, const struct words *host);

/*
 * Whether the host is the one that MachineID names: by its full id, by its first eight
 * characters, or by the eight after its last dash, which distinguish our hosts. True when
 * no MachineID is given.
 */
bool x_fleet_is_machine(const struct x_fleet *x, const char *host_id);

#endif
