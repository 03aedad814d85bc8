/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_openstack_wire.c - the openstack driver, in its own process, at
 * servers whose answers are cut, slow, too large or of another name.
 */
#include "drivers.h"

#include "http_script.h"
#include "text.h"

#define ID_A "0123456789abcdef0123456789abcdef"
#define SECRET "s3cret-of-the-test"
#define HUGE_BYTES ((8u << 20) + 4096) /* just more than is kept */

#define OK(body) SCRIPT_JSON(body)
#define VERSION OK("{\"version\": {\"version\": \"2.90\", \"min_version\": \"2.1\"}}")
#define FLAVOR OK("{\"flavors\": [{\"id\": \"7\", \"name\": \"tiny\", \"ram\": 256}]}")
#define NO_FLAVOR OK("{\"flavors\": []}")

/* Keystone, and Nova at the address that its catalog gives. */
struct world {
	struct script keystone, nova;
	char *login;
	struct driver *d;
};

static struct driver *open_at(const char *auth_url, const char *ca)
{
	CLEANUP(free)
	char *config = xasprintf(
		"{\"type\": \"tiny\", \"image\": "
		"\"f47ac10b-58cc-4372-a567-0e02b2c3d479\", "
		"%s%s%s\"credentials\": {\"auth_url\": \"%s\", \"username\": \"u\", "
		"\"password\": \"" SECRET "\", \"project_name\": \"p\"}}",
		ca ? "\"ca\": \"" : "", ca ? ca : "", ca ? "\", " : "", auth_url);
	struct driver *d = NULL;
	struct err e;

	assert_ok(driver_open(NULL, drivers_dir(), "openstack", config, &d, &e), &e);
	return d;
}

static void begin(struct world *w, const char *const *nova_answers)
{
	script_start(&w->nova, nova_answers);
	w->login = xasprintf(
		"HTTP/1.1 201 Created\r\nX-Subject-Token: t\r\nConnection: close\r\n\r\n"
		"{\"token\": {\"issued_at\": \"2026-01-01T00:00:00Z\", \"expires_at\": "
		"\"2026-01-01T01:00:00Z\", \"project\": {\"id\": \"p\"}, \"catalog\": "
		"[{\"type\": \"compute\", \"endpoints\": [{\"interface\": \"public\", "
		"\"url\": \"%s\"}]}]}}",
		w->nova.url);
	script_start(&w->keystone, (const char *const[]){ w->login, NULL });
	w->d = open_at(w->keystone.url, NULL);
}

static void end(struct world *w)
{
	driver_close(w->d);
	script_done(&w->nova);
	script_done(&w->keystone);
	script_free(&w->nova);
	script_free(&w->keystone);
	free(w->login);
}

/* What Nova's answer makes of a launch that has so long. */
static int launch_answered(const char *answer, int64_t ms, struct drv_err *e)
{
	const struct drv_launch l = a_launch(ID_A, "#!/bin/sh\n");
	struct drv_vm vm;
	struct world w;
	int rc;

	begin(&w, (const char *const[]){ VERSION, FLAVOR, NO_FLAVOR, answer, NULL });
	rc = w.d->ops->launch(w.d->drv, &l, clock_mono_ms() + ms, &vm, e);
	assert_int_equal(w.nova.served, 4);
	assert_non_null(strstr(buf_str(&w.nova.requests[3]), "POST /servers HTTP/1.1"));
	end(&w);
	return rc;
}

/* The same of a list. */
static int list_answered(const char *answer, int64_t ms, struct drv_err *e)
{
	struct vm_list all = { .n = 0 };
	struct world w;
	int rc;

	begin(&w, (const char *const[]){ VERSION, answer, NULL });
	rc = w.d->ops->list(w.d->drv, OWNER, clock_mono_ms() + ms, keep_vm, &all, e);
	assert_int_equal(w.nova.served, 2);
	end(&w);
	return rc;
}

#define CUT                                                                           \
	"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n{\"server\": {\"id\": " \
	"\"x\""
/* Long enough for all before it on a busy machine. */
#define SLOW_MS 3000

static void an_answer_that_is_cut_says_nothing(void **state)
{
	struct drv_err e;

	(void)state;
	assert_int_equal(launch_answered(CUT, CALL_MS, &e), DRV_AMBIGUOUS);
	assert_int_equal(list_answered(CUT, CALL_MS, &e), DRV_TRANSIENT);
	assert_int_equal(launch_answered("", CALL_MS, &e), DRV_AMBIGUOUS);
	assert_int_equal(list_answered("", CALL_MS, &e), DRV_TRANSIENT);
}

static void an_answer_that_does_not_end_is_left_at_the_deadline(void **state)
{
	struct drv_err e;

	(void)state;
	assert_int_equal(launch_answered("HTTP/1.1 202 Accepted\r\nhang", SLOW_MS, &e),
			 DRV_AMBIGUOUS);
	assert_int_equal(list_answered("HTTP/1.1 200 OK\r\n\r\n{hang", SLOW_MS, &e),
			 DRV_TRANSIENT);
}

