/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * networks.h - how many strangers each network has, those who are on their way among
 * them. Of at most NETWORKS_MAX strangers; no lock.
 */
#ifndef CONTROLLER_API_NETWORKS_H
#define CONTROLLER_API_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETWORKS_MAX 256

struct networks {
	struct {
		uint64_t id;
		size_t n; /* 0: free */
	} v[NETWORKS_MAX];
	struct {
		uint64_t id;
		int64_t since_ms;
	} coming[NETWORKS_MAX]; /* oldest first */
	size_t n_coming;
};

uint64_t networks_id(const char *network);
size_t networks_count(const struct networks *n, uint64_t id);

/* One is there, or has gone. */
void networks_add(struct networks *n, uint64_t id);
void networks_drop(struct networks *n, uint64_t id);

/* One is on its way; there must be room. */
void networks_expect(struct networks *n, uint64_t id, int64_t now_ms);
/* It came, or stays away. False: none of it is on its way. */
bool networks_arrived(struct networks *n, uint64_t id);
/* Forgets those on their way since before that. */
void networks_forget(struct networks *n, int64_t before_ms);

#endif
