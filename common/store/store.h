/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - client of the store (etcd v3 over its JSON gateway): calls on a loop
 * (client.h) or blocking (blocking.h), mirrors of prefixes, an etcd's users and roles
 * (users.h), and the JSON of the gateway, which the built-in store serves too.
 */
#ifndef COMMON_STORE_STORE_H
#define COMMON_STORE_STORE_H

#include "blocking.h"
#include "client.h"
#include "direct.h"
#include "etcd_json.h"
#include "mirror.h"
#include "users.h"

#endif
