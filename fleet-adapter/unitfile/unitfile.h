/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unitfile.h - unit files: their text, names and the sections that we add.
 */
#ifndef FLEET_ADAPTER_UNITFILE_UNITFILE_H
#define FLEET_ADAPTER_UNITFILE_UNITFILE_H

#include "strings.h"
#include "unit_file.h"
#include "unit_name.h"
#include "x_fleet.h"
#include "x_service.h"

#endif
