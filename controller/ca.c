/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ca.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "conf.h"
#include "file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PEM_MAX_BYTES (64 << 10)
#define DAY_S (24 * 3600)
#define CA_LIFE_S (20 * 365 * (time_t)DAY_S)
#define SERVER_LIFE_S (825 * (time_t)DAY_S)
#define BACKDATE_S 300
#define SERIAL_BYTES 20
#define MARK_BYTES 8

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

static int tls_error(int rc, int code, const char *what, struct err *err)
{
	return err_set(err, code, "%s: %s", what, gnutls_strerror(rc));
}

static gnutls_datum_t datum_of(const char *text)
{
	union {
		const char *in;
		unsigned char *out;
	} u = { .in = text };

	return (gnutls_datum_t){ .data = u.out, .size = (unsigned)strlen(text) };
}

static void to_hex(const unsigned char *bytes, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

static char *take_pem(gnutls_datum_t *d)
{
	char *text = xstrndup((const char *)d->data, d->size);

	gnutls_memset(d->data, 0, d->size);
	gnutls_free(d->data);
	return text;
}

/* ---------------------------------------------------------------- keys and files */

static int key_new(gnutls_x509_privkey_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	int rc = gnutls_x509_privkey_init(&key);

	if (rc == 0)
		rc = gnutls_x509_privkey_generate(
			key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc < 0)
		return tls_error(rc, ERR_INTERNAL, "making a key", err);
	*ret = TAKE(key);
	return 0;
}

static int key_pem(gnutls_x509_privkey_t key, char **ret, struct err *err)
{
	gnutls_datum_t d = { NULL, 0 };
	int rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						   GNUTLS_PKCS_PLAIN, &d);

	if (rc < 0)
		return tls_error(rc, ERR_INTERNAL, "writing a key", err);
	*ret = take_pem(&d);
	return 0;
}

static int crt_pem(gnutls_x509_crt_t crt, char **ret, struct err *err)
{
	gnutls_datum_t d = { NULL, 0 };
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &d);

	if (rc < 0)
		return tls_error(rc, ERR_INTERNAL, "writing a certificate", err);
	*ret = take_pem(&d);
	return 0;
}

static int key_read(const char *pem, const char *what, gnutls_x509_privkey_t *ret,
		    struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t d = datum_of(pem);
	int rc = gnutls_x509_privkey_init(&key);

	if (rc == 0)
		rc = gnutls_x509_privkey_import(key, &d, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return tls_error(rc, ERR_INVAL, what, err);
	*ret = TAKE(key);
	return 0;
}

static int crt_read(const char *pem, const char *what, gnutls_x509_crt_t *ret,
		    struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t d = datum_of(pem);
	int rc = gnutls_x509_crt_init(&crt);

	if (rc == 0)
		rc = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return tls_error(rc, ERR_INVAL, what, err);
	*ret = TAKE(crt);
	return 0;
}

/* Reads NAME of the folder; a key must be nobody else's to read. */
static int read_pem(const struct ca *ca, const char *name, bool secret, char **ret,
		    struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", ca->dir, name);
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL,
				 "%s", path);
	if (secret && (st.st_mode & 077) != 0)
		return err_set(err, ERR_INVAL, "%s may be read by others: chmod 600 it",
			       path);
	return conf_read_file(path, PEM_MAX_BYTES, ret, NULL, err);
}

static int write_pem(const struct ca *ca, const char *name, unsigned mode,
		     const char *text, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", ca->dir, name);

	return file_write(path, text, strlen(text), mode, err);
}

/* ---------------------------------------------------------------- certificates */

/* 8 bytes that say whose key it is. */
static int key_mark(gnutls_x509_crt_t crt, gnutls_x509_crq_t crq,
		    unsigned char ret[MARK_BYTES])
{
	unsigned char id[32];
	size_t n = sizeof(id);
	int rc = crt ? gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &n)
		     : gnutls_x509_crq_get_key_id(crq, GNUTLS_KEYID_USE_SHA256, id, &n);

	if (rc == 0) {
		memcpy(ret, id, MARK_BYTES);
		ret[0] &= 0x7f; /* a serial is a positive number */
		ret[0] |= 0x40; /* and one of full length */
	}
	return rc;
}

