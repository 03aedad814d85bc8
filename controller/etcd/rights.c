/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rights.c - what each host may do: set by the controller, held by who asks.
 *
 * A host's rights are one object that does not change. New ones take its place under the
 * lock; who holds the old ones lets go of them when its call is over.
 */
#include "access.h"
#include "check.h"
#include "cleanup.h"
#include "member.h"
#include "sorted.h"
#include "watch.h"

#include <stdatomic.h>
#include <string.h>

#define HOST_MAX 64 /* of a host's id, as a certificate has it */

struct kv_granted {
	atomic_uint refs;
	char *host;
	char **read, **write, **programs_read, **programs_write;
	struct kv_record *records;
	size_t n_records;
};

/* ---------------------------------------------------------------- one host's */

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* Both lists, in one that ends with NULL. */
static char **join(const char *const *a, const char *const *b)
{
	char **ret = xcalloc(count(a) + count(b) + 1, sizeof(*ret));
	size_t n = 0;

	for (; a && *a; a++)
		ret[n++] = xstrdup(*a);
	for (; b && *b; b++)
		ret[n++] = xstrdup(*b);
	return ret;
}

static void list_free(char **list)
{
	for (size_t i = 0; list[i]; i++)
		free(list[i]);
	free(list);
}

static void record_done(struct kv_record *r)
{
	free((char *)(uintptr_t)r->key);
	free((char *)(uintptr_t)r->value);
}

static void granted_unref(struct kv_granted *g)
{
	if (!g || atomic_fetch_sub(&g->refs, 1) > 1)
		return;
	list_free(g->read);
	list_free(g->write);
	list_free(g->programs_read);
	list_free(g->programs_write);
	for (size_t i = 0; i < g->n_records; i++)
		record_done(&g->records[i]);
	free(g->records);
	free(g->host);
	free(g);
}

static int record_order(const void *a, const void *b)
{
	return strcmp(((const struct kv_record *)a)->key,
		      ((const struct kv_record *)b)->key);
}

/* What is a host's own without being placed there. */
static void own_rights(const char *host_id, struct kv_host_access *ret)
{
	snprintf(ret->own[0], sizeof(ret->own[0]), "/foretide/hosts/%.*s", HOST_MAX,
		 host_id);
	snprintf(ret->own[1], sizeof(ret->own[1]), "/foretide/states/%.*s", HOST_MAX,
		 host_id);
	snprintf(ret->own[2], sizeof(ret->own[2]), "/foretide/schedule/%.*s", HOST_MAX,
		 host_id);
	ret->read[0] = "/skydns/";
	for (size_t i = 0; i < ARRAY_SIZE(ret->own); i++)
		ret->read[1 + i] = ret->own[i];
	ret->write[0] = ret->own[0];
	ret->write[1] = ret->own[1];
}

static struct kv_granted *granted_new(const struct kv_rights *r)
{
	struct kv_granted *g = xcalloc(1, sizeof(*g));
	struct kv_host_access own = { 0 };

	own_rights(r->host, &own);
	atomic_init(&g->refs, 1);
	g->host = xstrdup(r->host);
	g->read = join(own.read, r->read);
	g->write = join(own.write, r->write);
	g->programs_read = join(NULL, r->programs_read);
	g->programs_write = join(NULL, r->programs_write);
	g->n_records = r->n_records;
	g->records = xcalloc(r->n_records + 1, sizeof(*g->records));
	for (size_t i = 0; i < r->n_records; i++)
		g->records[i] = (struct kv_record){
			.key = xstrdup(r->records[i].key),
			.value = xstrdup(r->records[i].value),
		};
	if (g->n_records)
		qsort(g->records, g->n_records, sizeof(*g->records), record_order);
	return g;
}

/* ---------------------------------------------------------------- all hosts' */

static size_t place(const struct kv *kv, const char *host, bool *ret_is)
{
	size_t at =
		SORTED_PLACE(kv->n_granted, i, strcmp(kv->granted[i]->host, host) < 0);

	*ret_is = at < kv->n_granted && strcmp(kv->granted[at]->host, host) == 0;
	return at;
}

