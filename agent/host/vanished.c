/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vanished.h"

#include "check.h"
#include "sorted.h"

#include <string.h>

enum state {
	STATE_NEW,     /* in the copy; not decided yet */
	STATE_KEPT,    /* in the copy */
	STATE_DROPPED, /* not in the copy; it counts until the window ends */
};

struct record {
	struct store_kv kv;
	size_t group_len; /* of the key, up to its last slash */
	int64_t since_ms;
	int64_t calm_ms; /* since when it need not be kept; 0: it must */
	size_t before;   /* how many its group had when it was kept */
	enum state state;
};

struct vanished {
	struct vanished_opts o;
	struct record **list; /* by group, then key */
	size_t n, cap;
	char **told; /* groups of which records are kept, as was told */
	size_t n_told;
};

/* What is known of one group, records [from, to), while it is decided. */
struct group {
	size_t from, to;
	size_t live;    /* in the store */
	size_t missing; /* in the window, or kept */
	size_t before;
	bool settling;
};

struct vanished *vanished_new(const struct vanished_opts *o)
{
	struct vanished *v = xcalloc(1, sizeof(*v));

	v->o = *o;
	return v;
}

static void record_free(struct record *r)
{
	store_kv_done(&r->kv);
	free(r);
}

void vanished_free(struct vanished *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++)
		record_free(v->list[i]);
	for (size_t i = 0; i < v->n_told; i++)
		free(v->told[i]);
	free(v->told);
	free(v->list);
	free(v);
}

static size_t group_of(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash ? (size_t)(slash + 1 - key) : 0;
}

static int compare(const struct record *r, const char *key, size_t group_len)
{
	int d = memcmp(r->kv.key, key, MIN(r->group_len, group_len));

	if (d == 0 && r->group_len != group_len)
		d = r->group_len < group_len ? -1 : 1;
	return d ? d : strcmp(r->kv.key, key);
}

static size_t place(const struct vanished *v, const char *key, bool *ret_is)
{
	const size_t len = group_of(key);
	size_t at = SORTED_PLACE(v->n, i, compare(v->list[i], key, len) < 0);

	*ret_is = at < v->n && strcmp(v->list[at]->kv.key, key) == 0;
	return at;
}

static void insert(struct vanished *v, size_t at, const struct store_kv *kv,
		   int64_t now_ms)
{
	if (v->n == v->cap) {
		v->cap = v->cap * 2 + 16;
		v->list = xrealloc(v->list, v->cap * sizeof(struct record *));
	}
	memmove(v->list + at + 1, v->list + at, (v->n - at) * sizeof(struct record *));
	v->n++;
	v->list[at] = xcalloc(1, sizeof(struct record));
	*v->list[at] = (struct record){
		.kv = store_kv_copy(kv),
		.group_len = group_of(kv->key),
		.since_ms = now_ms,
	};
}

static void remove_at(struct vanished *v, size_t at)
{
	record_free(v->list[at]);
	memmove(v->list + at, v->list + at + 1, (--v->n - at) * sizeof(struct record *));
}

void vanished_add(struct vanished *v, const struct store_kv *kv, int64_t now_ms)
{
	bool is;
	size_t at = place(v, kv->key, &is);

	/* Read again, and still not there. */
	if (is && v->list[at]->state != STATE_DROPPED)
		return;
	if (is)
		remove_at(v, at);
	insert(v, at, kv, now_ms);
}

void vanished_forget(struct vanished *v, const char *key)
{
	bool is;
	size_t at = place(v, key, &is);

	if (is)
		remove_at(v, at);
}

bool vanished_has(const struct vanished *v, const char *key)
{
	bool is;
	size_t at = place(v, key, &is);

	return is && v->list[at]->state != STATE_DROPPED;
}

/* ---------------------------------------------------------------- the decision */

/* One that is not decided yet counts, however late we are. */
static bool in_window(const struct record *r, int64_t now_ms)
{
	return r->state == STATE_NEW || now_ms - r->since_ms < VANISHED_WINDOW_MS;
}

static bool is_over(const struct vanished *v, const struct record *r, int64_t now_ms)
{
	return r->state != STATE_NEW && now_ms - r->since_ms >= v->o.keep_ms;
}

/* Kept so far: false once enough others are there, and were for long enough. */
static bool keep_on(const struct group *g, struct record *r, int64_t now_ms)
{
	if (g->live >= g->before)
		return false;
	if (!r->calm_ms)
		r->calm_ms = now_ms;
	return now_ms - r->calm_ms < VANISHED_CALM_MS;
}

