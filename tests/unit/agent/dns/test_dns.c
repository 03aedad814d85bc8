/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The name server with dig, and what templates look up. */
#include "dns_fixture.h"

#include "server.h"

struct setup {
	struct loop *loop;
	struct keys *keys;
	struct dns *dns;      /* foretide.local, asks the other */
	struct dns *upstream; /* example.org */
	char file[64];
	bool ended;
};

static int set_up(void **state)
{
	struct setup *s = xcalloc(1, sizeof(*s));
	struct err err;
	int fd;

	log_set_level(LOG_LEVEL_ERROR + 1);
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		fake_put(records[i].key, records[i].value);
	fake_put("/skydns/org/example/www", "{\"host\":\"192.0.2.80\",\"ttl\":300}");
	for (int i = 0; i < 100; i++) {
		char key[64], value[64];

		snprintf(key, sizeof(key), "/skydns/org/example/big/n%d", i);
		snprintf(value, sizeof(value), "{\"host\":\"192.0.2.%d\"}", i + 1);
		fake_put(key, value);
	}
	assert_ok(loop_new(&s->loop, &err), &err);
	s->keys = keys_new(s->loop, some_store, NULL);
	snprintf(s->file, sizeof(s->file), "/tmp/foretide-dns-XXXXXX");
	fd = mkstemp(s->file);
	assert_true(fd >= 0);
	close(fd);
	assert_ok(dns_open(s->loop, s->keys,
			   &(struct dns_opts){ .listen = "127.0.0.1:0",
					       .domains = "example.org",
					       .forward = "" },
			   &s->upstream, &err),
		  &err);
	*state = s;
	return 0;
}

/* dead: a nameserver that is not there stands before the good one. */
static void start(struct setup *s, bool dead)
{
	char forward[64];
	struct err err;

	snprintf(forward, sizeof(forward), "%s127.0.0.1:%d", dead ? "127.0.0.1:9, " : "",
		 dns_port(s->upstream));
	assert_ok(dns_open(s->loop, s->keys,
			   &(struct dns_opts){ .listen = "127.0.0.1:0",
					       .forward = forward,
					       .timeout_ms = 3000 },
			   &s->dns, &err),
		  &err);
}

static int tear_down(void **state)
{
	struct setup *s = *state;

	dns_close(s->dns);
	dns_close(s->upstream);
	keys_free(s->keys);
	loop_free(s->loop);
	unlink(s->file);
	free(s);
	fake_reset();
	return 0;
}

static void on_end(void *arg, const struct err *err)
{
	struct setup *s = arg;

	if (err)
		fail_msg("dig: %s", err->msg);
	s->ended = true;
}

/* What dig prints for these arguments, sorted. */
static char *dig(struct setup *s, const char *arguments)
{
	CLEANUP(free)
	char *command =
		xasprintf("dig @127.0.0.1 -p %d +tries=1 +time=60 +short %s | sort >%s",
			  dns_port(s->dns), arguments, s->file);
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	struct shell *shell;
	char *text = NULL;
	struct err err;

	s->ended = false;
	assert_ok(shell_run(s->loop, command, PATIENCE_MS, on_end, s, &shell, &err),
		  &err);
	while (!s->ended) {
		assert_true(clock_mono_ms() < end);
		loop_once(s->loop, 50);
	}
	assert_ok(conf_read_file(s->file, 1 << 20, &text, NULL, &err), &err);
	return text;
}

static void check_dig(struct setup *s, const char *arguments, const char *want)
{
	CLEANUP(free) char *got = dig(s, arguments);

	assert_string_equal(got, want);
}

static void serves_dig_over_udp_and_tcp(void **state)
{
	struct setup *s = *state;

	fake_sync();
	start(s, false);
	check_dig(s, "web.shop.foretide.local", "10.90.0.7\n10.90.0.8\n");
	check_dig(s, "+tcp web.shop.foretide.local", "10.90.0.7\n10.90.0.8\n");
	check_dig(s, "-t SRV db.shop.foretide.local",
		  "10 100 3306 x.db.shop.foretide.local.\n");
	check_dig(s, "-x 10.90.0.7", "web-1.shop.foretide.local.\n");
	check_dig(s, "-t TXT txt.shop.foretide.local", "\"v=1; hello\"\n");
	check_dig(s, "nix.foretide.local", "");
	/* Several questions in one connection. */
	check_dig(s,
		  "+tcp +keepopen web-1-80.web.shop.foretide.local @127.0.0.1 "
		  "web-2-80.web.shop.foretide.local",
		  "10.90.0.7\n10.90.0.8\n");
}

static void forwards_other_names(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *big = NULL;
	struct dns_stats st;
	size_t lines = 0;

	fake_sync();
	start(s, false);
	check_dig(s, "www.example.org", "192.0.2.80\n");
	check_dig(s, "+tcp www.example.org", "192.0.2.80\n");
	/* Too big for UDP without EDNS: dig asks again over TCP, which is
	 * forwarded so. */
	big = dig(s, "+noedns big.example.org");
	for (const char *p = big; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 100);
	/* A chain that leaves the domain is followed there. */
	check_dig(s, "far.shop.foretide.local", "192.0.2.80\nwww.example.org.\n");
	check_dig(s, "+tcp far.shop.foretide.local", "192.0.2.80\nwww.example.org.\n");
	dns_get_stats(s->dns, &st);
	assert_true(st.forwarded >= 6);
	assert_int_equal(st.failed, 0);
}

static void goes_on_to_the_next_nameserver(void **state)
{
	struct setup *s = *state;

	fake_sync();
	start(s, true);
	check_dig(s, "www.example.org", "192.0.2.80\n");
	check_dig(s, "+tcp www.example.org", "192.0.2.80\n");
}

