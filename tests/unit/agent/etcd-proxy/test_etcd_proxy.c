/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "dns.h"
#include "etcd-proxy.h"
#include "log.h"
#include "net.h"
#include "process.h"
#include "text.h"

#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A member, plain: echoes what it gets, and counts its connections. */
struct echo {
	int fd;
	uint16_t port;
	int conns[8];
	size_t n_conns;
};

struct setup {
	struct loop *loop;
	struct etcd_proxy *proxy;
	struct echo echo[2];
	char folder[64];
	pid_t etcd;
	bool ended;
	char words[ERR_MSG_MAX];
};

static uint16_t listen_on(int *ret_fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(*ret_fd >= 0);
	assert_int_equal(bind(*ret_fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(*ret_fd, 16), 0);
	assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static void start_echo(struct echo *e)
{
	e->port = listen_on(&e->fd);
}

/* Takes what waits, and sends it back. */
static void run_echo(struct echo *e)
{
	char part[4096];
	int fd;

	if (e->fd < 0)
		return;
	fd = accept4(e->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		assert_true(e->n_conns < ARRAY_SIZE(e->conns));
		e->conns[e->n_conns++] = fd;
	}
	for (size_t i = 0; i < e->n_conns; i++) {
		ssize_t n = recv(e->conns[i], part, sizeof(part), MSG_DONTWAIT);

		if (n > 0)
			assert_int_equal(send(e->conns[i], part, (size_t)n, MSG_NOSIGNAL),
					 n);
		else if (n == 0)
			shutdown(e->conns[i], SHUT_WR);
	}
}

static int set_up(void **state)
{
	struct setup *s = xcalloc(1, sizeof(*s));
	struct err err;

	log_set_level(LOG_LEVEL_ERROR + 1);
	s->echo[0].fd = s->echo[1].fd = -1;
	assert_ok(loop_new(&s->loop, &err), &err);
	snprintf(s->folder, sizeof(s->folder), "/tmp/foretide-proxy-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	*state = s;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct setup *s = *state;

	if (s->etcd) {
		kill(s->etcd, SIGKILL);
		waitpid(s->etcd, NULL, 0);
	}
	etcd_proxy_close(s->proxy);
	loop_free(s->loop);
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < s->echo[i].n_conns; k++)
			close(s->echo[i].conns[k]);
		if (s->echo[i].fd >= 0)
			close(s->echo[i].fd);
	}
	nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

static void start(struct setup *s, const char *endpoints)
{
	struct err err;

	assert_ok(etcd_proxy_open(s->loop,
				  &(struct etcd_proxy_opts){ .listen = "127.0.0.1:0",
							     .endpoints = endpoints,
							     .connect_ms = 300 },
				  &s->proxy, &err),
		  &err);
}

static void turn(struct setup *s)
{
	loop_once(s->loop, 5);
	run_echo(&s->echo[0]);
	run_echo(&s->echo[1]);
}

static struct etcd_proxy_stats stats(const struct setup *s)
{
	struct etcd_proxy_stats st;

	etcd_proxy_get_stats(s->proxy, &st);
	return st;
}

static int dial(const struct setup *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(etcd_proxy_port(s->proxy)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Everything up to want bytes, or until the other side ends. */
static size_t receive(struct setup *s, int fd, char *out, size_t want)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	size_t have = 0;

	while (have < want) {
		ssize_t n = recv(fd, out + have, want - have, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		have += n > 0 ? (size_t)n : 0;
		assert_true(clock_mono_ms() < end);
		turn(s);
	}
	return have;
}

static void say(struct setup *s, int fd, const char *text)
{
	char back[256] = "";

	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	assert_int_equal(receive(s, fd, back, strlen(text)), strlen(text));
	assert_memory_equal(back, text, strlen(text));
}

static void passes_bytes_both_ways(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = -1;
	char endpoints[64];

	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
	fd = dial(s);
	say(s, fd, "GET / HTTP/1.1\r\n\r\n");
	say(s, fd, "more");
	assert_int_equal(stats(s).connections, 1);
}

static void answers_a_client_that_sends_no_more(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = -1;
	char endpoints[64], back[8] = "";

	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
	fd = dial(s);
	assert_int_equal(send(fd, "GET /v3", 7, MSG_NOSIGNAL), 7);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(receive(s, fd, back, 7), 7);
	assert_memory_equal(back, "GET /v3", 7);
	/* The member has ended as well, and so has all. */
	assert_int_equal(receive(s, fd, back, 1), 0);
	assert_int_equal(stats(s).connections, 0);
}

static void rests_while_there_are_no_descriptors(void **state)
{
	struct setup *s = *state;
	struct rlimit before, few;
	char endpoints[64];
	int fds[6], lowest, turns = 0;
	int64_t end;

	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = dial(s);
	lowest = dup(0);
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	end = clock_mono_ms() + 500;
	for (; clock_mono_ms() < end; turns++)
		loop_once(s->loop, 100);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* A turn a tenth of a second, and one for its timer. */
	assert_in_range(turns, 1, 20);
	assert_int_equal(stats(s).connections, 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		say(s, fds[i], "GET /");
		close(fds[i]);
	}
}

static void holds_back_a_client_that_does_not_read(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = -1;
	CLEANUP(free) char *chunk = xmalloc(1 << 20);
	size_t sent = 0, got = 0;
	int64_t quiet = clock_mono_ms();
	char endpoints[64];

	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
	fd = dial(s);
	memset(chunk, 'x', 1 << 20);
	/* Ends when every buffer on the way is full and nothing moves any more. */
	while (clock_mono_ms() - quiet < 100 && sent < 64u << 20) {
		ssize_t n = send(fd, chunk, 1 << 16, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
			quiet = clock_mono_ms();
		}
		loop_once(s->loop, 1);
	}
	assert_true(sent < 64u << 20);
	while (got < sent) {
		size_t n = receive(s, fd, chunk, MIN(sent - got, (size_t)1 << 16));

		assert_true(n > 0);
		got += n;
	}
	assert_int_equal(got, sent);
}

static void goes_on_to_a_member_that_answers(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int a = -1;
	CLEANUP(close_fd) int b = -1;
	char endpoints[128];
	int dead;
	uint16_t port = listen_on(&dead);

	close(dead);
	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d, http://127.0.0.1:%d",
		 port, s->echo[0].port);
	start(s, endpoints);
	a = dial(s);
	say(s, a, "hello");
	b = dial(s);
	say(s, b, "again");
	assert_int_equal(s->echo[0].n_conns, 2);
	assert_int_equal(stats(s).failed, 0);
}

static void says_so_when_no_member_answers(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int a = -1;
	CLEANUP(close_fd) int b = -1;
	char endpoints[64], back[512] = "";
	int dead;
	uint16_t port = listen_on(&dead);

	close(dead);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", port);
	start(s, endpoints);
	a = dial(s);
	assert_int_equal(send(a, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	receive(s, a, back, sizeof(back) - 1);
	assert_non_null(strstr(back, "502 Bad Gateway"));
	assert_non_null(strstr(back, "Content-Length: 57\r\n\r\n{"));
	assert_int_equal(strlen(strstr(back, "\r\n\r\n")) - 4, 57);
	assert_int_equal(stats(s).failed, 1);
	assert_int_equal(stats(s).connections, 0);
	/* What speaks HTTP/2 gets no HTTP/1 answer. */
	b = dial(s);
	assert_int_equal(send(b, "PRI * HTTP/2.0\r\n", 16, 0), 16);
	assert_int_equal(receive(s, b, back, 1), 0);
}

static void never_takes_an_empty_list_nor_itself(void **state)
{
	static const char *const bad[] = {
		"",           " , ",        "ftp://x:1",      "http://",
		"http://a b", "http://x:0", "https://x:99999"
	};
	struct setup *s = *state;
	char self[64];
	struct err err;

	start(s, "http://127.0.0.1:1,https://m2.example:2379/,http://[::1]:2379");
	assert_int_equal(stats(s).members, 3);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(etcd_proxy_set_members(s->proxy, bad[i], &err) < 0);
	snprintf(self, sizeof(self), "http://127.0.0.1:%d", etcd_proxy_port(s->proxy));
	assert_int_equal(etcd_proxy_set_members(s->proxy, self, &err), ERR_INVAL);
	assert_int_equal(stats(s).members, 3);
	assert_ok(etcd_proxy_set_members(s->proxy, "http://127.0.0.1:1", &err), &err);
	assert_int_equal(stats(s).members, 1);
}

static void takes_new_members_for_new_connections(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int a = -1;
	CLEANUP(close_fd) int b = -1;
	char endpoints[64];
	struct err err;

	start_echo(&s->echo[0]);
	start_echo(&s->echo[1]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
	a = dial(s);
	say(s, a, "one");
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[1].port);
	assert_ok(etcd_proxy_set_members(s->proxy, endpoints, &err), &err);
	b = dial(s);
	say(s, b, "two");
	say(s, a, "three");
	assert_int_equal(s->echo[0].n_conns, 1);
	assert_int_equal(s->echo[1].n_conns, 1);
}

static void refuses_more_than_its_limit(void **state)
{
	struct setup *s = *state;
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	int fds[130];

	start(s, "http://127.0.0.1:1");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = dial(s);
		loop_once(s->loop, 0);
	}
	while (stats(s).refused < 2) {
		assert_true(clock_mono_ms() < end);
		turn(s);
	}
	assert_int_equal(stats(s).connections, 128);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	while (stats(s).connections > 0) {
		assert_true(clock_mono_ms() < end);
		turn(s);
	}
}

/* ---------------------------------------------------------------- a real etcd, by TLS */

static void on_end(void *arg, const struct err *err)
{
	struct setup *s = arg;

	s->ended = true;
	snprintf(s->words, sizeof(s->words), "%s", err ? err->msg : "");
}

/* A command beside the loop; fails the test when it fails. */
static void sh(struct setup *s, const char *command)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	struct shell *shell;
	struct err err;

	s->ended = false;
	assert_ok(shell_run(s->loop, command, PATIENCE_MS, on_end, s, &shell, &err),
		  &err);
	while (!s->ended) {
		assert_true(clock_mono_ms() < end);
		loop_once(s->loop, 50);
	}
	if (*s->words)
		fail_msg("%s: %s", command, s->words);
}

static void make_certificates(struct setup *s)
{
	CLEANUP(free)
	char *command = xasprintf(
		"cd %s && exec 2>/dev/null && "
		"printf 'cn=test\\nca\\ncert_signing_key\\nexpiration_days=2\\n' >ca.t "
		"&& "
		"printf 'cn=h\\nip_address=127.0.0.1\\ntls_www_server\\ntls_www_client\\n"
		"signing_key\\nexpiration_days=2\\n' >h.t && "
		"certtool --generate-privkey --key-type ecdsa --outfile ca.key && "
		"certtool --generate-self-signed --load-privkey ca.key --template ca.t "
		"--outfile ca.pem && "
		"certtool --generate-privkey --key-type ecdsa --outfile h.key && "
		"certtool --generate-certificate --load-privkey h.key --load-ca-privkey "
		"ca.key --load-ca-certificate ca.pem --template h.t --outfile h.pem",
		s->folder);

	sh(s, command);
}

static uint16_t start_etcd(struct setup *s)
{
	int fd_a, fd_b;
	uint16_t client = listen_on(&fd_a), peer = listen_on(&fd_b);
	CLEANUP(free)
	char *command =
		xasprintf("cd %s && exec etcd --data-dir data --log-level error "
			  "--listen-client-urls https://127.0.0.1:%d "
			  "--advertise-client-urls https://127.0.0.1:%d "
			  "--listen-peer-urls http://127.0.0.1:%d "
			  "--initial-advertise-peer-urls http://127.0.0.1:%d "
			  "--initial-cluster default=http://127.0.0.1:%d "
			  "--trusted-ca-file ca.pem --cert-file h.pem --key-file h.key "
			  "--client-cert-auth >etcd.log 2>&1",
			  s->folder, client, client, peer, peer, peer);

	close(fd_a);
	close(fd_b);
	s->etcd = fork();
	assert_true(s->etcd >= 0);
	if (s->etcd == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return client;
}

static void start_tls(struct setup *s, const char *endpoints, const char *ca)
{
	CLEANUP(free) char *ca_file = xasprintf("%s/%s", s->folder, ca);
	CLEANUP(free) char *cert = xasprintf("%s/h.pem", s->folder);
	CLEANUP(free) char *key = xasprintf("%s/h.key", s->folder);
	struct err err;

	assert_ok(etcd_proxy_open(s->loop,
				  &(struct etcd_proxy_opts){ .listen = "127.0.0.1:0",
							     .endpoints = endpoints,
							     .ca_file = ca_file,
							     .cert_file = cert,
							     .key_file = key },
				  &s->proxy, &err),
		  &err);
}

static void serves_etcds_clients_over_tls(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *wait = NULL;
	CLEANUP(free) char *json = NULL;
	CLEANUP(free) char *grpc = NULL;
	CLEANUP(free) char *watch = NULL;
	char endpoints[64];
	uint16_t port, proxy;
	uint64_t failed;

	make_certificates(s);
	port = start_etcd(s);
	snprintf(endpoints, sizeof(endpoints), "https://127.0.0.1:%d", port);
	start_tls(s, endpoints, "ca.pem");
	proxy = etcd_proxy_port(s->proxy);
	wait = xasprintf("until curl -sf http://127.0.0.1:%d/health; do :; done", proxy);
	sh(s, wait);
	failed = stats(s).failed;
	json = xasprintf(
		"curl -sf http://127.0.0.1:%d/v3/kv/put -d "
		"'{\"key\":\"YQ==\",\"value\":\"MQ==\"}' | grep -q revision && "
		"curl -sf http://127.0.0.1:%d/v3/kv/range -d '{\"key\":\"YQ==\"}' | "
		"grep -q '\"value\":\"MQ==\"'",
		proxy, proxy);
	sh(s, json);
	/* HTTP/2 through the same port, big values too. */
	grpc = xasprintf("export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=http://127.0.0.1:%d; "
			 "head -c 1000000 /dev/zero | tr '\\0' x >%s/big && "
			 "etcdctl put b -- <%s/big && "
			 "test $(etcdctl get b --print-value-only | wc -c) = 1000001",
			 proxy, s->folder, s->folder);
	sh(s, grpc);
	/* A watch gets what is put after it began. */
	watch = xasprintf(
		"export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=http://127.0.0.1:%d; cd %s; "
		"etcdctl watch w >seen & w=$!; "
		"until grep -q two seen; do etcdctl put w two >/dev/null; done; kill $w",
		proxy, s->folder);
	sh(s, watch);
	assert_int_equal(stats(s).failed, failed);
}

static void trusts_only_its_authority(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *other = NULL;
	CLEANUP(free) char *probe = NULL;
	char endpoints[64];
	uint16_t port;

	make_certificates(s);
	other = xasprintf("cd %s && certtool --generate-self-signed --load-privkey h.key "
			  "--template ca.t --outfile other.pem 2>/dev/null",
			  s->folder);
	sh(s, other);
	port = start_etcd(s);
	probe = xasprintf(
		"until curl -s --cacert %s/ca.pem --cert %s/h.pem --key %s/h.key "
		"https://127.0.0.1:%d/health >/dev/null; do :; done",
		s->folder, s->folder, s->folder, port);
	sh(s, probe);
	snprintf(endpoints, sizeof(endpoints), "https://127.0.0.1:%d", port);
	start_tls(s, endpoints, "other.pem");
	free(TAKE(probe));
	probe = xasprintf("test $(curl -s -o /dev/null -w '%%{http_code}' "
			  "http://127.0.0.1:%d/health) = 502",
			  etcd_proxy_port(s->proxy));
	sh(s, probe);
	assert_int_equal(stats(s).failed, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passes_bytes_both_ways),
		TEST(answers_a_client_that_sends_no_more),
		TEST(rests_while_there_are_no_descriptors),
		TEST(holds_back_a_client_that_does_not_read),
		TEST(goes_on_to_a_member_that_answers),
		TEST(says_so_when_no_member_answers),
		TEST(never_takes_an_empty_list_nor_itself),
		TEST(takes_new_members_for_new_connections),
		TEST(refuses_more_than_its_limit),
		TEST(serves_etcds_clients_over_tls),
		TEST(trusts_only_its_authority),
	};

	return cmocka_run_group_tests_name("etcd_proxy", tests, NULL, NULL);
}
