/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "key.h"

#include "check.h"
#include "cleanup.h"
#include "file.h"
#include "text.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define PEM_MAX_BYTES (64 * 1024)
#define SERIAL_MAX_BYTES 64

DEFINE_CLEANUP(gnutls_privkey_t, gnutls_privkey_deinit);
DEFINE_CLEANUP(gnutls_x509_privkey_t, gnutls_x509_privkey_deinit);
DEFINE_CLEANUP(gnutls_x509_crt_t, gnutls_x509_crt_deinit);
DEFINE_CLEANUP(gnutls_x509_crq_t, gnutls_x509_crq_deinit);

static int refuse(struct err *err, int code, const char *what, int gnutls_code)
{
	return err_set(err, code, "%s: %s", what, gnutls_strerror(gnutls_code));
}

static int load_key(const char *path, gnutls_x509_privkey_t *ret, struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	CLEANUP(free) char *pem = NULL;
	gnutls_datum_t d;
	size_t len;
	int rc = conf_read_file(path, PEM_MAX_BYTES, &pem, &len, err);

	if (rc < 0)
		return rc;
	d = (gnutls_datum_t){ (unsigned char *)pem, (unsigned)len };
	CHECK(gnutls_x509_privkey_init(&key) == 0);
	rc = gnutls_x509_privkey_import(key, &d, GNUTLS_X509_FMT_PEM);
	explicit_bzero(pem, len);
	if (rc < 0)
		return refuse(err, ERR_INVAL, path, rc);
	*ret = TAKE(key);
	return 0;
}

int host_key_ensure(const char *path, struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t pem;
	int rc;

	if (access(path, F_OK) == 0)
		return load_key(path, &key, err);
	CHECK(gnutls_x509_privkey_init(&key) == 0);
	rc = gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
		0);
	if (rc == 0)
		rc = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
	if (rc < 0)
		return refuse(err, ERR_INTERNAL, "making the host's key", rc);
	rc = file_replace(path, pem.data, pem.size, 0600, false, err);
	explicit_bzero(pem.data, pem.size);
	gnutls_free(pem.data);
	return rc;
}

int host_key_csr(const char *path, const char *host, char **ret, struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	CLEANUP(gnutls_x509_crq_deinit) gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t pem;
	int rc = load_key(path, &key, err);

	if (rc < 0)
		return rc;
	CHECK(gnutls_x509_crq_init(&crq) == 0);
	rc = gnutls_x509_crq_set_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME, 0, host,
					   (unsigned)strlen(host));
	if (rc == 0)
		rc = gnutls_x509_crq_set_version(crq, 1);
	if (rc == 0)
		rc = gnutls_x509_crq_set_key(crq, key);
	if (rc == 0)
		rc = gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0);
	if (rc == 0)
		rc = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &pem);
	if (rc < 0)
		return refuse(err, ERR_INTERNAL, "making the certificate request", rc);
	*ret = xstrndup((char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return 0;
}

/* In lower-case hex; its length is up to the authority. */
static int read_serial(const char *cert_path, char ret[2 * SERIAL_MAX_BYTES + 1],
		       struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t cert = NULL;
	CLEANUP(free) char *pem = NULL;
	unsigned char serial[SERIAL_MAX_BYTES];
	size_t n = sizeof(serial), len;
	gnutls_datum_t d;
	int rc = conf_read_file(cert_path, PEM_MAX_BYTES, &pem, &len, err);

	if (rc < 0)
		return rc;
	d = (gnutls_datum_t){ (unsigned char *)pem, (unsigned)len };
	CHECK(gnutls_x509_crt_init(&cert) == 0);
	rc = gnutls_x509_crt_import(cert, &d, GNUTLS_X509_FMT_PEM);
	if (rc == 0)
		rc = gnutls_x509_crt_get_serial(cert, serial, &n);
	if (rc < 0)
		return refuse(err, ERR_INVAL, cert_path, rc);
	hex_encode(serial, n, ret);
	return 0;
}

static int sign(gnutls_x509_privkey_t key, const char *text, char **ret, struct err *err)
{
	CLEANUP(gnutls_privkey_deinit) gnutls_privkey_t any = NULL;
	CLEANUP(buf_done) struct buf b;
	const gnutls_datum_t what = { (unsigned char *)(uintptr_t)text,
				      (unsigned)strlen(text) };
	gnutls_datum_t signature = { NULL, 0 };
	int rc;

	buf_init(&b, 8192);
	CHECK(gnutls_privkey_init(&any) == 0);
	rc = gnutls_privkey_import_x509(any, key, GNUTLS_PRIVKEY_IMPORT_COPY);
	if (rc == 0)
		rc = gnutls_privkey_sign_data(any, GNUTLS_DIG_SHA256, 0, &what,
					      &signature);
	if (rc < 0)
		return refuse(err, ERR_INTERNAL, "signing with the host's key", rc);
	base64_encode(&b, signature.data, signature.size);
	gnutls_free(signature.data);
	*ret = buf_take(&b);
	return 0;
}

int host_key_proof(const char *path, const char *cert_path, const char *csr, char **ret,
		   struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	CLEANUP(free) char *text = NULL;
	char serial[2 * SERIAL_MAX_BYTES + 1];
	int rc = load_key(path, &key, err);

	if (rc == 0)
		rc = read_serial(cert_path, serial, err);
	if (rc < 0)
		return rc;
	text = xasprintf("foretide renewal\n%s\n%s", serial, csr);
	return sign(key, text, ret, err);
}

static int is_of_key(gnutls_x509_crt_t cert, const char *key_path, struct err *err)
{
	CLEANUP(gnutls_x509_privkey_deinit) gnutls_x509_privkey_t key = NULL;
	unsigned char a[64], b[64];
	size_t na = sizeof(a), nb = sizeof(b);
	int rc = load_key(key_path, &key, err);

	if (rc < 0)
		return rc;
	if (gnutls_x509_crt_get_key_id(cert, GNUTLS_KEYID_USE_SHA256, a, &na) < 0 ||
	    gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b, &nb) < 0 ||
	    na != nb || memcmp(a, b, na) != 0)
		return err_set(err, ERR_INVAL,
			       "the certificate does not belong to this key");
	return 0;
}

int host_cert_check(const char *pem, const char *key_path, int64_t *ret_from_ms,
		    int64_t *ret_until_ms, struct err *err)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t cert = NULL;
	gnutls_datum_t d = { (unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem) };
	int rc;

	CHECK(gnutls_x509_crt_init(&cert) == 0);
	rc = gnutls_x509_crt_import(cert, &d, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return refuse(err, ERR_INVAL, "the certificate", rc);
	rc = is_of_key(cert, key_path, err);
	if (rc < 0)
		return rc;
	*ret_from_ms = (int64_t)gnutls_x509_crt_get_activation_time(cert) * 1000;
	*ret_until_ms = (int64_t)gnutls_x509_crt_get_expiration_time(cert) * 1000;
	return 0;
}
