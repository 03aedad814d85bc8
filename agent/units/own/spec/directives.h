/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directives.h - the options of unit files by kind: each takes one assignment into its
 * place in the spec. For spec.c only.
 */
#ifndef AGENT_UNITS_OWN_SPEC_DIRECTIVES_H
#define AGENT_UNITS_OWN_SPEC_DIRECTIVES_H

#include "spec.h"

/* One assignment: the value has its specifiers expanded where its option allows it. */
struct assignment {
	struct unit_spec *s;
	const struct unit_specifiers *spec;
	const char *name;
	const char *value;
	struct err *err;
};

typedef int unit_spec_set_fn(const struct assignment *a, void *place);

unit_spec_set_fn unit_spec_set_flag;
unit_spec_set_fn unit_spec_set_span;
unit_spec_set_fn unit_spec_set_timeout;
unit_spec_set_fn unit_spec_set_timeout_start;
unit_spec_set_fn unit_spec_set_timeout_both;
unit_spec_set_fn unit_spec_set_int;
unit_spec_set_fn unit_spec_set_tasks;
unit_spec_set_fn unit_spec_set_mode;
unit_spec_set_fn unit_spec_set_sig;
unit_spec_set_fn unit_spec_set_text;
unit_spec_set_fn unit_spec_set_words;
unit_spec_set_fn unit_spec_set_env_file;
unit_spec_set_fn unit_spec_set_type;
unit_spec_set_fn unit_spec_set_restart;
unit_spec_set_fn unit_spec_set_notify_access;
unit_spec_set_fn unit_spec_set_kill_mode;
unit_spec_set_fn unit_spec_set_workdir;
unit_spec_set_fn unit_spec_set_output;
unit_spec_set_fn unit_spec_set_exits;
unit_spec_set_fn unit_spec_set_cmds;
int unit_spec_set_limit(const struct assignment *a, int resource);
void unit_cmds_clear(struct unit_cmds *c);

#endif
