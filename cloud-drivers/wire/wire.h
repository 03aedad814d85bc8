/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.h - what controller and driver process say to each other: JSON, a line a message,
 * as foretide-drivers(7) shows them.
 */
#ifndef CLOUD_DRIVERS_WIRE_H
#define CLOUD_DRIVERS_WIRE_H

#include "lines.h"
#include "messages.h"

#define WIRE_PROTOCOL 1
#define WIRE_LINE_MAX (1024u * 1024u) /* bytes of a line, either way */

#endif
