/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enroll.h - how a host joins: its key, its certificate, and the controller's answer.
 *
 * The key (ECDSA P-256) is generated here and never leaves state_dir. On the first
 * start the one-time token is exchanged for a certificate (POST /v1/join); later starts
 * find key.pem, cert.pem (both 0600) and join.json there and need neither token nor
 * controller. The certificate is renewed at two thirds of its lifetime, which the key
 * signs; also at the start of a host that has no user at an etcd yet, since answers to
 * renewals name it. Failed attempts are retried with exponential backoff and the same
 * key, so that a lost answer does no harm.
 */
#ifndef AGENT_HOST_ENROLL_H
#define AGENT_HOST_ENROLL_H

#include "cleanup.h"
#include "err.h"
#include "net.h"

#include <stdbool.h>
#include <stdint.h>

struct enroll;

struct enroll_info {
	char *store;      /* endpoints, comma list */
	bool is_external; /* the store is an etcd, not the controller's */
	/* Of this host and of its programs at an etcd with users; NULL: it has none. */
	char *store_user, *store_password;
	char *programs_user, *programs_password;
	char *domain;
	int64_t lease_ttl_s;
	double time_scale;
	int64_t time_epoch_ms;
	int64_t metrics_interval_ms; /* calendar */
};

/* There is a certificate, for the first time in this run. From the loop. */
typedef void enroll_fn(void *arg, const struct enroll_info *info);

/* Who this host and its programs are to the store has changed, and is kept: it counts
 * from the next start on. */
typedef void enroll_users_fn(void *arg);

struct enroll_opts {
	const char *controller; /* https://host:port */
	const char *ca_file;    /* the only authority that is trusted */
	const char *token;      /* NULL: none (any more) */
	const char *state_dir;
	struct files *files; /* writes what is renewed, and syncs */
	const char *host;
	const char *address;
	enroll_fn *on_joined;
	enroll_users_fn *on_users;
	void *arg;
};

/* The strings of opts are copied. ERR_INVAL for files that are there but cannot
 * be used. */
int enroll_open(struct loop *loop, struct httpm *http, const struct enroll_opts *opts,
		struct enroll **ret, struct err *err) MUST_CHECK;
void enroll_close(struct enroll *e);
DEFINE_CLEANUP(struct enroll *, enroll_close);

int64_t enroll_joined_ms(const struct enroll *e); /* calendar time; 0: not yet */
const char *enroll_cert_file(const struct enroll *e);
const char *enroll_key_file(const struct enroll *e);

#endif
