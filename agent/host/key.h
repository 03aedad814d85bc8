/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * key.h - the host's private key and certificate files, by GnuTLS.
 */
#ifndef AGENT_HOST_KEY_H
#define AGENT_HOST_KEY_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Generates an ECDSA P-256 key in path (0600, not synced) unless there is one. */
int host_key_ensure(const char *path, struct err *err) MUST_CHECK;

/* A PKCS #10 request in PEM for the key, with the common name host. Caller frees. */
int host_key_csr(const char *path, const char *host, char **ret,
		 struct err *err) MUST_CHECK;

/*
 * What shows that the holder of the key asks for the certificate of csr in place of that
 * in cert_path: a signature, in base64, over its serial and csr. Caller frees.
 */
int host_key_proof(const char *path, const char *cert_path, const char *csr, char **ret,
		   struct err *err) MUST_CHECK;

/*
 * From when to when a certificate in PEM is valid, real wall-clock ms. ERR_INVAL when
 * it is not a certificate or does not belong to the key in key_path.
 */
int host_cert_check(const char *pem, const char *key_path, int64_t *ret_from_ms,
		    int64_t *ret_until_ms, struct err *err) MUST_CHECK;

#endif
