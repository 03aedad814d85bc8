/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "file.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PEM_MAX_BYTES (64 << 10)
#define CA_LIFE_S (20 * 365 * (time_t)CA_DAY_S)
#define BACKDATE_S (CA_DAY_S + 300) /* hosts whose clock is a day behind can join */

int ca_tls_error(int rc, int code, const char *what, struct err *err)
{
	return err_set(err, code, "%s: %s", what, gnutls_strerror(rc));
}

gnutls_datum_t ca_datum_of(const char *text)
{
	union {
		const char *in;
		unsigned char *out;
	} u = { .in = text };

	return (gnutls_datum_t){ .data = u.out, .size = (unsigned)strlen(text) };
}

static char *take_pem(gnutls_datum_t *d)
{
	char *text = xstrndup((const char *)d->data, d->size);

	gnutls_memset(d->data, 0, d->size);
	gnutls_free(d->data);
	return text;
}

/* ---------------------------------------------------------------- keys and files */

int ca_key_new(gnutls_x509_privkey_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	int rc = gnutls_x509_privkey_init(&key);

	if (rc == 0)
		rc = gnutls_x509_privkey_generate(
			key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc < 0)
		return ca_tls_error(rc, ERR_INTERNAL, "generating a key", err);
	*ret = TAKE(key);
	return 0;
}

int ca_key_pem(gnutls_x509_privkey_t key, char **ret, struct err *err)
{
	gnutls_datum_t d = { NULL, 0 };
	int rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						   GNUTLS_PKCS_PLAIN, &d);

	if (rc < 0)
		return ca_tls_error(rc, ERR_INTERNAL, "writing a key", err);
	*ret = take_pem(&d);
	return 0;
}

int ca_crt_pem(gnutls_x509_crt_t crt, char **ret, struct err *err)
{
	gnutls_datum_t d = { NULL, 0 };
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &d);

	if (rc < 0)
		return ca_tls_error(rc, ERR_INTERNAL, "writing a certificate", err);
	*ret = take_pem(&d);
	return 0;
}

static int key_read(const char *pem, const char *what, gnutls_x509_privkey_t *ret,
		    struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t d = ca_datum_of(pem);
	int rc = gnutls_x509_privkey_init(&key);

	if (rc == 0)
		rc = gnutls_x509_privkey_import(key, &d, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return ca_tls_error(rc, ERR_INVAL, what, err);
	*ret = TAKE(key);
	return 0;
}

int ca_crt_read(const char *pem, const char *what, gnutls_x509_crt_t *ret,
		struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t d = ca_datum_of(pem);
	int rc = gnutls_x509_crt_init(&crt);

	if (rc == 0)
		rc = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return ca_tls_error(rc, ERR_INVAL, what, err);
	*ret = TAKE(crt);
	return 0;
}

/* Reads NAME of the folder; a key must not be readable by others. */
int ca_read_pem(const struct ca *ca, const char *name, bool secret, char **ret,
		struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", ca->dir, name);
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL,
				 "%s", path);
	if (secret && (st.st_mode & 077) != 0)
		return err_set(err, ERR_INVAL, "%s can be read by others: run chmod 600",
			       path);
	return conf_read_file(path, PEM_MAX_BYTES, ret, NULL, err);
}

int ca_write_pem(const struct ca *ca, const char *name, unsigned mode, const char *text,
		 struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", ca->dir, name);

	return file_write(path, text, strlen(text), mode, err);
}

/* ---------------------------------------------------------------- certificates */

/* 8 bytes that identify the key. */
int ca_key_mark(gnutls_x509_crt_t crt, gnutls_x509_crq_t crq,
		unsigned char ret[CA_MARK_BYTES])
{
	unsigned char id[32];
	size_t n = sizeof(id);
	int rc = crt ? gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &n)
		     : gnutls_x509_crq_get_key_id(crq, GNUTLS_KEYID_USE_SHA256, id, &n);

	if (rc == 0) {
		memcpy(ret, id, CA_MARK_BYTES);
		ret[0] &= 0x7f; /* a serial is a positive number */
		ret[0] |= 0x40; /* of full length */
	}
	return rc;
}

/* Sets what every certificate has: version, serial, validity, key ids. */
int ca_set_basics(gnutls_x509_crt_t crt, const char *common_name, int64_t life_s,
		  unsigned char serial[CA_SERIAL_BYTES])
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	unsigned char id[64];
	size_t n = sizeof(id);
	int rc = ca_key_mark(crt, NULL, serial);

	if (rc == 0)
		rc = gnutls_rnd(GNUTLS_RND_NONCE, serial + CA_MARK_BYTES,
				CA_SERIAL_BYTES - CA_MARK_BYTES);
	if (rc == 0)
		rc = gnutls_x509_crt_set_version(crt, 3);
	if (rc == 0)
		rc = gnutls_x509_crt_set_serial(crt, serial, CA_SERIAL_BYTES);
	if (rc == 0)
		rc = gnutls_x509_crt_set_activation_time(crt, now - BACKDATE_S);
	if (rc == 0)
		rc = gnutls_x509_crt_set_expiration_time(crt, now + (time_t)life_s);
	if (rc == 0)
		rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
						   common_name,
						   (unsigned)strlen(common_name));
	if (rc == 0)
		rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &n);
	if (rc == 0)
		rc = gnutls_x509_crt_set_subject_key_id(crt, id, n);
	return rc;
}

