/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pool_problems.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "text.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[N_POOL_PROBLEMS] = {
	[POOL_NOT_JOINING] = "hosts-do-not-join",
	[POOL_NOT_LISTED] = "launches-not-listed",
	[POOL_OUTVOTED] = "hosts-not-listed",
	[POOL_LIST_SHORT] = "list-not-believed",
	[POOL_UNKNOWN_VMS] = "unknown-vms",
	[POOL_AT_MAXIMUM] = "pool-at-maximum",
	[POOL_LAUNCHES] = "launches-limited",
	[POOL_ADOPTION] = "adoption-waits",
	[POOL_STOPPED] = "vms-not-running",
	[POOL_CUT] = "host-cut-from-store",
	[POOL_DRIVER] = "driver-ended",
	[POOL_NO_CAPACITY] = "no-capacity",
	[POOL_QUOTA] = "quota",
};

void pool_problem_set(struct pool_problems *p, enum pool_problem_kind kind,
		      const char *pool, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	bool is_new;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_mend(text);
	pthread_mutex_lock(p->lock);
	is_new = !p->v[kind].since_ms;
	if (is_new)
		p->v[kind].since_ms = clock_now_ms();
	snprintf(p->v[kind].message, sizeof(p->v[kind].message), "%s", text);
	pthread_mutex_unlock(p->lock);
	if (is_new)
		log_warn(names[kind], STR("pool", pool), STR("message", text));
}

void pool_problem_clear(struct pool_problems *p, enum pool_problem_kind kind)
{
	pthread_mutex_lock(p->lock);
	p->v[kind].since_ms = 0;
	pthread_mutex_unlock(p->lock);
}

void pool_problems_json(struct pool_problems *p, const char *pool, json_t *list)
{
	for (int i = 0; i < N_POOL_PROBLEMS; i++)
		if (p->v[i].since_ms)
			json_array_append_new(
				list,
				json_pack("{s:s, s:o, s:o}", "kind", names[i], "message",
					  json_sprintf("pool %s: %s", pool,
						       p->v[i].message),
					  "since", json_time(p->v[i].since_ms)));
}
