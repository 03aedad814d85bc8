/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lease.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "keepalive.h"
#include "log.h"
#include "text.h"
#include "withdrawal.h"

#include <string.h>

#define LEASE_MAGIC 0x6c656173u
#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 2000
#define LIST_MS 8000 /* between two looks at which keys the lease has, at least */
#define LIST_JITTER_MS 4000
/* A record that somebody else writes as well is not fought for without pause. */
#define RIGHT_FIRST_MS 1000
#define RIGHT_MOST_MS 30000
#define RIGHT_FORGOTTEN_MS 60000

struct kept {
	uint32_t magic;
	struct kept *next;
	struct lease *lease;
	char *key;
	char *want;   /* NULL: it should not exist */
	char *stored; /* what the store has under this lease, as far as we know */
	char *sent;   /* what the call that is under way puts; NULL: a delete */
	int64_t sent_lease;
	struct store_call *call;
	bool unknown; /* a write failed and may have happened */
	int64_t rev;  /* of the store, at which it was written */
	int64_t written_ms;
	int64_t righted_ms, right_pause_ms; /* when it was last put right */
};

struct lease {
	uint32_t magic;
	struct loop *loop;
	struct store *store;
	struct keepalive *keepalive;
	int64_t ttl_s;
	char *file;
	struct files *files;
	lease_found_fn *found;
	void *arg;
	int64_t id;   /* 0: none */
	bool held;    /* the store has confirmed it */
	bool listed;  /* the keys under it were read */
	bool failing; /* logged once, not at every attempt */
	struct store_call *call;
	struct loop_timer *timer; /* the next try of a grant */
	struct loop_timer *retry; /* of failed writes */
	struct loop_timer *list;  /* the next look at the lease's keys */
	struct store_call *listing;
	int64_t listing_ms; /* when it was asked for */
	int64_t pause_ms, retry_ms;
	struct kept *kept;
};

/* ---------------------------------------------------------------- keys */

static bool is_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct kept *find(struct lease *l, const char *key)
{
	for (struct kept *k = l->kept; k; k = k->next)
		if (strcmp(k->key, key) == 0)
			return k;
	return NULL;
}

static void kept_free(struct kept *k)
{
	store_cancel(k->call);
	free(k->key);
	free(k->want);
	free(k->stored);
	free(k->sent);
	k->magic = 0;
	free(k);
}

static void forget(struct lease *l, struct kept *k)
{
	struct kept **p = &l->kept;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	kept_free(k);
}

static struct kept *find_or_add(struct lease *l, const char *key)
{
	struct kept *k = find(l, key);

	if (k)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->magic = LEASE_MAGIC;
	k->lease = l;
	k->key = xstrdup(key);
	k->next = l->kept;
	l->kept = k;
	return k;
}

static void report_failure(struct lease *l, const char *event, const struct err *err)
{
	if (!l->failing)
		log_warn(event, ERR(err));
	l->failing = true;
}

static void write_one(struct lease *l, struct kept *k);

static void on_written(void *arg, int64_t rev, const struct err *err)
{
	struct kept *k = arg;
	struct lease *l = k->lease;

	CHECK_MAGIC(k, LEASE_MAGIC);
	k->call = NULL;
	if (err) {
		report_failure(l, "store-write-failed", err);
		k->unknown = true;
		free(TAKE(k->sent));
		/* The store does not know our lease: a refresh will show it. */
		if (err->code == ERR_NOT_FOUND)
			keepalive_set(l->keepalive, l->id);
		loop_timer_in(l->retry, l->retry_ms);
		l->retry_ms = MIN(l->retry_ms * 2, RETRY_MOST_MS);
		return;
	}
	l->retry_ms = RETRY_FIRST_MS;
	k->unknown = false;
	k->rev = rev;
	k->written_ms = clock_mono_ms();
	free(k->stored);
	k->stored = TAKE(k->sent);
	/* It was put under a lease that is lost by now, and is gone with it. */
	if (k->stored && k->sent_lease != l->id) {
		free(TAKE(k->stored));
		k->unknown = true;
	}
	write_one(l, k);
}

static void put(struct kept *k, char *take_value)
{
	struct lease *l = k->lease;

	k->sent = take_value;
	k->sent_lease = l->id;
	k->call = store_put(l->store, k->key, k->sent, strlen(k->sent), l->id, on_written,
			    k);
}

/* Of a record the withdrawal is put first. */
static bool must_announce(const struct kept *k)
{
	return k->stored &&
	       strncmp(k->key, WITHDRAWAL_ROOT, strlen(WITHDRAWAL_ROOT)) == 0 &&
	       !is_withdrawal(k->stored, strlen(k->stored));
}

