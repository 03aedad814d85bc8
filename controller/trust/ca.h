/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ca.h - the controller's own certificate authority.
 *
 * One ECDSA P-256 key, generated at the first start and stored with mode 0600 in its
 * folder. It signs the controller's server certificate and one client certificate per
 * host. Agents trust only this authority, and it trusts only what it signed. All times
 * are the real wall clock's, whatever the time scale. Safe from any thread once opened.
 */
#ifndef CONTROLLER_TRUST_CA_H
#define CONTROLLER_TRUST_CA_H

#include "cleanup.h"
#include "err.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CA_FINGERPRINT_TEXT 65 /* SHA-256 in hex and the NUL */
#define CA_SERIAL_TEXT 41      /* 20 bytes in hex and the NUL */

struct ca;

/*
 * Opens the authority in dir (created if absent, 0700), generating key and certificate if
 * neither exists. ERR_INVAL: one of the two is missing, they do not match, or the key can
 * be read by others; existing files are not changed.
 */
int ca_open(const char *dir, struct ca **ret, struct err *err) MUST_CHECK;
void ca_close(struct ca *ca);
DEFINE_CLEANUP(struct ca *, ca_close);

/* The authority's certificate in PEM; valid as long as ca. */
const char *ca_pem(const struct ca *ca);
/* SHA-256 of the certificate's DER form, in lower-case hex. */
void ca_fingerprint(const struct ca *ca, char ret[CA_FINGERPRINT_TEXT]);

/*
 * The server's certificate and key in PEM, for these DNS names and IP addresses. Those in
 * the folder are reused while they have the same names and a third of their lifetime
 * left. The caller frees both.
 */
int ca_server(struct ca *ca, const char *const *names, size_t n, char **ret_cert,
	      char **ret_key, struct err *err) MUST_CHECK;

struct ca_issued {
	char *pem;
	char serial[CA_SERIAL_TEXT]; /* begins with ca_key_mark() of the key */
	int64_t expires_wall_ms;
};
void ca_issued_done(struct ca_issued *c);
DEFINE_CLEANUP_OBJECT(struct ca_issued, ca_issued_done);

/*
 * Signs a host's request.
 *
 *   csr_pem  PKCS #10; its signature is checked; only its key is used
 *   host     becomes the common name, the only part of the subject
 *   life_ms  validity from now; it starts 5 minutes ago
 *
 * ERR_INVAL: not a request, an invalid signature, or a key weaker than 2048 bit RSA or
 * P-256.
 */
int ca_issue(struct ca *ca, const char *csr_pem, const char *host, int64_t life_ms,
	     struct ca_issued *ret, struct err *err) MUST_CHECK;

/*
 * Whether the certificate with this serial was issued for the key of this request: a
 * serial is 8 bytes of the key's SHA-256 and 12 random ones.
 */
bool ca_serial_is_of(const char *serial, const char *csr_pem);

/*
 * The peer of a TLS session: its common name, if it presented a client certificate of
 * this authority that is valid now. ERR_NOT_FOUND: it presented none. ERR_DENIED: the
 * certificate is not valid here.
 */
int ca_peer(const struct ca *ca, gnutls_session_t session, char *ret_name,
	    size_t name_size, struct err *err) MUST_CHECK;

#endif
