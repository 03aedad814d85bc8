/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dirs.h - the folders of a unit: RuntimeDirectory=, StateDirectory= and the like.
 */
#ifndef AGENT_UNITS_OWN_DIRS_H
#define AGENT_UNITS_OWN_DIRS_H

#include "unit.h"

int unit_make_dirs(struct unit *u, struct err *err) MUST_CHECK;
void unit_remove_runtime_dirs(const struct unit *u);

#endif
