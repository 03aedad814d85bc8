/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a host and its programs get certificates and keep them, from a controller that
 * fails in every way. */
#include "catch_log.h"
#include "loop_until.h"
#include "test.h"

#include "fake_controller.h"

#include "host.h"
#include "net.h"

#include <arpa/inet.h>
#include <sys/stat.h>

#define JOIN "/v1/join"
#define RENEW "/v1/agent/renew"
#define PROGRAMS "/v1/agent/programs"

struct bench {
	struct fake_controller c;
	char dir[40];
	struct loop *loop;
	struct httpm *http;
	struct files *files;
	struct enroll *enroll;
	struct programs *programs;
	size_t joined;
	bool is_refused; /* once it has joined */
	char store[64];
};

#define UNTIL(b, condition) LOOP_UNTIL((b)->loop, condition)

static void on_joined(void *arg, const struct enroll_info *info)
{
	struct bench *b = arg;

	b->joined++;
	if (b->is_refused)
		fake_answer(&b->c, 403, "{\"detail\":\"no\"}");
	snprintf(b->store, sizeof(b->store), "%s", info->store);
	assert_string_equal(info->domain, "foretide.local");
}

static int begin(struct bench *b, struct err *e)
{
	const struct enroll_opts o = { .controller = b->c.url,
				       .token = "secret",
				       .state_dir = b->dir,
				       .files = b->files,
				       .host = "h1",
				       .address = "10.0.0.1",
				       .on_joined = on_joined,
				       .arg = b };

	return enroll_open(b->loop, b->http, &o, &b->enroll, e);
}

static void start(struct bench *b)
{
	struct err e;

	assert_ok(begin(b, &e), &e);
}

/* The agent ends and starts again: what it has not written is written. */
static void start_again(struct bench *b)
{
	struct err e;

	enroll_close(TAKE(b->enroll));
	files_close(b->files);
	assert_ok(files_open(b->loop, NULL, NULL, &b->files, &e), &e);
	b->joined = 0;
	start(b);
}

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct err e;

	fake_open(&b->c);
	strcpy(b->dir, "/tmp/foretide-en-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	assert_ok(loop_new(&b->loop, &e), &e);
	assert_ok(httpm_open(b->loop, &b->http, &e), &e);
	assert_ok(files_open(b->loop, NULL, NULL, &b->files, &e), &e);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *command = xasprintf("rm -r %s", b->dir);

	programs_close(b->programs);
	enroll_close(b->enroll);
	httpm_close(b->http);
	files_close(b->files);
	loop_free(b->loop);
	fake_close(&b->c);
	free(b);
	return system(command);
}

/* ---------------------------------------------------------------- files */

static char *path(const struct bench *b, const char *name)
{
	return xasprintf("%s/%s", b->dir, name);
}

static char *content(const struct bench *b, const char *name)
{
	CLEANUP(free) char *p = path(b, name);
	char *text = NULL;

	return conf_read_file(p, 1 << 20, &text, NULL, NULL) == 0 ? text : xstrdup("");
}

static void put(const struct bench *b, const char *name, const char *text)
{
	CLEANUP(free) char *p = path(b, name);
	CLEANUP(fclose) FILE *f = fopen(p, "w");

	assert_true(f && fputs(text, f) >= 0 && chmod(p, 0600) == 0);
}

static bool is_private(const struct bench *b, const char *name)
{
	CLEANUP(free) char *p = path(b, name);
	struct stat st;

	return stat(p, &st) == 0 && (st.st_mode & 0777) == 0600;
}

static bool is_other(const struct bench *b, const char *name, const char *before)
{
	CLEANUP(free) char *now = content(b, name);

	return strcmp(now, before) != 0;
}

/* ---------------------------------------------------------------- joining */

