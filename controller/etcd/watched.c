/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watched.h"

#include "check.h"
#include "cleanup.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static int bytes_cmp(const struct kv_bytes *a, const struct kv_bytes *b)
{
	return store_key_cmp(a->data, a->len, b->data, b->len);
}

static int end_cmp(const struct kv_watched *a, const struct kv_watched *b)
{
	if (a->is_open || b->is_open)
		return (int)a->is_open - (int)b->is_open;
	return bytes_cmp(&a->end, &b->end);
}

static int range_cmp(const struct kv_watched *a, const struct kv_watched *b)
{
	int c = bytes_cmp(&a->key, &b->key);

	return c ? c : end_cmp(a, b);
}

static bool ends_after(const struct kv_watched *r, const struct kv_key *k)
{
	return r->is_open || store_key_cmp(r->end.data, r->end.len, k->name, k->len) > 0;
}

static bool begins_after(const struct kv_watched *r, const struct kv_key *k)
{
	return store_key_cmp(r->key.data, r->key.len, k->name, k->len) > 0;
}

struct kv_bytes kv_watched_end(const struct kv_watched *r)
{
	const bool is_one = r->end.len == r->key.len + 1 &&
			    memcmp(r->end.data, r->key.data, r->key.len) == 0 &&
			    r->end.data[r->key.len] == '\0';

	if (is_one && r->key.len > 0)
		return (struct kv_bytes){ 0 };
	return r->end;
}

bool kv_watched_has(const struct kv_watched *r, const struct kv_key *k)
{
	return !begins_after(r, k) && ends_after(r, k);
}

static void range_free(struct kv_watched *r)
{
	free(r->key.data);
	free(r->end.data);
	free(r);
}

/* ---------------------------------------------------------------- the tree */

static void update(struct kv_watched *r)
{
	r->reach = r;
	if (r->left && end_cmp(r->left->reach, r->reach) > 0)
		r->reach = r->left->reach;
	if (r->right && end_cmp(r->right->reach, r->reach) > 0)
		r->reach = r->right->reach;
}

static struct kv_watched *turn_right(struct kv_watched *r)
{
	struct kv_watched *top = r->left;

	r->left = top->right;
	top->right = r;
	update(r);
	return top;
}

static struct kv_watched *turn_left(struct kv_watched *r)
{
	struct kv_watched *top = r->right;

	r->right = top->left;
	top->left = r;
	update(r);
	return top;
}

static struct kv_watched *insert(struct kv_watched *root, struct kv_watched *r)
{
	if (!root)
		return r;
	if (range_cmp(r, root) < 0) {
		root->left = insert(root->left, r);
		if (root->left->priority > root->priority)
			root = turn_right(root);
	} else {
		root->right = insert(root->right, r);
		if (root->right->priority > root->priority)
			root = turn_left(root);
	}
	update(root);
	return root;
}

static struct kv_watched *join(struct kv_watched *left, struct kv_watched *right)
{
	struct kv_watched *top = left;

	if (!left || !right)
		return left ? left : right;
	if (left->priority > right->priority) {
		left->right = join(left->right, right);
	} else {
		right->left = join(left, right->left);
		top = right;
	}
	update(top);
	return top;
}

static struct kv_watched *take_out(struct kv_watched *root, const struct kv_watched *r)
{
	CHECK(root);
	if (root == r)
		return join(root->left, root->right);
	if (range_cmp(r, root) < 0)
		root->left = take_out(root->left, r);
	else
		root->right = take_out(root->right, r);
	update(root);
	return root;
}

/* ---------------------------------------------------------------- from outside */

/* The one key ends before the key that follows it immediately. */
static void set_end(struct kv_watched *r, struct kv_bytes *end)
{
	r->is_open = end->len == 1 && end->data[0] == '\0';
	if (end->len > 0) {
		r->end = *end;
		*end = (struct kv_bytes){ 0 };
		return;
	}
	r->end.len = r->key.len + 1;
	r->end.data = xcalloc(1, r->end.len + 1);
	memcpy(r->end.data, r->key.data, r->key.len);
}

struct kv_watched *kv_watched_get(struct kv_watched **root, struct kv_bytes *key,
				  struct kv_bytes *end)
{
	struct kv_watched *r = xcalloc(1, sizeof(*r));
	struct kv_watched *at = *root;

	r->key = *key;
	*key = (struct kv_bytes){ 0 };
	set_end(r, end);
	while (at) {
		int c = range_cmp(r, at);

		if (c == 0) {
			range_free(r);
			return at;
		}
		at = c < 0 ? at->left : at->right;
	}
	CHECK(getrandom(&r->priority, sizeof(r->priority), 0) == sizeof(r->priority));
	update(r);
	*root = insert(*root, r);
	return r;
}

void kv_watched_remove(struct kv_watched **root, struct kv_watched *r)
{
	CHECK(!r->waiting);
	*root = take_out(*root, r);
	range_free(r);
}

void kv_watched_find(struct kv_watched *root, const struct kv_key *k, kv_watched_fn *fn,
		     void *arg)
{
	if (!root || !ends_after(root->reach, k))
		return;
	kv_watched_find(root->left, k, fn, arg);
	if (begins_after(root, k))
		return;
	if (ends_after(root, k))
		fn(arg, root);
	kv_watched_find(root->right, k, fn, arg);
}
