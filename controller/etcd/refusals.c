/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asked for more than it may: logged now and then, and told. */
#include "check.h"
#include "clock.h"
#include "log.h"
#include "owner.h"

#include <stdio.h>

#define LOG_AGAIN_MS 600000
#define LOGGED_MAX 8 /* at a time */

static bool is_refused(const struct kv_owner *o, int64_t now_ms)
{
	return o->refused && now_ms - o->refused_ms <= KV_LATELY_MS;
}

bool kv_refusals(struct kv *kv, struct kv_refusals *ret)
{
	const int64_t now = clock_mono_ms();
	const struct kv_owner *most = NULL;

	*ret = (struct kv_refusals){ 0 };
	pthread_mutex_lock(&kv->books);
	for (size_t i = 0; i < kv->n_owners; i++) {
		const struct kv_owner *o = kv->owners[i];

		if (!is_refused(o, now))
			continue;
		ret->n_owners++;
		if (!most || o->n_refused > most->n_refused)
			most = o;
	}
	if (most) {
		snprintf(ret->owner, sizeof(ret->owner), "%s", most->name);
		ret->why = most->refused;
		ret->n = most->n_refused;
		ret->since_ms = most->since_ms;
	}
	pthread_mutex_unlock(&kv->books);
	return most;
}

struct logged {
	char owner[KV_OWNER_BYTES];
	const char *why;
	int64_t n;
};

void kv_books_tend(struct kv *kv, int64_t now_ms)
{
	struct logged list[LOGGED_MAX] = { { .why = NULL } };
	struct kv_filling filling;
	size_t n = 0;

	(void)kv_is_filling(kv, &filling); /* notes when it begins */
	pthread_mutex_lock(&kv->books);
	for (size_t i = 0; i < kv->n_owners && n < LOGGED_MAX; i++) {
		struct kv_owner *o = kv->owners[i];

		if (!is_refused(o, now_ms) ||
		    (o->logged_ms && now_ms - o->logged_ms < LOG_AGAIN_MS))
			continue;
		o->logged_ms = now_ms;
		snprintf(list[n].owner, sizeof(list[n].owner), "%s", o->name);
		list[n].why = o->refused;
		list[n++].n = o->n_refused;
	}
	kv_owners_forget(kv, now_ms);
	pthread_mutex_unlock(&kv->books);
	for (size_t i = 0; i < n; i++)
		log_warn("store-refuses", STR("owner", list[i].owner),
			 STR("why", list[i].why), INT("times", list[i].n));
}
