/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.h - what the commands share: arguments, calls of the controller's API, exit
 * status and messages, tables and progress.
 */
#ifndef CLI_CLIENT_CLIENT_H
#define CLI_CLIENT_CLIENT_H

#include "api.h"
#include "args.h"
#include "confirm.h"
#include "exit_status.h"
#include "fields.h"
#include "one_call.h"
#include "path.h"
#include "printable.h"
#include "progress.h"
#include "table.h"

#endif
