/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate authority; what it signs is checked by openssl. */
#include "buf.h"
#include "ca.h"
#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "file.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

struct fixture {
	char dir[64];
	char ca_dir[80];
};

static void run(const char *command, char *out, size_t size)
{
	FILE *f = popen(command, "r");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	if (pclose(f) != 0)
		fail_msg("%s: %s", command, out);
}

static bool succeeds(const char *command)
{
	FILE *f = popen(command, "r");
	char text[256];

	assert_non_null(f);
	while (fread(text, 1, sizeof(text), f) > 0)
		;
	return pclose(f) == 0;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/foretide-ca-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->ca_dir, sizeof(f->ca_dir), "%s/ca", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *command = xasprintf("rm -rf '%s'", f->dir);

	(void)succeeds(command);
	free(f);
	return 0;
}

static char *make_request(const struct fixture *f, const char *subject, const char *key)
{
	CLEANUP(free)
	char *command = xasprintf("openssl req -new -nodes -newkey %s -subj '%s' "
				  "-keyout %s/host.key -out %s/host.csr 2>&1",
				  key, subject, f->dir, f->dir);
	CLEANUP(free) char *path = xasprintf("%s/host.csr", f->dir);
	char text[4096];
	char *csr = NULL;
	struct err e;

	run(command, text, sizeof(text));
	assert_ok(conf_read_file(path, 65536, &csr, NULL, &e), &e);
	return csr;
}

#define P256 "ec -pkeyopt ec_paramgen_curve:prime256v1"

static void is_made_once_and_kept(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *first = NULL;
	CLEANUP(ca_close) struct ca *second = NULL;
	CLEANUP(free) char *key = xasprintf("%s/ca-key.pem", f->ca_dir);
	char a[CA_FINGERPRINT_TEXT], b[CA_FINGERPRINT_TEXT];
	struct stat st;
	struct err e;

	assert_ok(ca_open(f->ca_dir, &first, &e), &e);
	assert_ok(ca_open(f->ca_dir, &second, &e), &e);
	ca_fingerprint(first, a);
	ca_fingerprint(second, b);

	assert_string_equal(a, b);
	assert_string_equal(ca_pem(first), ca_pem(second));
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void fingerprint_is_what_openssl_says(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free)
	char *command =
		xasprintf("openssl x509 -in %s/ca.pem -noout -fingerprint -sha256 "
			  "| cut -d= -f2 | tr -d ':\\n' | tr A-F a-f",
			  f->ca_dir);
	char mine[CA_FINGERPRINT_TEXT], text[256];
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	ca_fingerprint(ca, mine);
	run(command, text, sizeof(text));

	assert_string_equal(mine, text);
}

static void refuses_a_key_that_others_may_read(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free) char *key = xasprintf("%s/ca-key.pem", f->ca_dir);
	struct ca *again = NULL;
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_int_equal(chmod(key, 0644), 0);

	assert_int_equal(ca_open(f->ca_dir, &again, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "chmod 600"));
}

static void refuses_a_key_that_is_not_the_certificates(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free)
	char *command = xasprintf("openssl genpkey -algorithm EC -pkeyopt "
				  "ec_paramgen_curve:prime256v1 -out %s/ca-key.pem",
				  f->ca_dir);
	struct ca *again = NULL;
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_true(succeeds(command));

	assert_int_equal(ca_open(f->ca_dir, &again, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "do not match"));
}

static void refuses_a_certificate_without_its_key(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free) char *key = xasprintf("%s/ca-key.pem", f->ca_dir);
	struct ca *again = NULL;
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_int_equal(unlink(key), 0);

	assert_int_equal(ca_open(f->ca_dir, &again, &e), ERR_INVAL);
	assert_int_not_equal(access(key, F_OK), 0);
}

static void server_certificate_names_every_address(void **state)
{
	const struct fixture *f = *state;
	const char *const names[] = { "controller.example", "10.90.0.1" };
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free) char *cert = NULL;
	CLEANUP(free) char *key = NULL;
	CLEANUP(free)
	char *good = xasprintf("cd %s && openssl verify -x509_strict -CAfile ca.pem "
			       "-purpose sslserver -verify_hostname controller.example "
			       "server.pem && openssl verify -CAfile ca.pem -verify_ip "
			       "10.90.0.1 server.pem",
			       f->ca_dir);
	CLEANUP(free)
	char *bad = xasprintf("cd %s && openssl verify -CAfile ca.pem -verify_ip "
			      "10.90.0.2 server.pem 2>&1",
			      f->ca_dir);
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_ok(ca_server(ca, names, 2, &cert, &key, &e), &e);

	assert_true(succeeds(good));
	assert_false(succeeds(bad));
}

static void certificates_are_valid_to_a_clock_a_day_behind(void **state)
{
	const struct fixture *f = *state;
	const char *const names[] = { "controller.example" };
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free) char *cert = NULL;
	CLEANUP(free) char *key = NULL;
	CLEANUP(free)
	char *then = xasprintf("cd %s && openssl verify -attime %lld -CAfile ca.pem "
			       "server.pem",
			       f->ca_dir, (long long)(clock_wall_ms() / 1000 - 86400));
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_ok(ca_server(ca, names, 1, &cert, &key, &e), &e);
	assert_true(succeeds(then));
}

