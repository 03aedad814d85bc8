/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.h - what every command needs: arguments, messages, tables and a connection to
 * the controller.
 */
#ifndef CLI_CLIENT_CLIENT_H
#define CLI_CLIENT_CLIENT_H

#include "api.h"
#include "args.h"
#include "exit_status.h"
#include "fields.h"
#include "one_call.h"
#include "progress.h"
#include "table.h"

#endif