/* What every certificate has: version, serial, life, subject's and issuer's key ids. */
static int set_basics(gnutls_x509_crt_t crt, const char *common_name, int64_t life_s,
		      unsigned char serial[SERIAL_BYTES])
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	unsigned char id[64];
	size_t n = sizeof(id);
	int rc = key_mark(crt, NULL, serial);

	if (rc == 0)
		rc = gnutls_rnd(GNUTLS_RND_NONCE, serial + MARK_BYTES,
				SERIAL_BYTES - MARK_BYTES);
	if (rc == 0)
		rc = gnutls_x509_crt_set_version(crt, 3);
	if (rc == 0)
		rc = gnutls_x509_crt_set_serial(crt, serial, SERIAL_BYTES);
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

/* An end certificate, signed. */
static int sign_leaf(const struct ca *ca, gnutls_x509_crt_t crt, const char *purpose)
{
	unsigned char id[64];
	size_t n = sizeof(id);
	int rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);

	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_get_subject_key_id(ca->crt, id, &n, NULL);
	if (rc == 0)
		rc = gnutls_x509_crt_set_authority_key_id(crt, id, n);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0);
	return rc;
}

static int make_root(gnutls_x509_privkey_t key, gnutls_x509_crt_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	unsigned char serial[SERIAL_BYTES];
	int rc = gnutls_x509_crt_init(&crt);

	if (rc == 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (rc == 0)
		rc = set_basics(crt, "Foretide controller", CA_LIFE_S, serial);
	if (rc == 0)
		rc = gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN |
								GNUTLS_KEY_CRL_SIGN);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	if (rc < 0)
		return tls_error(rc, ERR_INTERNAL, "making the authority", err);
	*ret = TAKE(crt);
	return 0;
}

/* ---------------------------------------------------------------- the authority */

/* The certificate is written last, so a key alone is a start that was cut off. */
static int ca_make(struct ca *ca, struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t made = NULL;
	CLEANUP(free) char *secret = NULL;
	int rc = key_new(&ca->key, err);

	if (rc == 0)
		rc = make_root(ca->key, &made, err);
	if (rc == 0)
		rc = key_pem(ca->key, &secret, err);
	if (rc == 0)
		rc = crt_pem(made, &ca->pem, err);
	/* GnuTLS compares issuers by what was parsed, so read what was made. */
	if (rc == 0)
		rc = crt_read(ca->pem, "ca.pem", &ca->crt, err);
	if (rc == 0)
		rc = write_pem(ca, "ca-key.pem", 0600, secret, err);
	if (rc == 0)
		rc = write_pem(ca, "ca.pem", 0644, ca->pem, err);
	if (secret)
		gnutls_memset(secret, 0, strlen(secret));
	return rc;
}

static int ca_load(struct ca *ca, struct err *err)
{
	CLEANUP(free) char *secret = NULL;
	unsigned char mine[32], theirs[32];
	size_t n_mine = sizeof(mine), n_theirs = sizeof(theirs);
	int rc = read_pem(ca, "ca-key.pem", true, &secret, err);

	if (rc == ERR_NOT_FOUND)
		return err_set(err, ERR_INVAL, "%s/ca.pem is there but its key is not",
			       ca->dir);
	if (rc == 0)
		rc = key_read(secret, "ca-key.pem", &ca->key, err);
	if (rc == 0)
		rc = crt_read(ca->pem, "ca.pem", &ca->crt, err);
	if (rc < 0)
		return rc;
	if (gnutls_x509_privkey_get_key_id(ca->key, GNUTLS_KEYID_USE_SHA256, mine,
					   &n_mine) < 0 ||
	    gnutls_x509_crt_get_key_id(ca->crt, GNUTLS_KEYID_USE_SHA256, theirs,
				       &n_theirs) < 0 ||
	    n_mine != n_theirs || memcmp(mine, theirs, n_mine) != 0)
		return err_set(err, ERR_INVAL,
			       "%s: ca.pem and ca-key.pem do not belong together",
			       ca->dir);
	return 0;
}

