/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.h - this host towards the controller and the store: its address, certificate and
 * lease, and copies of what it reads there.
 */
#ifndef AGENT_HOST_HOST_H
#define AGENT_HOST_HOST_H

#include "address.h"
#include "enroll.h"
#include "key.h"
#include "lease.h"
#include "store_copy.h"

#endif
