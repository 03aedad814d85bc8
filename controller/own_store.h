/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * own_store.h - the built-in store as the controller itself uses it: by calls.
 */
#ifndef CONTROLLER_OWN_STORE_H
#define CONTROLLER_OWN_STORE_H

#include "etcd.h"
#include "store.h"

/* With all rights; kv must outlive its users. */
struct store_direct own_store(struct kv *kv);

#endif
