/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The space that all owners share: who may fill it how far, and who has. */
#include "check.h"
#include "clock.h"
#include "owner.h"
#include "persist.h"

#include <stdio.h>
#include <string.h>

/* Who has no more than this goes on when those who have more are refused: agents have
 * their record and states. */
#define LITTLE_BYTES (64u << 10)
/* A compaction for room looks at all there is, with the lock held. */
#define AGAIN_MS 2000

/* How much there may be when this owner adds so many bytes. */
static size_t share_of(struct kv *kv, const char *owner, size_t bytes)
{
	size_t eighth = kv->opts.max_bytes / 8, has;

	if (!*owner)
		return kv->opts.max_bytes;
	if (kv_is_programs(owner))
		return 5 * eighth;
	pthread_mutex_lock(&kv->books);
	has = kv_owner_find(kv, owner)->bytes;
	pthread_mutex_unlock(&kv->books);
	return MAX(has, bytes) > LITTLE_BYTES ? 6 * eighth : 7 * eighth;
}

static bool fits(const struct kv *kv, size_t max, size_t bytes)
{
	return bytes <= max && kv->space.bytes <= max - bytes;
}

/* Whether a compaction is worth its price; the controller does not wait for one. */
static bool is_worth(const struct kv *kv, const char *owner)
{
	if (kv->space.rev <= kv->space.compacted)
		return false;
	return !*owner || !kv->roomed_ms || clock_mono_ms() - kv->roomed_ms > AGAIN_MS ||
	       kv->space.bytes > kv->roomed_bytes + kv->opts.max_bytes / 16;
}

bool kv_has_room(struct kv *kv, const char *owner, size_t bytes)
{
	const size_t max = share_of(kv, owner, bytes);

	if (fits(kv, max, bytes))
		return true;
	if (is_worth(kv, owner) && !kv_compact(kv, kv->space.rev)) {
		kv->roomed_ms = clock_mono_ms();
		kv->roomed_bytes = kv->space.bytes;
		if (fits(kv, max, bytes))
			return true;
	}
	pthread_mutex_lock(&kv->books);
	(void)kv_owner_refuse(kv_owner_find(kv, owner), &kv_no_space);
	pthread_mutex_unlock(&kv->books);
	return false;
}

bool kv_is_filling(struct kv *kv, struct kv_filling *ret)
{
	const struct kv_owner *most = NULL;

	*ret = (struct kv_filling){ .max_bytes = kv->opts.max_bytes };
	pthread_mutex_lock(&kv->books);
	for (size_t i = 0; i < kv->n_owners; i++) {
		const struct kv_owner *o = kv->owners[i];

		if (kv_is_stack(o))
			continue; /* its programs are counted */
		ret->bytes += kv_owner_bytes(o);
		if (*o->name && (!most || o->bytes > most->bytes))
			most = o;
	}
	if (most) {
		snprintf(ret->owner, sizeof(ret->owner), "%s", most->name);
		ret->owner_bytes = most->bytes;
	}
	if (ret->bytes < ret->max_bytes / 2)
		kv->filling_ms = 0;
	else if (!kv->filling_ms)
		kv->filling_ms = clock_now_ms();
	ret->since_ms = kv->filling_ms;
	pthread_mutex_unlock(&kv->books);
	return ret->since_ms > 0;
}
