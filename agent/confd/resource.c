/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One resource: waits for the end of a burst, renders, checks, publishes, reloads. */
#include "resource.h"

#include "check.h"
#include "clock.h"
#include "destination.h"
#include "disk.h"
#include "log.h"
#include "problem.h"
#include "reload.h"
#include "verify.h"

#include <string.h>

/* Renderings in processes of their own, and when one that must wait is tried again. */
#define CHILDREN_MAX 2
#define CHILD_AGAIN_MS 20

static void pump(struct confd_resource *r);
static void on_disk(void *arg, enum disk_result how, char *staged, const struct err *err);

static void on_reloaded(void *arg, const struct err *err)
{
	struct confd_resource *r = arg;

	CHECK_MAGIC(r, RESOURCE_MAGIC);
	r->shell = NULL;
	if (!err && r->spec->verify_cmd && r->group->active)
		confd_verify_begin(r);
	else
		confd_reload_done(r, err);
	pump(r);
}

static void on_verified(void *arg, const struct err *err)
{
	struct confd_resource *r = arg;

	CHECK_MAGIC(r, RESOURCE_MAGIC);
	r->shell = NULL;
	confd_verify_done(r, err);
	pump(r);
}

/* ---------------------------------------------------------------- render */

static void retry_render(struct confd_resource *r, const char *event,
			 const struct err *err)
{
	confd_problem_set(r, event, err);
	r->render_retry_ms = confd_retry_longer(r, r->render_retry_ms);
	r->dirty = true;
	r->dirty_since_ms = clock_mono_ms();
	r->render_at_ms = r->dirty_since_ms + r->render_retry_ms;
}

static void drop_staged(struct confd_resource *r)
{
	(void)unlink(r->staged);
	free(TAKE(r->staged));
}

static void is_right(struct confd_resource *r)
{
	struct confd *c = r->group->confd;

	r->render_retry_ms = 0;
	if (!r->reload_due)
		confd_problem_clear(r);
	if (r->rendered)
		return;
	r->rendered = true;
	loop_timer_in(c->notify, 0);
}

static void published(struct confd_resource *r)
{
	r->group->confd->stats.writes++;
	log_info("confd-written", STR("resource", r->key), STR("dest", r->dest));
	confd_reload_request(r);
	is_right(r);
}

static void on_checked(void *arg, const struct err *err)
{
	struct confd_resource *r = arg;

	CHECK_MAGIC(r, RESOURCE_MAGIC);
	r->shell = NULL;
	if (err) {
		drop_staged(r);
		retry_render(r, "confd-check-failed", err);
	} else {
		r->disk = disk_publish(r, TAKE(r->staged), confd_reload_is_needed(r),
				       on_disk);
	}
	pump(r);
}

static int start_check(struct confd_resource *r, struct err *err)
{
	const struct confd *c = r->group->confd;
	CLEANUP(free) char *command = NULL;
	int rc = confd_command(r, r->spec->check_cmd, r->staged, &command, err);

	if (rc < 0)
		return rc;
	return shell_run(c->loop, command,
			 r->spec->check_ms ? r->spec->check_ms : c->opts.command_ms,
			 on_checked, r, &r->shell, err);
}

static void check(struct confd_resource *r)
{
	struct err err;

	if (start_check(r, &err) == 0)
		return;
	drop_staged(r);
	retry_render(r, "confd-check-failed", &err);
}

static void on_disk(void *arg, enum disk_result how, char *staged, const struct err *err)
{
	struct confd_resource *r = arg;

	CHECK_MAGIC(r, RESOURCE_MAGIC);
	r->disk = NULL;
	switch (how) {
	case DISK_FAILED:
		retry_render(r, "confd-write-failed", err);
		break;
	case DISK_EQUAL:
		is_right(r);
		break;
	case DISK_STAGED:
		r->staged = staged;
		check(r);
		break;
	case DISK_PUBLISHED:
		published(r);
		break;
	}
	pump(r);
}

