/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confd.h - files rendered from keys of the store, as confd does it.
 *
 * A template resource names a template, a destination, keys, and perhaps a check and a
 * reload command. Resources come from the store for the tiers that this host runs
 * (/foretide/conf/STACK/TIER/NAME, JSON with the template itself in "src"), and from a
 * folder laid out as confd's (conf.d/ *.toml, templates/).
 *
 * When a key changes: wait for the burst to end, render, compare with the destination
 * (content, mode, owner), and only if it differs: stage beside it, run check_cmd, sync,
 * rename (a busy mount is written in place), run reload_cmd. A failed reload is retried
 * with exponential backoff until it succeeds, also after a restart of the agent. One that
 * a verify_cmd does not confirm has failed as well (verify.h). Two with the same command
 * never run at once, since a program that reloads may lose the next request.
 * Nothing is rendered before the keys were read once; while the store is unreachable
 * the last copy is used. A resource that fails leaves its destination as it was.
 *
 * The loop waits for none of it: what is much work is rendered by a process apart, and
 * files are compared, written, synced and renamed by threads (disk.h).
 *
 * In commands {{.src}} is the staged file (check_cmd) or the destination (reload_cmd) and
 * {{.dest}} the destination. They are run by /bin/sh -c with a time limit, without
 * blocking the loop.
 *
 * getenv in templates first knows facts of the host: FORETIDE_HOST, FORETIDE_ADDRESS,
 * FORETIDE_DOMAIN, FORETIDE_STACK, FORETIDE_TIER, and FORETIDE_HASH, a digest of the file
 * that is rendered; then the agent's environment.
 * lookupIP and lookupSRV know the names under the domain only, from memory.
 */
#ifndef AGENT_CONFD_CONFD_H
#define AGENT_CONFD_CONFD_H

#include "cleanup.h"
#include "err.h"
#include "host.h"
#include "net.h"
#include "template.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct confd;

struct confd_opts {
	const char *folder; /* /etc/confd; NULL: none */
	/* Where reloads that are due are remembered over restarts; NULL: nowhere. */
	const char *state_dir;
	const char *root;     /* put before every destination; NULL: nothing. For tests */
	const char *hostname; /* the host's id */
	const char *address;
	const char *domain;
	int64_t debounce_ms;     /* 0: 20; time without a change that ends a burst */
	int64_t max_wait_ms;     /* 0: 200; a burst is rendered after this in any case */
	int64_t command_ms;      /* 0: 15 s; limit of check and reload commands */
	int64_t retry_first_ms;  /* 0: 500; doubles up to retry_most_ms */
	int64_t retry_most_ms;   /* 0: 30 s */
	int64_t reload_gap_ms;   /* 0: 500; between two reloads that nothing verifies */
	int64_t verify_every_ms; /* 0: 30 s; between two looks at what runs */
	/* For lookupIP and lookupSRV; may be NULL. See dns/dns.h. */
	int (*lookup_ip)(void *arg, const char *name, int family, template_ip_fn *fn,
			 void *fn_arg, struct err *err);
	int (*lookup_srv)(void *arg, const char *name, template_srv_fn *fn, void *fn_arg,
			  struct err *err);
	void *lookup_arg;
	/* A tier's resources have all been rendered now, for the first time. */
	void (*on_ready)(void *arg, const char *stack, const char *tier);
	void *arg;
};

struct confd_tier {
	const char *stack;
	const char *tier;
	/*
	 * A unit of it is starting or running. Only then are reload commands run: a
	 * unit that does not run reads the file when it starts. Set it before the unit
	 * is started, so that no change is missed; a reload that fails because the unit
	 * is not up yet is retried.
	 */
	bool active;
	/*
	 * A unit of it is starting. Reloads wait until it is up, since a program may lose
	 * the signal that comes before it is ready for it.
	 */
	bool starting;
};

/* The strings of opts are copied. */
struct confd *confd_new(struct loop *l, struct keys *k, const struct confd_opts *opts);
/* Running commands are killed; rendered files stay, those under way are written. */
void confd_free(struct confd *c);
DEFINE_CLEANUP(struct confd *, confd_free);

/* The tiers that this host runs now; those not listed are dropped. Strings are copied. */
void confd_set_tiers(struct confd *c, const struct confd_tier *tiers, size_t n);

/* Every resource of the tier was rendered at least once; so its units may start. */
bool confd_is_ready(const struct confd *c, const char *stack, const char *tier);

/* Why it is not ready, or what fails now; "" when all is well. Valid until the loop
 * runs. */
const char *confd_problem(const struct confd *c, const char *stack, const char *tier);

/* Reads the folder again; a bad resource in it is logged and skipped. */
void confd_read_folder(struct confd *c);

struct confd_stats {
	size_t resources;
	uint64_t renders;  /* executed templates */
	uint64_t writes;   /* changed files */
	uint64_t reloads;  /* successful */
	uint64_t failures; /* templates, checks and reloads */
};
void confd_get_stats(const struct confd *c, struct confd_stats *ret);

#endif