static void write_one(struct lease *l, struct kept *k)
{
	if (k->call || !l->held || !l->listed)
		return;
	if (!k->unknown && is_equal(k->want, k->stored)) {
		if (!k->want)
			forget(l, k);
		return;
	}
	if (k->want)
		put(k, xstrdup(k->want));
	else if (must_announce(k))
		put(k, withdrawal_of(k->stored));
	else
		k->call = store_delete(l->store, k->key, NULL, on_written, k);
}

static void write_all(struct lease *l)
{
	for (struct kept *k = l->kept, *next; k; k = next) {
		next = k->next;
		write_one(l, k);
	}
}

static void on_retry(void *arg)
{
	write_all(arg);
}

void lease_set(struct lease *l, const char *key, const char *value)
{
	struct kept *k = find_or_add(l, key);

	CHECK_MAGIC(l, LEASE_MAGIC);
	if (is_equal(k->want, value))
		return;
	free(k->want);
	k->want = xstrdup(value);
	write_one(l, k);
}

void lease_unset(struct lease *l, const char *key)
{
	struct kept *k = find(l, key);

	CHECK_MAGIC(l, LEASE_MAGIC);
	if (!k)
		return;
	free(TAKE(k->want));
	if (!l->held && !k->stored && !k->unknown && !k->call)
		forget(l, k);
	else
		write_one(l, k);
}

/* ---------------------------------------------------------------- what was there */

static void on_found(void *arg, const struct store_kv *kvs, size_t n, int64_t rev,
		     const struct err *err)
{
	struct kept *k = arg;

	(void)rev;
	CHECK_MAGIC(k, LEASE_MAGIC);
	k->call = NULL;
	k->unknown = err != NULL;
	if (!err && n == 1 && kvs[0].lease == k->lease->id) {
		free(k->stored);
		k->stored = xstrdup(kvs[0].value);
		k->rev = kvs[0].mod_rev;
		k->written_ms = clock_mono_ms();
	}
	if (!k->want && k->stored && k->lease->found(k->lease->arg, k->key)) {
		/* A module may still claim it; until then it stays as it is. */
		k->want = xstrdup(k->stored);
	}
	write_one(k->lease, k);
}

static void on_listed(void *arg, const struct store_lease_info *info,
		      const struct err *err)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	l->call = NULL;
	if (err)
		log_warn("lease-not-listed", ERR(err));
	for (size_t i = 0; !err && i < info->n; i++) {
		struct kept *k = find_or_add(l, info->keys[i].key);

		if (!k->call)
			k->call = store_range(l->store, k->key, NULL, 1, 0, on_found, k);
	}
	l->listed = true;
	write_all(l);
}

/* ---------------------------------------------------------------- put right */

/* The store does not have what was written, and we did not ask for that. */
static void put_right(struct kept *k, const char *why)
{
	struct lease *l = k->lease;
	const int64_t now = clock_mono_ms();
	const bool again = k->righted_ms && now - k->righted_ms < RIGHT_FORGOTTEN_MS;

	log_warn("own-record-put-right", STR("key", k->key), STR("why", why));
	free(TAKE(k->stored));
	k->righted_ms = now;
	if (!again) {
		k->right_pause_ms = RIGHT_FIRST_MS;
		write_one(l, k);
		return;
	}
	if (!loop_timer_is_set(l->retry))
		loop_timer_in(l->retry, k->right_pause_ms);
	k->right_pause_ms = MIN(k->right_pause_ms * 2, RIGHT_MOST_MS);
}

/* What is known to be in the store, and should be. */
static bool is_settled(const struct kept *k)
{
	return k->lease->held && k->lease->listed && k->want && k->stored && !k->call &&
	       !k->unknown;
}

void lease_seen(struct lease *l, const struct mirror_change *change)
{
	const struct store_kv *kv = change->kv;
	struct kept *k = find(l, kv->key);

	CHECK_MAGIC(l, LEASE_MAGIC);
	/* What was before our own write does not count any more. */
	if (!k || !is_settled(k) || kv->mod_rev < k->rev)
		return;
	if (change->deleted)
		put_right(k, "it was deleted");
	else if (kv->lease != l->id)
		put_right(k, "somebody else has put it");
	else if (!is_equal(kv->value, k->stored))
		put_right(k, "it was changed");
}

static void list_later(struct lease *l)
{
	loop_timer_in(l->list, LIST_MS + arc4random_uniform(LIST_JITTER_MS));
}

static bool has_key(const struct store_lease_info *info, const char *key)
{
	for (size_t i = 0; i < info->n; i++)
		if (strcmp(info->keys[i].key, key) == 0)
			return true;
	return false;
}

