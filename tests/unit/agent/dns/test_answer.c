/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers out of a zone, packet by packet. */
#include "dns_fixture.h"

static struct dns_zone *new_zone(void)
{
	struct dns_zone *z = NULL;
	struct err err;

	assert_ok(dns_zone_new("foretide.local, other.example", &z, &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		assert_ok(dns_zone_put(z, records[i].key, records[i].value,
				       strlen(records[i].value), &err),
			  &err);
	return z;
}

static const struct dns_ask plain = {
	.ready = true,
	.random = 12345,
	.now_s = 1700000000,
	.ttl_s = 10,
	.stale_ttl_s = 5,
	.negative_ttl_s = 2,
	.local = "web-0a1b2c3d.hosts.foretide.local",
};

/* One exchange with the pure part. */
struct exchange {
	uint8_t query[1024];
	size_t query_len;
	uint8_t out[DNS_PACKET_MAX];
	size_t len;
	char chase[DNS_PATH_MAX];
	enum dns_verdict verdict;
	knot_pkt_t *reply;
};

static void exchange(struct exchange *x, const struct dns_zone *z,
		     const struct dns_ask *ask)
{
	x->len = sizeof(x->out);
	x->verdict =
		dns_answer(z, ask, x->query, x->query_len, x->out, &x->len, x->chase);
	if (x->verdict != DNS_ANSWERED)
		return;
	x->reply = knot_pkt_new(x->out, (uint16_t)x->len, NULL);
	assert_int_equal(knot_pkt_parse(x->reply, KNOT_PF_KEEPWIRE), KNOT_EOK);
}

static struct exchange *ask_as(const struct dns_ask *ask, const char *name, uint16_t type)
{
	struct exchange *x = xcalloc(1, sizeof(*x));
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();

	memset(x->query, 0xff, sizeof(x->query));
	x->query_len = dns_make_query(4711, name, type, x->query, sizeof(x->query));
	assert_true(x->query_len > 0);
	exchange(x, z, ask);
	return x;
}

static struct exchange *ask(const char *name, uint16_t type)
{
	return ask_as(&plain, name, type);
}

static void done(struct exchange *x)
{
	knot_pkt_free(x->reply);
	free(x);
}

DEFINE_CLEANUP(struct exchange *, done);

/* All records of a section, one "name ttl type data" each, sorted, with ";" between. */
static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *section(const struct exchange *x, knot_section_t which)
{
	const knot_pktsection_t *s = knot_pkt_section(x->reply, which);
	char *lines[64];
	struct buf b;

	buf_init(&b, 65536);
	assert_true(s->count <= ARRAY_SIZE(lines));
	for (uint16_t i = 0; i < s->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(s, i);
		char name[512], type[32], data[8192] = "";

		knot_dname_to_str(name, rr->owner, sizeof(name));
		knot_rrtype_to_string(rr->type, type, sizeof(type));
		if (rr->type != KNOT_RRTYPE_OPT)
			assert_true(knot_rrset_txt_dump_data(rr, 0, data, sizeof(data),
							     &KNOT_DUMP_STYLE_DEFAULT) >=
				    0);
		lines[i] = xasprintf("%s %u %s %s", name, (unsigned)rr->ttl, type, data);
	}
	qsort(lines, s->count, sizeof(*lines), by_line);
	for (uint16_t i = 0; i < s->count; i++) {
		buf_printf(&b, "%s%s", i ? "; " : "", lines[i]);
		free(lines[i]);
	}
	return buf_take(&b);
}

static void check_section(const struct exchange *x, knot_section_t which,
			  const char *want)
{
	CLEANUP(free) char *got = section(x, which);

	assert_string_equal(got, want);
}

static int rcode(const struct exchange *x)
{
	assert_int_equal(x->verdict, DNS_ANSWERED);
	return knot_wire_get_rcode(x->out);
}

#define SOA                                                                        \
	"foretide.local. 2 SOA ns.dns.foretide.local. hostmaster.foretide.local. " \
	"1699999200 28800 7200 604800 2"

static void answers_addresses_of_all_records_below(void **state)
{
	CLEANUP(done) struct exchange *x = ask("web.shop.foretide.local", KNOT_RRTYPE_A);

	(void)state;
	assert_int_equal(rcode(x), KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_id(x->out), 4711);
	assert_true(knot_wire_get_aa(x->out));
	assert_true(knot_wire_get_ra(x->out));
	assert_true(knot_wire_get_rd(x->out));
	/* The smallest TTL holds for all. */
	check_section(x, KNOT_ANSWER,
		      "web.shop.foretide.local. 7 A 10.90.0.7; "
		      "web.shop.foretide.local. 7 A 10.90.0.8");
}

static void answers_one_instance_by_its_name(void **state)
{
	CLEANUP(done)
	struct exchange *x = ask("web-1-80.web.shop.foretide.local", KNOT_RRTYPE_A);

	(void)state;
	check_section(x, KNOT_ANSWER, "web-1-80.web.shop.foretide.local. 10 A 10.90.0.7");
}

static void answers_ipv6(void **state)
{
	CLEANUP(done)
	struct exchange *x = ask("six.shop.foretide.local", KNOT_RRTYPE_AAAA);

	(void)state;
	check_section(x, KNOT_ANSWER, "six.shop.foretide.local. 10 AAAA fd00::7");
}

static void says_no_data_and_no_name_with_the_soa(void **state)
{
	CLEANUP(done) struct exchange *x = ask("six.shop.foretide.local", KNOT_RRTYPE_A);
	CLEANUP(done) struct exchange *y = ask("nix.shop.foretide.local", KNOT_RRTYPE_A);
	CLEANUP(done) struct exchange *m = ask("web.shop.foretide.local", KNOT_RRTYPE_MX);

	(void)state;
	assert_int_equal(rcode(x), KNOT_RCODE_NOERROR);
	check_section(x, KNOT_ANSWER, "");
	check_section(x, KNOT_AUTHORITY, SOA);
	assert_int_equal(rcode(y), KNOT_RCODE_NXDOMAIN);
	check_section(y, KNOT_AUTHORITY, SOA);
	assert_int_equal(rcode(m), KNOT_RCODE_NOERROR);
	check_section(m, KNOT_AUTHORITY, SOA);
}

static void shares_srv_weights_and_adds_addresses(void **state)
{
	CLEANUP(done)
	struct exchange *x = ask("web.shop.foretide.local", KNOT_RRTYPE_SRV);
	CLEANUP(done)
	struct exchange *m = ask("mixed.shop.foretide.local", KNOT_RRTYPE_SRV);
	CLEANUP(done) struct exchange *s = ask("db.shop.foretide.local", KNOT_RRTYPE_SRV);

	(void)state;
	check_section(x, KNOT_ANSWER,
		      "web.shop.foretide.local. 7 SRV 10 33 80 "
		      "web-1-80.web.shop.foretide.local.; "
		      "web.shop.foretide.local. 7 SRV 10 66 80 "
		      "web-2-80.web.shop.foretide.local.");
	check_section(x, KNOT_ADDITIONAL,
		      "web-1-80.web.shop.foretide.local. 7 A 10.90.0.7; "
		      "web-2-80.web.shop.foretide.local. 7 A 10.90.0.8");
	check_section(
		m, KNOT_ANSWER,
		"mixed.shop.foretide.local. 10 SRV 10 100 1 "
		"a.mixed.shop.foretide.local.; "
		"mixed.shop.foretide.local. 10 SRV 20 100 2 web.shop.foretide.local.");
	check_section(
		s, KNOT_ANSWER,
		"db.shop.foretide.local. 10 SRV 10 100 3306 x.db.shop.foretide.local.");
}

static void follows_names_within_the_domain(void **state)
{
	CLEANUP(done)
	struct exchange *x = ask("alias.shop.foretide.local", KNOT_RRTYPE_A);
	CLEANUP(done)
	struct exchange *l = ask("loop1.shop.foretide.local", KNOT_RRTYPE_A);
	CLEANUP(done) struct exchange *d = ask("dead.shop.foretide.local", KNOT_RRTYPE_A);
	CLEANUP(done)
	struct exchange *c = ask("alias.shop.foretide.local", KNOT_RRTYPE_CNAME);

	(void)state;
	check_section(x, KNOT_ANSWER,
		      "alias.shop.foretide.local. 7 CNAME web.shop.foretide.local.; "
		      "web.shop.foretide.local. 7 A 10.90.0.7; "
		      "web.shop.foretide.local. 7 A 10.90.0.8");
	check_section(l, KNOT_ANSWER, "");
	check_section(l, KNOT_AUTHORITY, SOA);
	check_section(d, KNOT_ANSWER, "");
	check_section(c, KNOT_ANSWER,
		      "alias.shop.foretide.local. 10 CNAME web.shop.foretide.local.");
}

static void asks_for_the_end_of_a_chain_that_leaves_the_domain(void **state)
{
	struct dns_ask a = plain;
	CLEANUP(done) struct exchange *x = NULL;
	CLEANUP(done)
	struct exchange *alone = ask("far.shop.foretide.local", KNOT_RRTYPE_A);

	(void)state;
	check_section(alone, KNOT_ANSWER,
		      "far.shop.foretide.local. 10 CNAME www.example.org.");
	a.can_forward = true;
	x = ask_as(&a, "far.shop.foretide.local", KNOT_RRTYPE_A);
	assert_int_equal(x->verdict, DNS_CHASE);
	assert_string_equal(x->chase, "www.example.org");
}

static void adds_what_the_nameserver_said_of_the_chains_end(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = NULL;
	CLEANUP(done) struct exchange *far = xcalloc(1, sizeof(*far));
	CLEANUP(done) struct exchange *x = NULL;
	static const char record[] = "{\"host\":\"192.0.2.80\",\"ttl\":300}";
	struct dns_ask a = plain;
	struct err err;

	(void)state;
	assert_ok(dns_zone_new("example.org", &z, &err), &err);
	assert_ok(
		dns_zone_put(z, "/skydns/org/example/www", record, strlen(record), &err),
		&err);
	far->query_len =
		dns_make_query(1, "www.example.org", KNOT_RRTYPE_A, far->query, 512);
	exchange(far, z, &plain);
	a.can_forward = true;
	a.chased = far->out;
	a.chased_len = far->len;
	x = ask_as(&a, "far.shop.foretide.local", KNOT_RRTYPE_A);
	check_section(x, KNOT_ANSWER,
		      "far.shop.foretide.local. 10 CNAME www.example.org.; "
		      "www.example.org. 300 A 192.0.2.80");
}

static void answers_txt_ptr_ns_soa_and_local(void **state)
{
	CLEANUP(done)
	struct exchange *t = ask("txt.shop.foretide.local", KNOT_RRTYPE_TXT);
	CLEANUP(done) struct exchange *p = ask("7.0.90.10.in-addr.arpa", KNOT_RRTYPE_PTR);
	CLEANUP(done) struct exchange *n = ask("foretide.local", KNOT_RRTYPE_NS);
	CLEANUP(done) struct exchange *s = ask("foretide.local", KNOT_RRTYPE_SOA);
	CLEANUP(done) struct exchange *l = ask("local.dns.foretide.local", KNOT_RRTYPE_A);

	(void)state;
	check_section(t, KNOT_ANSWER, "txt.shop.foretide.local. 10 TXT \"v=1; hello\"");
	check_section(p, KNOT_ANSWER,
		      "7.0.90.10.in-addr.arpa. 10 PTR web-1.shop.foretide.local.");
	assert_false(knot_wire_get_aa(p->out));
	check_section(n, KNOT_ANSWER, "foretide.local. 10 NS ns1.ns.dns.foretide.local.");
	check_section(n, KNOT_ADDITIONAL, "ns1.ns.dns.foretide.local. 10 A 10.90.0.1");
	check_section(s, KNOT_ANSWER, SOA);
	check_section(l, KNOT_ANSWER, "local.dns.foretide.local. 10 A 10.90.0.7");
}

static void cuts_long_texts_in_parts_of_255(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	CLEANUP(done) struct exchange *x = xcalloc(1, sizeof(*x));
	struct dns_ask a = plain;
	char long_text[301] = "", value[400];
	struct err err;

	(void)state;
	memset(long_text, 'a', 300);
	snprintf(value, sizeof(value), "{\"text\":\"%s\"}", long_text);
	assert_ok(dns_zone_put(z, "/skydns/local/foretide/t", value, strlen(value), &err),
		  &err);
	x->query_len =
		dns_make_query(1, "t.foretide.local", KNOT_RRTYPE_TXT, x->query, 512);
	a.tcp = true;
	exchange(x, z, &a);
	/* 12 header, 22 question, 2 owner, 10 fixed: then lengths 255 and 45. */
	assert_int_equal(x->out[12 + 22 + 12], 255);
	assert_int_equal(x->out[12 + 22 + 12 + 256], 45);
}

static void refuses_any_and_other_classes(void **state)
{
	CLEANUP(done)
	struct exchange *x = ask("web.shop.foretide.local", KNOT_RRTYPE_ANY);
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	CLEANUP(done) struct exchange *c = xcalloc(1, sizeof(*c));

	(void)state;
	assert_int_equal(rcode(x), KNOT_RCODE_REFUSED);
	c->query_len = dns_make_query(1, "version.bind", KNOT_RRTYPE_TXT, c->query, 512);
	c->query[c->query_len - 1] = 3; /* CHAOS */
	exchange(c, z, &plain);
	assert_int_equal(rcode(c), KNOT_RCODE_REFUSED);
}

static void keeps_the_askers_case(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	CLEANUP(done) struct exchange *x = xcalloc(1, sizeof(*x));

	(void)state;
	x->query_len = dns_make_query(1, "six.shop.foretide.local", KNOT_RRTYPE_AAAA,
				      x->query, 512);
	memcpy(x->query + 13, "SiX", 3);
	exchange(x, z, &plain);
	assert_int_equal(rcode(x), KNOT_RCODE_NOERROR);
	assert_memory_equal(x->out + 13, "SiX", 3);
	/* The answer's owner is a pointer to the question's name. */
	assert_int_equal(x->out[x->query_len], 0xc0);
	assert_int_equal(x->out[x->query_len + 1], 12);
}

static void makes_keys_host_names(void **state)
{
	CLEANUP(done)
	struct exchange *x = ask("vm-web-80.shop.foretide.local", KNOT_RRTYPE_A);

	(void)state;
	check_section(x, KNOT_ANSWER, "vm-web-80.shop.foretide.local. 10 A 10.90.0.9");
}

static void matches_any_one_label_with_a_star(void **state)
{
	CLEANUP(done) struct exchange *x = ask("*.shop.foretide.local", KNOT_RRTYPE_AAAA);
	CLEANUP(done)
	struct exchange *y = ask("web-2-80.any.shop.foretide.local", KNOT_RRTYPE_A);

	(void)state;
	check_section(x, KNOT_ANSWER, "*.shop.foretide.local. 10 AAAA fd00::7");
	check_section(y, KNOT_ANSWER, "web-2-80.any.shop.foretide.local. 7 A 10.90.0.8");
}

static void gives_stale_answers_a_small_ttl(void **state)
{
	struct dns_ask a = plain;
	CLEANUP(done) struct exchange *x = NULL;

	(void)state;
	a.stale = true;
	x = ask_as(&a, "six.shop.foretide.local", KNOT_RRTYPE_AAAA);
	check_section(x, KNOT_ANSWER, "six.shop.foretide.local. 5 AAAA fd00::7");
}

static void fails_rather_than_deny_before_the_first_copy(void **state)
{
	struct dns_ask a = plain;
	CLEANUP(done) struct exchange *x = NULL;

	(void)state;
	a.ready = false;
	x = ask_as(&a, "web.shop.foretide.local", KNOT_RRTYPE_A);
	assert_int_equal(rcode(x), KNOT_RCODE_SERVFAIL);
}

static void shuffles_addresses(void **state)
{
	bool seen[2] = { false, false };

	(void)state;
	for (uint64_t i = 1; i < 50; i++) {
		struct dns_ask a = plain;
		CLEANUP(done) struct exchange *x = NULL;
		const knot_rrset_t *rr;

		a.random = i * 0x9e3779b97f4a7c15u;
		x = ask_as(&a, "web.shop.foretide.local", KNOT_RRTYPE_A);
		rr = knot_pkt_rr(knot_pkt_section(x->reply, KNOT_ANSWER), 0);
		seen[rr->rrs.rdata->data[3] == 7] = true;
	}
	assert_true(seen[0] && seen[1]);
}

static void cuts_what_does_not_fit(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	struct dns_ask a = plain;
	struct err err;

	(void)state;
	for (int i = 0; i < 200; i++) {
		char key[80], value[64];

		snprintf(key, sizeof(key), "/skydns/local/foretide/big/n%d", i);
		snprintf(value, sizeof(value), "{\"host\":\"10.1.%d.%d\"}", i / 100,
			 i % 100);
		assert_ok(dns_zone_put(z, key, value, strlen(value), &err), &err);
	}
	for (int tcp = 0; tcp < 2; tcp++) {
		CLEANUP(done) struct exchange *x = xcalloc(1, sizeof(*x));

		a.tcp = tcp;
		x->query_len = dns_make_query(1, "big.foretide.local", KNOT_RRTYPE_A,
					      x->query, 512);
		exchange(x, z, &a);
		assert_int_equal(!!knot_wire_get_tc(x->out), !tcp);
		if (tcp)
			assert_int_equal(knot_wire_get_ancount(x->out), 200);
		else
			assert_true(x->len <= 512 && x->len > 480);
	}
}

/* dig +noedns apart, every client sends an OPT. */
static size_t add_opt(uint8_t *query, size_t len, uint16_t payload, uint8_t version)
{
	const uint8_t opt[] = {
		0, 0, 41, (uint8_t)(payload >> 8), (uint8_t)payload, 0, version, 0,
		0, 0, 0
	};

	memcpy(query + len, opt, sizeof(opt));
	query[11] = 1;
	return len + sizeof(opt);
}

static void speaks_edns(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	CLEANUP(done) struct exchange *x = xcalloc(1, sizeof(*x));
	CLEANUP(done) struct exchange *y = xcalloc(1, sizeof(*y));

	(void)state;
	x->query_len = dns_make_query(1, "six.shop.foretide.local", KNOT_RRTYPE_AAAA,
				      x->query, 512);
	memcpy(y->query, x->query, x->query_len);
	y->query_len = add_opt(y->query, x->query_len, 1232, 1);
	x->query_len = add_opt(x->query, x->query_len, 1232, 0);
	exchange(x, z, &plain);
	assert_non_null(x->reply->opt_rr);
	assert_int_equal(knot_pkt_ext_rcode(x->reply), KNOT_RCODE_NOERROR);
	exchange(y, z, &plain);
	assert_int_equal(knot_pkt_ext_rcode(y->reply), KNOT_RCODE_BADVERS);
	assert_int_equal(knot_wire_get_ancount(y->out), 0);
}

static void leaves_other_names_to_nameservers(void **state)
{
	struct dns_ask a = plain;
	CLEANUP(done) struct exchange *x = ask("www.example.org", KNOT_RRTYPE_A);
	CLEANUP(done) struct exchange *y = NULL;
	CLEANUP(done) struct exchange *o = ask("x.other.example", KNOT_RRTYPE_A);

	(void)state;
	assert_int_equal(rcode(x), KNOT_RCODE_SERVFAIL);
	a.can_forward = true;
	y = ask_as(&a, "www.example.org", KNOT_RRTYPE_A);
	assert_int_equal(y->verdict, DNS_FORWARD);
	assert_int_equal(rcode(o), KNOT_RCODE_NXDOMAIN);
}

static void answers_broken_packets_with_care(void **state)
{
	static const uint8_t no_question[12] = { 0, 1, 1, 0 };
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	CLEANUP(done) struct exchange *x = xcalloc(1, sizeof(*x));
	CLEANUP(done) struct exchange *s = xcalloc(1, sizeof(*s));
	CLEANUP(done) struct exchange *r = xcalloc(1, sizeof(*r));
	CLEANUP(done) struct exchange *u = xcalloc(1, sizeof(*u));

	(void)state;
	memcpy(x->query, no_question, 12);
	x->query_len = 12;
	exchange(x, z, &plain);
	assert_int_equal(rcode(x), KNOT_RCODE_FORMERR);
	s->query_len = 11;
	exchange(s, z, &plain);
	assert_int_equal(s->verdict, DNS_DROP);
	r->query_len = dns_make_query(1, "a.b", KNOT_RRTYPE_A, r->query, 512);
	memcpy(u->query, r->query, r->query_len);
	u->query_len = r->query_len;
	r->query[2] |= 0x80;
	exchange(r, z, &plain);
	assert_int_equal(r->verdict, DNS_DROP);
	u->query[2] |= 5 << 3; /* UPDATE */
	exchange(u, z, &plain);
	assert_int_equal(rcode(u), KNOT_RCODE_NOTIMPL);
}

static void leaves_out_bad_records_only(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"host\":\"10.0.0.1\",\"port\":\"80\"}",
		"{\"host\":\"10.0.0.1\",\"port\":70000}",
		"{\"host\":3}",
		"{\"host\":\"a..b\"}",
		"{\"host\":\"10.0.0.1\"",
	};
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	const struct dns_record *found[8];
	size_t before = dns_zone_count(z);
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(dns_zone_put(z, "/skydns/local/foretide/shop/web/bad", bad[i],
					 strlen(bad[i]), &err) < 0);
		assert_non_null(strstr(err.msg, "/skydns/local/foretide/shop/web/bad"));
	}
	assert_int_equal(dns_zone_count(z), before);
	assert_int_equal(dns_zone_find(z, "local/foretide/shop/web", found, 8, 0), 2);
	/* A record that turns bad is gone; one that turns good is there. */
	assert_true(dns_zone_put(z, "/skydns/local/foretide/shop/web/web-1-80", "{", 1,
				 &err) < 0);
	assert_int_equal(dns_zone_find(z, "local/foretide/shop/web", found, 8, 0), 1);
	dns_zone_delete(z, "/skydns/local/foretide/shop/web/web-2-80");
	assert_false(dns_zone_has(z, "local/foretide/shop/web"));
}

