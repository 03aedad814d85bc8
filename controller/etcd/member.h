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
#include "log_streak.h"

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
	pthread_cond_t wake;  /* the thread: the end */
	pthread_t thread;
	bool has_thread, closing;
	struct keyspace space;
	struct log_streak write_fails, compaction_fails;
	bool forgets_all;    /* deleted secrets whose history is still there: forget.h */
	int64_t roomed_ms;   /* all history was compacted for room; monotonic, 0: never */
	size_t roomed_bytes; /* what there was then */
	struct kv_watch *watches;
	size_t n_watches;
	size_t n_progress;          /* of them ask for reports of progress */
	int64_t progress_ms;        /* when they are looked at; monotonic */
	struct kv_watched *watched; /* the root of their ranges */
	int hang_up_fd;             /* epoll: peers of watches */
	bool watches_ended;
	_Atomic int64_t told_rev;    /* space.rev, to be read without the lock */
	struct kv_granted **granted; /* by host */
	size_t n_granted, cap_granted;

	pthread_mutex_t books; /* guards all below; taken after the lock */
	/* Sorted by number. The set changes under both locks, their times under this. */
	struct kv_lease **leases;
	size_t n_leases, cap_leases;
	struct kv_owner **owners; /* sorted by name */
	size_t n_owners, cap_owners;
	int64_t filling_ms; /* since when it is; calendar, 0: it is not */
};

#endif
