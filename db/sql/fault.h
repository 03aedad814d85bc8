/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - what is wrong with the file, as the calls on it have found; for db/ only.
 */
#ifndef DB_SQL_FAULT_H
#define DB_SQL_FAULT_H

#include <pthread.h>
#include <stdint.h>

#include "err.h"

struct db;

enum db_fault {
	DB_SOUND,
	DB_NO_SPACE,   /* nothing can be written until there is space */
	DB_UNWRITABLE, /* an I/O error, a read-only disk */
	DB_DAMAGED,
	DB_REPLACED, /* the file at the path is not the one that is open */
};

/* The last one; under its lock. */
struct db_fault_note {
	pthread_mutex_t lock;
	enum db_fault kind;
	char message[ERR_MSG_MAX];
	int64_t checked_mono_ms; /* when a damaged file was looked at again */
};

void db_fault_init(struct db_fault_note *n);
void db_fault_done(struct db_fault_note *n);
/* A call failed for it. Damage is not covered up by what follows from it. */
void db_fault_note(struct db_fault_note *n, enum db_fault kind, const char *message);
/* A commit succeeded: there is space again. Damage stays. */
void db_fault_written(struct db_fault_note *n);

#endif
