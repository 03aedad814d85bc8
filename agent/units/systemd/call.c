/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call.h"

#include "check.h"
#include "log.h"

#include <string.h>

void sysd_call_failed(int r)
{
	log_warn("systemd-call-failed", STR("error", strerror(-r)));
}

struct call *sysd_call_new(const struct sd_unit *u)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->s = u->s;
	c->name = xstrdup(u->name);
	return c;
}

static void call_free(void *arg)
{
	struct call *c = arg;

	free(c->name);
	free(c);
}

void sysd_call_hand_over(struct call *c, sd_bus_slot *slot, int r)
{
	loop_timer_in(c->s->timer, 0); /* to have it sent */
	if (r < 0) {
		sysd_call_failed(r);
		call_free(c);
		return;
	}
	(void)sd_bus_slot_set_destroy_callback(slot, call_free);
	(void)sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
}
