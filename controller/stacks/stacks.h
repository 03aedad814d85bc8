/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stacks.h - stack folders: read and checked, compared with the applied stack, and
 * applied, with warnings of what contradicts itself. Also when the events that they
 * announce take place.
 */
#ifndef CONTROLLER_STACKS_STACKS_H
#define CONTROLLER_STACKS_STACKS_H

#include "apply.h"
#include "drill_window.h"
#include "event_list.h"
#include "folder.h"
#include "names.h"
#include "roll_back.h"
#include "warnings.h"

#endif
