/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server.h"

#include "check.h"
#include "clock.h"

#include <string.h>

#define SERVFAIL 2

/* A query that waits for a nameserver. */
struct waiting {
	struct dns *dns;
	struct dns_client client;
	bool chase; /* the nameserver was queried for the end of a chain */
	size_t len;
	uint8_t query[];
};

static void send_to(struct dns *d, const struct dns_client *to, const uint8_t *answer,
		    size_t len, bool held)
{
	if (to->conn)
		dns_conn_reply(to->conn, answer, len, held);
	else if (answer)
		/* UDP may be lost; the client retries. */
		(void)sendto(d->udp_fd, answer, len, MSG_DONTWAIT,
			     (const struct sockaddr *)&to->address.ss, to->address.len);
}

static struct dns_ask ask_now(const struct dns *d, const struct dns_client *from)
{
	return (struct dns_ask){
		.tcp = from->conn != NULL,
		.ready = keys_has_copy(d->user),
		.stale = keys_stale_since_ms(d->user) != 0,
		.can_forward = forward_count(d->forward) > 0,
		.random = (uint64_t)arc4random() << 32 | arc4random() | 1,
		.now_s = clock_wall_ms() / 1000,
		.ttl_s = d->ttl_s,
		.stale_ttl_s = d->stale_ttl_s,
		.negative_ttl_s = d->negative_ttl_s,
		.local = d->local,
	};
}

static void send_failure(struct dns *d, const struct dns_client *to, const uint8_t *query,
			 size_t len, bool held)
{
	size_t n = sizeof(d->out);
	bool ok = dns_answer_error(query, len, SERVFAIL, d->out, &n);

	d->stats.failed++;
	send_to(d, to, ok ? d->out : NULL, n, held);
}

static void on_forwarded(void *arg, uint8_t *answer, size_t len)
{
	CLEANUP(free) struct waiting *w = arg;
	struct dns *d = w->dns;
	struct dns_ask ask = ask_now(d, &w->client);
	char chase[DNS_PATH_MAX];
	size_t n = sizeof(d->out);

	CHECK_MAGIC(d, DNS_MAGIC);
	if (!answer) {
		send_failure(d, &w->client, w->query, w->len, true);
		return;
	}
	if (!w->chase) {
		send_to(d, &w->client, answer, len, true);
		return;
	}
	ask.chased = answer;
	ask.chased_len = len;
	if (dns_answer(d->zone, &ask, w->query, w->len, d->out, &n, chase) ==
	    DNS_ANSWERED)
		send_to(d, &w->client, d->out, n, true);
	else
		send_failure(d, &w->client, w->query, w->len, true);
}

/* Forwards the query itself, or queries for the end of a chain. */
static void forward(struct dns *d, const struct dns_client *from, const uint8_t *query,
		    size_t len, const char *chase)
{
	struct waiting *w = xcalloc(1, sizeof(*w) + len);
	const uint8_t *ask = query;
	uint8_t made[512];
	size_t ask_len = len;

	w->dns = d;
	w->client = *from;
	w->chase = chase != NULL;
	w->len = len;
	memcpy(w->query, query, len);
	if (chase) {
		/* The type follows the question's name. */
		size_t at = 12;

		while (query[at])
			at += query[at] + 1u;
		ask_len = dns_make_query((uint16_t)arc4random(), chase,
					 (uint16_t)(query[at + 1] << 8 | query[at + 2]),
					 made, sizeof(made));
		ask = made;
	}
	d->stats.forwarded++;
	if (!forward_ask(d->forward, ask, ask_len, from->conn && !chase, on_forwarded,
			 w)) {
		send_failure(d, from, query, len, false);
		free(w);
		return;
	}
	if (from->conn)
		dns_conn_hold(from->conn);
}

void dns_serve(struct dns *d, const struct dns_client *from, const uint8_t *query,
	       size_t len)
{
	struct dns_ask ask = ask_now(d, from);
	char chase[DNS_PATH_MAX];
	size_t n = sizeof(d->out);

	d->stats.queries++;
	switch (dns_answer(d->zone, &ask, query, len, d->out, &n, chase)) {
	case DNS_ANSWERED:
		send_to(d, from, d->out, n, false);
		break;
	case DNS_FORWARD:
		forward(d, from, query, len, NULL);
		break;
	case DNS_CHASE:
		forward(d, from, query, len, chase);
		break;
	case DNS_DROP:
		break;
	}
}
