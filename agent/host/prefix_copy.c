/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prefix_copy.h"

#include "check.h"
#include "clock.h"
#include "copy_file.h"
#include "fnv.h"
#include "group.h"
#include "log.h"
#include "vanished.h"
#include "withdrawal.h"

#include <string.h>

#define COPY_MAGIC 0x636f7079u
#define SAVE_FIRST_MS 50
#define SAVE_PAUSE_MS 250
#define SAVE_LARGE_BYTES ((size_t)1 << 18)
#define SAVE_LARGE_PAUSE_MS 20000
#define LOOK_MS 250
/* Longer than this between two looks we did not run, and saw nothing. */
#define STOPPED_MS 2000

struct prefix_copy {
	uint32_t magic;
	struct loop *loop;
	char *prefix, *path;
	char *problem; /* NULL: none */
	void (*refused)(void *arg);
	struct mirror *mirror;
	mirror_fn *fn;
	void *arg;

	struct files *files;
	struct loop_timer *save;
	int64_t saved_ms, save_pause_ms;
	uint64_t digest; /* of what was saved */
	bool too_large;  /* told once */

	keys_seen_fn *seen;
	keys_vanished_fn *tell;
	void *opts_arg;
	struct vanished *vanished; /* NULL: deletions are taken as they come */
	bool went_back;            /* the store, at the read that is judged */
	int64_t *gone;             /* leases of hosts that it lacks */
	size_t n_gone;
	struct loop_timer *look;
	int64_t looked_ms;  /* real */
	int64_t watched_ms; /* time in which the store was watched: the records' clock */
};

/* ---------------------------------------------------------------- on disk */

static bool add_key(void *arg, const struct store_kv *kv)
{
	copy_file_add(arg, kv);
	return true;
}

static void tell_too_large(struct prefix_copy *c)
{
	if (!c->too_large)
		log_warn("copy-too-large", STR("prefix", c->prefix),
			 INT("most_bytes", COPY_FILE_MAX),
			 STR("effect", "it is not kept on disk: while the store is away, "
				       "a restart of the agent forgets these keys"));
	c->too_large = true;
}

static void on_save(void *arg)
{
	struct prefix_copy *c = arg;
	CLEANUP(buf_done) struct buf b;
	uint64_t digest;

	CHECK_MAGIC(c, COPY_MAGIC);
	buf_init(&b, COPY_FILE_MAX);
	copy_file_begin(&b, c->prefix);
	mirror_each(c->mirror, NULL, add_key, &b);
	c->saved_ms = clock_mono_ms();
	c->save_pause_ms = b.len > SAVE_LARGE_BYTES ? SAVE_LARGE_PAUSE_MS : SAVE_PAUSE_MS;
	if (buf_is_full(&b)) {
		tell_too_large(c);
		return;
	}
	digest = fnv_large(FNV_START, b.data, b.len);
	if (digest == c->digest)
		return;
	c->digest = digest;
	files_write(c->files, c->path, b.data, b.len, 0600, FILES_UNSYNCED);
}

static void save_soon(struct prefix_copy *c)
{
	const int64_t now = clock_mono_ms();

	if (*c->path && !loop_timer_is_set(c->save))
		loop_timer_at(c->save,
			      MAX(now + SAVE_FIRST_MS, c->saved_ms + c->save_pause_ms));
}

static void on_saved_key(void *arg, const struct store_kv *kv)
{
	struct prefix_copy *c = arg;

	mirror_seed(c->mirror, kv);
}

static void load(struct prefix_copy *c)
{
	size_t damaged = 0;
	struct err err;
	int rc = copy_file_read(c->path, c->prefix, on_saved_key, c, &damaged, &err);

	if (rc < 0 && rc != ERR_NOT_FOUND)
		log_warn("saved-copy-unusable", STR("prefix", c->prefix), ERR(&err));
	if (damaged)
		log_warn("saved-copy-damaged", STR("path", c->path),
			 STR("prefix", c->prefix), INT("lost_keys", damaged),
			 INT("keys", mirror_count(c->mirror)),
			 STR("effect", "those keys are unknown until the store answers"));
}

/* ---------------------------------------------------------------- what vanished */

static bool count_one(void *arg, const struct store_kv *kv)
{
	(void)kv;
	++*(size_t *)arg;
	return true;
}

static size_t count_group(void *arg, const char *group)
{
	const struct prefix_copy *c = arg;
	size_t n = 0;

	mirror_each(c->mirror, group, count_one, &n);
	return n;
}

static void on_act(void *arg, enum vanished_act act, const struct store_kv *kv)
{
	struct prefix_copy *c = arg;

	if (act == VANISHED_DROP)
		mirror_remove(c->mirror, kv->key);
	else
		mirror_restore(c->mirror, kv);
}

static void on_told(void *arg, const char *group, size_t n)
{
	const struct prefix_copy *c = arg;

	if (c->tell)
		c->tell(c->opts_arg, group, n);
	if (n)
		log_warn("services-vanished", STR("service", group), INT("kept", n),
			 STR("why", "more than half of its records went at once and no "
				    "owner withdrew them: the last list stays in use"));
	else
		log_info("services-vanished-no-more", STR("service", group));
}

static void on_look(void *arg)
{
	struct prefix_copy *c = arg;
	const int64_t now = clock_mono_ms(), passed = now - c->looked_ms;

	CHECK_MAGIC(c, COPY_MAGIC);
	c->looked_ms = now;
	if (passed <= STOPPED_MS && mirror_is_synced(c->mirror))
		c->watched_ms += passed;
	if (vanished_settle(c->vanished, c->watched_ms))
		loop_timer_in(c->look, LOOK_MS);
}

