/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - reads files of samples (CSV), events (iCalendar) and settings of tiers.
 */
#ifndef CLI_FILES_FILES_H
#define CLI_FILES_FILES_H

#include "events.h"
#include "series.h"
#include "tier_settings.h"

#endif
