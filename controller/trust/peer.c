/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer.c - who is at the other end of a connection, by its certificate.
 */
#include "x509.h"

#include "check.h"
#include "text.h"

#include <string.h>

#define PROOF_BYTES 1024 /* in base64; a signature by the longest key has 684 */

static bool is_for_clients(gnutls_x509_crt_t crt)
{
	char purpose[64];
	size_t n = sizeof(purpose);
	unsigned critical;

	return gnutls_x509_crt_get_key_purpose_oid(crt, 0, purpose, &n, &critical) == 0 &&
	       strcmp(purpose, GNUTLS_KP_TLS_WWW_CLIENT) == 0;
}

static int shown_by(gnutls_session_t session, gnutls_x509_crt_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	unsigned n_shown = 0;
	const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &n_shown);

	if (!shown || n_shown == 0)
		return err_set(err, ERR_NOT_FOUND, "no client certificate was presented");
	if (gnutls_x509_crt_init(&crt) < 0 ||
	    gnutls_x509_crt_import(crt, &shown[0], GNUTLS_X509_FMT_DER) < 0)
		return err_set(err, ERR_DENIED, "the client certificate cannot be read");
	*ret = TAKE(crt);
	return 0;
}

static int serial_of(gnutls_x509_crt_t crt, char ret[CA_SERIAL_TEXT])
{
	unsigned char serial[CA_SERIAL_BYTES];
	size_t n = sizeof(serial);
	int rc = gnutls_x509_crt_get_serial(crt, serial, &n);

	if (rc == 0)
		hex_encode(serial, n, ret);
	return rc;
}

static int read_peer(gnutls_x509_crt_t crt, struct ca_peer *ret)
{
	size_t n = sizeof(ret->name);
	const char *suffix;
	int rc = gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
					       ret->name, &n);

	if (rc == 0)
		rc = serial_of(crt, ret->serial);
	if (rc < 0)
		return rc;
	suffix = strchr(ret->name, ':');
	ret->is_programs = suffix != NULL;
	n = suffix ? (size_t)(suffix - ret->name) : strlen(ret->name);
	if (n >= sizeof(ret->host) || (suffix && strcmp(suffix, CA_PROGRAMS) != 0))
		return GNUTLS_E_ASN1_VALUE_NOT_VALID;
	snprintf(ret->host, sizeof(ret->host), "%.*s", (int)n, ret->name);
	ret->issued_wall_ms = (int64_t)gnutls_x509_crt_get_activation_time(crt) * 1000;
	ret->expires_wall_ms = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * 1000;
	return 0;
}

int ca_peer_of(const struct ca *ca, gnutls_session_t session, struct ca_peer *ret,
	       struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	unsigned status = 0;
	int rc = shown_by(session, &crt, err);

	*ret = (struct ca_peer){ .name = "" };
	if (rc < 0)
		return rc;
	if (gnutls_x509_crt_verify(crt, &ca->crt, 1, 0, &status) < 0 || status != 0)
		return err_set(err, ERR_DENIED, "the client certificate is %s",
			       status & GNUTLS_CERT_EXPIRED ? "expired"
							    : "not from this controller");
	if (!is_for_clients(crt) || read_peer(crt, ret) < 0)
		return err_set(err, ERR_DENIED,
			       "the client certificate is not for a host");
	return 0;
}

int ca_proof_is_of(gnutls_x509_crt_t crt, const char *csr_pem, const char *proof,
		   struct err *err)
{
	CLEANUP(gnutls_pubkey_deinit) gnutls_pubkey_t key = NULL;
	CLEANUP(free) char *text = NULL;
	CLEANUP(free) char *sig = NULL;
	size_t sig_len = 0;
	char serial[CA_SERIAL_TEXT] = "";
	gnutls_datum_t signed_text, signature;
	int rc;

	if (strlen(proof) > PROOF_BYTES || strlen(csr_pem) > CA_CSR_BYTES ||
	    serial_of(crt, serial) < 0 || gnutls_pubkey_init(&key) < 0 ||
	    gnutls_pubkey_import_x509(key, crt, 0) < 0 ||
	    base64_decode(proof, strlen(proof), &sig, &sig_len, NULL) < 0)
		return err_set(err, ERR_DENIED, "the proof cannot be read");
	text = xasprintf("foretide renewal\n%s\n%s", serial, csr_pem);
	signed_text = ca_datum_of(text);
	signature = (gnutls_datum_t){ (unsigned char *)sig, (unsigned)sig_len };
	rc = gnutls_pubkey_verify_data2(
		key,
		gnutls_pk_to_sign(gnutls_pubkey_get_pk_algorithm(key, NULL),
				  GNUTLS_DIG_SHA256),
		0, &signed_text, &signature);
	return rc < 0 ? err_set(err, ERR_DENIED,
				"the proof is not by the key of the certificate that is "
				"to be replaced")
		      : 0;
}

int ca_check_proof(gnutls_session_t session, const char *csr_pem, const char *proof,
		   struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	int rc = shown_by(session, &crt, err);

	return rc < 0 ? rc : ca_proof_is_of(crt, csr_pem, proof, err);
}
