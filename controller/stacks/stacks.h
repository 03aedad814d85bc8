/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stacks.h - a stack as its author wrote it: its folder is read and checked, compared
 * with what is applied, and applied. Also when its announced events take place.
 */
#ifndef CONTROLLER_STACKS_STACKS_H
#define CONTROLLER_STACKS_STACKS_H

#include "apply.h"
#include "event_list.h"
#include "folder.h"

#endif
