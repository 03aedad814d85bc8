/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - the store's client: etcd v3 over its JSON gateway, and mirrors of its
 * prefixes.
 */
#ifndef COMMON_STORE_STORE_H
#define COMMON_STORE_STORE_H

#include "blocking.h"
#include "client.h"
#include "etcd_json.h"
#include "mirror.h"

#endif