int ca_open(const char *dir, struct ca **ret, struct err *err)
{
	CLEANUP(ca_close) struct ca *ca = xcalloc(1, sizeof(*ca));
	int rc;

	ca->dir = xstrdup(dir);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "making %s", dir);
	rc = read_pem(ca, "ca.pem", false, &ca->pem, err);
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
	to_hex(sum, n, ret);
}

/* ---------------------------------------------------------------- server certificate */

static int add_name(gnutls_x509_crt_t crt, const char *name)
{
	unsigned char ip[16];

	if (inet_pton(AF_INET, name, ip) == 1)
		return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip,
							    4, GNUTLS_FSAN_APPEND);
	if (inet_pton(AF_INET6, name, ip) == 1)
		return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip,
							    16, GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
						    (unsigned)strlen(name),
						    GNUTLS_FSAN_APPEND);
}

/* Whether the certificate is good for all names and a third of its life. */
static bool still_serves(const struct ca *ca, const char *pem, const char *const *names,
			 size_t n)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	time_t now = (time_t)(clock_wall_ms() / 1000);
	unsigned status = 0;

	if (crt_read(pem, "server.pem", &crt, NULL) < 0 ||
	    gnutls_x509_crt_get_expiration_time(crt) < now + SERVER_LIFE_S / 3 ||
	    gnutls_x509_crt_verify(crt, &ca->crt, 1, 0, &status) < 0 || status != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!gnutls_x509_crt_check_hostname(crt, names[i]))
			return false;
	return true;
}

static int make_server(struct ca *ca, const char *const *names, size_t n, char **ret_cert,
		       char **ret_key, struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	unsigned char serial[SERIAL_BYTES];
	int rc = key_new(&key, err);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_crt_init(&crt);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (rc == 0)
		rc = set_basics(crt, names[0], SERVER_LIFE_S, serial);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_name(crt, names[i]);
	if (rc == 0)
		rc = sign_leaf(ca, crt, GNUTLS_KP_TLS_WWW_SERVER);
	if (rc < 0)
		return tls_error(rc, ERR_INTERNAL, "making the server's certificate",
				 err);
	rc = key_pem(key, ret_key, err);
	return rc < 0 ? rc : crt_pem(crt, ret_cert, err);
}

int ca_server(struct ca *ca, const char *const *names, size_t n, char **ret_cert,
	      char **ret_key, struct err *err)
{
	CLEANUP(free) char *cert = NULL;
	CLEANUP(free) char *key = NULL;
	int rc;

	CHECK(n > 0);
	if (read_pem(ca, "server.pem", false, &cert, NULL) < 0 ||
	    read_pem(ca, "server-key.pem", true, &key, NULL) < 0 ||
	    !still_serves(ca, cert, names, n)) {
		free(TAKE(cert));
		free(TAKE(key));
		rc = make_server(ca, names, n, &cert, &key, err);
		if (rc == 0)
			rc = write_pem(ca, "server-key.pem", 0600, key, err);
		if (rc == 0)
			rc = write_pem(ca, "server.pem", 0644, cert, err);
		if (rc < 0)
			return rc;
	}
	*ret_cert = TAKE(cert);
	*ret_key = TAKE(key);
	return 0;
}

/* ---------------------------------------------------------------- hosts */

void ca_issued_done(struct ca_issued *c)
{
	free(c->pem);
	memset(c, 0, sizeof(*c));
}

