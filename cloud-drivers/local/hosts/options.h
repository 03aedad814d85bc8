/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the options of the local driver and its table of types.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_OPTIONS_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_OPTIONS_H

#include "cleanup.h"
#include "err.h"

#include <netinet/in.h>
#include <stdint.h>

#define LOCAL_STATE_DIR "/var/lib/foretide/local"
#define LOCAL_BRIDGE "ft-br0"
#define LOCAL_SUBNET "10.90.0.0/16"

struct local_conf {
	/* as given */
	char *state_dir;
	char *subnet_text;
	char *bridge;
	char *mask; /* folders that are empty in hosts, separated by colons or commas */
	char *init; /* path of foretide-local-init; NULL: found beside the driver */
	char *type; /* for launches that name none */
	char *memory_text;
	int64_t boot_delay_ms; /* real */
	double cpu;            /* 0: the type's */
	int64_t max_hosts;
	/* derived from them */
	struct in_addr network; /* network byte order */
	int prefix;
	struct in_addr gateway;
	int64_t memory_bytes; /* 0: the type's */
};

/* From the driver's config_json; the caller frees it with local_conf_done(). */
int local_conf_read(const char *config_json, struct local_conf *ret,
		    struct err *err) MUST_CHECK;
void local_conf_done(struct local_conf *c);

struct local_type {
	const char *name;
	double cpu;
	int64_t memory_bytes;
};

/* NULL when there is none; by index, NULL after the last. */
const struct local_type *local_type_find(const char *name);
const struct local_type *local_type_at(size_t i);

#endif
