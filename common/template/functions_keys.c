/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confd's functions on the store's keys. */
#include "function.h"

#include "check.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static bool source_get(struct trun *x, struct tstr key, const char **ret, size_t *len)
{
	const struct template_source *s = x->source;

	return s->get && strlen(key.s) == key.n && s->get(s->arg, key.s, ret, len);
}

static struct tval pair(struct tpool *p, const char *key, const char *value, size_t len)
{
	struct tval kv = tval_struct(p, "memkv.KVPair");

	tmap_set(p, &kv, (struct tstr){ .s = "Key", .n = 3 }, tval_cstr(p, key));
	tmap_set(p, &kv, (struct tstr){ .s = "Value", .n = 5 }, tval_str(p, value, len));
	return kv;
}

static int missing(struct tstr key, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "key does not exist: %s", key.s);
}

TFUNC(fn_exists)
{
	const char *value;
	size_t len;

	(void)n;
	(void)err;
	*ret = tval_bool(source_get(x, a->str, &value, &len));
	return 0;
}

TFUNC(fn_get)
{
	const char *value;
	size_t len;

	(void)n;
	if (!source_get(x, a->str, &value, &len))
		return missing(a->str, err);
	*ret = pair(&x->pool, a->str.s, value, len);
	return 0;
}

TFUNC(fn_getv)
{
	const char *value;
	size_t len;

	if (source_get(x, a->str, &value, &len))
		*ret = tval_str(&x->pool, value, len);
	else if (n > 1)
		*ret = a[1];
	else
		return missing(a->str, err);
	return 0;
}

/* ---------------------------------------------------------------- several keys */

struct collector {
	struct trun *x;
	struct tpool *pool;
	struct tlist *list;
	const char *pattern;
	size_t pattern_len;
	bool values; /* or pairs */
	int rc;
	struct err *err;
};

static bool collect(void *arg, const char *key, const char *value, size_t len)
{
	struct collector *c = arg;
	bool hit = false;

	/* After a star the rest of the pattern is tried at each place of the key. */
	c->rc = trun_work(c->x,
			  len / 1024 + 1 + c->pattern_len / 64 * (strlen(key) / 64 + 1),
			  c->err);
	if (c->rc == 0)
		c->rc = glob_match(c->pattern, key, &hit, c->err);
	if (hit)
		tlist_add(c->pool, c->list,
			  c->values ? tval_str(c->pool, value, len)
				    : pair(c->pool, key, value, len));
	return c->rc == 0 && !tpool_is_full(c->pool);
}

/* The part of a pattern before its first special character. */
static struct tval plain_start(struct tpool *p, struct tstr pattern)
{
	return tval_str(p, pattern.s, strcspn(pattern.s, "*?[\\"));
}

static int glob_keys(struct trun *x, struct tstr pattern, bool values, struct tval *ret,
		     struct err *err)
{
	const struct template_source *s = x->source;
	struct tpool *p = &x->pool;
	struct collector c = { .x = x,
			       .pool = p,
			       .pattern = pattern.s,
			       .pattern_len = pattern.n,
			       .values = values,
			       .err = err };
	bool hit;

	*ret = tval_list(p, values ? "string" : "memkv.KVPair");
	c.list = ret->list;
	/* An invalid pattern is an error even if there is no key. */
	c.rc = glob_match(pattern.s, "", &hit, err);
	if (c.rc == 0 && s->each)
		s->each(s->arg, plain_start(p, pattern).str.s, collect, &c);
	return c.rc;
}

TFUNC(fn_gets)
{
	(void)n;
	return glob_keys(x, a->str, false, ret, err);
}

TFUNC(fn_getvs)
{
	int rc = glob_keys(x, a->str, true, ret, err);

	(void)n;
	if (rc == 0)
		tlist_sort(ret->list);
	return rc;
}

struct lister {
	struct trun *x;
	struct tpool *pool;
	struct tlist *list;
	const char *path; /* without a slash at its end */
	bool dirs;        /* only what has children */
	int rc;
	struct err *err;
};

/* Keys come sorted, so that nearly all repetitions follow each other. */
static void add(struct lister *l, const char *s, size_t n)
{
	const struct tlist *list = l->list;
	const struct tstr *last = list->n ? &list->v[list->n - 1].str : NULL;

	if (last && last->n == n && memcmp(last->s, s, n) == 0)
		return;
	tlist_add(l->pool, l->list, tval_str(l->pool, s, n));
}

static void drop_repeated(struct tlist *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || tstr_compare(l->v[n - 1].str, l->v[i].str) != 0)
			l->v[n++] = l->v[i];
	l->n = n;
}

static bool list_one(void *arg, const char *key, const char *value, size_t len)
{
	struct lister *l = arg;
	size_t n = strlen(l->path);
	const char *rest = key + n, *slash;

	(void)value;
	(void)len;
	l->rc = trun_work(l->x, 1, l->err);
	if (*rest == '\0' && n && !l->dirs) {
		slash = strrchr(key, '/');
		add(l, slash ? slash + 1 : key, strlen(slash ? slash + 1 : key));
	} else if (*rest == '/') {
		rest++;
		slash = strchr(rest, '/');
		if (slash)
			add(l, rest, (size_t)(slash - rest));
		else if (!l->dirs)
			add(l, rest, strlen(rest));
	}
	return l->rc == 0 && !tpool_is_full(l->pool);
}

static int list_keys(struct trun *x, struct tstr path, bool dirs, struct tval *ret,
		     struct err *err)
{
	const struct template_source *s = x->source;
	struct lister l = { .x = x, .pool = &x->pool, .dirs = dirs, .err = err };

	while (path.n && path.s[path.n - 1] == '/')
		path.n--;
	l.path = tstr_new(l.pool, path.s, path.n).s;
	*ret = tval_list(l.pool, "string");
	l.list = ret->list;
	if (s->each)
		s->each(s->arg, l.path, list_one, &l);
	tlist_sort(l.list);
	drop_repeated(l.list);
	return l.rc;
}

TFUNC(fn_ls)
{
	(void)n;
	return list_keys(x, a->str, false, ret, err);
}

TFUNC(fn_lsdir)
{
	(void)n;
	return list_keys(x, a->str, true, ret, err);
}

const struct tfunc tfuncs_keys[] = {
	{ "exists", "s", fn_exists }, { "get", "s", fn_get },
	{ "getv", "s?s", fn_getv },   { "gets", "s", fn_gets },
	{ "getvs", "s", fn_getvs },   { "ls", "s", fn_ls },
	{ "lsdir", "s", fn_lsdir },   { NULL, NULL, NULL },
};
