/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_dns.c - a query packet, or (first byte odd) records and then a query. Whatever
 * comes in, an answer is one that libknot can read, has the query's id, and fits.
 */
#include "answer.h"
#include "check.h"

#include <libknot/libknot.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_zone *zone_of_names(void)
{
	static const char *const records[][2] = {
		{ "/skydns/local/f/s/web/web-1-80",
		  "{\"host\":\"10.0.0.1\",\"port\":80}" },
		{ "/skydns/local/f/s/web/web-2-80",
		  "{\"host\":\"fd00::1\",\"weight\":3}" },
		{ "/skydns/local/f/s/a", "{\"host\":\"b.s.f.local\",\"targetstrip\":2}" },
		{ "/skydns/local/f/s/b", "{\"host\":\"a.s.f.local\",\"text\":\"x\"}" },
		{ "/skydns/local/f/dns/ns/n", "{\"host\":\"10.0.0.9\"}" },
	};
	struct dns_zone *z = NULL;

	CHECK(dns_zone_new("f.local,x", &z, NULL) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		CHECK(dns_zone_put(z, records[i][0], records[i][1], strlen(records[i][1]),
				   NULL) == 0);
	return z;
}

/* Lines "KEY VALUE" up to an empty one; returns the rest. */
static size_t read_records(struct dns_zone *z, const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size && data[at] != '\n') {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t n = end ? (size_t)(end - data) - at : size - at;
		CLEANUP(free) char *line = xstrndup((const char *)data + at, n);
		char *value = strchr(line, ' ');
		struct err err;

		at += n + (end != NULL);
		if (!value)
			continue;
		*value++ = '\0';
		if (dns_zone_put(z, line, value, strlen(value), &err) < 0)
			CHECK(*err.msg);
	}
	return MIN(at + 1, size);
}

static void check_answer(const uint8_t *query, uint8_t *out, size_t len, bool tcp)
{
	knot_pkt_t *p = knot_pkt_new(out, (uint16_t)len, NULL);

	CHECK(len >= 12 && len <= (tcp ? DNS_PACKET_MAX : 4096));
	CHECK(memcmp(out, query, 2) == 0 && knot_wire_get_qr(out));
	CHECK(p && knot_pkt_parse(p, 0) == KNOT_EOK);
	knot_pkt_free(p);
}

static void ask(const struct dns_zone *z, const uint8_t *query, size_t len, bool tcp,
		bool forward)
{
	static uint8_t out[DNS_PACKET_MAX];
	struct dns_ask a = { .tcp = tcp,
			     .ready = true,
			     .can_forward = forward,
			     .random = len | 1,
			     .ttl_s = 10,
			     .negative_ttl_s = 2,
			     .local = "a.s.f.local" };
	char chase[DNS_PATH_MAX];
	size_t n = sizeof(out);
	enum dns_verdict v = dns_answer(z, &a, query, len, out, &n, chase);

	if (v == DNS_ANSWERED)
		check_answer(query, out, n, tcp);
	if (v != DNS_CHASE)
		return;
	/* The query itself is as good an answer as any. */
	a.chased = query;
	a.chased_len = len;
	n = sizeof(out);
	CHECK(dns_answer(z, &a, query, len, out, &n, chase) == DNS_ANSWERED);
	check_answer(query, out, n, tcp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = zone_of_names();
	CLEANUP(free) uint8_t *query = NULL;
	uint8_t flags;
	size_t at;

	if (size < 1 || size > 60000)
		return 0;
	flags = data[0];
	at = 1 + (flags & 1 ? read_records(z, data + 1, size - 1) : 0);
	/* A copy of its own, so that reading past the end is seen. */
	query = xmalloc(size - at);
	memcpy(query, data + at, size - at);
	ask(z, query, size - at, flags & 2, flags & 4);
	return 0;
}
