/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join.h - how a new host joins: the certificate it gets.
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

#endif
