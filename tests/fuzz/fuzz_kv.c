/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_kv.c - bodies that clients send to the embedded store, and the same text as an
 * answer that our client gets. The first byte says which call it is. What the store
 * answers must be JSON, and its books must stay in order.
 */
#include "check.h"
#include "lease.h"
#include "lease_calls.h"
#include "member.h"
#include "owner.h"
#include "txn.h"
#include "validate.h"
#include "wire.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct db *db;
static struct kv *kv;
static char dir[] = "/tmp/foretide-fuzz-kv-XXXXXX";

static void close_store(void)
{
	static const char *const names[] = { "db", "db-wal", "db-shm", "db.lock" };

	kv_close(kv);
	db_close(db);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", dir, names[i]);

		(void)unlink(path);
	}
	(void)rmdir(dir);
}

#define RECORD "/skydns/local/shop/web/web-1-80"
#define VALUE "{\"host\":\"10.0.0.1\",\"port\":80}"

#define RECORD_MAX 1100 /* of a value that a host puts there */

static void open_store(void)
{
	const struct kv_record record = { RECORD, VALUE };
	const struct kv_rights rights = { .host = "h",
					  .records = &record,
					  .n_records = 1 };
	struct kv_opts opts = { .keep_changes = 20, .max_bytes = 1u << 20 };
	CLEANUP(free) char *path = NULL;
	struct err e;

	CHECK(mkdtemp(dir));
	path = xasprintf("%s/db", dir);
	CHECK(db_open(path, &db, &e) == 0);
	CHECK(kv_open(db, &opts, &kv, &e) == 0);
	CHECK(atexit(close_store) == 0);
	kv_set_rights(kv, &rights);
}

/* What owners are said to have is what is there. */
static void check_owners(void)
{
	size_t keys = 0, bytes = 0, leases = 0;

	for (size_t i = 0; i < kv->space.n_keys; i++) {
		const struct kv_key *k = kv->space.keys[i];

		CHECK(!k->owner == !kv_at(k, 0));
		keys += k->owner != NULL;
		bytes += k->owner ? k->owned_bytes : 0;
	}
	pthread_mutex_lock(&kv->books);
	for (size_t i = 0; i < kv->n_owners; i++) {
		keys -= kv->owners[i]->keys;
		bytes -= kv->owners[i]->bytes;
		leases += kv->owners[i]->leases;
	}
	pthread_mutex_unlock(&kv->books);
	CHECK(keys == 0 && bytes == 0 && leases == kv->n_leases);
	CHECK(kv->n_watches == 0 && !kv->watched);
}

/* Keys are sorted, each has changes in order, and the log has as many. */
static void check_books(void)
{
	size_t changes = 0;

	pthread_mutex_lock(&kv->lock);
	for (size_t i = 0; i < kv->space.n_keys; i++) {
		const struct kv_key *k = kv->space.keys[i];

		CHECK(k->n > 0);
		changes += k->n;
		for (size_t j = 1; j < k->n; j++)
			CHECK(k->changes[j - 1]->rev < k->changes[j]->rev);
		CHECK(i == 0 ||
		      store_key_cmp(kv->space.keys[i - 1]->name,
				    kv->space.keys[i - 1]->len, k->name, k->len) < 0);
	}
	CHECK(changes == kv->space.n_log);
	check_owners();
	pthread_mutex_unlock(&kv->lock);
}

static size_t count_ops(const struct kv_txn *t)
{
	size_t n = MAX(t->n_cmps, MAX(t->n_ops[0], t->n_ops[1]));

	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < t->n_ops[side]; i++)
			if (t->ops[side][i].kind == KV_TXN)
				n += count_ops(t->ops[side][i].txn);
	return n;
}

static void try_op(const json_t *doc, enum kv_op_kind kind)
{
	static const struct kv_access all = { .owner = "",
					      .read_all = true,
					      .write_all = true };
	CLEANUP(kv_host_access_done) struct kv_host_access host;
	CLEANUP(kv_op_done) struct kv_op op = { 0 };
	CLEANUP(buf_done) struct buf to;
	struct err e;

	buf_init(&to, 4u << 20);
	kv_host_access(kv, "h", &host);
	if (kv_parse_op(doc, kind, &op, &e) < 0)
		return;
	if (op.kind == KV_TXN)
		CHECK(count_ops(op.txn) <= KV_MAX_OPS);
	if (kv_op_check(&op, &host.access) == NULL) {
		CHECK(kv_op_check(&op, &all) == NULL);
		CHECK(kind != KV_PUT || op.key.len < strlen("/skydns/") ||
		      memcmp(op.key.data, "/skydns/", strlen("/skydns/")) != 0 ||
		      op.value.len <= RECORD_MAX);
	}
	if (kv_op_check(&op, &all) == NULL && kv_op_run(kv, &op, &all, &to) == NULL) {
		CLEANUP(json_decref)
		json_t *answer = json_loadb(buf_str(&to), to.len, 0, NULL);

		CHECK(json_is_object(answer));
	}
}

static void try_lease(const json_t *doc)
{
	static const char *const rules[] = { "/skydns/", NULL };
	static const struct kv_access somebody = { .owner = "h",
						   .read = rules,
						   .write = rules };
	static kv_lease_call_fn *const calls[] = { kv_call_grant, kv_call_keepalive,
						   kv_call_timetolive, kv_call_revoke };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		CLEANUP(buf_done) struct buf to;

		buf_init(&to, 4u << 20);
		(void)!calls[i](kv, doc, &somebody, &to);
	}
}

static void wake(void *arg)
{
	(void)arg;
}

/* From the past on, so that it has something to say. */
static void try_watch(const char *text, size_t len)
{
	static const struct kv_access somebody = { .owner = "", .read_all = true };
	const struct kv_reader reader = { .wake = wake };
	CLEANUP(buf_done) struct buf answer;
	struct kv_watch *w = NULL;
	char data[4096];

	if (kv_watch_open(kv, text, len, &somebody, &reader, &w, &answer) != MHD_HTTP_OK)
		return;
	while (kv_watch_read(w, data, sizeof(data)) > 0)
		;
	kv_watch_close(w);
}

static void try_answer(const json_t *doc, const char *text, size_t len)
{
	CLEANUP(store_kv_list_done) struct store_kv_list l = { 0 };
	int64_t rev;
	struct err e;

	(void)!store_wire_kvs(doc, "kvs", &l, &e);
	(void)!store_wire_rev(doc, &rev, &e);
	CHECK(store_wire_error(500, text, len, &e) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_decref) json_t *doc = NULL;

	if (!kv)
		open_store();
	if (size < 2)
		return 0;
	doc = json_loadb((const char *)data + 1, size - 1, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(doc))
		return 0;
	switch (data[0] % 6) {
	case 0:
		try_op(doc, KV_RANGE);
		break;
	case 1:
		try_op(doc, KV_PUT);
		break;
	case 2:
		try_op(doc, KV_DELETE);
		break;
	case 3:
		try_op(doc, KV_TXN);
		break;
	case 4:
		try_lease(doc);
		try_watch((const char *)data + 1, size - 1);
		break;
	default:
		try_answer(doc, (const char *)data + 1, size - 1);
	}
	check_books();
	return 0;
}
