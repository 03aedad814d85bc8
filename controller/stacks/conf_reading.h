/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_reading.h - stack.conf while it is read: the database's structs with what belongs
 * to a section besides.
 */
#ifndef CONTROLLER_STACKS_CONF_READING_H
#define CONTROLLER_STACKS_CONF_READING_H

#include "folder.h"
#include "rule.h"

struct pool_conf {
	struct db_pool p;
	char *memory;
	json_t *rest; /* options of the driver */
	int line;
};

struct tier_conf {
	struct db_tier t;
	char *mode, *rollback;
	struct calendar calendar;
	int line;
};

struct stack_head {
	char *name, *timezone, *domain, *rollback, *drill_window, *budget;
};

struct conf_reading {
	struct stack_file *s;
	struct stack_head head;
	bool has_head;
	struct pool_conf *pools;
	size_t n_pools;
	struct tier_conf *tiers;
	size_t n_tiers;
};

/* conf_check.c: checks what was read, completes it, and moves it into r->s. */
int stack_conf_check(struct conf_reading *r, struct err *err) MUST_CHECK;

#endif
