/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guests.h - connections that wait at the door, in the order in which they came.
 */
#ifndef CONTROLLER_API_GUESTS_H
#define CONTROLLER_API_GUESTS_H

#include "address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_MAGIC 0x67756573u

struct door;

struct guest {
	uint32_t magic;
	struct door *door;
	bool is_acquainted; /* acquainted.h */
	struct guest *prev, *next;
	int fd;
	int64_t since_ms;               /* real, monotonic: in this list */
	char network[API_ADDRESS_TEXT]; /* api_address_network() */
	struct sockaddr_storage from;
	socklen_t from_len;
};

struct guests {
	struct guest *first, *last; /* oldest first */
	size_t n;
};

/* As the newest. */
void guests_put(struct guests *l, struct guest *g);
void guests_take(struct guests *l, struct guest *g);

#endif
