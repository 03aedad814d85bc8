/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kept.h"

#include "check.h"
#include "clock.h"
#include "keepalive.h"
#include "log.h"
#include "text.h"

#include <string.h>

static void on_retry(void *arg)
{
	kept_write_all(arg);
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
	kept_write(k);
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
		struct kept *k = kept_find_or_add(l, info->keys[i].key);

		if (!k->call)
			k->call = store_range(l->store, k->key, NULL, 1, 0, on_found, k);
	}
	l->listed = true;
	kept_write_all(l);
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
		lease_report(l, "lease-not-granted", err);
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
	kept_write_all(l);
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
		lease_report(l, "lease-not-kept-alive", err);
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
	l->put_right = o->put_right;
	l->arg = o->arg;
	l->pause_ms = l->retry_ms = RETRY_FIRST_MS;
	l->timer = loop_timer_new(loop, on_timer, l);
	l->retry = loop_timer_new(loop, on_retry, l);
	look_open(l, o->look_ms);
	rc = keepalive_new(loop,
			   &(struct keepalive_opts){ .store = o->store,
						     .ttl_s = l->ttl_s,
						     .fn = on_kept_alive,
						     .arg = l },
			   &l->keepalive, err);
	if (rc < 0)
		return rc;
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
	look_close(l);
	while (l->kept) {
		struct kept *k = l->kept;

		l->kept = k->next;
		kept_done(k);
	}
	loop_timer_free(l->timer);
	loop_timer_free(l->retry);
	free(l->file);
	l->magic = 0;
	free(l);
}