static bool must_keep(const struct record *r)
{
	return r->state == STATE_KEPT && !r->calm_ms;
}

static void keep(const struct vanished *v, const struct group *g, struct record *r)
{
	if (r->state == STATE_DROPPED)
		v->o.act(v->o.arg, VANISHED_RESTORE, &r->kv);
	if (r->state != STATE_KEPT)
		r->before = g->live + g->missing;
	r->state = STATE_KEPT;
	r->calm_ms = 0;
}

/* Decides a record; false: it is to be forgotten. */
static bool decide(const struct vanished *v, const struct group *g, struct record *r,
		   int64_t now_ms)
{
	const bool over = is_over(v, r, now_ms), recent = in_window(r, now_ms);

	if (!over && g->missing > g->live && (recent || r->state == STATE_KEPT)) {
		keep(v, g, r);
		return true;
	}
	if (!over && r->state == STATE_KEPT && keep_on(g, r, now_ms))
		return true;
	if (r->state != STATE_DROPPED)
		v->o.act(v->o.arg, VANISHED_DROP, &r->kv);
	r->state = STATE_DROPPED;
	return recent && !over;
}

static void count_group(const struct vanished *v, struct group *g, const char *name,
			int64_t now_ms)
{
	size_t in_copy = v->o.count(v->o.arg, name), gone = 0;

	for (size_t i = g->from; i < g->to; i++) {
		const struct record *r = v->list[i];

		gone += r->state != STATE_DROPPED;
		g->missing += r->state == STATE_KEPT || in_window(r, now_ms);
		g->settling |= r->state == STATE_NEW &&
			       now_ms - r->since_ms < VANISHED_SETTLE_MS;
		g->before = MAX(g->before, r->before);
	}
	g->live = in_copy - MIN(gone, in_copy);
}

static void tell_kept(struct vanished *v, const char *group, size_t n)
{
	for (size_t i = 0; i < v->n_told; i++)
		if (strcmp(v->told[i], group) == 0)
			return;
	v->told = xrealloc(v->told, (v->n_told + 1) * sizeof(char *));
	v->told[v->n_told++] = xstrdup(group);
	v->o.told(v->o.arg, group, n);
}

static bool has_kept(const struct vanished *v, const char *group)
{
	const size_t len = strlen(group);
	bool is;

	for (size_t i = place(v, group, &is); i < v->n; i++) {
		const struct record *r = v->list[i];

		if (r->group_len != len || memcmp(r->kv.key, group, len) != 0)
			return false;
		if (must_keep(r))
			return true;
	}
	return false;
}

static void tell_ends(struct vanished *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_told; i++) {
		if (has_kept(v, v->told[i])) {
			v->told[n++] = v->told[i];
			continue;
		}
		v->o.told(v->o.arg, v->told[i], 0);
		free(v->told[i]);
	}
	v->n_told = n;
}

/* Returns how many of its records are left. */
static size_t settle_group(struct vanished *v, size_t from, size_t to, int64_t now_ms)
{
	CLEANUP(free)
	char *name = xstrndup(v->list[from]->kv.key, v->list[from]->group_len);
	struct group g = { .from = from, .to = to };
	size_t kept = 0, left = from;

	count_group(v, &g, name, now_ms);
	if (g.settling)
		return to - from;
	for (size_t i = from; i < to; i++) {
		struct record *r = v->list[i];

		if (!decide(v, &g, r, now_ms)) {
			record_free(r);
			continue;
		}
		kept += must_keep(r);
		v->list[left++] = r;
	}
	memmove(v->list + left, v->list + to, (v->n - to) * sizeof(struct record *));
	v->n -= to - left;
	if (kept > 0)
		tell_kept(v, name, kept);
	return left - from;
}

static bool is_same_group(const struct record *a, const struct record *b)
{
	return a->group_len == b->group_len &&
	       memcmp(a->kv.key, b->kv.key, a->group_len) == 0;
}

bool vanished_settle(struct vanished *v, int64_t now_ms)
{
	for (size_t from = 0, to; from < v->n;) {
		to = from + 1;
		while (to < v->n && is_same_group(v->list[from], v->list[to]))
			to++;
		from += settle_group(v, from, to, now_ms);
	}
	tell_ends(v);
	return v->n > 0;
}