static void server_certificate_is_used_again_until_the_names_change(void **state)
{
	const struct fixture *f = *state;
	const char *const names[] = { "10.90.0.1", "127.0.0.1" };
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free) char *cert1 = NULL;
	CLEANUP(free) char *key1 = NULL;
	CLEANUP(free) char *cert2 = NULL;
	CLEANUP(free) char *key2 = NULL;
	CLEANUP(free) char *cert3 = NULL;
	CLEANUP(free) char *key3 = NULL;
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_ok(ca_server(ca, names, 1, &cert1, &key1, &e), &e);
	assert_ok(ca_server(ca, names, 1, &cert2, &key2, &e), &e);
	assert_ok(ca_server(ca, names, 2, &cert3, &key3, &e), &e);

	assert_string_equal(cert1, cert2);
	assert_string_not_equal(cert1, cert3);
}

static void host_certificate_has_our_name_and_is_for_clients_only(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	CLEANUP(free) char *csr = make_request(f, "/O=Mallory/CN=web-00000001", P256);
	CLEANUP(free) char *path = xasprintf("%s/host.pem", f->dir);
	CLEANUP(free)
	char *subject = xasprintf("openssl x509 -in %s -noout -subject -serial", path);
	CLEANUP(free)
	char *client = xasprintf("openssl verify -x509_strict -CAfile %s/ca.pem -purpose "
				 "sslclient %s",
				 f->ca_dir, path);
	CLEANUP(free)
	char *server =
		xasprintf("openssl verify -CAfile %s/ca.pem -purpose sslserver %s 2>&1",
			  f->ca_dir, path);
	char text[512];
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_ok(ca_issue(ca, csr, "web-0badcafe", 30 * 86400000LL, &c, &e), &e);
	assert_ok(file_write(path, c.pem, strlen(c.pem), 0644, &e), &e);
	run(subject, text, sizeof(text));

	assert_non_null(strstr(text, "subject=CN = web-0badcafe\n"));
	assert_null(strstr(text, "Mallory"));
	for (char *p = text; *p; p++)
		*p = *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p;
	assert_non_null(strstr(text, c.serial));
	assert_true(succeeds(client));
	assert_false(succeeds(server));
	assert_close((double)(c.expires_wall_ms - clock_wall_ms()), 30 * 86400000.0,
		     5000);
}

static void serial_tells_the_key_and_is_never_the_same(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(ca_issued_done) struct ca_issued a = { .pem = NULL };
	CLEANUP(ca_issued_done) struct ca_issued b = { .pem = NULL };
	CLEANUP(free) char *csr = make_request(f, "/CN=x", P256);
	CLEANUP(free) char *other = make_request(f, "/CN=x", P256);
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	assert_ok(ca_issue(ca, csr, "web-1", 86400000, &a, &e), &e);
	assert_ok(ca_issue(ca, csr, "web-1", 86400000, &b, &e), &e);

	assert_string_not_equal(a.serial, b.serial);
	assert_true(ca_serial_is_of(a.serial, csr));
	assert_true(ca_serial_is_of(b.serial, csr));
	assert_false(ca_serial_is_of(a.serial, other));
}

static void weak_or_broken_requests_are_refused(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
	CLEANUP(free) char *weak = make_request(f, "/CN=x", "rsa:1024");
	CLEANUP(free) char *forged = make_request(f, "/CN=x", P256);
	char *at;
	struct err e;

	assert_ok(ca_open(f->ca_dir, &ca, &e), &e);
	/* The last line but one holds a part of the signature. */
	at = forged + strlen(forged) - 80;
	*at = *at == 'A' ? 'B' : 'A';

	assert_int_equal(ca_issue(ca, "hello", "web-1", 1000000, &c, &e), ERR_INVAL);
	assert_int_equal(ca_issue(ca, weak, "web-1", 1000000, &c, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "not taken"));
	assert_int_equal(ca_issue(ca, forged, "web-1", 1000000, &c, &e), ERR_INVAL);
	assert_null(c.pem);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_made_once_and_kept),
		TEST(fingerprint_is_what_openssl_says),
		TEST(refuses_a_key_that_others_may_read),
		TEST(refuses_a_key_that_is_not_the_certificates),
		TEST(refuses_a_certificate_without_its_key),
		TEST(server_certificate_names_every_address),
		TEST(certificates_are_valid_to_a_clock_a_day_behind),
		TEST(server_certificate_is_used_again_until_the_names_change),
		TEST(host_certificate_has_our_name_and_is_for_clients_only),
		TEST(serial_tells_the_key_and_is_never_the_same),
		TEST(weak_or_broken_requests_are_refused),
	};

	return cmocka_run_group_tests_name("ca", tests, NULL, NULL);
}
