/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jwt.h"

#include "buf.h"
#include "check.h"
#include "text.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define JWT_MAX 8192

DEFINE_CLEANUP(gnutls_privkey_t, gnutls_privkey_deinit);

static int read_key(const char *pem, gnutls_privkey_t *ret, struct err *err)
{
	CLEANUP(gnutls_privkey_deinit) gnutls_privkey_t key = NULL;
	const gnutls_datum_t text = { (unsigned char *)(uintptr_t)pem,
				      (unsigned)strlen(pem) };
	int rc;

	CHECK(gnutls_privkey_init(&key) == 0);
	rc = gnutls_privkey_import_x509_raw(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc < 0)
		return err_set(
			err, ERR_INVAL,
			"private_key is no key in PEM (%s): take it whole from the "
			"service account's file",
			gnutls_strerror(rc));
	if (gnutls_privkey_get_pk_algorithm(key, NULL) != GNUTLS_PK_RSA)
		return err_set(err, ERR_INVAL, "private_key is no RSA key");
	*ret = TAKE(key);
	return 0;
}

int jwt_check_key(const char *key, struct err *err)
{
	CLEANUP(gnutls_privkey_deinit) gnutls_privkey_t k = NULL;

	return read_key(key, &k, err);
}

static void add_part(struct buf *b, const json_t *part)
{
	CLEANUP(free) char *text = json_dumps(part, JSON_COMPACT);

	CHECK(text);
	base64url_encode(b, text, strlen(text));
}

int jwt_sign(const char *key, const char *key_id, const json_t *claims, char **ret,
	     struct err *err)
{
	CLEANUP(gnutls_privkey_deinit) gnutls_privkey_t k = NULL;
	CLEANUP(json_decref)
	json_t *header = json_pack("{s:s, s:s, s:s*}", "alg", "RS256", "typ", "JWT",
				   "kid", key_id);
	CLEANUP(buf_done) struct buf b;
	gnutls_datum_t signed_part, signature = { .data = NULL };
	int rc = read_key(key, &k, err);

	buf_init(&b, JWT_MAX);
	if (rc < 0)
		return rc;
	add_part(&b, header);
	buf_putc(&b, '.');
	add_part(&b, claims);
	signed_part = (gnutls_datum_t){ (unsigned char *)b.data, (unsigned)b.len };
	rc = gnutls_privkey_sign_data2(k, GNUTLS_SIGN_RSA_SHA256, 0, &signed_part,
				       &signature);
	if (rc < 0)
		return err_set(err, ERR_INVAL, "private_key cannot sign: %s",
			       gnutls_strerror(rc));
	buf_putc(&b, '.');
	base64url_encode(&b, signature.data, signature.size);
	gnutls_free(signature.data);
	if (buf_is_full(&b))
		return err_set(err, ERR_INVAL,
			       "the service account's names are too long");
	*ret = buf_take(&b);
	return 0;
}
