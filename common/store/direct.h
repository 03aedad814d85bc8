/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * direct.h - a store in the same process: it is called, not asked over HTTP.
 *
 * Bodies and answers are those of etcd's gateway. The functions are called from the
 * loop's thread and may block it for as long as the store's lock and disk take.
 */
#ifndef COMMON_STORE_DIRECT_H
#define COMMON_STORE_DIRECT_H

#include "buf.h"

#include <stddef.h>
#include <sys/types.h>

struct store_direct {
	void *arg;
	/* Answers a POST to path: the HTTP status; the caller frees the answer. */
	unsigned (*call)(void *arg, const char *path, const char *body, size_t len,
			 struct buf *answer);
	/*
	 * Opens the stream of POST /v3/watch: 200 and ret, or a status and an answer.
	 * wake is called from any thread when, after a read() of 0, there is more to
	 * read.
	 */
	unsigned (*watch)(void *arg, const char *body, size_t len,
			  void (*wake)(void *wake_arg), void *wake_arg, void **ret,
			  struct buf *answer);
	/* 0: nothing now; negative: the stream has ended. */
	ssize_t (*read)(void *watch, char *data, size_t max);
	/* No wake follows. */
	void (*close)(void *watch);
};

#endif