static int crq_read(const char *pem, gnutls_x509_crq_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_crq_deinit) gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t d = datum_of(pem);
	unsigned bits = 0;
	int rc = gnutls_x509_crq_init(&crq);

	if (rc == 0)
		rc = gnutls_x509_crq_import(crq, &d, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return tls_error(rc, ERR_INVAL, "certificate request", err);
	rc = gnutls_x509_crq_verify(crq, 0);
	if (rc < 0)
		return tls_error(rc, ERR_INVAL, "certificate request", err);
	rc = gnutls_x509_crq_get_pk_algorithm(crq, &bits);
	if (!((rc == GNUTLS_PK_ECDSA && bits >= 256) ||
	      (rc == GNUTLS_PK_RSA && bits >= 2048) || rc == GNUTLS_PK_EDDSA_ED25519))
		return err_set(
			err, ERR_INVAL,
			"certificate request: a %s key of %u bits is too weak",
			rc < 0 ? "bad"
			       : gnutls_pk_algorithm_get_name((gnutls_pk_algorithm_t)rc),
			bits);
	*ret = TAKE(crq);
	return 0;
}

int ca_issue(struct ca *ca, const char *csr_pem, const char *host, int64_t life_ms,
	     struct ca_issued *ret, struct err *err)
{
	CLEANUP(gnutls_x509_crq_deinit) gnutls_x509_crq_t crq = NULL;
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	CLEANUP(gnutls_pubkey_deinit) gnutls_pubkey_t key = NULL;
	unsigned char serial[SERIAL_BYTES];
	char *pem = NULL;
	int rc = crq_read(csr_pem, &crq, err);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_crt_init(&crt);
	if (rc == 0)
		rc = gnutls_pubkey_init(&key);
	if (rc == 0)
		rc = gnutls_pubkey_import_x509_crq(key, crq, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_set_pubkey(crt, key);
	if (rc == 0)
		rc = set_basics(crt, host, life_ms / 1000, serial);
	if (rc == 0)
		rc = sign_leaf(ca, crt, GNUTLS_KP_TLS_WWW_CLIENT);
	if (rc < 0)
		return tls_error(rc, ERR_INTERNAL, "signing a host's certificate", err);
	rc = crt_pem(crt, &pem, err);
	if (rc < 0)
		return rc;
	ret->pem = pem;
	to_hex(serial, SERIAL_BYTES, ret->serial);
	ret->expires_wall_ms = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * 1000;
	return 0;
}

bool ca_serial_is_of(const char *serial, const char *csr_pem)
{
	CLEANUP(gnutls_x509_crq_deinit) gnutls_x509_crq_t crq = NULL;
	unsigned char mark[MARK_BYTES];
	char text[2 * MARK_BYTES + 1];

	if (crq_read(csr_pem, &crq, NULL) < 0 || key_mark(NULL, crq, mark) < 0)
		return false;
	to_hex(mark, MARK_BYTES, text);
	return strncmp(serial, text, strlen(text)) == 0;
}

static bool is_for_clients(gnutls_x509_crt_t crt)
{
	char purpose[64];
	size_t n = sizeof(purpose);
	unsigned critical;

	return gnutls_x509_crt_get_key_purpose_oid(crt, 0, purpose, &n, &critical) == 0 &&
	       strcmp(purpose, GNUTLS_KP_TLS_WWW_CLIENT) == 0;
}

int ca_peer(const struct ca *ca, gnutls_session_t session, char *ret_name,
	    size_t name_size, struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	unsigned n_shown = 0, status = 0;
	const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &n_shown);

	if (!shown || n_shown == 0)
		return err_set(err, ERR_NOT_FOUND, "no client certificate was shown");
	if (gnutls_x509_crt_init(&crt) < 0 ||
	    gnutls_x509_crt_import(crt, &shown[0], GNUTLS_X509_FMT_DER) < 0)
		return err_set(err, ERR_DENIED, "the client certificate cannot be read");
	if (gnutls_x509_crt_verify(crt, &ca->crt, 1, 0, &status) < 0 || status != 0)
		return err_set(err, ERR_DENIED, "the client certificate is %s",
			       status & GNUTLS_CERT_EXPIRED ? "past its life"
							    : "not of this controller");
	if (!is_for_clients(crt) ||
	    gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
					  ret_name, &name_size) < 0)
		return err_set(err, ERR_DENIED, "the client certificate is not a host's");
	return 0;
}
