/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * x509.h - keys, certificates and files of the authority. Calls without a struct err
 * return codes of GnuTLS.
 */
#ifndef CONTROLLER_TRUST_X509_H
#define CONTROLLER_TRUST_X509_H

#include "ca.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#define CA_DAY_S (24 * 3600)
#define CA_SERIAL_BYTES 20
#define CA_MARK_BYTES 8
#define CA_CSR_BYTES 8192 /* of a request in PEM; one with the longest key has 1,800 */

struct ca {
	char *dir;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	char *pem;
};

DEFINE_CLEANUP(gnutls_x509_privkey_t, gnutls_x509_privkey_deinit);
DEFINE_CLEANUP(gnutls_x509_crt_t, gnutls_x509_crt_deinit);
DEFINE_CLEANUP(gnutls_x509_crq_t, gnutls_x509_crq_deinit);
DEFINE_CLEANUP(gnutls_pubkey_t, gnutls_pubkey_deinit);

/* Sets err to what and GnuTLS' message; returns code. */
int ca_tls_error(int rc, int code, const char *what, struct err *err);
gnutls_datum_t ca_datum_of(const char *text);

int ca_key_new(gnutls_x509_privkey_t *ret, struct err *err) MUST_CHECK;
int ca_key_pem(gnutls_x509_privkey_t key, char **ret, struct err *err) MUST_CHECK;
int ca_crt_pem(gnutls_x509_crt_t crt, char **ret, struct err *err) MUST_CHECK;
int ca_crt_read(const char *pem, const char *what, gnutls_x509_crt_t *ret,
		struct err *err) MUST_CHECK;

/* Reads and writes NAME of the folder; a secret must not be readable by others. */
int ca_read_pem(const struct ca *ca, const char *name, bool secret, char **ret,
		struct err *err) MUST_CHECK;
int ca_write_pem(const struct ca *ca, const char *name, unsigned mode, const char *text,
		 struct err *err) MUST_CHECK;

/* 8 bytes that identify the key of crt, or of crq when crt is NULL. */
int ca_key_mark(gnutls_x509_crt_t crt, gnutls_x509_crq_t crq,
		unsigned char ret[CA_MARK_BYTES]);
/* Sets what every certificate has: version, serial, validity, names, key ids. */
int ca_set_basics(gnutls_x509_crt_t crt, const char *common_name, int64_t life_s,
		  unsigned char serial[CA_SERIAL_BYTES]);

/* ca_check_proof() of the certificate that the peer shows. */
int ca_proof_is_of(gnutls_x509_crt_t crt, const char *csr_pem, const char *proof,
		   struct err *err) MUST_CHECK;

/* Reads a request and checks that its key signed it; ERR_INVAL as of ca_issue(). */
int ca_crq_read(const char *pem, gnutls_x509_crq_t *ret, struct err *err) MUST_CHECK;

#endif
