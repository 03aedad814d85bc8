/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join.h - how a new host joins: the user data it starts with, and the certificate it
 * gets.
 *
 * The host's row holds the hash of a token that its user data carries. The agent
 * exchanges the token, once, for a certificate of its own key. If the answer is lost, the
 * same key may ask again with the same token and gets another certificate; nobody else
 * has that key, so this is safe.
 */
#ifndef CONTROLLER_TRUST_JOIN_H
#define CONTROLLER_TRUST_JOIN_H

#include "ca.h"
#include "db.h"
#include "err.h"

#include <stdint.h>

#define JOIN_USER_DATA_MAX (12 << 10) /* bytes; some clouds take no more than 16 KiB */

struct join_request {
	const char *host;
	const char *token;
	const char *csr;
	const char *address; /* "" when the host does not know it */
};

/*
 * Admits a host. ERR_DENIED, always with the same message, when the token is not this
 * host's, was used by another key, or the host is no longer expected. ERR_INVAL for
 * an invalid certificate request; the token then remains usable.
 */
int join_host(struct db *db, struct ca *ca, const struct join_request *ask,
	      int64_t cert_life_ms, int64_t now_ms, struct ca_issued *ret,
	      struct err *err) MUST_CHECK;

/* Strings that go into the script are checked: nothing in them can break out of it. */
struct join_user_data {
	const char *host;
	const char *pool;
	const char *token;
	const char *controller; /* "https://10.90.0.1:7071" */
	const char *ca_pem;
	const char *agent_sha256; /* in hex */
	const char *domain;       /* for its DNS; NULL: foretide.local */
	double time_scale;
	int64_t time_epoch_ms;
	int64_t give_up_ms; /* real: it powers off unless it has joined by then; 0:
			     * 20 min */
};

/*
 * The user data: a script for /bin/sh that downloads the agent from the controller,
 * checks it and runs it. It works with cloud-init and with the local driver. The caller
 * frees *ret. ERR_INVAL for a string with forbidden characters; ERR_LIMIT when the script
 * is longer than JOIN_USER_DATA_MAX.
 */
int join_user_data(const struct join_user_data *in, char **ret,
		   struct err *err) MUST_CHECK;

#endif
