/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * meta.h - what a host is, as meta.json in its folder.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_META_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_META_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct meta {
	char launch_id[64], owner[64], pool[64], name[64], type[32];
	char address[16];
	char veth[16];
	double cpu;
	int64_t memory_bytes;
	int64_t created_ms;
	bool spot;
	/* of its init, as seen by this machine; 0 until it runs */
	pid_t pid;
	uint64_t pid_start;
	char boot_id[40];
	/* for its init */
	char gateway[16];
	int prefix;
	int64_t boot_delay_ms;
	char mask[1024];
};

/* dirfd is the host's folder. */
int meta_write(int dirfd, const struct meta *m, struct err *err) MUST_CHECK;
int meta_read(int dirfd, struct meta *ret, struct err *err) MUST_CHECK;

#endif
