/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "problems.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "text.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

static const char *const names[N_PROBLEMS] = {
	[PROBLEM_STORE] = "store-away",
	[PROBLEM_ROUND] = "round-failed",
	[PROBLEM_STACK] = "stack-not-read",
	[PROBLEM_HOSTS] = "hosts-silent",
	[PROBLEM_DEAF] = "did-not-listen",
	[PROBLEM_UNKNOWN] = "hosts-unknown",
	[PROBLEM_CUT] = "host-cut-from-store",
	[PROBLEM_STATEFUL] = "stateful-host-unknown",
	[PROBLEM_LIMITED] = "hosts-lost-limited",
	[PROBLEM_INTERRUPTED] = "host-interrupted",
	[PROBLEM_VANISHED] = "services-vanished",
	[PROBLEM_UNITS] = "unit-failing",
	[PROBLEM_ROLL_OUT] = "roll-out-waits",
	[PROBLEM_MISPLACED] = "unit-stays",
	[PROBLEM_DEMAND] = "demand-not-whole",
	[PROBLEM_CHECKS] = "checks-fail",
	[PROBLEM_FORECAST] = "forecast-not-used",
	[PROBLEM_ROOM] = "pool-full",
	[PROBLEM_BUDGET] = "budget",
	[PROBLEM_STOPPED] = "rollout-stopped",
	[PROBLEM_KILLS] = "unit-kills-hosts",
	[PROBLEM_PUT_RIGHT] = "records-put-right",
	[PROBLEM_UNREGISTERED] = "unit-not-registered",
	[PROBLEM_FOREIGN] = "record-of-no-unit",
	[PROBLEM_STORE_USERS] = "store-users-not-set",
	[PROBLEM_STORE_OPEN] = "store-open",
};

void problems_init(struct problems *p)
{
	*p = (struct problems){ 0 };
	pthread_mutex_init(&p->lock, NULL);
}

void problems_done(struct problems *p)
{
	pthread_mutex_destroy(&p->lock);
}

void problems_set(struct problems *ps, enum problem_kind kind, const char *message)
{
	struct problem *p = &ps->v[kind];
	char text[sizeof(p->message)];
	bool is_new;

	snprintf(text, sizeof(text), "%s", message ? message : "");
	utf8_mend(text);
	is_new = message && strcmp(p->message, text) != 0;
	pthread_mutex_lock(&ps->lock);
	if (!message) {
		p->since_ms = 0;
		p->message[0] = '\0';
	} else if (is_new) {
		if (!p->since_ms)
			p->since_ms = clock_now_ms();
		memcpy(p->message, text, sizeof(text));
	}
	pthread_mutex_unlock(&ps->lock);
	if (is_new)
		log_warn(names[kind], STR("message", text));
}

json_t *problems_json(struct problems *ps)
{
	json_t *list = json_array();

	pthread_mutex_lock(&ps->lock);
	for (int i = 0; i < N_PROBLEMS; i++) {
		const struct problem *p = &ps->v[i];

		if (p->since_ms)
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:o}", "kind",
							names[i], "message", p->message,
							"since", json_time(p->since_ms)));
	}
	pthread_mutex_unlock(&ps->lock);
	return list;
}
