/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who has watches and leases, and their end with their owner. */
#include "check.h"
#include "cleanup.h"
#include "lease.h"
#include "owner.h"
#include "sorted.h"
#include "watch.h"

#include <string.h>

bool kv_end_owner(struct kv *kv, const char *owner)
{
	bool ret;

	CHECK_MAGIC(kv, KV_MAGIC);
	CHECK(*owner);
	pthread_mutex_lock(&kv->lock);
	kv_watch_end_owner(kv, owner);
	ret = kv_lease_end_owner(kv, owner);
	pthread_mutex_unlock(&kv->lock);
	return ret;
}

void kv_owner_shows(struct kv *kv, const struct kv_access *a)
{
	struct kv_owner *o;
	bool is_other;

	if (!a->certificate)
		return;
	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, a->owner);
	is_other = o->certificate != a->certificate;
	o->certificate = a->certificate;
	pthread_mutex_unlock(&kv->books);
	if (!is_other)
		return;
	pthread_mutex_lock(&kv->lock);
	kv_watch_end_others(kv, a->owner, a->certificate);
	pthread_mutex_unlock(&kv->lock);
}

/* The first owner that does not come before name; with the books' lock. */
static size_t place(const struct kv *kv, const char *name)
{
	return SORTED_PLACE(kv->n_owners, i, strcmp(kv->owners[i]->name, name) < 0);
}

static bool has_any(const struct kv_owner *o)
{
	return o->leases || o->watches;
}

bool kv_owner_has_any(struct kv *kv, const char *owner)
{
	size_t at;
	bool ret;

	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->books);
	at = place(kv, owner);
	ret = at < kv->n_owners && strcmp(kv->owners[at]->name, owner) == 0 &&
	      has_any(kv->owners[at]);
	pthread_mutex_unlock(&kv->books);
	return ret;
}

char **kv_owners(struct kv *kv, const char *prefix)
{
	const size_t len = strlen(prefix);
	char **ret = xcalloc(1, sizeof(*ret));
	size_t n = 0;

	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->books);
	for (size_t i = place(kv, prefix);
	     i < kv->n_owners && strncmp(kv->owners[i]->name, prefix, len) == 0; i++) {
		if (!has_any(kv->owners[i]))
			continue;
		ret = xrealloc(ret, (n + 2) * sizeof(*ret));
		ret[n++] = xstrdup(kv->owners[i]->name);
		ret[n] = NULL;
	}
	pthread_mutex_unlock(&kv->books);
	return ret;
}

void kv_owners_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}