static void look_soon(struct prefix_copy *c)
{
	if (loop_timer_is_set(c->look))
		return;
	c->looked_ms = clock_mono_ms();
	loop_timer_in(c->look, LOOK_MS);
}

static bool add_if_gone(void *arg, const struct store_kv *kv)
{
	struct prefix_copy *c = arg;
	const char *slash = strrchr(kv->key, '/');

	if (!kv->lease || !slash ||
	    !group_is_hosts(kv->key, (size_t)(slash + 1 - kv->key)) ||
	    mirror_was_read(c->mirror, kv->key))
		return true;
	c->gone = xrealloc(c->gone, (c->n_gone + 1) * sizeof(*c->gone));
	c->gone[c->n_gone++] = kv->lease;
	return true;
}

/* A host's name is put under the lease of its records. */
static void on_read(void *arg, bool went_back)
{
	struct prefix_copy *c = arg;

	CHECK_MAGIC(c, COPY_MAGIC);
	c->went_back = went_back;
	c->n_gone = 0;
	mirror_each(c->mirror, NULL, add_if_gone, c);
}

/*
 * A record that went while nothing was watched: in that time its owner may have withdrawn
 * it. So it counts only when its host went as well, or when the store lost what it had.
 */
static bool may_be_withdrawn(const struct prefix_copy *c, const struct store_kv *kv)
{
	if (c->went_back || vanished_has(c->vanished, kv->key))
		return false;
	for (size_t i = 0; i < c->n_gone; i++)
		if (c->gone[i] == kv->lease)
			return false;
	return true;
}

static enum mirror_verdict on_judge(void *arg, const struct mirror_change *change)
{
	struct prefix_copy *c = arg;
	const struct store_kv *kv = change->kv;

	CHECK_MAGIC(c, COPY_MAGIC);
	if (c->seen)
		c->seen(c->opts_arg, change);
	if (!change->deleted) {
		if (c->vanished)
			vanished_forget(c->vanished, kv->key);
		return is_withdrawal(kv->value, kv->value_len) ? MIRROR_DELETE
							       : MIRROR_TAKE;
	}
	/* What has no lease does not end by itself: somebody deleted it. */
	if (!c->vanished || !kv->lease || strlen(kv->key) != kv->key_len)
		return MIRROR_TAKE;
	if (change->unread && may_be_withdrawn(c, kv))
		return MIRROR_TAKE;
	vanished_add(c->vanished, kv, c->watched_ms);
	look_soon(c);
	return MIRROR_KEEP;
}

static void watch_for_vanished(struct prefix_copy *c, int64_t keep_ms)
{
	const struct vanished_opts o = { .keep_ms = keep_ms,
					 .count = count_group,
					 .act = on_act,
					 .told = on_told,
					 .arg = c };

	c->vanished = vanished_new(&o);
	c->look = loop_timer_new(c->loop, on_look, c);
	mirror_on_read(c->mirror, on_read);
}

/* ---------------------------------------------------------------- refused */

static void on_refused(void *arg, const struct err *err)
{
	struct prefix_copy *c = arg;

	CHECK_MAGIC(c, COPY_MAGIC);
	free(TAKE(c->problem));
	if (err) {
		c->problem = xstrdup(err->msg);
		log_warn("keys-refused", STR("prefix", c->prefix), ERR(err));
	} else {
		log_info("keys-refused-no-more", STR("prefix", c->prefix));
	}
	if (c->refused)
		c->refused(c->opts_arg);
}

const char *prefix_copy_problem(const struct prefix_copy *c)
{
	return c->problem ? c->problem : "";
}

/* ---------------------------------------------------------------- the object */

static void on_change(void *arg, const struct mirror_change *changes, size_t n)
{
	struct prefix_copy *c = arg;

	CHECK_MAGIC(c, COPY_MAGIC);
	save_soon(c);
	c->fn(c->arg, changes, n);
}

struct prefix_copy *prefix_copy_new(struct loop *l, struct store *s, const char *prefix,
				    const struct keys_opts *o, mirror_fn *fn, void *arg)
{
	struct prefix_copy *c = xcalloc(1, sizeof(*c));

	c->magic = COPY_MAGIC;
	c->loop = l;
	c->prefix = xstrdup(prefix);
	c->files = o->files;
	c->path = o->state_dir ? copy_file_path(o->state_dir, prefix) : xstrdup("");
	c->fn = fn;
	c->arg = arg;
	c->save = loop_timer_new(l, on_save, c);
	c->mirror = mirror_new(s, prefix, on_change, c);
	c->refused = o->refused;
	c->opts_arg = o->arg;
	mirror_on_refused(c->mirror, on_refused);
	if (*c->path)
		load(c);
	if (strncmp(prefix, WITHDRAWAL_ROOT, strlen(WITHDRAWAL_ROOT)) != 0)
		return c;
	mirror_set_judge(c->mirror, on_judge);
	c->seen = o->seen;
	c->tell = o->vanished;
	if (o->keep_vanished_ms > 0)
		watch_for_vanished(c, o->keep_vanished_ms);
	return c;
}

void prefix_copy_free(struct prefix_copy *c)
{
	if (!c)
		return;
	CHECK_MAGIC(c, COPY_MAGIC);
	mirror_free(c->mirror);
	vanished_free(c->vanished);
	loop_timer_free(c->save);
	loop_timer_free(c->look);
	free(c->gone);
	free(c->prefix);
	free(c->path);
	free(c->problem);
	c->magic = 0;
	free(c);
}

const struct mirror *prefix_copy_mirror(const struct prefix_copy *c)
{
	return c->mirror;
}

const char *prefix_copy_path(const struct prefix_copy *c)
{
	return c->path;
}
