/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_watches - many hosts' watches, held open by one process over TLS.
 *
 * Usage: bench_watches CA_FOLDER PORT HOSTS OWN
 *
 * Each host, w-00000000 and so on, has a certificate that it is given here, an address of
 * its own of 127.0.0.0/8, and a connection that watches /skydns/; the first OWN of them
 * have another, which watches the host's schedule. "open SECONDS" is printed when all
 * watches were created; then, for each line read, "SHARED OWN DROPPED LAST": how many
 * have seen a change of theirs, how many connections ended, and when the last change
 * came, in seconds of the monotonic clock. A line "again" begins the counts anew.
 */
#include "buf.h"
#include "check.h"
#include "store.h"
#include "trust.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 200 /* handshakes and requests that are not answered */
#define LIFE_MS 86400000
#define WORD "\"events\":"
#define CREATED "\"created\":true"

enum phase { SHAKING, ASKING, WATCHING, ENDED };

/* Finds a word in a stream. */
struct finder {
	const char *word; /* its first byte is nowhere else in it */
	size_t n;
};

struct watch {
	gnutls_session_t tls;
	int fd;
	enum phase phase;
	char *request;
	struct finder created, changed;
	bool is_own, has_seen;
};

static struct {
	int epoll;
	uint16_t port;
	gnutls_certificate_credentials_t *hosts;
	struct watch *v;
	size_t n_hosts, n, begun, open, dropped;
	size_t seen[2]; /* of shared and own changes */
	double last;
} all;

static struct err err;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_watches: %s: %s %s\n", what, strerror(errno), err.msg);
	exit(1);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t find(struct finder *f, const char *data, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		f->n = data[i] == f->word[f->n] ? f->n + 1 : data[i] == f->word[0];
		if (!f->word[f->n]) {
			found++;
			f->n = 0;
		}
	}
	return found;
}

/* ---------------------------------------------------------------- certificates */

