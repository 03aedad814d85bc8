/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_modules.h - the modules that read the store's keys: confd, DNS, and the etcd
 * proxy for programs of the host.
 */
#ifndef AGENT_STORE_MODULES_H
#define AGENT_STORE_MODULES_H

#include "cleanup.h"
#include "host.h"
#include "options.h"
#include "store.h"
#include "wanted.h"

struct agent_names;

struct agent_names_opts {
	const struct agent_conf *conf;
	struct store *store;
	const char *store_endpoints;
	/* Of this host's programs; NULL: they have none. */
	const char *programs_cert, *programs_key;
	const char *programs_user, *programs_password; /* at an etcd with users */
	const char *address, *domain;
	struct files *files;
	keys_seen_fn *seen;
	keys_vanished_fn *vanished;
	void (*refused)(void *arg);  /* some tier's problem has changed */
	void (*on_ready)(void *arg); /* some tier's files were rendered */
	void *arg;
};

/* A module that cannot start is logged and skipped. Strings are copied. */
struct agent_names *agent_names_new(struct loop *loop, const struct agent_names_opts *o);
void agent_names_free(struct agent_names *n);
DEFINE_CLEANUP(struct agent_names *, agent_names_free);

bool agent_names_is_ready(const struct agent_names *n, const char *stack,
			  const char *tier);
const char *agent_names_problem(const struct agent_names *n, const char *stack,
				const char *tier);
void agent_names_set_tiers(struct agent_names *n, const struct wanted *w);

#endif
