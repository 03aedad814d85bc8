/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join.h - how a new host is let in: what it is born with, and what it gets for that.
 *
 * The host's row holds the hash of a token that its user data carries. The agent trades
 * the token, once, for a certificate of its own key. When the answer got lost the same
 * key may ask again with the same token, and gets another certificate: nobody else has
 * that key, so this lets in no one.
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
 * Admits a host. ERR_DENIED, always with the same words, when the token is not this
 * host's, was used by another key, or the host is not waited for any more. ERR_INVAL for
 * a bad request for a certificate; the token is then not used up.
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
	int64_t give_up_ms; /* real: who has not joined by then powers off; 0: 20 min */
};

/*
 * The user data: a script for /bin/sh that fetches the agent from the controller, checks
 * it and runs it. Works as cloud-init's user data and for the local driver. The caller
 * frees *ret. ERR_INVAL when a string holds what it should not; ERR_LIMIT when the whole
 * is longer than JOIN_USER_DATA_MAX.
 */
int join_user_data(const struct join_user_data *in, char **ret,
		   struct err *err) MUST_CHECK;

#endif
