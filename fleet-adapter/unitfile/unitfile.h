/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unitfile.h - unit files as fleet and systemd write them: their text and options, names
 * of units, specifiers, and the sections that fleet and Foretide add.
 */
#ifndef FLEET_ADAPTER_UNITFILE_UNITFILE_H
#define FLEET_ADAPTER_UNITFILE_UNITFILE_H

#include "fleet_section.h"
#include "known.h"
#include "metrics_section.h"
#include "name.h"
#include "options.h"
#include "parse.h"
#include "resources_section.h"
#include "service_section.h"
#include "specifiers.h"
#include "words.h"

#endif
