/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handshakes that wait for their peer: what they cost, and that they go on. */
#include "served_fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 50
#define CALLS 20
#define READS_PER_CALL 20 /* that find nothing */
#define PARTS 8
#define EXPORTED __attribute__((visibility("default")))

static atomic_uint suspended, found_nothing;

/* Those of the listener; clients here read by other calls. */
EXPORTED ssize_t recv(int fd, void *ret, size_t n, int flags)
{
	ssize_t (*real)(int, void *, size_t, int);
	ssize_t got;

	*(void **)&real = dlsym(RTLD_NEXT, "recv");
	got = real(fd, ret, n, flags);
	if (got < 0 && errno == EAGAIN && flags == 0)
		found_nothing++;
	return got;
}

EXPORTED void MHD_suspend_connection(struct MHD_Connection *conn)
{
	void (*real)(struct MHD_Connection *);

	*(void **)&real = dlsym(RTLD_NEXT, "MHD_suspend_connection");
	real(conn);
	suspended++;
}

static void wait_until_more(atomic_uint *count, unsigned than)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (*count <= than && clock_mono_ms() < until)
		usleep(1000);
	assert_true(*count > than);
}

/* ---------------------------------------------------------------- clients */

struct client {
	int fd;
	bool listens;   /* else it does not take what the listener says */
	unsigned parts; /* that it sends one by one, each when the last was taken */
	gnutls_session_t tls;
	gnutls_certificate_credentials_t cred;
};

static ssize_t take(gnutls_transport_ptr_t arg, void *ret, size_t n)
{
	const struct client *c = arg;

	if (c->listens)
		return read(c->fd, ret, n);
	errno = EAGAIN;
	return -1;
}

static ssize_t give(gnutls_transport_ptr_t arg, const void *data, size_t n)
{
	struct client *c = arg;
	const unsigned before = suspended;
	ssize_t sent;

	if (!c->listens || c->parts == 0)
		return send(c->fd, data, n, MSG_NOSIGNAL);
	c->parts--;
	sent = send(c->fd, data, 1, MSG_NOSIGNAL);
	wait_until_more(&suspended, before);
	return sent;
}

static int connect_to(const struct fixture *f)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(api_host_port(f->api)),
					.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	return fd;
}

/* It has said hello. */
static void client_open(struct client *c, const struct fixture *f, const char *priorities)
{
	*c = (struct client){ .fd = connect_to(f) };
	assert_int_equal(gnutls_init(&c->tls, GNUTLS_CLIENT), 0);
	assert_int_equal(gnutls_priority_set_direct(c->tls, priorities, NULL), 0);
	assert_int_equal(gnutls_certificate_allocate_credentials(&c->cred), 0);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, c->cred);
	gnutls_transport_set_ptr(c->tls, c);
	gnutls_transport_set_pull_function(c->tls, take);
	gnutls_transport_set_push_function(c->tls, give);
	assert_int_equal(gnutls_handshake(c->tls), GNUTLS_E_AGAIN);
}

static void client_close(struct client *c)
{
	gnutls_deinit(c->tls);
	gnutls_certificate_free_credentials(c->cred);
	close(c->fd);
}

static void client_shake_hands(struct client *c)
{
	int rc;

	c->listens = true;
	do
		rc = gnutls_handshake(c->tls);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	assert_int_equal(rc, 0);
}

static void client_say(struct client *c, const char *text)
{
	assert_int_equal(gnutls_record_send(c->tls, text, strlen(text)), strlen(text));
}

static void client_is_answered(struct client *c)
{
	char text[4096] = "";
	size_t n = 0;
	ssize_t got;

	while (!strstr(text, "\r\n\r\n") && n < sizeof(text) - 1) {
		got = gnutls_record_recv(c->tls, text + n, sizeof(text) - 1 - n);
		if (got == GNUTLS_E_AGAIN)
			continue;
		assert_true(got > 0);
		n += (size_t)got;
		text[n] = '\0';
	}
	assert_memory_equal(text, "HTTP/1.1 200", 12);
}

/* ---------------------------------------------------------------- tests */

#define HALF "HEAD /healthz HTTP/1.1\r\nHo"
#define OTHER_HALF "st: localhost\r\n\r\n"

/* While others call, the listener looks no more often than they are worth. */
static void assert_left_alone(const struct fixture *f)
{
	const unsigned before = found_nothing;

	for (int i = 0; i < CALLS; i++)
		assert_int_equal(fixture_status(f, CALL(.path = "/healthz", .tls = true)),
				 200);
	assert_in_range(found_nothing - before, 0, CALLS * READS_PER_CALL);
}

/* They end when the listener does. */
static void those_that_wait_are_left_alone(void **state)
{
	struct fixture *f = *state;
	struct client c[CLIENTS];

	suspended = 0;
	for (size_t i = 0; i < CLIENTS; i++)
		client_open(&c[i], f, "NORMAL");
	wait_until_more(&suspended, CLIENTS - 1);
	assert_left_alone(f);
	api_close(f->api);
	f->api = NULL;
	for (size_t i = 0; i < CLIENTS; i++)
		client_close(&c[i]);
}

/* A whole record, and of a hello the beginning alone. */
static void half_a_hello_is_left_alone(void **state)
{
	static const unsigned char half[] = { 0x16, 3, 1, 0, 4, 1, 0, 1, 0 };
	const int fd = connect_to(*state);

	suspended = 0;
	assert_int_equal(send(fd, half, sizeof(half), MSG_NOSIGNAL), sizeof(half));
	wait_until_more(&suspended, 0);
	assert_left_alone(*state);
	close(fd);
}

static void one_goes_on_and_is_over(const struct fixture *f, const char *priorities)
{
	unsigned before, nothing;
	struct client c;

	suspended = 0;
	client_open(&c, f, priorities);
	wait_until_more(&suspended, 0);
	c.parts = PARTS;
	client_shake_hands(&c);
	assert_int_equal(c.parts, 0);
	client_say(&c, HALF OTHER_HALF);
	client_is_answered(&c);
	/* Between requests, and in the middle of one, it is libmicrohttpd's alone. */
	before = suspended;
	nothing = found_nothing;
	client_say(&c, HALF);
	wait_until_more(&found_nothing, nothing);
	assert_int_equal(suspended, before);
	client_say(&c, OTHER_HALF);
	client_is_answered(&c);
	client_close(&c);
}

static void one_that_comes_in_parts_goes_on(void **state)
{
	one_goes_on_and_is_over(*state, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
	one_goes_on_and_is_over(*state, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
}

static void one_whose_peer_leaves_ends(void **state)
{
	struct client c;
	char rest[16384];
	ssize_t n;

	suspended = 0;
	client_open(&c, *state, "NORMAL");
	wait_until_more(&suspended, 0);
	assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
	while ((n = read(c.fd, rest, sizeof(rest))) > 0)
		;
	assert_true(n == 0 || errno == ECONNRESET);
	client_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(those_that_wait_are_left_alone),
		TEST(half_a_hello_is_left_alone),
		TEST(one_that_comes_in_parts_goes_on),
		TEST(one_whose_peer_leaves_ends),
	};

	return cmocka_run_group_tests_name("handshakes", tests, NULL, NULL);
}
