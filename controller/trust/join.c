/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "join.h"

#include "token.h"
#include "unicast.h"

#include <gnutls/crypto.h>
#include <string.h>

static int refuse(struct err *err)
{
	return err_set(err, ERR_DENIED,
		       "the join token is not valid for this host, or was used before");
}

static bool is_token_of(const struct db_host *h, const char *hash)
{
	size_t len = strlen(hash);

	return strlen(h->join_token_hash) == len &&
	       gnutls_memcmp(h->join_token_hash, hash, len) == 0;
}

/* A repetition after a lost answer: same host, token and key. */
static bool is_repetition(const struct db_host *h, const struct join_request *ask)
{
	return h->join_token_used && h->state == DB_HOST_UP &&
	       ca_serial_is_of(h->cert_serial, ask->csr);
}

static int check_address(const char *address, struct err *err)
{
	return is_unicast(address)
		       ? 0
		       : err_set(err, ERR_INVAL,
				 "\"address\" must be an IP address by which other hosts "
				 "reach this one, not '%.60s'",
				 address);
}

int join_host(struct db *db, struct ca *ca, const struct join_request *ask,
	      int64_t cert_life_ms, int64_t now_ms, struct ca_issued *ret,
	      struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	char hash[TOKEN_HASH_TEXT];
	int rc = check_address(ask->address, err);

	if (rc == 0)
		rc = db_host_get(db, ask->host, &h, err);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	token_hash(ask->token, hash);
	if (rc == ERR_NOT_FOUND || !is_token_of(&h, hash))
		return refuse(err);
	rc = ca_issue(ca, ask->csr, ask->host, cert_life_ms, &c, err);
	if (rc < 0)
		return rc;
	if (!is_repetition(&h, ask))
		rc = db_host_join(db, ask->host, hash, ask->address, c.serial, now_ms,
				  err);
	if (rc == ERR_DENIED)
		return refuse(err);
	if (rc < 0)
		return rc;
	*ret = c;
	memset(&c, 0, sizeof(c));
	return 0;
}
