/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's private key. */
#include "test.h"

#include "check.h"
#include "key.h"
#include "text.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_host_key_is_made_once_and_kept_private(void **state)
{
	char dir[] = "/tmp/ftk.XXXXXX";
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *first = NULL;
	CLEANUP(free) char *second = NULL;
	CLEANUP(free) char *csr = NULL;
	int64_t from, until;
	struct stat st;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/key.pem", dir);
	assert_ok(host_key_ensure(path, &e), &e);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(conf_read_file(path, 10000, &first, NULL, &e), &e);
	assert_ok(host_key_ensure(path, &e), &e);
	assert_ok(conf_read_file(path, 10000, &second, NULL, &e), &e);
	assert_string_equal(first, second);
	assert_ok(host_key_csr(path, "web-1", &csr, &e), &e);
	assert_non_null(strstr(csr, "BEGIN NEW CERTIFICATE REQUEST"));
	assert_int_equal(host_cert_check("nonsense", path, &from, &until, &e), ERR_INVAL);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_key_is_made_once_and_kept_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
