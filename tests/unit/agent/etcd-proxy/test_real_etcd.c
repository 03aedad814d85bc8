/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before a real etcd, by TLS. */
#include "etcd_proxy_fixture.h"
#include "process.h"

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
	CLEANUP(free) char *other = NULL;
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
	/* In HTTP/2 calls of etcd's services pass alone, and no upgrade leads there. */
	other = xasprintf(
		"p=http://127.0.0.1:%d; cd %s; printf '\\0\\0\\0\\0\\3\\n\\1a' >call; "
		"g() { curl -s --http2-prior-knowledge -H 'Content-Type: "
		"application/grpc' "
		"-H 'TE: trailers' --data-binary @call -o /dev/null -w '%%{http_code}' "
		"$p$1; }; "
		"test $(g /etcdserverpb.KV/Range) = 200 && "
		"for path in /health /v3/kv/range /other.KV/Range /v1/agent/renew "
		"/etcdserverpb.KV/../../v1/join //etcdserverpb.KV/Range; do "
		"test \"$(g $path)\" != 200 || exit 1; done; "
		"test $(curl -sf --http2 -w '%%{http_version}' -o /dev/null $p/health) = "
		"1.1",
		proxy, s->folder);
	sh(s, other);
	/* A watch gets what is put after it began. */
	watch = xasprintf(
		"export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=http://127.0.0.1:%d; cd %s; "
		"etcdctl watch w >seen & w=$!; "
		"until grep -q two seen; do etcdctl put w two >/dev/null; done; kill $w",
		proxy, s->folder);
	sh(s, watch);
	assert_int_equal(stats(s).failed, failed);
}

static void a_client_that_rests_goes_with_the_certificate(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *cert = xasprintf("%s/h.pem", s->folder);
	CLEANUP(free) char *wait = NULL;
	CLEANUP(free) char *answer = NULL;
	CLEANUP(close_fd) int rests = -1;
	CLEANUP(close_fd) int other = -1;
	char endpoints[64], c;

	make_certificates(s);
	snprintf(endpoints, sizeof(endpoints), "https://127.0.0.1:%d", start_etcd(s));
	start_tls(s, endpoints, "ca.pem");
	wait = xasprintf("until curl -sf http://127.0.0.1:%d/health; do :; done",
			 etcd_proxy_port(s->proxy));
	sh(s, wait);
	rests = dial(s);
	put(rests, HEALTH);
	answer = read_until(s, rests, "}");
	assert_non_null(strstr(answer, "200 OK"));

	assert_int_equal(
		utimensat(AT_FDCWD, cert, (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0),
		0);
	other = dial(s);
	put(other, HEALTH);
	free(TAKE(answer));
	answer = read_until(s, other, "}");
	assert_non_null(strstr(answer, "200 OK"));
	assert_true(receive(s, rests, &c, 1) == 0 || c == '\n');
	assert_int_equal(receive(s, rests, &c, 1), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(serves_etcds_clients_over_tls),
		TEST(a_client_that_rests_goes_with_the_certificate),
		TEST(trusts_only_its_authority),
	};

	return cmocka_run_group_tests_name("real_etcd", tests, NULL, NULL);
}