static void on_rendered_apart(void *arg, const char *text, size_t len,
			      const struct err *err)
{
	struct confd_resource *r = arg;

	CHECK_MAGIC(r, RESOURCE_MAGIC);
	r->child = NULL;
	r->group->confd->n_children--;
	if (err)
		retry_render(r, "confd-render-failed", err);
	else
		r->disk = disk_place(r, text, len, confd_reload_is_needed(r), on_disk);
	pump(r);
}

static void render_apart(struct confd_resource *r)
{
	struct confd *c = r->group->confd;

	if (c->n_children >= CHILDREN_MAX) {
		r->dirty = true;
		r->render_at_ms = clock_mono_ms() + CHILD_AGAIN_MS;
		return;
	}
	c->stats.renders++;
	c->n_children++;
	r->child = confd_render_apart(r, on_rendered_apart);
}

static void render(struct confd_resource *r)
{
	struct confd *c = r->group->confd;
	CLEANUP(buf_done) struct buf out;
	struct err err;
	int rc;

	buf_init(&out, CONFD_FILE_MAX);
	loop_doing(c->loop, "rendering %s", r->key);
	r->dirty = false;
	rc = confd_render(r, &out, &err);
	if (rc == CONFD_TOO_LARGE) {
		render_apart(r);
		return;
	}
	c->stats.renders++;
	if (rc < 0)
		retry_render(r, "confd-render-failed", &err);
	else
		r->disk = disk_place(r, buf_str(&out), out.len, confd_reload_is_needed(r),
				     on_disk);
}

/* ---------------------------------------------------------------- when */

/* A command, a rendering or a write of it is under way. */
static bool is_busy(const struct confd_resource *r)
{
	return r->shell || r->child || r->disk;
}

static bool has_copies(const struct confd_resource *r)
{
	for (size_t i = 0; i < r->n_uses; i++)
		if (!keys_has_copy(r->uses[i]))
			return false;
	return true;
}

/* When a reload, or a look at what runs, is due. */
static int64_t next_command_ms(const struct confd_resource *r)
{
	const int64_t verify_ms = confd_verify_at_ms(r);

	return r->verifying ? verify_ms : MIN(verify_ms, confd_reload_next_ms(r));
}

static void start_command(struct confd_resource *r, int64_t now)
{
	if (r->verifying || confd_reload_next_ms(r) > now)
		confd_verify_start(r, on_verified);
	else
		confd_reload_start(r, on_reloaded);
}

/* Does what is due, and sets the timer for what is due later. A reload is verified before
 * anything else is done with the file. */
static void pump(struct confd_resource *r)
{
	int64_t now = clock_mono_ms();
	bool can_render = r->dirty && has_copies(r) && !r->verifying;
	int64_t next;

	loop_timer_unset(r->timer);
	if (is_busy(r) || !r->spec)
		return;
	if (can_render && now >= r->render_at_ms) {
		render(r);
		can_render = r->dirty;
	}
	if (!is_busy(r) && next_command_ms(r) <= now)
		start_command(r, now);
	if (is_busy(r))
		return;
	next = next_command_ms(r);
	if (can_render)
		next = MIN(next, r->render_at_ms);
	if (next != INT64_MAX)
		loop_timer_at(r->timer, next);
}

static void on_timer(void *arg)
{
	struct confd_resource *r = arg;

	CHECK_MAGIC(r, RESOURCE_MAGIC);
	pump(r);
}

static void make_dirty(struct confd_resource *r)
{
	const struct confd_opts *o = &r->group->confd->opts;
	int64_t now = clock_mono_ms();

	if (!r->dirty)
		r->dirty_since_ms = now;
	r->dirty = true;
	r->render_at_ms = now;
	/* The jitter keeps hosts that see the same change from reloading at once. */
	if (r->rendered)
		r->render_at_ms =
			MIN(now + o->debounce_ms +
				    arc4random_uniform((uint32_t)o->debounce_ms / 2 + 1),
			    r->dirty_since_ms + o->max_wait_ms);
	if (!is_busy(r))
		loop_timer_at(r->timer, r->render_at_ms);
}

