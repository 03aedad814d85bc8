/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_options.c - the options of [stack], [pool NAME] and [tier NAME].
 */
#include "conf_reading.h"

#include <stddef.h>
#include <stdlib.h>

#define DAY_MS (24 * 3600 * 1000.0)
#define HEAD(m) offsetof(struct stack_head, m)
#define POOL(m) offsetof(struct pool_conf, m)
#define TIER(m) offsetof(struct tier_conf, m)

/* clang-format off */
const struct conf_option stack_head_options[] = {
	{ "stack", "name", CONF_STRING, HEAD(name), "", 0, 0, NULL,
	  "name of the stack" },
	{ "stack", "timezone", CONF_STRING, HEAD(timezone), "UTC", 0, 0, NULL,
	  "time zone of its seasons and schedules, such as Europe/Stockholm" },
	{ "stack", "domain", CONF_STRING, HEAD(domain), "foretide.local", 0, 0, NULL,
	  "services are found by DNS as SERVICE.STACK.DOMAIN" },
	{ "stack", "budget", CONF_STRING, HEAD(budget), "", 0, 0, NULL,
	  "what its hosts are to cost a month at most, such as 300 USD/month: when it will "
	  "be more, instances are started for the demand that is there, none ahead of it; "
	  "empty: none" },
	{ "stack", "rollback", CONF_STRING, HEAD(rollback), "never", 0, 0, "auto|never",
	  "auto: when the roll-out of a new unit text stops, the version before it is "
	  "applied again" },
	{ "stack", "drill_window", CONF_STRING, HEAD(drill_window), "", 0, 0, NULL,
	  "when foretide drill may make faults, such as sun 02:00-04:00; empty: only in a "
	  "window that the call states" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
const struct conf_option stack_pool_options[] = {
	{ "pool", "driver", CONF_STRING, POOL(p.driver), "", 0, 0, NULL,
	  "cloud driver that launches the hosts" },
	{ "pool", "profile", CONF_STRING, POOL(p.profile), "", 0, 0, NULL,
	  "section of the credentials file; the driver's name when empty" },
	{ "pool", "type", CONF_STRING, POOL(p.type), "", 0, 0, NULL,
	  "types of hosts, as the cloud names them: where it has no capacity for the first "
	  "the next is launched, and so on" },
	{ "pool", "type_order", CONF_STRING, POOL(p.type_order), "stated", 0, 0, "stated|price",
	  "of several types: as they are stated, or those first of which the cheapest hosts "
	  "for all units of the pool are" },
	{ "pool", "spot_share", CONF_NUMBER, POOL(p.spot_share), "0", 0, 1, NULL,
	  "share of the hosts above spot_base that are spot capacity, where the driver has it" },
	{ "pool", "spot_base", CONF_INT, POOL(p.spot_base), "0", 0, 10000, NULL,
	  "hosts that are not spot capacity, before any is" },
	{ "pool", "user_data", CONF_STRING, POOL(p.user_data), "script", 0, 0, "script|ignition",
	  "what hosts are started with: a script, for cloud-init, or a document of Ignition, "
	  "for images such as Flatcar" },
	{ "pool", "cpu", CONF_NUMBER, POOL(p.cpu), "0", 0, 1024, NULL,
	  "cores of one host; 0: as the type defines" },
	{ "pool", "memory", CONF_STRING, POOL(memory), "0", 0, 0, NULL,
	  "memory of one host, such as 512M or 2G; 0: as the type defines" },
	{ "pool", "billing", CONF_DURATION, POOL(p.billing_ms), "0", 0, 31 * DAY_MS, NULL,
	  "a host is paid for in units of it from its launch on, such as 1h, and serves "
	  "until they end; 0: as its cloud bills, else by the moment" },
	{ "pool", "billing_min", CONF_DURATION, POOL(p.billing_min_ms), "0", 0, 31 * DAY_MS, NULL,
	  "that is paid for a host at least, however short it was there; it counts as whole "
	  "units; 0: as its cloud bills" },
	{ "pool", "lost_after", CONF_DURATION, POOL(p.lost_after_ms), "0", 0, 31 * DAY_MS, NULL,
	  "real time for which a host must not have been heard before it is ended for it; "
	  "0: host_lost_after of the controller" },
	{ "pool", "lose_stateful", CONF_BOOL, POOL(p.lose_stateful), "no", 0, 0, NULL,
	  "hosts of stateful instances are replaced and ended for silence too, with their "
	  "state; otherwise only a person ends them" },
	{ "pool", "min", CONF_INT, POOL(p.min), "0", 0, 10000, NULL,
	  "minimum number of hosts" },
	{ "pool", "max", CONF_INT, POOL(p.max), "10", 0, 10000, NULL,
	  "maximum number of hosts; every VM that exists or may exist counts" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
const struct conf_option stack_tier_options[] = {
	{ "tier", "unit", CONF_STRING, TIER(t.unit), "", 0, 0, NULL,
	  "unit file in units/; a template NAME@.service can have several instances" },
	{ "tier", "pool", CONF_STRING, TIER(t.pool), "", 0, 0, NULL,
	  "pool whose hosts run it; the tier's own name when empty" },
	{ "tier", "mode", CONF_STRING, TIER(mode), "", 0, 0, "observe|out|auto|",
	  "by demand observe changes nothing, it only explains, and out never scales in; "
	  "auto, or out for a stateful tier, when empty" },
	{ "tier", "min", CONF_INT, TIER(t.min), "1", 0, 10000, NULL,
	  "minimum number of instances, in every mode" },
	{ "tier", "max", CONF_INT, TIER(t.max), "1", 0, 10000, NULL,
	  "maximum number of instances, in every mode; those above it are ended" },
	{ "tier", "demand", CONF_STRING, TIER(t.demand), "", 0, 0, NULL,
	  "expression for the tier's demand" },
	{ "tier", "capacity", CONF_NUMBER, TIER(t.capacity), "0", 0, 1e15, NULL,
	  "demand that one instance serves; 0: learned" },
	{ "tier", "capacity_unit", CONF_STRING, TIER(t.capacity_unit), "", 0, 0, NULL,
	  "unit of demand and capacity, for display" },
	{ "tier", "utilisation", CONF_STRING, TIER(t.utilisation), "", 0, 0, NULL,
	  "expression for the utilisation of its instances, 0 to 1; when empty, their CPU "
	  "time as a share of what their hosts have for them" },
	{ "tier", "latency", CONF_STRING, TIER(t.latency), "", 0, 0, NULL,
	  "expression for the response time in seconds" },
	{ "tier", "latency_max", CONF_DURATION, TIER(t.latency_max_ms), "0s", 0, DAY_MS, NULL,
	  "response time above which the ledger counts a minute as short; 0s: none" },
	{ "tier", "target_utilisation", CONF_NUMBER, TIER(t.target_utilisation), "70%", 0.1, 1, NULL,
	  "highest utilisation of an instance, for a learned capacity" },
	{ "tier", "risk", CONF_NUMBER, TIER(t.risk_ratio), "0.5%", 1e-5, 0.5, NULL,
	  "share of time that the tier may be short of capacity" },
	{ "tier", "price", CONF_NUMBER, TIER(t.price_ratio), "0", 0, 1e9, NULL,
	  "instance-hours that a minute short of capacity costs; replaces risk; 0: risk is used" },
	{ "tier", "lead_prior", CONF_DURATION, TIER(t.lead_prior_ms), "2m", 0, DAY_MS, NULL,
	  "lead time assumed until five have been measured" },
	{ "tier", "dwell", CONF_DURATION, TIER(t.dwell_ms), "2m", 0, 7 * DAY_MS, NULL,
	  "how long fewer instances must suffice before it scales in" },
	{ "tier", "action_price", CONF_NUMBER, TIER(t.action_price), "10", 0, 1e6, NULL,
	  "instance-minutes that a change of its number is worth avoiding for" },
	{ "tier", "step_out", CONF_INT, TIER(t.step_out_max), "0", 0, 10000, NULL,
	  "instances that may be starting at once, also for min; 0: no limit" },
	{ "tier", "step_in", CONF_INT, TIER(t.step_in_max), "0", 0, 10000, NULL,
	  "most instances that are removed within any one dwell, also for max; 0: no limit" },
	{ "tier", "stateful", CONF_BOOL, TIER(t.stateful), "no", 0, 0, NULL,
	  "its instances hold state: in no mode does demand or priority remove one; max does" },
	{ "tier", "priority", CONF_INT, TIER(t.priority), "0", -1000, 1000, NULL,
	  "tiers with a higher priority get hosts first when there are too few, also from "
	  "tiers with a lower one that are above their minimum" },
	{ "tier", "rollback", CONF_STRING, TIER(rollback), "", 0, 0, "auto|never|",
	  "as in [stack], for this tier's unit; as there when empty" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};
/* clang-format on */

int stack_tier_set(struct db_tier *t, const char *name, const char *value,
		   struct err *err)
{
	struct tier_conf c = { .t = *t };
	int rc = conf_set(stack_tier_options, &c, "tier", name, value, err);

	/* conf_set() frees and replaces strings, so the struct is the caller's again. */
	*t = c.t;
	free(c.mode);
	free(c.rollback);
	return rc;
}
