/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * member.h - the state of the etcd member, shared by its parts: keyspace, leases, watch
 * streams, and their lock.
 */
#ifndef CONTROLLER_ETCD_MEMBER_H
#define CONTROLLER_ETCD_MEMBER_H

#include "etcd.h"
#include "fault.h"
#include "keyspace.h"

#include <pthread.h>

#define KV_MAGIC 0x6b767376u

struct kv {
	uint32_t magic;
	struct db *db;
	struct kv_opts opts;
	char *url;
	uint64_t cluster_id, member_id;
	/* n changes were appended to the log; called with the lock held. */
	void (*on_changes)(struct kv *kv, size_t n);
	pthread_mutex_t lock; /* guards all below; taken before the database's */
	pthread_cond_t wake;  /* the thread: an earlier deadline, or the end */
	pthread_t thread;
	bool has_thread, closing;
	struct keyspace space;
	struct kv_lease *leases;
	size_t n_leases, cap_leases;
	struct kv_watch *watches;
	size_t n_watches;
	bool watches_ended;
};

#endif