static void an_answer_without_end_is_not_kept(void **state)
{
	static const char head[] =
		"HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n{\"";
	CLEANUP(free) char *huge = xmalloc(HUGE_BYTES + 1);
	struct drv_err e;

	(void)state;
	memset(huge, 'x', HUGE_BYTES);
	memcpy(huge, head, strlen(head));
	huge[HUGE_BYTES] = '\0';
	assert_int_equal(launch_answered(huge, CALL_MS, &e), DRV_AMBIGUOUS);
	assert_int_equal(list_answered(huge, CALL_MS, &e), DRV_TRANSIENT);
}

static void what_is_no_http_is_no_answer(void **state)
{
	struct drv_err e;

	(void)state;
	assert_int_equal(launch_answered("\x16\x03\x01 garbage", CALL_MS, &e),
			 DRV_AMBIGUOUS);
	assert_int_equal(list_answered("\x16\x03\x01 garbage", CALL_MS, &e),
			 DRV_TRANSIENT);
}

static void a_cloud_that_is_not_there_did_nothing(void **state)
{
	const struct drv_launch l = a_launch(ID_A, "#!/bin/sh\n");
	struct script gone;
	struct drv_vm vm;
	struct drv_err e;
	struct driver *d;

	(void)state;
	script_start(&gone, (const char *const[]){ NULL });
	script_done(&gone);
	d = open_at(gone.url, NULL);
	assert_drv_fails(d->ops->launch(d->drv, &l, deadline(), &vm, &e), DRV_TRANSIENT,
			 &e);
	driver_close(d);
}

/* ---------------------------------------------------------------- TLS */

struct tls {
	char dir[64];
	FILE *out; /* of the server */
	pid_t pid;
	char url[64];
};

/* A server whose certificate is of that name, with files in a folder of its own. */
static void tls_start(struct tls *t, const char *name)
{
	CLEANUP(free) char *subject = xasprintf("subjectAltName=%s", name);
	CLEANUP(free) char *make = NULL;
	CLEANUP(free) char *run = NULL;
	char line[256];
	int port = 0;

	snprintf(t->dir, sizeof(t->dir), "/tmp/ft-drivers-tls-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	make = xasprintf(
		"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test "
		"-addext '%s' -keyout %s/key.pem -out %s/cert.pem 2>/dev/null",
		subject, t->dir, t->dir);
	assert_int_equal(system(make), 0);
	run = xasprintf("echo $$; exec openssl s_server -accept 127.0.0.1:0 -www "
			"-key %s/key.pem -cert %s/cert.pem 2>&1 </dev/null",
			t->dir, t->dir);
	t->out = popen(run, "re");
	assert_non_null(t->out);
	assert_non_null(fgets(line, sizeof(line), t->out));
	t->pid = (pid_t)strtol(line, NULL, 10);
	while (!port && fgets(line, sizeof(line), t->out))
		(void)sscanf(line, "ACCEPT 127.0.0.1:%d", &port);
	assert_true(port > 0);
	snprintf(t->url, sizeof(t->url), "https://127.0.0.1:%d", port);
}

static void tls_end(struct tls *t)
{
	static const char *const files[] = { "key.pem", "cert.pem" };

	kill(t->pid, SIGTERM);
	pclose(t->out);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", t->dir, files[i]);

		(void)unlink(path);
	}
	(void)rmdir(t->dir);
}

/* What a list at a server of that name ends with. */
static int list_over_tls(const char *name, bool is_trusted, int64_t ms, struct drv_err *e)
{
	CLEANUP(free) char *ca = NULL;
	struct vm_list all = { .n = 0 };
	struct driver *d;
	struct tls t;
	int rc;

	tls_start(&t, name);
	ca = xasprintf("%s/cert.pem", t.dir);
	d = open_at(t.url, is_trusted ? ca : NULL);
	rc = d->ops->list(d->drv, OWNER, clock_mono_ms() + ms, keep_vm, &all, e);
	driver_close(d);
	tls_end(&t);
	return rc;
}

static void a_server_of_another_name_gets_no_password(void **state)
{
	struct drv_err e;

	(void)state;
	/* The server takes what is sent, and has no answer to it. */
	assert_int_equal(list_over_tls("IP:127.0.0.1", true, SLOW_MS, &e), DRV_TRANSIENT);
	assert_null(strstr(e.msg, "certificate"));
	assert_int_equal(list_over_tls("DNS:other.test", true, CALL_MS, &e),
			 DRV_TRANSIENT);
	assert_non_null(strstr(e.msg, "certificate"));
	assert_int_equal(e.http_status, 0);
	assert_int_equal(list_over_tls("IP:127.0.0.1", false, CALL_MS, &e),
			 DRV_TRANSIENT);
	assert_non_null(strstr(e.msg, "certificate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_that_is_cut_says_nothing),
		cmocka_unit_test(an_answer_that_does_not_end_is_left_at_the_deadline),
		cmocka_unit_test(an_answer_without_end_is_not_kept),
		cmocka_unit_test(what_is_no_http_is_no_answer),
		cmocka_unit_test(a_cloud_that_is_not_there_did_nothing),
		cmocka_unit_test(a_server_of_another_name_gets_no_password),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("openstack on the wire", tests, NULL, NULL);
}
