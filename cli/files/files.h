/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - files of samples and events read, and pictures drawn.
 */
#ifndef CLI_FILES_FILES_H
#define CLI_FILES_FILES_H

#include "events.h"
#include "pictures.h"
#include "series.h"

#endif
