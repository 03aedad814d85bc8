/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_asks.h - whether an etcd asks who its users are, and keeps them to their roles.
 */
#ifndef CONTROLLER_FLEET_STORE_ASKS_H
#define CONTROLLER_FLEET_STORE_ASKS_H

#include "store.h"

struct store_asks {
	bool is_known;
	bool is_asking;
	bool is_tried;  /* whether it keeps them to their roles; */
	bool is_passed; /* it does not */
};

/*
 * As s finds it; o is who s is. sets_up: one that does not ask gets o's user, with the
 * role root, and asks from then on. One that asks is tried with a user that may nothing.
 */
int store_asks_find(struct store_asks *a, struct store_sync *s,
		    const struct store_opts *o, bool sets_up, struct err *err) MUST_CHECK;

#endif
