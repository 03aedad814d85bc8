/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machines.h - the machines that are declared.
 *
 *	[rack-1]
 *	address = 192.0.2.11
 *	cpu = 8
 *	memory = 32G
 *	type = big
 *	mac = 52:54:00:12:34:56
 *	power_off = ipmitool -H rack-1-bmc power soft
 */
#ifndef STATIC_MACHINES_H
#define STATIC_MACHINES_H

#include "cleanup.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

#define MACHINES_MAX 2000
#define MACHINE_TYPE "machine" /* of one that names none */

struct machine {
	char *name;
	char *address; /* NULL: it tells its own when it joins */
	double cpu;
	char *memory_text;
	int64_t memory_bytes;
	char *type;
	char *mac;       /* it wakes by it; NULL */
	char *broadcast; /* where that is sent to */
	unsigned char mac_bytes[6];
	char *power_on, *power_off; /* commands; NULL */
};

struct machines {
	struct machine *v;
	size_t n;
};

/*
 * Reads the file. Its commands run with this process's rights: it must belong to root or
 * to this user, and nobody else may write it. ERR_NOT_FOUND; ERR_DENIED; ERR_INVAL names
 * the line, or the machine and what it lacks. The caller frees with machines_done().
 */
int machines_read(const char *path, struct machines *ret, struct err *err) MUST_CHECK;
void machines_done(struct machines *m);
DEFINE_CLEANUP_OBJECT(struct machines, machines_done);

/* NULL: there is none of that name. */
const struct machine *machines_find(const struct machines *m, const char *name);

#endif
