/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.h - what this host is to the controller and the store: its address, its key and
 * certificate and that of its programs, its lease, and the copies of keys that modules
 * share.
 */
#ifndef AGENT_HOST_HOST_H
#define AGENT_HOST_HOST_H

#include "address.h"
#include "enroll.h"
#include "group.h"
#include "key.h"
#include "lease.h"
#include "programs.h"
#include "store_copy.h"

#endif