static void fails_at_once_without_nameservers(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *text = NULL;
	struct err err;

	fake_sync();
	assert_ok(dns_open(s->loop, s->keys,
			   &(struct dns_opts){ .listen = "127.0.0.1:0", .forward = "" },
			   &s->dns, &err),
		  &err);
	text = dig(s, "+noshort +comments www.example.com");
	assert_non_null(strstr(text, "status: SERVFAIL"));
}

static void gives_up_on_silent_nameservers(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	CLEANUP(free) char *text = NULL;
	char forward[32];
	struct dns_stats st;
	struct err err;

	fake_sync();
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(forward, sizeof(forward), "127.0.0.1:%d", ntohs(a.sin_port));
	assert_ok(dns_open(s->loop, s->keys,
			   &(struct dns_opts){ .listen = "127.0.0.1:0",
					       .forward = forward,
					       .timeout_ms = 50 },
			   &s->dns, &err),
		  &err);
	text = dig(s, "+noshort +comments www.example.com");
	assert_non_null(strstr(text, "status: SERVFAIL"));
	dns_get_stats(s->dns, &st);
	assert_int_equal(st.failed, 1);
	/* One that is under way when the module is closed is let go. */
	assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&a, len), 1);
}

static void follows_the_store(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *text = NULL;

	start(s, false);
	text = dig(s, "+noshort +comments web.shop.foretide.local");
	assert_non_null(strstr(text, "status: SERVFAIL"));
	fake_sync();
	check_dig(s, "web.shop.foretide.local", "10.90.0.7\n10.90.0.8\n");
	fake_delete("/skydns/local/foretide/shop/web/web-1-80");
	check_dig(s, "web.shop.foretide.local", "10.90.0.8\n");
	fake_put("/skydns/local/foretide/shop/web/web-3-80", "{\"host\":\"10.90.0.30\"}");
	fake_put("/skydns/local/foretide/shop/web/web-4-80", "{\"port\":\"80\"}");
	check_dig(s, "web.shop.foretide.local", "10.90.0.30\n10.90.0.8\n");
	fake.lost_ms = clock_mono_ms();
	check_dig(s, "+noshort +noall +answer web-3-80.web.shop.foretide.local",
		  "web-3-80.web.shop.foretide.local. 5 IN\tA\t10.90.0.30\n");
}

static size_t n_records(const struct setup *s)
{
	struct dns_stats st;

	dns_get_stats(s->dns, &st);
	return st.records;
}

#define MANY 100000 /* all that one name may have */

static void put_many(int i)
{
	char key[64];

	snprintf(key, sizeof(key), "/skydns/local/foretide/many/web/n%06d", i);
	fake_put(key, "{\"host\":\"10.90.0.40\"}");
}

static void a_record_too_many_is_there_once_there_is_room(void **state)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct setup *s = *state;
	size_t full;

	start(s, false);
	fake_sync();
	for (int i = 0; i < MANY; i++)
		put_many(i);
	full = n_records(s);
	put_many(MANY);
	put_many(MANY + 1);
	assert_int_equal(n_records(s), full);
	assert_int_equal(s->dns->bad.n, 2);
	fake_delete("/skydns/local/foretide/many/web/n000007");
	assert_int_equal(n_records(s), full - 1);
	while (n_records(s) < full && clock_mono_ms() < until)
		loop_once(s->loop, 20);
	assert_int_equal(n_records(s), full);
	assert_true(s->dns->bad.n > 0); /* one waits still */
	s->dns->bad_mono_ms -= 3600000;
	fake_delete("/skydns/local/foretide/many/web/n000008");
	while (s->dns->bad.n && clock_mono_ms() < until)
		loop_once(s->loop, 20);
	assert_int_equal(n_records(s), full);
	assert_int_equal(s->dns->bad.n, 0);
}

struct found {
	char text[256];
};

static void on_ip(void *arg, const char *address)
{
	struct found *f = arg;
	size_t n = strlen(f->text);

	snprintf(f->text + n, sizeof(f->text) - n, "%s ", address);
}

static void on_srv(void *arg, const struct template_srv *srv)
{
	struct found *f = arg;
	size_t n = strlen(f->text);

	snprintf(f->text + n, sizeof(f->text) - n, "%s:%d/%d/%d ", srv->target, srv->port,
		 srv->priority, srv->weight);
}

static void looks_up_for_templates(void **state)
{
	struct setup *s = *state;
	struct found ip = { "" }, srv = { "" };
	struct err err;

	fake_sync();
	start(s, false);
	assert_ok(dns_lookup_ip(s->dns, "mixed.shop.foretide.local", 0, on_ip, &ip, &err),
		  &err);
	assert_string_equal(ip.text, "10.90.0.6 ");
	assert_ok(dns_lookup_srv(s->dns, "db.shop.foretide.local", on_srv, &srv, &err),
		  &err);
	assert_string_equal(srv.text, "x.db.shop.foretide.local:3306/10/100 ");
	assert_int_equal(dns_lookup_ip(s->dns, "www.example.org", 0, on_ip, &ip, &err),
			 ERR_INVAL);
}

#define MODULE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODULE(serves_dig_over_udp_and_tcp),
		MODULE(forwards_other_names),
		MODULE(goes_on_to_the_next_nameserver),
		MODULE(fails_at_once_without_nameservers),
		MODULE(gives_up_on_silent_nameservers),
		MODULE(follows_the_store),
		MODULE(a_record_too_many_is_there_once_there_is_room),
		MODULE(looks_up_for_templates),
	};

	return cmocka_run_group_tests_name("dns module", tests, NULL, NULL);
}