static int make_root(gnutls_x509_privkey_t key, gnutls_x509_crt_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	unsigned char serial[CA_SERIAL_BYTES];
	int rc = gnutls_x509_crt_init(&crt);

	if (rc == 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (rc == 0)
		rc = ca_set_basics(crt, "Foretide controller", CA_LIFE_S, serial);
	if (rc == 0)
		rc = gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN |
								GNUTLS_KEY_CRL_SIGN);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	if (rc < 0)
		return ca_tls_error(rc, ERR_INTERNAL, "creating the authority", err);
	*ret = TAKE(crt);
	return 0;
}

/* ---------------------------------------------------------------- the authority */

/* The certificate is written last: a key alone is an interrupted start. */
static int ca_make(struct ca *ca, struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t made = NULL;
	CLEANUP(free) char *secret = NULL;
	int rc = ca_key_new(&ca->key, err);

	if (rc == 0)
		rc = make_root(ca->key, &made, err);
	if (rc == 0)
		rc = ca_key_pem(ca->key, &secret, err);
	if (rc == 0)
		rc = ca_crt_pem(made, &ca->pem, err);
	/* GnuTLS compares parsed issuers, so parse the new certificate. */
	if (rc == 0)
		rc = ca_crt_read(ca->pem, "ca.pem", &ca->crt, err);
	if (rc == 0)
		rc = ca_write_pem(ca, "ca-key.pem", 0600, secret, err);
	if (rc == 0)
		rc = ca_write_pem(ca, "ca.pem", 0644, ca->pem, err);
	if (secret)
		gnutls_memset(secret, 0, strlen(secret));
	return rc;
}

static int ca_load(struct ca *ca, struct err *err)
{
	CLEANUP(free) char *secret = NULL;
	unsigned char mine[32], theirs[32];
	size_t n_mine = sizeof(mine), n_theirs = sizeof(theirs);
	int rc = ca_read_pem(ca, "ca-key.pem", true, &secret, err);

	if (rc == ERR_NOT_FOUND)
		return err_set(err, ERR_INVAL, "%s/ca.pem exists but its key does not",
			       ca->dir);
	if (rc == 0)
		rc = key_read(secret, "ca-key.pem", &ca->key, err);
	if (rc == 0)
		rc = ca_crt_read(ca->pem, "ca.pem", &ca->crt, err);
	if (rc < 0)
		return rc;
	if (gnutls_x509_privkey_get_key_id(ca->key, GNUTLS_KEYID_USE_SHA256, mine,
					   &n_mine) < 0 ||
	    gnutls_x509_crt_get_key_id(ca->crt, GNUTLS_KEYID_USE_SHA256, theirs,
				       &n_theirs) < 0 ||
	    n_mine != n_theirs || memcmp(mine, theirs, n_mine) != 0)
		return err_set(err, ERR_INVAL, "%s: ca.pem and ca-key.pem do not match",
			       ca->dir);
	return 0;
}

int ca_open(const char *dir, struct ca **ret, struct err *err)
{
	CLEANUP(ca_close) struct ca *ca = xcalloc(1, sizeof(*ca));
	int rc;

	ca->dir = xstrdup(dir);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "creating %s", dir);
	rc = ca_read_pem(ca, "ca.pem", false, &ca->pem, err);
	rc = rc == ERR_NOT_FOUND ? ca_make(ca, err) : rc < 0 ? rc : ca_load(ca, err);
	if (rc < 0)
		return err_wrap(err, rc, "certificate authority");
	*ret = TAKE(ca);
	return 0;
}

void ca_close(struct ca *ca)
{
	if (!ca)
		return;
	gnutls_x509_privkey_deinit(ca->key);
	gnutls_x509_crt_deinit(ca->crt);
	free(ca->pem);
	free(ca->dir);
	free(ca);
}

const char *ca_pem(const struct ca *ca)
{
	return ca->pem;
}

void ca_fingerprint(const struct ca *ca, char ret[CA_FINGERPRINT_TEXT])
{
	unsigned char sum[32];
	size_t n = sizeof(sum);

	CHECK(gnutls_x509_crt_get_fingerprint(ca->crt, GNUTLS_DIG_SHA256, sum, &n) == 0);
	hex_encode(sum, n, ret);
}
