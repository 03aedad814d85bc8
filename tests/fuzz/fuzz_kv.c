/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_kv.c - bodies that clients send to the embedded store, and the same text as an
 * answer that our client gets. The first byte says which call it is. What the store
 * answers must be JSON, and its books must stay in order.
 */
#include "check.h"
#include "lease_calls.h"
#include "member.h"
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

static void open_store(void)
{
	struct kv_opts opts = { .keep_changes = 20, .max_bytes = 1u << 20 };
	CLEANUP(free) char *path = NULL;
	struct err e;

	CHECK(mkdtemp(dir));
	path = xasprintf("%s/db", dir);
	CHECK(db_open(path, &db, &e) == 0);
	CHECK(kv_open(db, &opts, &kv, &e) == 0);
	CHECK(atexit(close_store) == 0);
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
	pthread_mutex_unlock(&kv->lock);
}

static void try_op(const json_t *doc, enum kv_op_kind kind)
{
	static const struct kv_access all = { .owner = "",
					      .read_all = true,
					      .write_all = true };
	struct kv_host_access host;
	CLEANUP(kv_op_done) struct kv_op op = { 0 };
	CLEANUP(buf_done) struct buf to;
	struct err e;

	buf_init(&to, 4u << 20);
	kv_host_access("h", &host);
	if (kv_parse_op(doc, kind, &op, &e) < 0)
		return;
	if (kv_op_check(&op, &host.access) == NULL)
		CHECK(kv_op_check(&op, &all) == NULL);
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
		break;
	default:
		try_answer(doc, (const char *)data + 1, size - 1);
	}
	check_books();
	return 0;
}
