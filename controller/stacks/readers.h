/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers.h - the readers of a stack's files, one per kind, for stack_file_read().
 */
#ifndef CONTROLLER_STACKS_READERS_H
#define CONTROLLER_STACKS_READERS_H

#include "folder.h"

/* conf.c: name, timezone, domain, pools, tiers and secrets of stack.conf. */
int stack_conf_read(struct stack_file *s, const char *text, struct err *err) MUST_CHECK;

/* places.c: the line of an option, or of a section with option "". ERR_INVAL when it has
 * one already. */
int stack_place_add(struct stack_file *s, const char *section, const char *option,
		    int line, struct err *err);

/* unit_files.c: the units of the tiers, after stack.conf; sets the tiers' resources. */
int stack_units_read(struct stack_file *s, const json_t *files,
		     struct err *err) MUST_CHECK;

/* confd.c: the template resources with their templates. */
int stack_confd_read(struct stack_file *s, const json_t *files,
		     struct err *err) MUST_CHECK;

#endif