static void put(struct kv *kv, struct kv_granted *g)
{
	bool is;
	size_t at = place(kv, g->host, &is);

	if (is) {
		granted_unref(kv->granted[at]);
		kv->granted[at] = g;
		return;
	}
	if (kv->n_granted == kv->cap_granted) {
		kv->cap_granted = kv->cap_granted * 2 + 16;
		kv->granted = xrealloc(kv->granted,
				       kv->cap_granted * sizeof(struct kv_granted *));
	}
	memmove(kv->granted + at + 1, kv->granted + at,
		(kv->n_granted++ - at) * sizeof(struct kv_granted *));
	kv->granted[at] = g;
}

static void drop(struct kv *kv, const char *host)
{
	bool is;
	size_t at = place(kv, host, &is);

	if (!is)
		return;
	granted_unref(kv->granted[at]);
	memmove(kv->granted + at, kv->granted + at + 1,
		(--kv->n_granted - at) * sizeof(struct kv_granted *));
}

/* The lock is held. */
static void access_of(struct kv *kv, const char *host_id, struct kv_host_access *ret)
{
	bool is;
	size_t at = place(kv, host_id, &is);

	*ret = (struct kv_host_access){ 0 };
	if (!is)
		return;
	ret->granted = kv->granted[at];
	atomic_fetch_add(&ret->granted->refs, 1);
}

static const char *const *rules(char **list)
{
	return (const char *const *)list;
}

static void agent_access(struct kv *kv, const char *host_id, struct kv_host_access *ret)
{
	const struct kv_granted *g;

	access_of(kv, host_id, ret);
	g = ret->granted;
	own_rights(host_id, ret);
	snprintf(ret->owner, sizeof(ret->owner), "%.*s", HOST_MAX, host_id);
	ret->access = (struct kv_access){
		.owner = ret->owner,
		.is_agent = true,
		.is_new = !g,
		.granted = g,
		.read = g ? rules(g->read) : ret->read,
		.write = g ? rules(g->write) : ret->write,
		.records = g ? g->records : NULL,
		.n_records = g ? g->n_records : 0,
	};
}

static void programs_access(struct kv *kv, const char *host_id,
			    struct kv_host_access *ret)
{
	const struct kv_granted *g;

	access_of(kv, host_id, ret);
	g = ret->granted;
	ret->read[0] = "/skydns/";
	snprintf(ret->owner, sizeof(ret->owner), "%.*s:programs", HOST_MAX, host_id);
	ret->access = (struct kv_access){
		.owner = ret->owner,
		.is_new = !g,
		.granted = g,
		.read = g ? rules(g->programs_read) : ret->read,
		.write = g ? rules(g->programs_write) : ret->write,
	};
}

bool kv_rights_stand(const struct kv *kv, const struct kv_access *a)
{
	CLEANUP(free) char *host = xstrndup(a->owner, strcspn(a->owner, ":"));
	bool is;
	size_t at = place(kv, host, &is);

	return kv_may_all(a) || a->granted == (is ? kv->granted[at] : NULL);
}

void kv_host_access(struct kv *kv, const char *host_id, struct kv_host_access *ret)
{
	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->lock);
	agent_access(kv, host_id, ret);
	pthread_mutex_unlock(&kv->lock);
}

void kv_programs_access(struct kv *kv, const char *host_id, struct kv_host_access *ret)
{
	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->lock);
	programs_access(kv, host_id, ret);
	pthread_mutex_unlock(&kv->lock);
}

void kv_host_access_done(struct kv_host_access *a)
{
	granted_unref(a->granted);
	*a = (struct kv_host_access){ 0 };
}

static void cancel_watches(struct kv *kv, const char *host)
{
	CLEANUP(kv_host_access_done) struct kv_host_access agent;
	CLEANUP(kv_host_access_done) struct kv_host_access programs;

	agent_access(kv, host, &agent);
	programs_access(kv, host, &programs);
	kv_watch_judge(kv, &agent.access);
	kv_watch_judge(kv, &programs.access);
}

void kv_set_rights(struct kv *kv, const struct kv_rights *r)
{
	struct kv_granted *g = granted_new(r);

	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->lock);
	put(kv, g);
	cancel_watches(kv, r->host);
	pthread_mutex_unlock(&kv->lock);
}

void kv_drop_rights(struct kv *kv, const char *host)
{
	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->lock);
	drop(kv, host);
	cancel_watches(kv, host);
	pthread_mutex_unlock(&kv->lock);
}

void kv_rights_done(struct kv *kv)
{
	for (size_t i = 0; i < kv->n_granted; i++)
		granted_unref(kv->granted[i]);
	free(kv->granted);
}