static char *request_for(gnutls_x509_privkey_t key)
{
	gnutls_datum_t pem = { NULL, 0 };
	gnutls_x509_crq_t crq;
	char *ret;

	must(gnutls_x509_crq_init(&crq) == 0 && gnutls_x509_crq_set_key(crq, key) == 0 &&
		     gnutls_x509_crq_set_version(crq, 1) == 0 &&
		     gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0) == 0 &&
		     gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &pem) == 0,
	     "a request for certificates");
	gnutls_x509_crq_deinit(crq);
	ret = xstrndup((char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return ret;
}

/* All have one key, which takes nothing from what is measured. */
static void issue(const char *folder)
{
	CLEANUP(ca_close) struct ca *ca = NULL;
	CLEANUP(free) char *csr = NULL;
	gnutls_x509_privkey_t key;

	must(gnutls_x509_privkey_init(&key) == 0 &&
		     gnutls_x509_privkey_generate(
			     key, GNUTLS_PK_ECDSA,
			     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0,
	     "a key");
	csr = request_for(key);
	must(ca_open(folder, &ca, &err) == 0, "the authority");
	for (size_t i = 0; i < all.n_hosts; i++) {
		CLEANUP(ca_issued_done) struct ca_issued c = { .pem = NULL };
		gnutls_x509_crt_t crt;
		char name[32];

		snprintf(name, sizeof(name), "w-%08zx", i);
		must(ca_issue(ca, csr, name, LIFE_MS, &c, &err) == 0, "a certificate");
		must(gnutls_x509_crt_init(&crt) == 0 &&
			     gnutls_x509_crt_import(
				     crt,
				     &(gnutls_datum_t){ (unsigned char *)c.pem,
							(unsigned)strlen(c.pem) },
				     GNUTLS_X509_FMT_PEM) == 0 &&
			     gnutls_certificate_allocate_credentials(&all.hosts[i]) ==
				     0 &&
			     gnutls_certificate_set_x509_key(all.hosts[i], &crt, 1,
							     key) == 0,
		     "credentials");
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_x509_privkey_deinit(key);
}

/* ---------------------------------------------------------------- one watch */

static char *watch_of(size_t host, bool is_own)
{
	CLEANUP(free) char *key = xasprintf("/foretide/schedule/w-%08zx", host);
	CLEANUP(buf_done) struct buf body;
	const char *prefix = "/skydns/", *end = "/skydns0";

	buf_init(&body, 1024);
	ejson_open(&body, NULL, '{');
	ejson_open(&body, "create_request", '{');
	ejson_add_bytes(&body, "key", is_own ? key : prefix,
			strlen(is_own ? key : prefix));
	if (!is_own)
		ejson_add_bytes(&body, "range_end", end, strlen(end));
	ejson_close(&body, '}');
	ejson_close(&body, '}');
	return xasprintf("POST /v3/watch HTTP/1.1\r\nHost: localhost\r\n"
			 "Content-Length: %zu\r\n\r\n%s",
			 body.len, buf_str(&body));
}

static void connect_to(struct watch *w, size_t host)
{
	struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f010000u + (uint32_t)host + 1),
	};
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(all.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = w };

	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(w->fd >= 0 && bind(w->fd, (struct sockaddr *)&from, sizeof(from)) == 0,
	     "a socket");
	must(connect(w->fd, (struct sockaddr *)&to, sizeof(to)) == 0 ||
		     errno == EINPROGRESS,
	     "connecting");
	must(gnutls_init(&w->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK) == 0 &&
		     gnutls_set_default_priority(w->tls) == 0 &&
		     gnutls_credentials_set(w->tls, GNUTLS_CRD_CERTIFICATE,
					    all.hosts[host]) == 0,
	     "a session");
	gnutls_transport_set_int(w->tls, w->fd);
	gnutls_handshake_set_timeout(w->tls, GNUTLS_INDEFINITE_TIMEOUT);
	w->phase = SHAKING;
	must(epoll_ctl(all.epoll, EPOLL_CTL_ADD, w->fd, &e) == 0, "epoll");
}

static void begin(size_t i)
{
	struct watch *w = &all.v[i];
	const bool is_own = i >= all.n_hosts;
	const size_t host = i - is_own * all.n_hosts;

	*w = (struct watch){ .is_own = is_own,
			     .request = watch_of(host, is_own),
			     .created = { CREATED, 0 },
			     .changed = { WORD, 0 } };
	connect_to(w, host);
}

static void drop(struct watch *w, const char *why)
{
	if (all.dropped++ == 0)
		fprintf(stderr, "bench_watches: a connection ended: %s\n", why);
	all.open += w->phase != WATCHING;
	w->phase = ENDED;
	gnutls_deinit(w->tls);
	close(w->fd);
	free(TAKE(w->request));
}

static void take(struct watch *w, const char *data, size_t n)
{
	if (w->phase == ASKING && find(&w->created, data, n)) {
		w->phase = WATCHING;
		all.open++;
	}
	if (find(&w->changed, data, n) && !w->has_seen) {
		w->has_seen = true;
		all.seen[w->is_own]++;
		all.last = seconds();
	}
}

static void read_all(struct watch *w)
{
	char data[16384];
	ssize_t n;

	while ((n = gnutls_record_recv(w->tls, data, sizeof(data))) > 0 ||
	       n == GNUTLS_E_INTERRUPTED)
		take(w, data, n > 0 ? (size_t)n : 0);
	if (n != GNUTLS_E_AGAIN)
		drop(w, n == 0 ? "by its peer" : gnutls_strerror((int)n));
}

static void go_on(struct watch *w)
{
	int rc;

	if (w->phase == SHAKING) {
		rc = gnutls_handshake(w->tls);
		if (rc < 0 && gnutls_error_is_fatal(rc)) {
			drop(w, gnutls_strerror(rc));
			return;
		}
		if (rc < 0)
			return;
		w->phase = ASKING;
		rc = (int)gnutls_record_send(w->tls, w->request, strlen(w->request));
		must(rc == (int)strlen(w->request), "a request");
		free(TAKE(w->request));
	}
	if (w->phase == ASKING || w->phase == WATCHING)
		read_all(w);
}

/* ---------------------------------------------------------------- all of them */

static void begin_some(void)
{
	while (all.begun < all.n && all.begun - all.open < AT_ONCE)
		begin(all.begun++);
}

static void forget(void)
{
	for (size_t i = 0; i < all.n; i++)
		all.v[i].has_seen = false;
	all.seen[0] = all.seen[1] = 0;
}

/* False at the end of what is read. */
static bool answer(void)
{
	char line[64];

	if (!fgets(line, sizeof(line), stdin))
		return false;
	if (strcmp(line, "again\n") == 0)
		forget();
	printf("%zu %zu %zu %.6f\n", all.seen[0], all.seen[1], all.dropped, all.last);
	fflush(stdout);
	return true;
}

static void run(void)
{
	struct epoll_event e[256], in = { .events = EPOLLIN, .data.ptr = NULL };
	const double start = seconds();
	bool is_told = false;

	must(epoll_ctl(all.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &in) == 0, "stdin");
	for (;;) {
		int n;

		begin_some();
		if (all.open == all.n && !is_told) {
			printf("open %.3f\n", seconds() - start);
			fflush(stdout);
			is_told = true;
		}
		n = epoll_wait(all.epoll, e, ARRAY_SIZE(e), -1);
		for (int i = 0; i < n; i++) {
			if (e[i].data.ptr)
				go_on(e[i].data.ptr);
			else if (!answer())
				return;
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit l;

	if (argc != 5) {
		fprintf(stderr, "usage: bench_watches CA_FOLDER PORT HOSTS OWN\n");
		return 2;
	}
	all.port = (uint16_t)strtoul(argv[2], NULL, 10);
	all.n_hosts = strtoul(argv[3], NULL, 10);
	all.n = all.n_hosts + MIN(strtoul(argv[4], NULL, 10), all.n_hosts);
	all.v = xcalloc(all.n, sizeof(*all.v));
	all.hosts = xcalloc(all.n_hosts, sizeof(*all.hosts));
	must(getrlimit(RLIMIT_NOFILE, &l) == 0, "limits");
	l.rlim_cur = MIN(l.rlim_max, all.n + 100);
	must(setrlimit(RLIMIT_NOFILE, &l) == 0, "limits");
	issue(argv[1]);
	all.epoll = epoll_create1(EPOLL_CLOEXEC);
	must(all.epoll >= 0, "epoll");
	run();
	return 0;
}
