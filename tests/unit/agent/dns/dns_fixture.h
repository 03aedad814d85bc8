/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns_fixture.h - the records that the tests of the name server ask for.
 */
#ifndef TESTS_UNIT_AGENT_DNS_DNS_FIXTURE_H
#define TESTS_UNIT_AGENT_DNS_DNS_FIXTURE_H

#include "test.h"

#include "fake_mirror.h"

#include "answer.h"
#include "dns.h"
#include "forward.h"
#include "log.h"
#include "process.h"
#include "text.h"

#include <arpa/inet.h>
#include <libknot/libknot.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

DEFINE_CLEANUP(knot_pkt_t *, knot_pkt_free);

static struct store *const some_store = (struct store *)&fake; /* never looked into */

static const struct {
	const char *key, *value;
} records[] = {
	{ "/skydns/local/foretide/shop/web/web-1-80",
	  "{\"host\":\"10.90.0.7\",\"port\":80}" },
	{ "/skydns/local/foretide/shop/web/web-2-80",
	  "{\"host\":\"10.90.0.8\",\"port\":80,\"weight\":200,\"ttl\":7}" },
	{ "/skydns/local/foretide/shop/six/a", "{\"host\":\"fd00::7\",\"port\":81}" },
	{ "/skydns/local/foretide/shop/alias",
	  "{\"host\":\"web.shop.foretide.local.\"}" },
	{ "/skydns/local/foretide/shop/far", "{\"host\":\"www.example.org\"}" },
	{ "/skydns/local/foretide/shop/loop1",
	  "{\"host\":\"loop2.shop.foretide.local\"}" },
	{ "/skydns/local/foretide/shop/loop2",
	  "{\"host\":\"loop1.shop.foretide.local\"}" },
	{ "/skydns/local/foretide/shop/dead", "{\"host\":\"none.shop.foretide.local\"}" },
	{ "/skydns/local/foretide/shop/txt", "{\"text\":\"v=1; hello\"}" },
	{ "/skydns/local/foretide/shop/vm:web:80",
	  "{\"host\":\"10.90.0.9\",\"port\":80}" },
	{ "/skydns/local/foretide/shop/db/x/y",
	  "{\"host\":\"10.90.0.5\",\"port\":3306,\"targetstrip\":1}" },
	{ "/skydns/local/foretide/shop/mixed/a", "{\"host\":\"10.90.0.6\",\"port\":1}" },
	{ "/skydns/local/foretide/shop/mixed/b",
	  "{\"host\":\"web.shop.foretide.local\",\"port\":2,\"priority\":20}" },
	{ "/skydns/local/foretide/dns/ns/ns1", "{\"host\":\"10.90.0.1\"}" },
	{ "/skydns/local/foretide/hosts/web-0a1b2c3d", "{\"host\":\"10.90.0.7\"}" },
	{ "/skydns/arpa/in-addr/10/90/0/7", "{\"host\":\"web-1.shop.foretide.local\"}" },
};

#endif
