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
 * Whom a certificate is for: a host's agent, or the programs on that host, whose name is
 * "HOST:programs". No id of a host has a colon.
 */
#define CA_PROGRAMS ":programs"

/*
 * Signs a host's request.
 *
 *   csr_pem  PKCS #10, at most 8 KiB; its signature is checked; only its key is used
 *   name     becomes the common name, the only part of the subject
 *   life_ms  validity from now; it starts 5 minutes ago
 *
 * ERR_INVAL: not a request, an invalid signature, or a key other than P-256, P-384 or
 * RSA of 2048 to 4096 bits with an exponent of at most 32: what a signature costs to
 * check grows with the cube of a key, so that is looked at before.
 */
int ca_issue(struct ca *ca, const char *csr_pem, const char *name, int64_t life_ms,
	     struct ca_issued *ret, struct err *err) MUST_CHECK;

/*
 * Whether the certificate with this serial was issued for the key of this request: a
 * serial is 8 bytes of the key's SHA-256 and 12 random ones.
 */
bool ca_serial_is_of(const char *serial, const char *csr_pem);

/*
 * Bounds what a peer of this session costs before it is known, to be called before the
 * handshake: a client certificate whose key could not be that of a host (ca_issue()) ends
 * the handshake before a signature by it is checked, and a message has at most 16 KiB.
 */
void ca_bound_peer(gnutls_session_t session);

/* Who is at the other end of a TLS session. */
struct ca_peer {
	char name[80]; /* the certificate's: "web-0badcafe:programs" */
	char host[64]; /* "web-0badcafe" */
	bool is_programs;
	char serial[CA_SERIAL_TEXT];
	int64_t issued_wall_ms, expires_wall_ms;
};

/*
 * Whom the peer's certificate is for, if it presented a client certificate of this
 * authority that is valid now. ERR_NOT_FOUND: it presented none. ERR_DENIED: the
 * certificate is not valid here.
 */
int ca_peer_of(const struct ca *ca, gnutls_session_t session, struct ca_peer *ret,
	       struct err *err) MUST_CHECK;

/*
 * Whether the holder of the peer's key asks for the certificate of csr_pem: a proof is
 * the signature, in base64, by that key over the text "foretide renewal", the
 * serial (lower-case hex) of the certificate that is to be replaced, and csr_pem, each
 * but the last followed by a newline. A connection alone is none: another program may
 * write to it. ERR_DENIED: it is not.
 */
int ca_check_proof(gnutls_session_t session, const char *csr_pem, const char *proof,
		   struct err *err) MUST_CHECK;

#endif