static void a_host_joins_once_and_is_known_after_a_restart(void **state)
{
	struct bench *b = *state;
	int64_t since;

	start(b);
	assert_int_equal(enroll_joined_ms(b->enroll), 0);
	UNTIL(b, b->joined);
	assert_string_equal(b->store, "http://127.0.0.1:1");
	assert_true(fake_was_told(&b->c, JOIN, "\"token\":\"secret\""));
	assert_true(fake_was_told(&b->c, JOIN, "\"address\":\"10.0.0.1\""));
	since = enroll_joined_ms(b->enroll);
	start_again(b);
	UNTIL(b, b->joined);
	assert_int_equal(enroll_joined_ms(b->enroll), since);
	assert_int_equal(fake_asked(&b->c, JOIN), 1);
	assert_int_equal(fake_asked(&b->c, RENEW), 0);
	assert_true(is_private(b, "key.pem") && is_private(b, "cert.pem") &&
		    is_private(b, "join.json"));
}

/* Each answer is one that is no certificate, or not for this host. */
static void a_join_that_fails_is_tried_again(void **state)
{
	static const struct {
		unsigned status;
		const char *text;
	} bad[] = { { 403, "{\"detail\":\"the token was used\"}" },
		    { 503, "busy" },
		    { 200, "<html>" },
		    { 200, "{\"certificate\":\"\"}" },
		    { 200, "{\"store\":[\"http://s\"]}" },
		    { 200, "{\"store\":[\"http://s\"],\"lease_ttl_s\":0}" },
		    { 200, "{\"store\":[\"http://s\"],\"time_scale\":\"fast\"}" },
		    { 200, "{\"store\":[\"http://s\"],\"certificate\":\"none\"}" } };
	struct bench *b = *state;

	fake_answer(&b->c, bad[0].status, bad[0].text);
	start(b);
	for (size_t i = 1; i < 4; i++) {
		UNTIL(b, fake_has_answered(&b->c));
		fake_answer(&b->c, bad[i].status, bad[i].text);
	}
	UNTIL(b, fake_has_answered(&b->c));
	/* The pauses grow: the rest is seen by an agent that starts again. */
	for (size_t i = 4; i < ARRAY_SIZE(bad); i++) {
		fake_answer(&b->c, bad[i].status, bad[i].text);
		start_again(b);
		UNTIL(b, fake_has_answered(&b->c));
	}
	fake_certify(&b->c, FAKE_DAY_MS, true);
	start_again(b);
	UNTIL(b, b->joined);
	assert_int_equal(b->joined, 1);
	assert_int_equal(fake_asked(&b->c, JOIN), ARRAY_SIZE(bad) + 2);
}

static void nobody_joins_before_the_certificate_is_on_the_disk(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *blocked = path(b, "cert.pem");

	assert_int_equal(mkdir(blocked, 0700), 0);
	start(b);
	UNTIL(b, fake_asked(&b->c, JOIN) == 2);
	assert_int_equal(b->joined, 0);
	assert_int_equal(rmdir(blocked), 0);
	UNTIL(b, b->joined);
}

static void what_is_left_of_a_run_and_cannot_be_used_is_a_new_join(void **state)
{
	struct bench *b = *state;
	struct err e;

	fake_certify(&b->c, -1000, false); /* it has expired when it comes */
	start(b);
	UNTIL(b, b->joined);
	fake_certify(&b->c, FAKE_DAY_MS, false);
	start_again(b);
	UNTIL(b, b->joined && fake_asked(&b->c, JOIN) == 2);
	enroll_close(TAKE(b->enroll));
	files_close(TAKE(b->files));
	put(b, "join.json", "{\"store\":");
	assert_ok(files_open(b->loop, NULL, NULL, &b->files, &e), &e);
	b->joined = 0;
	start(b);
	UNTIL(b, b->joined && fake_asked(&b->c, JOIN) == 3);
	/* But a key is not made again: the host would be another. */
	enroll_close(TAKE(b->enroll));
	put(b, "key.pem", "no key");
	assert_int_equal(begin(b, &e), ERR_INVAL);
}

