/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access.h"

#include "check.h"
#include "sorted.h"
#include "text.h"

#include <string.h>

#define WITHDRAWN "withdrawn" /* as agents announce it: agent/host/withdrawal.h */
/* That a record may have more than what it has to be: the announcement, and spaces. What
 * is longer is not looked into. */
#define MORE_BYTES 64
#define RECORD_BYTES 1024 /* of one that is not known any more */

static bool covers(const char *rule, const struct kv_bytes *key,
		   const struct kv_bytes *end)
{
	size_t n = strlen(rule);
	int c;

	if (n == 0)
		return false;
	if (rule[n - 1] != '/')
		return end->len == 0 && key->len == n && memcmp(key->data, rule, n) == 0;
	if (key->len < n || memcmp(key->data, rule, n) != 0)
		return false;
	if (end->len == 0)
		return true;
	/* Up to what follows the last key of the prefix: "/a0" for "/a/". */
	c = memcmp(end->data, rule, MIN(end->len, n - 1));
	if (c != 0)
		return c < 0 && end->data[0] != '\0';
	if (end->len < n)
		return false;
	if ((unsigned char)end->data[n - 1] <= '/')
		return true;
	return end->data[n - 1] == '/' + 1 && end->len == n;
}

bool kv_may(const struct kv_access *a, bool write, const struct kv_bytes *key,
	    const struct kv_bytes *end)
{
	const char *const *rules = write ? a->write : a->read;

	if (write ? a->write_all : a->read_all)
		return true;
	for (; rules && *rules; rules++)
		if (covers(*rules, key, end))
			return true;
	return false;
}

bool kv_may_all(const struct kv_access *a)
{
	return a->read_all && a->write_all;
}

/* ---------------------------------------------------------------- records */

static int compare(const char *name, const struct kv_bytes *key)
{
	size_t len = strlen(name);
	int c = memcmp(name, key->data, MIN(key->len, len));

	return c ? c : (len > key->len) - (len < key->len);
}

/* The first record of the key; n_records when there is none. While its unit's text is
 * replaced a key may have two. */
static size_t find_record(const struct kv_access *a, const struct kv_bytes *key)
{
	size_t at = SORTED_PLACE(a->n_records, i, compare(a->records[i].key, key) < 0);

	return at < a->n_records && compare(a->records[at].key, key) == 0 ? at
									  : a->n_records;
}

/* NULL when it is no JSON object, or has more than max bytes. */
static json_t *object_of(const char *value, size_t len, size_t max)
{
	json_t *doc = NULL;

	if (len > max)
		return NULL;
	if (json_parse(value, len, "the record", &doc, NULL) < 0 || json_is_object(doc))
		return doc;
	json_decref(doc);
	return NULL;
}

/* Takes the announcement out of it. */
static bool take_withdrawal(json_t *doc)
{
	bool is = json_is_true(json_object_get(doc, WITHDRAWN));

	if (is)
		json_object_del(doc, WITHDRAWN);
	return is;
}

static bool is_record(const struct kv_record *r, const struct kv_bytes *value)
{
	const size_t len = strlen(r->value);
	CLEANUP(json_decref)
	json_t *is = object_of(value->data, value->len, len + MORE_BYTES);
	CLEANUP(json_decref) json_t *should = is ? object_of(r->value, len, len) : NULL;

	(void)take_withdrawal(is);
	return is && should && json_equal(is, should);
}

/* The record that is there, but for its announcement. */
static bool withdraws(const struct kv_bytes *value, const struct kv_change *record)
{
	size_t max = record ? MIN(record->value_len, RECORD_BYTES) : RECORD_BYTES;
	CLEANUP(json_decref)
	json_t *put = object_of(value->data, value->len, max + MORE_BYTES);
	CLEANUP(json_decref) json_t *is = NULL;

	if (!put || !take_withdrawal(put))
		return false;
	if (!record)
		return true;
	is = object_of(record->value, record->value_len, RECORD_BYTES + MORE_BYTES);
	(void)take_withdrawal(is);
	return is && json_equal(put, is);
}

/* ---------------------------------------------------------------- writes */

static bool is_single(const struct kv_op *op)
{
	return op->end.len == 0;
}

/* What it has registered it may take back, also when the unit is gone. */
static bool may_be_own(const struct kv_access *a, const struct kv_op *op)
{
	return a->is_agent && is_single(op) && kv_may(a, false, &op->key, &op->end) &&
	       (op->kind == KV_DELETE || withdraws(&op->value, NULL));
}

enum kv_right kv_may_write(const struct kv_access *a, const struct kv_op *op)
{
	/* Each value that it puts is judged, so it names one. */
	if (a->is_agent && (op->ignore_value || op->ignore_lease))
		return KV_DENIED;
	if (kv_may(a, true, &op->key, &op->end))
		return KV_GRANTED;
	for (size_t i = is_single(op) ? find_record(a, &op->key) : a->n_records;
	     i < a->n_records && compare(a->records[i].key, &op->key) == 0; i++)
		if (op->kind == KV_DELETE || is_record(&a->records[i], &op->value))
			return KV_GRANTED;
	return may_be_own(a, op) ? KV_IF_OWN : KV_DENIED;
}

bool kv_may_on(const struct kv_access *a, const struct kv_op *op,
	       const struct kv_change *is, bool owns_it, bool owns_lease)
{
	if (a->is_agent && op->kind == KV_PUT && !owns_lease)
		return false;
	if (kv_may_write(a, op) == KV_GRANTED)
		return true;
	if (op->kind == KV_DELETE)
		return !is || owns_it;
	return is && owns_it && withdraws(&op->value, is);
}

/* ---------------------------------------------------------------- refusals */

const struct kv_fault *kv_denial(const struct kv_access *a)
{
	return a->is_new ? &kv_no_rights_yet : &kv_denied;
}

/* The first of op's operations that is denied, or may be by what is there. */
static const struct kv_op *find_denied(const struct kv_access *a, const struct kv_op *op)
{
	const struct kv_op *found = NULL;

	if (op->kind == KV_RANGE)
		return kv_may(a, false, &op->key, &op->end) ? NULL : op;
	if (op->kind == KV_PUT || op->kind == KV_DELETE)
		return kv_may_write(a, op) != KV_GRANTED ? op : NULL;
	if (op->kind != KV_TXN)
		return NULL;
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < op->txn->n_ops[side] && !found; i++)
			found = find_denied(a, &op->txn->ops[side][i]);
	return found;
}

void kv_denial_words(const struct kv_access *a, const struct kv_op *op, char *ret,
		     size_t n)
{
	static const char *const verbs[] = {
		[KV_RANGE] = "read",
		[KV_PUT] = "put this under",
		[KV_DELETE] = "delete",
	};
	const struct kv_op *o = find_denied(a, op);
	const char *words = kv_denial(a)->words;
	int len = o ? (int)MIN(o->key.len, (size_t)200) : 0;

	snprintf(ret, n, "%s", words);
	if (!o || !*a->owner)
		return;
	snprintf(ret, n, "%s: %s may not %s %.*s%s", words, a->owner, verbs[o->kind], len,
		 o->key.data, is_single(o) ? "" : "...");
	for (char *p = ret; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
}
