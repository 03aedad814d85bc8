/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: RFC 4253, section 6.6, and RFC 4251, section 5 */
#include "ssh_key.h"

#include "buf.h"
#include "check.h"
#include "text.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define TYPE "ssh-rsa"
#define BITS 2048
#define KEY_MAX 4096

DEFINE_CLEANUP(gnutls_privkey_t, gnutls_privkey_deinit);

static void add_part(struct buf *b, const void *data, size_t n)
{
	const uint32_t len = htonl((uint32_t)n);

	buf_add(b, &len, sizeof(len));
	buf_add(b, data, n);
}

static void write_key(struct buf *text, const gnutls_datum_t *modulus,
		      const gnutls_datum_t *exponent)
{
	CLEANUP(buf_done) struct buf raw;

	buf_init(&raw, KEY_MAX);
	add_part(&raw, TYPE, strlen(TYPE));
	add_part(&raw, exponent->data, exponent->size);
	add_part(&raw, modulus->data, modulus->size);
	buf_puts(text, TYPE " ");
	base64_encode(text, raw.data, raw.len);
	buf_puts(text, " nobody");
}

int ssh_key_make(char **ret, struct err *err)
{
	CLEANUP(gnutls_privkey_deinit) gnutls_privkey_t key = NULL;
	CLEANUP(buf_done) struct buf text;
	gnutls_datum_t m = { .data = NULL }, e = { .data = NULL };
	int rc;

	CHECK(gnutls_privkey_init(&key) == 0);
	buf_init(&text, KEY_MAX);
	rc = gnutls_privkey_generate(key, GNUTLS_PK_RSA, BITS, 0);
	if (rc == 0)
		rc = gnutls_privkey_export_rsa_raw(key, &m, &e, NULL, NULL, NULL, NULL,
						   NULL, NULL);
	if (rc < 0)
		return err_set(err, ERR_INTERNAL, "no SSH key can be made: %s",
			       gnutls_strerror(rc));
	write_key(&text, &m, &e);
	gnutls_free(m.data);
	gnutls_free(e.data);
	*ret = buf_take(&text);
	return 0;
}