static bool is_real(const struct mirror_change *change)
{
	return change->deleted || !change->old ||
	       change->old->value_len != change->kv->value_len ||
	       memcmp(change->old->value, change->kv->value, change->kv->value_len) != 0;
}

static bool is_below(const char *key, const char *named)
{
	size_t n = strlen(named);

	return strcmp(named, "/") == 0 ||
	       (strncmp(key, named, n) == 0 && (key[n] == '\0' || key[n] == '/'));
}

static void on_keys(void *arg, const struct mirror_change *changes, size_t n)
{
	struct confd_resource *r = arg;
	bool hit = n == 0 || !r->rendered;

	CHECK_MAGIC(r, RESOURCE_MAGIC);
	for (size_t i = 0; i < n && !hit; i++)
		for (size_t k = 0; k < r->spec->n_keys && !hit; k++)
			hit = is_real(&changes[i]) &&
			      is_below(changes[i].kv->key, r->spec->keys[k]);
	if (hit)
		make_dirty(r);
}

/* ---------------------------------------------------------------- the object */

static struct confd_resource *new_resource(struct confd_group *g, const char *key)
{
	struct confd_resource *r = xcalloc(1, sizeof(*r));

	r->magic = RESOURCE_MAGIC;
	r->group = g;
	r->key = xstrdup(key);
	r->mark = confd_mark_path(g->confd->opts.state_dir, key);
	r->marked = confd_mark_is_set(r->mark);
	r->timer = loop_timer_new(g->confd->loop, on_timer, r);
	return r;
}

struct confd_resource *confd_resource_new(struct confd_group *g, const char *key,
					  struct confd_spec *spec, char *text,
					  bool was_rendered)
{
	struct confd_resource *r = new_resource(g, key);
	const char *root = g->confd->opts.root;

	r->spec = spec;
	r->text = text;
	r->dest = xasprintf("%s%s", root ? root : "", spec->dest);
	if (*spec->prefix && spec->n_keys)
		r->uses[r->n_uses++] = keys_use(g->confd->keys, spec->prefix, on_keys, r);
	for (size_t i = 0; !*spec->prefix && i < spec->n_keys; i++)
		r->uses[r->n_uses++] =
			keys_use(g->confd->keys, spec->keys[i], on_keys, r);
	make_dirty(r);
	r->rendered = was_rendered;
	confd_resource_active(r);
	return r;
}

struct confd_resource *confd_resource_bad(struct confd_group *g, const char *key,
					  const struct err *err)
{
	struct confd_resource *r = new_resource(g, key);

	confd_problem_set(r, "confd-bad-resource", err);
	return r;
}

void confd_resource_free(struct confd_resource *r)
{
	if (!r)
		return;
	CHECK_MAGIC(r, RESOURCE_MAGIC);
	shell_free(r->shell);
	confd_reload_drop(r);
	if (r->child)
		r->group->confd->n_children--;
	child_free(r->child);
	disk_cancel(r->disk);
	if (r->staged)
		drop_staged(r);
	for (size_t i = 0; i < r->n_uses; i++)
		keys_unuse(r->uses[i]);
	loop_timer_free(r->timer);
	confd_spec_free(r->spec);
	free(r->key);
	free(r->text);
	free(r->dest);
	free(r->problem);
	free(r->mark);
	r->magic = 0;
	free(r);
}

void confd_resource_active(struct confd_resource *r)
{
	if (!r->spec)
		return;
	if (r->group->active && r->marked)
		confd_reload_request(r);
	/* A unit that has stopped needs no reload: it reads the file when it starts. */
	if (!r->group->active && r->reload_due) {
		r->reload_due = false;
		disk_unmark(r);
		confd_problem_clear(r);
	}
	if (!r->group->active || r->group->starting)
		confd_verify_drop(r);
	if (!is_busy(r))
		loop_timer_in(r->timer, 0);
}
