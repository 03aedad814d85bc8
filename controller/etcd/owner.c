/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner.h"

#include "check.h"
#include "clock.h"
#include "sorted.h"

#include <math.h>
#include <string.h>

#define FORGET_MS 600000 /* full buckets: nothing is forgotten but the name */

const struct kv_limits kv_host_limits = {
	.leases = 8,
	.ttl_s = 3600,
	.watches = 128,
	.keys = 4096,
	.bytes = 4u << 20,
	.answer_bytes = 32u << 20,
	.writes = { .per_s = 50, .burst = 2000 },
	.reads = { .per_s = 100, .burst = 3000 },
	.keepalives = { .per_s = 10, .burst = 50 },
};

const struct kv_limits kv_person_limits = {
	.leases = 1000,
	.ttl_s = KV_TTL_MAX_S,
	.watches = 1000,
	.keys = 100000,
	.bytes = 32u << 20,
	.answer_bytes = 128u << 20,
	.writes = { .per_s = 500, .burst = 20000 },
	.reads = { .per_s = 1000, .burst = 30000 },
	.keepalives = { .per_s = 100, .burst = 500 },
};

void kv_books_init(struct kv *kv)
{
	CHECK(pthread_mutex_init(&kv->books, NULL) == 0);
}

static void owner_free(struct kv_owner *o)
{
	free(o->name);
	free(o);
}

void kv_books_done(struct kv *kv)
{
	for (size_t i = 0; i < kv->n_owners; i++)
		owner_free(kv->owners[i]);
	free(kv->owners);
	pthread_mutex_destroy(&kv->books);
}

bool kv_is_host(const char *owner)
{
	return *owner && !strchr(owner, ':');
}

bool kv_is_programs(const char *owner)
{
	const char *kind = strchr(owner, ':');

	return kind && strcmp(kind, ":programs") == 0;
}

bool kv_is_stack(const struct kv_owner *o)
{
	return *o->name == '/'; /* no host and no token has such a name */
}

size_t kv_owner_bytes(const struct kv_owner *o)
{
	return o->bytes + o->keys * (sizeof(struct kv_key) + sizeof(void *) +
				     sizeof(struct kv_change));
}

const struct kv_limits *kv_limits_of(const struct kv_access *a)
{
	return a->limits ? a->limits : &kv_host_limits;
}

struct kv_owner *kv_owner_find(struct kv *kv, const char *name)
{
	size_t at = SORTED_PLACE(kv->n_owners, i, strcmp(kv->owners[i]->name, name) < 0);
	struct kv_owner *o;

	if (at < kv->n_owners && strcmp(kv->owners[at]->name, name) == 0) {
		o = kv->owners[at];
	} else {
		o = xcalloc(1, sizeof(*o));
		o->name = xstrdup(name);
		if (kv->n_owners == kv->cap_owners) {
			kv->cap_owners = kv->cap_owners * 2 + 16;
			kv->owners = xrealloc(kv->owners,
					      kv->cap_owners * sizeof(struct kv_owner *));
		}
		memmove(kv->owners + at + 1, kv->owners + at,
			(kv->n_owners++ - at) * sizeof(struct kv_owner *));
		kv->owners[at] = o;
	}
	o->seen_ms = clock_mono_ms();
	return o;
}

const struct kv_fault *kv_owner_refuse(struct kv_owner *o, const struct kv_fault *f)
{
	const int64_t now = clock_mono_ms();

	if (!*o->name)
		return f; /* the controller itself: it logs what it is told */
	if (!o->refused || now - o->refused_ms > KV_LATELY_MS) {
		o->n_refused = 0;
		o->since_ms = clock_now_ms();
	}
	o->refused = f->words;
	o->n_refused++;
	o->refused_ms = now;
	return f;
}

void kv_owners_forget(struct kv *kv, int64_t now_ms)
{
	size_t n = 0;

	for (size_t i = 0; i < kv->n_owners; i++) {
		struct kv_owner *o = kv->owners[i];

		if (o->leases || o->watches || o->keys || o->answer_bytes ||
		    now_ms - o->seen_ms < FORGET_MS)
			kv->owners[n++] = o;
		else
			owner_free(o);
	}
	kv->n_owners = n;
}

/* ---------------------------------------------------------------- rates */

static const struct kv_rate *rate_of(const struct kv_limits *l, enum kv_price price)
{
	switch (price) {
	case KV_WRITES:
		return &l->writes;
	case KV_KEEPALIVES:
		return &l->keepalives;
	case KV_READS:
	case N_KV_PRICES:
		break;
	}
	return &l->reads;
}

/* What came in since; a new bucket is full. */
static struct kv_bucket *fill(struct kv_owner *o, enum kv_price price,
			      const struct kv_rate *r)
{
	struct kv_bucket *b = &o->buckets[price];
	const int64_t now = clock_mono_ms();
	double more = (double)(now - b->at_ms) / 1000 * r->per_s;

	b->tokens = b->at_ms ? fmin(r->burst, b->tokens + more) : r->burst;
	b->at_ms = now;
	return b;
}

const struct kv_fault *kv_pay(struct kv *kv, const struct kv_access *a,
			      enum kv_price price, double n)
{
	const struct kv_fault *f = NULL;
	struct kv_bucket *b;
	struct kv_owner *o;

	if (!*a->owner)
		return NULL;
	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, a->owner);
	b = fill(o, price, rate_of(kv_limits_of(a), price));
	if (b->tokens < 0)
		f = kv_owner_refuse(o, &kv_too_many_requests);
	else
		b->tokens -= n;
	pthread_mutex_unlock(&kv->books);
	return f;
}

void kv_pay_more(struct kv *kv, const struct kv_access *a, enum kv_price price, double n)
{
	if (!*a->owner || n <= 0)
		return;
	pthread_mutex_lock(&kv->books);
	fill(kv_owner_find(kv, a->owner), price, rate_of(kv_limits_of(a), price))
		->tokens -= n;
	pthread_mutex_unlock(&kv->books);
}

/* ---------------------------------------------------------------- answers */

const struct kv_fault *kv_owner_answers(struct kv *kv, const struct kv_access *a)
{
	const struct kv_fault *f = NULL;
	struct kv_owner *o;

	if (!*a->owner)
		return NULL;
	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, a->owner);
	if (o->answer_bytes >= kv_limits_of(a)->answer_bytes)
		f = kv_owner_refuse(o, &kv_too_many_requests);
	pthread_mutex_unlock(&kv->books);
	return f;
}

struct kv_owner *kv_owner_sends(struct kv *kv, const struct kv_access *a, size_t bytes)
{
	struct kv_owner *o;

	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, a->owner);
	o->answer_bytes += bytes;
	pthread_mutex_unlock(&kv->books);
	return o;
}

void kv_owner_sent(struct kv *kv, struct kv_owner *o, size_t bytes)
{
	pthread_mutex_lock(&kv->books);
	o->answer_bytes -= bytes;
	pthread_mutex_unlock(&kv->books);
}