/* ---------------------------------------------------------------- renewing */

static void a_certificate_is_renewed_with_a_proof_when_it_is_due(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *first = NULL;

	/* Two thirds of its life are over, as it began five minutes ago. */
	fake_certify(&b->c, 60000, false);
	start(b);
	UNTIL(b, b->joined);
	first = content(b, "cert.pem");
	fake_certify(&b->c, FAKE_DAY_MS, false);
	UNTIL(b, is_other(b, "cert.pem", first));
	assert_true(fake_was_told(&b->c, RENEW, "\"proof\":\""));
	assert_int_equal(b->joined, 1);
}

static void a_renewal_that_fails_leaves_the_certificate(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *cert = NULL;
	CLEANUP(free) char *now = NULL;

	fake_certify(&b->c, 60000, false);
	b->is_refused = true;
	start(b);
	UNTIL(b, b->joined);
	cert = content(b, "cert.pem");
	UNTIL(b, fake_has_answered(&b->c));
	fake_answer(&b->c, 500, "");
	UNTIL(b, fake_has_answered(&b->c));
	now = content(b, "cert.pem");
	assert_string_equal(now, cert);
	fake_certify(&b->c, FAKE_DAY_MS, false);
	UNTIL(b, is_other(b, "cert.pem", cert));
}

/* ---------------------------------------------------------------- programs */

static void join(struct bench *b)
{
	start(b);
	UNTIL(b, b->joined);
}

static int begin_programs(struct bench *b, struct err *e)
{
	CLEANUP(free) char *cert = path(b, "cert.pem");
	CLEANUP(free) char *key = path(b, "key.pem");
	const struct programs_opts o = { .controller = b->c.url,
					 .cert_file = cert,
					 .key_file = key,
					 .state_dir = b->dir,
					 .host = "h1",
					 .files = b->files,
					 .look_ms = 100 };

	programs_close(TAKE(b->programs));
	return programs_open(b->loop, b->http, &o, &b->programs, e);
}

static void programs_have_a_key_and_a_certificate_of_their_own(void **state)
{
	struct bench *b = *state;
	struct err e;

	join(b);
	assert_ok(begin_programs(b, &e), &e);
	UNTIL(b, is_private(b, "programs.pem"));
	assert_true(is_private(b, "programs-key.pem"));
	assert_non_null(strstr(programs_cert_file(b->programs), "/programs.pem"));
	assert_non_null(strstr(programs_key_file(b->programs), "/programs-key.pem"));
	assert_true(fake_was_told(&b->c, PROGRAMS, "CERTIFICATE REQUEST"));
	/* It lasts: another run asks for nothing, which it would do at once. */
	assert_ok(begin_programs(b, &e), &e);
	for (int i = 0; i < 3; i++)
		loop_once(b->loop, 20);
	assert_int_equal(fake_asked(&b->c, PROGRAMS), 1);
}

static void a_certificate_of_programs_is_asked_for_until_it_comes(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *blocked = path(b, "programs.pem");
	struct err e;

	join(b);
	fake_answer(&b->c, 503, "busy");
	assert_ok(begin_programs(b, &e), &e);
	UNTIL(b, fake_has_answered(&b->c));
	fake_answer(&b->c, 200, "{\"certificate\":7}");
	UNTIL(b, fake_has_answered(&b->c));
	assert_int_equal(mkdir(blocked, 0700), 0);
	fake_certify(&b->c, FAKE_DAY_MS, true);
	UNTIL(b, fake_asked(&b->c, PROGRAMS) == 4);
	assert_int_equal(rmdir(blocked), 0);
	UNTIL(b, is_private(b, "programs.pem"));
}

