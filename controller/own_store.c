/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "own_store.h"

static const struct kv_access all = { .owner = "", .read_all = true, .write_all = true };

static unsigned call(void *arg, const char *path, const char *body, size_t len,
		     struct buf *answer)
{
	return kv_call(arg, path, body, len, &all, answer);
}

static unsigned watch(void *arg, const char *body, size_t len, void (*wake)(void *),
		      void *wake_arg, void **ret, struct buf *answer)
{
	const struct kv_reader reader = { .wake = wake, .arg = wake_arg };
	struct kv_watch *w = NULL;
	unsigned status = kv_watch_open(arg, body, len, &all, &reader, &w, answer);

	*ret = w;
	return status;
}

static ssize_t read_watch(void *watch, char *data, size_t max)
{
	return kv_watch_read(watch, data, max);
}

static void close_watch(void *watch)
{
	kv_watch_close(watch);
}

struct store_direct own_store(struct kv *kv)
{
	return (struct store_direct){
		.arg = kv,
		.call = call,
		.watch = watch,
		.read = read_watch,
		.close = close_watch,
	};
}
