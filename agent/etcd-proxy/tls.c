/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls.h"

#include "check.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>

static int gnutls_err(struct err *err, int code, const char *what)
{
	return err_set(err, ERR_UNAVAIL, "%s: %s", what, gnutls_strerror(code));
}

static bool is_same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int load(struct proxy_tls *t, gnutls_certificate_credentials_t *ret,
		struct err *err)
{
	gnutls_certificate_credentials_t c;
	int rc = gnutls_certificate_allocate_credentials(&c);

	if (rc < 0)
		return gnutls_err(err, rc, "TLS");
	if (t->ca_file)
		rc = gnutls_certificate_set_x509_trust_file(c, t->ca_file,
							    GNUTLS_X509_FMT_PEM);
	else
		rc = gnutls_certificate_set_x509_system_trust(c);
	if (rc < 0) {
		gnutls_certificate_free_credentials(c);
		return gnutls_err(err, rc, t->ca_file ? t->ca_file : "system's CAs");
	}
	if (t->cert_file && t->key_file)
		rc = gnutls_certificate_set_x509_key_file(c, t->cert_file, t->key_file,
							  GNUTLS_X509_FMT_PEM);
	if (rc < 0) {
		gnutls_certificate_free_credentials(c);
		return gnutls_err(err, rc, t->cert_file);
	}
	*ret = c;
	return 0;
}

static void release(struct proxy_creds *creds)
{
	if (!creds || --creds->users > 0)
		return;
	gnutls_certificate_free_credentials(creds->c);
	free(creds);
}

/* Reads the files again if they changed. */
static int refresh(struct proxy_tls *t, struct err *err)
{
	const char *const files[] = { t->ca_file, t->cert_file, t->key_file };
	gnutls_certificate_credentials_t fresh = NULL;
	struct timespec now[3] = { { 0, 0 }, { 0, 0 }, { 0, 0 } };
	bool same = t->creds != NULL;
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct stat st;

		if (files[i] && stat(files[i], &st) == 0)
			now[i] = st.st_mtim;
		same &= is_same(&now[i], &t->read_at[i]);
	}
	if (same)
		return 0;
	rc = load(t, &fresh, err);
	/* Half-written files: what was read before is still used. */
	if (rc < 0)
		return t->creds ? 0 : rc;
	release(t->creds);
	t->creds = xcalloc(1, sizeof(*t->creds));
	t->creds->users = 1;
	t->creds->c = fresh;
	memcpy(t->read_at, now, sizeof(now));
	return 0;
}

void proxy_tls_done(struct proxy_tls *t)
{
	release(t->creds);
	free(t->ca_file);
	free(t->cert_file);
	free(t->key_file);
}

void proxy_tls_end(struct proxy_conn *c)
{
	if (c->session)
		gnutls_deinit(TAKE(c->session));
	release(TAKE(c->creds));
}

bool proxy_tls_is_h2(const struct proxy_conn *c)
{
	gnutls_datum_t chosen = { NULL, 0 };

	return gnutls_alpn_get_selected_protocol(c->session, &chosen) == 0 &&
	       chosen.size == 2 && memcmp(chosen.data, "h2", 2) == 0;
}

bool proxy_tls_is_old(struct proxy_conn *c)
{
	struct err err;

	/* What cannot be read is not newer. */
	(void)!refresh(&c->proxy->tls, &err);
	return c->session && c->creds != c->proxy->tls.creds;
}

static bool is_address(const char *host)
{
	uint8_t any[16];

	return inet_pton(AF_INET, host, any) == 1 || inet_pton(AF_INET6, host, any) == 1;
}

int proxy_tls_start(struct proxy_conn *c, const struct proxy_member *m, bool h2,
		    struct err *err)
{
	static const gnutls_datum_t protocols[] = {
		{ (unsigned char *)(uintptr_t) "h2", 2 },
		{ (unsigned char *)(uintptr_t) "http/1.1", 8 },
	};
	int rc = refresh(&c->proxy->tls, err);

	if (rc < 0)
		return rc;
	rc = gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (rc < 0) {
		c->session = NULL;
		return gnutls_err(err, rc, "TLS");
	}
	c->creds = c->proxy->tls.creds;
	c->creds->users++;
	rc = gnutls_set_default_priority(c->session);
	if (rc >= 0)
		rc = gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE,
					    c->creds->c);
	if (rc >= 0)
		rc = gnutls_alpn_set_protocols(c->session, &protocols[h2 ? 0 : 1], 1, 0);
	if (rc >= 0 && !is_address(m->host))
		rc = gnutls_server_name_set(c->session, GNUTLS_NAME_DNS, m->host,
					    strlen(m->host));
	if (rc < 0)
		return gnutls_err(err, rc, "TLS");
	gnutls_session_set_verify_cert(c->session, m->host, 0);
	gnutls_transport_set_int(c->session, c->member_fd);
	gnutls_handshake_set_timeout(c->session, GNUTLS_INDEFINITE_TIMEOUT);
	return 0;
}