static void a_certificate_of_programs_is_renewed_when_it_is_due(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *first = NULL;
	struct err e;

	join(b);
	fake_certify(&b->c, 60000, false);
	assert_ok(begin_programs(b, &e), &e);
	UNTIL(b, is_private(b, "programs.pem"));
	first = content(b, "programs.pem");
	fake_certify(&b->c, FAKE_DAY_MS, false);
	UNTIL(b, is_other(b, "programs.pem", first));
	/* One that is not of this key counts for none. */
	programs_close(TAKE(b->programs));
	put(b, "programs.pem", "none");
	assert_ok(begin_programs(b, &e), &e);
	UNTIL(b, is_other(b, "programs.pem", "none"));
	put(b, "programs-key.pem", "no key");
	assert_int_equal(begin_programs(b, &e), ERR_INVAL);
}

/* By whoever cleans up, or puts back what was saved. */
static void a_certificate_of_programs_that_another_touches_is_asked_for_again(
	void **state)
{
	static struct catch_log log;
	struct bench *b = *state;
	CLEANUP(free) char *cert = path(b, "programs.pem");
	CLEANUP(free) char *key = path(b, "programs-key.pem");
	CLEANUP(free) char *first = NULL;
	CLEANUP(free) char *first_key = NULL;
	struct err e;

	join(b);
	assert_ok(begin_programs(b, &e), &e);
	UNTIL(b, is_private(b, "programs.pem"));
	first_key = content(b, "programs-key.pem");
	catch_log_begin(&log);
	assert_int_equal(unlink(cert), 0);
	UNTIL(b, is_private(b, "programs.pem"));
	assert_int_equal(fake_asked(&b->c, PROGRAMS), 2);
	put(b, "programs.pem", "another's");
	UNTIL(b, is_other(b, "programs.pem", "another's"));
	first = content(b, "programs.pem");
	assert_int_equal(unlink(key), 0);
	UNTIL(b, is_other(b, "programs.pem", first));
	assert_true(is_private(b, "programs-key.pem"));
	assert_true(is_other(b, "programs-key.pem", first_key));
	catch_log_end(&log);
	assert_int_equal(catch_log_count(&log, "programs-certificate-touched"), 1);
	assert_non_null(strstr(log.text, "programs.pem was removed by another"));
}

/* ---------------------------------------------------------------- address */

static bool is_address(const char *text)
{
	struct in6_addr bytes;

	return inet_pton(AF_INET, text, &bytes) == 1 ||
	       inet_pton(AF_INET6, text, &bytes) == 1;
}

static void the_address_is_the_one_towards_the_controller(void **state)
{
	/* Without a route to it that of an interface is taken. */
	static const char *const others[] = { "https://controller.example:7601",
					      "https://[::1]:7601" };
	char address[ADDRESS_TEXT];
	struct err e;

	(void)state;
	assert_ok(address_find("https://127.0.0.1:7601", address, &e), &e);
	assert_string_equal(address, "127.0.0.1");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (address_find(others[i], address, &e) == 0)
			assert_true(is_address(address) &&
				    strncmp(address, "127.", 4) != 0);
		else
			assert_string_equal(e.msg,
					    "this host has no address but loopback");
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_joins_once_and_is_known_after_a_restart),
		TEST(a_join_that_fails_is_tried_again),
		TEST(nobody_joins_before_the_certificate_is_on_the_disk),
		TEST(what_is_left_of_a_run_and_cannot_be_used_is_a_new_join),
		TEST(a_certificate_is_renewed_with_a_proof_when_it_is_due),
		TEST(a_renewal_that_fails_leaves_the_certificate),
		TEST(programs_have_a_key_and_a_certificate_of_their_own),
		TEST(a_certificate_of_programs_is_asked_for_until_it_comes),
		TEST(a_certificate_of_programs_is_renewed_when_it_is_due),
		TEST(a_certificate_of_programs_that_another_touches_is_asked_for_again),
		cmocka_unit_test(the_address_is_the_one_towards_the_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
