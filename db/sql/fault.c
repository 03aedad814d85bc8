/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"

#include "check.h"

#include <stdio.h>

void db_fault_init(struct db_fault_note *n)
{
	*n = (struct db_fault_note){ .kind = DB_SOUND };
	CHECK(pthread_mutex_init(&n->lock, NULL) == 0);
}

void db_fault_done(struct db_fault_note *n)
{
	pthread_mutex_destroy(&n->lock);
}

void db_fault_note(struct db_fault_note *n, enum db_fault kind, const char *message)
{
	pthread_mutex_lock(&n->lock);
	if (kind >= n->kind) {
		n->kind = kind;
		snprintf(n->message, sizeof(n->message), "%s", message);
	}
	pthread_mutex_unlock(&n->lock);
}

void db_fault_written(struct db_fault_note *n)
{
	pthread_mutex_lock(&n->lock);
	if (n->kind < DB_DAMAGED)
		n->kind = DB_SOUND;
	pthread_mutex_unlock(&n->lock);
}