static void turns_names_into_paths_and_back(void **state)
{
	char path[DNS_PATH_MAX], name[DNS_PATH_MAX];

	(void)state;
	assert_true(dns_path_from_name("Web-1.Web.shop.foretide.local.", path));
	assert_string_equal(path, "local/foretide/shop/web/web-1");
	dns_name_from_path(path, 0, name);
	assert_string_equal(name, "web-1.web.shop.foretide.local");
	dns_name_from_path(path, 2, name);
	assert_string_equal(name, "shop.foretide.local");
	dns_name_from_path(path, 4, name);
	assert_string_equal(name, "local");
	dns_name_from_path(path, 5, name);
	assert_string_equal(name, "web-1.web.shop.foretide.local");
	assert_false(dns_path_from_name("", path));
	assert_false(dns_path_from_name(".", path));
	assert_false(dns_path_from_name("a..b", path));
	assert_false(dns_path_from_name(".a", path));
	assert_false(dns_path_from_name("a/b", path));
}

static void reads_addresses(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint16_t port;
	} cases[] = {
		{ "10.0.0.1", true, 53 },    { "10.0.0.1:5353", true, 5353 },
		{ "::1", true, 53 },         { "[::1]", true, 53 },
		{ "[::1]:54", true, 54 },    { "10.0.0", false, 0 },
		{ "10.0.0.1:", false, 0 },   { "10.0.0.1:99999", false, 0 },
		{ "[::1", false, 0 },        { "", false, 0 },
		{ "host:53", false, 0 },     { "[10.0.0.1]:53", false, 0 },
		{ "10.0.0.1:-1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dns_address a;

		if (dns_address_parse(cases[i].text, 53, &a) != cases[i].ok)
			fail_msg("%s", cases[i].text);
		if (cases[i].ok)
			assert_int_equal(dns_address_port(&a), cases[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_addresses_of_all_records_below),
		cmocka_unit_test(answers_one_instance_by_its_name),
		cmocka_unit_test(answers_ipv6),
		cmocka_unit_test(says_no_data_and_no_name_with_the_soa),
		cmocka_unit_test(shares_srv_weights_and_adds_addresses),
		cmocka_unit_test(follows_names_within_the_domain),
		cmocka_unit_test(asks_for_the_end_of_a_chain_that_leaves_the_domain),
		cmocka_unit_test(adds_what_the_nameserver_said_of_the_chains_end),
		cmocka_unit_test(answers_txt_ptr_ns_soa_and_local),
		cmocka_unit_test(cuts_long_texts_in_parts_of_255),
		cmocka_unit_test(refuses_any_and_other_classes),
		cmocka_unit_test(keeps_the_askers_case),
		cmocka_unit_test(makes_keys_host_names),
		cmocka_unit_test(matches_any_one_label_with_a_star),
		cmocka_unit_test(gives_stale_answers_a_small_ttl),
		cmocka_unit_test(fails_rather_than_deny_before_the_first_copy),
		cmocka_unit_test(shuffles_addresses),
		cmocka_unit_test(cuts_what_does_not_fit),
		cmocka_unit_test(speaks_edns),
		cmocka_unit_test(leaves_other_names_to_nameservers),
		cmocka_unit_test(answers_broken_packets_with_care),
		cmocka_unit_test(leaves_out_bad_records_only),
		cmocka_unit_test(turns_names_into_paths_and_back),
		cmocka_unit_test(reads_addresses),
	};

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
