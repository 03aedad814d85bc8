/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * leaf.c - certificates signed by the authority: the server's and those of hosts.
 */
#include "x509.h"

#include "check.h"
#include "clock.h"
#include "text.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#define SERVER_LIFE_S (825 * (time_t)CA_DAY_S)

/* A signed end-entity certificate. */
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

/* Whether the certificate has all names and a third of its lifetime left. */
static bool still_serves(const struct ca *ca, const char *pem, const char *const *names,
			 size_t n)
{
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	time_t now = (time_t)(clock_wall_ms() / 1000);
	unsigned status = 0;

	if (ca_crt_read(pem, "server.pem", &crt, NULL) < 0 ||
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
	unsigned char serial[CA_SERIAL_BYTES];
	int rc = ca_key_new(&key, err);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_crt_init(&crt);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (rc == 0)
		rc = ca_set_basics(crt, names[0], SERVER_LIFE_S, serial);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_name(crt, names[i]);
	if (rc == 0)
		rc = sign_leaf(ca, crt, GNUTLS_KP_TLS_WWW_SERVER);
	if (rc < 0)
		return ca_tls_error(rc, ERR_INTERNAL, "creating the server's certificate",
				    err);
	rc = ca_key_pem(key, ret_key, err);
	return rc < 0 ? rc : ca_crt_pem(crt, ret_cert, err);
}

int ca_server(struct ca *ca, const char *const *names, size_t n, char **ret_cert,
	      char **ret_key, struct err *err)
{
	CLEANUP(free) char *cert = NULL;
	CLEANUP(free) char *key = NULL;
	int rc;

	CHECK(n > 0);
	if (ca_read_pem(ca, "server.pem", false, &cert, NULL) < 0 ||
	    ca_read_pem(ca, "server-key.pem", true, &key, NULL) < 0 ||
	    !still_serves(ca, cert, names, n)) {
		free(TAKE(cert));
		free(TAKE(key));
		rc = make_server(ca, names, n, &cert, &key, err);
		if (rc == 0)
			rc = ca_write_pem(ca, "server-key.pem", 0600, key, err);
		if (rc == 0)
			rc = ca_write_pem(ca, "server.pem", 0644, cert, err);
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

int ca_issue(struct ca *ca, const char *csr_pem, const char *name, int64_t life_ms,
	     struct ca_issued *ret, struct err *err)
{
	CLEANUP(gnutls_x509_crq_deinit) gnutls_x509_crq_t crq = NULL;
	CLEANUP(gnutls_x509_crt_deinit) gnutls_x509_crt_t crt = NULL;
	CLEANUP(gnutls_pubkey_deinit) gnutls_pubkey_t key = NULL;
	unsigned char serial[CA_SERIAL_BYTES];
	char *pem = NULL;
	int rc = ca_crq_read(csr_pem, &crq, err);

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
		rc = ca_set_basics(crt, name, life_ms / 1000, serial);
	if (rc == 0)
		rc = sign_leaf(ca, crt, GNUTLS_KP_TLS_WWW_CLIENT);
	if (rc < 0)
		return ca_tls_error(rc, ERR_INTERNAL, "signing a host's certificate",
				    err);
	rc = ca_crt_pem(crt, &pem, err);
	if (rc < 0)
		return rc;
	ret->pem = pem;
	hex_encode(serial, CA_SERIAL_BYTES, ret->serial);
	ret->expires_wall_ms = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * 1000;
	return 0;
}

bool ca_serial_is_of(const char *serial, const char *csr_pem)
{
	CLEANUP(gnutls_x509_crq_deinit) gnutls_x509_crq_t crq = NULL;
	unsigned char mark[CA_MARK_BYTES];
	char text[2 * CA_MARK_BYTES + 1];

	if (ca_crq_read(csr_pem, &crq, NULL) < 0 || ca_key_mark(NULL, crq, mark) < 0)
		return false;
	hex_encode(mark, CA_MARK_BYTES, text);
	return strncmp(serial, text, strlen(text)) == 0;
}
