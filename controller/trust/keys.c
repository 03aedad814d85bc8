/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.c - which keys of others are taken, judged before anything is computed with them.
 */
#include "x509.h"

#include <string.h>

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 4096
#define EXPONENT_BITS 32
#define HANDSHAKE_BYTES 16384 /* of one message: a host's certificate has 700 */

static size_t bits_of(const gnutls_datum_t *number)
{
	size_t n = number->size, i = 0;

	while (i < n && number->data[i] == 0)
		i++;
	return i < n ? 8 * (n - i) - (size_t)__builtin_clz(number->data[i]) + 24 : 0;
}

static bool rsa_is_taken(gnutls_pubkey_t key)
{
	gnutls_datum_t m = { NULL, 0 }, e = { NULL, 0 };
	bool ret = gnutls_pubkey_export_rsa_raw(key, &m, &e) == 0 &&
		   bits_of(&m) >= RSA_MIN_BITS && bits_of(&m) <= RSA_MAX_BITS &&
		   bits_of(&e) <= EXPONENT_BITS;

	gnutls_free(m.data);
	gnutls_free(e.data);
	return ret;
}

static bool ec_is_taken(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve;

	return gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) == 0 &&
	       (curve == GNUTLS_ECC_CURVE_SECP256R1 ||
		curve == GNUTLS_ECC_CURVE_SECP384R1);
}

static bool is_taken(gnutls_pubkey_t key)
{
	switch (gnutls_pubkey_get_pk_algorithm(key, NULL)) {
	case GNUTLS_PK_ECDSA:
		return ec_is_taken(key);
	case GNUTLS_PK_RSA:
		return rsa_is_taken(key);
	default:
		return false;
	}
}

/* ---------------------------------------------------------------- requests */

static int refuse(gnutls_pubkey_t key, struct err *err)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);
	const char *name = gnutls_pk_algorithm_get_name((gnutls_pk_algorithm_t)algorithm);

	return err_set(err, ERR_INVAL,
		       "certificate request: a %s key of %u bits is not taken: use "
		       "P-256, P-384, or RSA of %d to %d bits with an exponent of at "
		       "most %d",
		       name ? name : "strange", bits, RSA_MIN_BITS, RSA_MAX_BITS,
		       EXPONENT_BITS);
}

int ca_crq_read(const char *pem, gnutls_x509_crq_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_crq_deinit) gnutls_x509_crq_t crq = NULL;
	CLEANUP(gnutls_pubkey_deinit) gnutls_pubkey_t key = NULL;
	gnutls_datum_t d = ca_datum_of(pem);
	int rc;

	if (d.size > CA_CSR_BYTES)
		return err_set(
			err, ERR_INVAL,
			"certificate request: it has %u bytes, at most %d are taken",
			d.size, CA_CSR_BYTES);
	rc = gnutls_x509_crq_init(&crq);
	if (rc == 0)
		rc = gnutls_x509_crq_import(crq, &d, GNUTLS_X509_FMT_PEM);
	if (rc == 0)
		rc = gnutls_pubkey_init(&key);
	if (rc == 0)
		rc = gnutls_pubkey_import_x509_crq(key, crq, 0);
	if (rc == 0 && !is_taken(key))
		return refuse(key, err);
	if (rc == 0)
		rc = gnutls_x509_crq_verify(crq, 0);
	if (rc < 0)
		return ca_tls_error(rc, ERR_INVAL, "certificate request", err);
	*ret = TAKE(crq);
	return 0;
}

/* ---------------------------------------------------------------- handshakes */

/* Called when the peer proves that it has the key of its certificate, before the proof is
 * checked. GnuTLS asks who verifies certificates only then. */
static int judge_peer(gnutls_session_t session, unsigned message, unsigned after,
		      unsigned incoming, const gnutls_datum_t *data)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	CLEANUP(gnutls_pubkey_deinit) gnutls_pubkey_t key = NULL;
	unsigned n = 0;
	const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &n);

	(void)message;
	(void)after;
	(void)data;
	if (!incoming || !shown || n == 0)
		return 0;
	if (gnutls_x509_crt_init(&crt) < 0 ||
	    gnutls_x509_crt_import(crt, &shown[0], GNUTLS_X509_FMT_DER) < 0 ||
	    gnutls_pubkey_init(&key) < 0 || gnutls_pubkey_import_x509(key, crt, 0) < 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return is_taken(key) ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

void ca_bound_peer(gnutls_session_t session)
{
	gnutls_handshake_set_max_packet_length(session, HANDSHAKE_BYTES);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY,
					   GNUTLS_HOOK_PRE, judge_peer);
}
