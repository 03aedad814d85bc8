/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which keys of others are taken: none is computed with before it was looked at. */
#include "big_key.h"

#include "ca.h"
#include "check.h"
#include "clock.h"
#include "text.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define CHEAP_S 0.5 /* of CPU; a signature by the keys below takes 1 to 40 */

struct fixture {
	char dir[64];
	struct ca *ca;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err e;

	snprintf(f->dir, sizeof(f->dir), "/tmp/foretide-keys-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_ok(ca_open(f->dir, &f->ca, &e), &e);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *command = xasprintf("rm -rf '%s'", f->dir);
	FILE *p = popen(command, "r");

	assert_int_equal(pclose(p), 0);
	ca_close(f->ca);
	free(f);
	return 0;
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---------------------------------------------------------------- requests */

static char *pem_of(const struct buf *der)
{
	const gnutls_datum_t d = { (unsigned char *)der->data, (unsigned)der->len };
	gnutls_datum_t pem;
	char *ret;

	assert_int_equal(gnutls_pem_base64_encode2("NEW CERTIFICATE REQUEST", &d, &pem),
			 0);
	ret = xstrndup((const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return ret;
}

static void is_refused(struct fixture *f, size_t bits, size_t exponent_bits,
		       const char *why)
{
	CLEANUP(buf_done) struct buf der;
	CLEANUP(free) char *csr = NULL;
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	const double before = cpu_s();
	struct err e;

	big_request(&der, bits, exponent_bits);
	csr = pem_of(&der);
	assert_int_equal(ca_issue(f->ca, csr, "web-1", 1000000, &c, &e), ERR_INVAL);
	if (!strstr(e.msg, why))
		fail_msg("%zu bits: %s", bits, e.msg);
	assert_false(ca_serial_is_of("00", csr));
	assert_true(cpu_s() - before < CHEAP_S);
}

static void a_key_is_judged_before_its_signature(void **state)
{
	is_refused(*state, 90000, 89984, "bytes");
	is_refused(*state, 32768, 32752, "bytes");
	is_refused(*state, 15000, 14992, "a RSA key of 15000 bits is not taken");
	is_refused(*state, 4104, 24, "not taken");
	is_refused(*state, 4096, 40, "not taken");
	is_refused(*state, 1024, 24, "not taken");
	/* The largest one is taken; this one has signed nothing. */
	is_refused(*state, 4096, 32, "verification has failed");
}

static char *request_of(const struct fixture *f, const char *key)
{
	CLEANUP(free)
	char *command = xasprintf("openssl req -new -nodes -newkey %s -subj /CN=x "
				  "-keyout %s/host.key 2>/dev/null",
				  key, f->dir);
	FILE *p = popen(command, "r");
	char text[8192];
	size_t n;

	assert_non_null(p);
	n = fread(text, 1, sizeof(text), p);
	assert_int_equal(pclose(p), 0);
	return xstrndup(text, n);
}

static int issue(struct fixture *f, const char *csr, struct err *e)
{
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };

	return ca_issue(f->ca, csr, "web-1", 1000000, &c, e);
}

static void keys_that_can_renew_are_taken(void **state)
{
	static const char *const good[] = { "rsa:2048", "rsa:4096",
					    "ec -pkeyopt ec_paramgen_curve:P-256",
					    "ec -pkeyopt ec_paramgen_curve:P-384" };
	static const char *const bad[] = { "ec -pkeyopt ec_paramgen_curve:P-521",
					   "ed25519", "ed448", "rsa-pss" };
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CLEANUP(free) char *csr = request_of(*state, good[i]);

		assert_ok(issue(*state, csr, &e), &e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(free) char *csr = request_of(*state, bad[i]);

		assert_int_equal(issue(*state, csr, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, "is not taken: use P-256"));
	}
}

static void a_request_has_so_many_bytes(void **state)
{
	CLEANUP(free)
	char *csr = request_of(*state, "ec -pkeyopt ec_paramgen_curve:P-256");
	CLEANUP(free) char *most = xasprintf("%*s%s", 8192 - (int)strlen(csr), "\n", csr);
	CLEANUP(free) char *more = xasprintf(" %s", most);
	struct err e;

	assert_int_equal(strlen(most), 8192);
	assert_ok(issue(*state, most, &e), &e);
	assert_int_equal(issue(*state, more, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "8193 bytes"));
}

/* ---------------------------------------------------------------- handshakes */

#define PEER_BITS 32768

/* A peer that says that it has the key of a certificate. */
struct liar {
	int fd;
	struct buf der;
};

static int sign(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *arg,
		unsigned flags, const gnutls_datum_t *data, gnutls_datum_t *ret)
{
	(void)key;
	(void)algorithm;
	(void)arg;
	(void)flags;
	(void)data;
	ret->size = PEER_BITS / 8;
	ret->data = gnutls_malloc(ret->size);
	memset(ret->data, 0x37, ret->size);
	return 0;
}

static int about_key(gnutls_privkey_t key, unsigned flags, void *arg)
{
	(void)key;
	(void)arg;
	if (flags == GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return GNUTLS_PK_RSA;
	if (flags == GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return PEER_BITS;
	return flags & GNUTLS_PRIVKEY_INFO_SIGN_ALGO ? -1 : 1;
}

static int shake_hands(gnutls_session_t s)
{
	int rc;

	do
		rc = gnutls_handshake(s);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	return rc;
}

static void *lie(void *arg)
{
	struct liar *l = arg;
	const gnutls_datum_t der = { (unsigned char *)l->der.data, (unsigned)l->der.len };
	gnutls_certificate_credentials_t cred;
	gnutls_privkey_t key;
	gnutls_session_t s;
	gnutls_pcert_st pcert;
	char c;

	gnutls_certificate_allocate_credentials(&cred);
	gnutls_certificate_set_flags(cred, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	CHECK(gnutls_pcert_import_x509_raw(&pcert, &der, GNUTLS_X509_FMT_DER, 0) == 0);
	gnutls_privkey_init(&key);
	CHECK(gnutls_privkey_import_ext4(key, NULL, sign, sign, NULL, NULL, about_key,
					 0) == 0);
	CHECK(gnutls_certificate_set_key(cred, NULL, 0, &pcert, 1, key) == 0);
	gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT);
	gnutls_set_default_priority(s);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(s, l->fd);
	(void)shake_hands(s);
	(void)gnutls_record_recv(s, &c, 1);
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(cred);
	close(l->fd);
	return NULL;
}

static int serve(struct fixture *f, int fd, const char *priorities)
{
	static const char *const names[] = { "localhost" };
	gnutls_certificate_credentials_t cred;
	CLEANUP(free) char *cert = NULL;
	CLEANUP(free) char *key = NULL;
	gnutls_datum_t c, k;
	gnutls_session_t s;
	struct err e;
	int rc;

	assert_ok(ca_server(f->ca, names, 1, &cert, &key, &e), &e);
	c = (gnutls_datum_t){ (unsigned char *)cert, (unsigned)strlen(cert) };
	k = (gnutls_datum_t){ (unsigned char *)key, (unsigned)strlen(key) };
	gnutls_certificate_allocate_credentials(&cred);
	assert_int_equal(
		gnutls_certificate_set_x509_key_mem(cred, &c, &k, GNUTLS_X509_FMT_PEM),
		0);
	gnutls_init(&s, GNUTLS_SERVER);
	gnutls_priority_set_direct(s, priorities, NULL);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
	gnutls_transport_set_int(s, fd);
	ca_bound_peer(s);
	rc = shake_hands(s);
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(cred);
	close(fd);
	return rc;
}

static void a_strangers_key_is_judged_before_its_signature(void **state)
{
	static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.3",
						"NORMAL:-VERS-ALL:+VERS-TLS1.2" };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct liar l;
		pthread_t thread;
		double before;
		int fd[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		l.fd = fd[0];
		big_certificate(&l.der, PEER_BITS, PEER_BITS - 8);
		assert_int_equal(pthread_create(&thread, NULL, lie, &l), 0);
		before = cpu_s();
		assert_int_equal(serve(*state, fd[1], versions[i]),
				 GNUTLS_E_CERTIFICATE_ERROR);
		assert_true(cpu_s() - before < CHEAP_S);
		pthread_join(thread, NULL);
		buf_done(&l.der);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_is_judged_before_its_signature),
		TEST(keys_that_can_renew_are_taken),
		TEST(a_request_has_so_many_bytes),
		TEST(a_strangers_key_is_judged_before_its_signature),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