/* Not all keys are watched: this finds those that are gone, or under another lease. */
static void on_looked(void *arg, const struct store_lease_info *info,
		      const struct err *err)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	l->listing = NULL;
	list_later(l);
	if (err || info->id != l->id || info->ttl_s <= 0)
		return; /* the keepalive will tell */
	for (struct kept *k = l->kept; k; k = k->next)
		if (is_settled(k) && k->written_ms < l->listing_ms &&
		    !has_key(info, k->key))
			put_right(k, "the lease has it no more");
}

static void on_list(void *arg)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	if (!l->held || !l->listed || l->listing) {
		list_later(l);
		return;
	}
	l->listing_ms = clock_mono_ms();
	l->listing = store_lease_timetolive(l->store, l->id, true, on_looked, l);
}

/* ---------------------------------------------------------------- the lease */

static void save_id(const struct lease *l)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%lld\n", (long long)l->id);

	if (l->file)
		files_write(l->files, l->file, text, (size_t)n, 0600, FILES_UNSYNCED);
}

static void load_id(struct lease *l)
{
	CLEANUP(free) char *text = NULL;

	if (!l->file || conf_read_file(l->file, 64, &text, NULL, NULL) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (conf_parse_int(text, &l->id, NULL) < 0)
		l->id = 0;
}

static void try_again(struct lease *l)
{
	loop_timer_in(l->timer, l->pause_ms);
	l->pause_ms = MIN(l->pause_ms * 2, RETRY_MOST_MS);
}

static void confirmed(struct lease *l)
{
	if (l->failing)
		log_info("lease-recovered");
	l->failing = false;
	l->pause_ms = RETRY_FIRST_MS;
}

static void on_granted(void *arg, int64_t id, int64_t ttl_s, const struct err *err)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	l->call = NULL;
	if (err) {
		report_failure(l, "lease-not-granted", err);
		try_again(l);
		return;
	}
	log_info("lease-granted", INT("ttl_s", ttl_s));
	l->id = id;
	l->held = l->listed = true;
	save_id(l);
	keepalive_set(l->keepalive, id);
	confirmed(l);
	for (struct kept *k = l->kept; k; k = k->next) {
		free(TAKE(k->stored));
		k->unknown = k->call != NULL;
	}
	write_all(l);
}

static void on_kept_alive(void *arg, int64_t id, const struct err *err)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	if (id != l->id)
		return;
	if (err && err->code == ERR_NOT_FOUND) {
		log_warn("lease-lost");
		l->id = 0;
		l->held = l->listed = false;
		loop_timer_in(l->timer, 0);
		return;
	}
	if (err) {
		report_failure(l, "lease-not-kept-alive", err);
		return;
	}
	confirmed(l);
	if (l->held)
		return;
	log_info("lease-continued");
	l->held = true;
	store_cancel(l->call);
	l->call = store_lease_timetolive(l->store, l->id, true, on_listed, l);
}

static void on_timer(void *arg)
{
	struct lease *l = arg;

	CHECK_MAGIC(l, LEASE_MAGIC);
	if (l->call)
		try_again(l);
	else if (!l->id)
		l->call = store_lease_grant(l->store, l->ttl_s, 0, on_granted, l);
}

/* ---------------------------------------------------------------- the object */

int lease_new(struct loop *loop, struct store *s, const struct lease_opts *o,
	      struct lease **ret, struct err *err)
{
	CLEANUP(lease_free) struct lease *l = xcalloc(1, sizeof(*l));
	int rc;

	l->magic = LEASE_MAGIC;
	l->loop = loop;
	l->store = s;
	l->ttl_s = o->ttl_s;
	l->file = o->file ? xstrdup(o->file) : NULL;
	l->files = o->files;
	l->found = o->found;
	l->arg = o->arg;
	l->pause_ms = l->retry_ms = RETRY_FIRST_MS;
	l->timer = loop_timer_new(loop, on_timer, l);
	l->retry = loop_timer_new(loop, on_retry, l);
	l->list = loop_timer_new(loop, on_list, l);
	rc = keepalive_new(loop,
			   &(struct keepalive_opts){ .store = o->store,
						     .ttl_s = l->ttl_s,
						     .fn = on_kept_alive,
						     .arg = l },
			   &l->keepalive, err);
	if (rc < 0)
		return rc;
	list_later(l);
	load_id(l);
	if (l->id)
		keepalive_set(l->keepalive, l->id);
	else
		on_timer(l);
	*ret = TAKE(l);
	return 0;
}

void lease_free(struct lease *l)
{
	if (!l)
		return;
	CHECK_MAGIC(l, LEASE_MAGIC);
	keepalive_free(l->keepalive);
	store_cancel(l->call);
	store_cancel(l->listing);
	while (l->kept) {
		struct kept *k = l->kept;

		l->kept = k->next;
		kept_free(k);
	}
	loop_timer_free(l->timer);
	loop_timer_free(l->retry);
	loop_timer_free(l->list);
	free(l->file);
	l->magic = 0;
	free(l);
}
