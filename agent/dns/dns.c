/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

#define SERVFAIL 2
#define AT_ONCE 64 /* packets taken before the loop goes on */
#define BIND_TRIES 20
#define RECORDS_MAX 1024

/* A query that waits for a nameserver. */
struct waiting {
	struct dns *dns;
	struct dns_client client;
	bool chase; /* the nameserver was asked for the end of a chain */
	size_t len;
	uint8_t query[];
};

/* ---------------------------------------------------------------- records */

static void put_record(struct dns *d, const struct store_kv *kv)
{
	struct err err;

	if (dns_zone_put(d->zone, kv->key, kv->value, kv->value_len, &err) == 0)
		return;
	d->stats.bad_records++;
	log_warn("dns-bad-record", STR("key", kv->key), ERR(&err));
}

static bool on_each(void *arg, const struct store_kv *kv)
{
	put_record(arg, kv);
	return true;
}

static void on_change(void *arg, const struct mirror_change *changes, size_t n)
{
	struct dns *d = arg;

	CHECK_MAGIC(d, DNS_MAGIC);
	for (size_t i = 0; i < n; i++)
		if (changes[i].deleted)
			dns_zone_delete(d->zone, changes[i].kv->key);
		else
			put_record(d, changes[i].kv);
}

/* ---------------------------------------------------------------- answers */

static void send_to(struct dns *d, const struct dns_client *to, const uint8_t *answer,
		    size_t len, bool held)
{
	if (to->conn)
		dns_conn_reply(to->conn, answer, len, held);
	else if (answer)
		/* UDP may be lost; the asker asks again. */
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

/* Asks a nameserver for the query itself, or for the end of a chain. */
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
		/* The type stands behind the question's name. */
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

void dns_handle(struct dns *d, const struct dns_client *from, const uint8_t *query,
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

static void on_udp(void *arg, int fd, uint32_t events)
{
	struct dns *d = arg;
	uint8_t query[4096];

	(void)events;
	CHECK_MAGIC(d, DNS_MAGIC);
	for (int i = 0; i < AT_ONCE; i++) {
		struct dns_client from = { .address.len = sizeof(from.address.ss) };
		ssize_t n =
			recvfrom(fd, query, sizeof(query), MSG_DONTWAIT,
				 (struct sockaddr *)&from.address.ss, &from.address.len);

		if (n < 0)
			return;
		dns_handle(d, &from, query, (size_t)n);
	}
}

/* ---------------------------------------------------------------- opening */

static int bind_udp(struct dns *d, struct err *err)
{
	CLEANUP(close_fd)
	int fd =
		socket(d->own.ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "socket");
	if (bind(fd, (const struct sockaddr *)&d->own.ss, d->own.len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&d->own.ss, &d->own.len) < 0)
		return err_errno(err, ERR_UNAVAIL,
				 "the DNS address cannot be used (UDP)");
	d->udp_fd = fd;
	fd = -1;
	return 0;
}

/* With port 0 the one that UDP got may be taken for TCP: then another. */
static int bind_both(struct dns *d, struct err *err)
{
	struct dns_address wanted = d->own;
	bool any = dns_address_port(&wanted) == 0;
	int rc;

	for (int i = 0;; i++) {
		d->own = wanted;
		rc = bind_udp(d, err);
		if (rc < 0)
			return rc;
		rc = dns_tcp_open(d, &d->tcp, err);
		if (rc == 0 || !any || i == BIND_TRIES)
			break;
		close(d->udp_fd);
		d->udp_fd = -1;
	}
	return rc < 0 ? rc : loop_io_add(d->loop, d->udp_fd, EPOLLIN, on_udp, d, err);
}

int dns_open(struct loop *l, struct keys *k, const struct dns_opts *opts,
	     struct dns **ret, struct err *err)
{
	CLEANUP(dns_close) struct dns *d = xcalloc(1, sizeof(*d));
	const char *address = opts->listen ? opts->listen : "127.0.0.1:53";
	int rc;

	d->magic = DNS_MAGIC;
	d->loop = l;
	d->udp_fd = -1;
	d->ttl_s = opts->ttl_s ? opts->ttl_s : 10;
	d->stale_ttl_s = opts->stale_ttl_s ? opts->stale_ttl_s : 5;
	d->negative_ttl_s = opts->negative_ttl_s ? opts->negative_ttl_s : 2;
	d->local = opts->local ? xstrdup(opts->local) : NULL;
	if (!dns_address_parse(address, 53, &d->own))
		return err_set(err, ERR_INVAL, "'%s' is no address to listen on",
			       address);
	rc = dns_zone_new(opts->domains ? opts->domains : "foretide.local", &d->zone,
			  err);
	if (rc == 0)
		rc = bind_both(d, err);
	if (rc == 0)
		rc = forward_new(l, opts->forward,
				 opts->resolv_conf ? opts->resolv_conf
						   : "/etc/resolv.conf",
				 &d->own, opts->timeout_ms ? opts->timeout_ms : 2000,
				 &d->forward, err);
	if (rc < 0)
		return err_wrap(err, rc, "dns %s", address);
	d->user = keys_use(k, DNS_KEY_ROOT, on_change, d);
	if (keys_has_copy(d->user))
		keys_each(d->user, DNS_KEY_ROOT, on_each, d);
	*ret = TAKE(d);
	return 0;
}

void dns_close(struct dns *d)
{
	if (!d)
		return;
	CHECK_MAGIC(d, DNS_MAGIC);
	/* First, while what waits for nameservers can still be answered. */
	forward_free(d->forward);
	keys_unuse(d->user);
	dns_tcp_close(d->tcp);
	if (d->udp_fd >= 0) {
		loop_io_del(d->loop, d->udp_fd);
		close(d->udp_fd);
	}
	dns_zone_free(d->zone);
	free(d->local);
	d->magic = 0;
	free(d);
}

uint16_t dns_port(const struct dns *d)
{
	return dns_address_port(&d->own);
}

void dns_get_stats(const struct dns *d, struct dns_stats *ret)
{
	*ret = d->stats;
	ret->records = dns_zone_count(d->zone);
}

/* ---------------------------------------------------------------- for templates */

struct ip_visit {
	template_ip_fn *fn;
	void *arg;
};

static void on_address(void *arg, const struct dns_record *r)
{
	const struct ip_visit *v = arg;
	char text[INET6_ADDRSTRLEN];

	v->fn(v->arg, inet_ntop(r->family == 4 ? AF_INET : AF_INET6, r->addr, text,
				sizeof(text)));
}

static int our_path(const struct dns *d, const char *name, char path[DNS_PATH_MAX],
		    struct err *err)
{
	if (!dns_path_from_name(name, path) || !dns_zone_domain(d->zone, path))
		return err_set(err, ERR_INVAL, "'%s' is no name under the domain", name);
	return 0;
}

int dns_lookup_ip(void *arg, const char *name, int family, template_ip_fn *fn,
		  void *fn_arg, struct err *err)
{
	const struct dns *d = arg;
	struct ip_visit v = { .fn = fn, .arg = fn_arg };
	char path[DNS_PATH_MAX];
	int rc = our_path(d, name, path, err);

	if (rc == 0)
		dns_each_address(d->zone, path, family, on_address, &v);
	return rc;
}

int dns_lookup_srv(void *arg, const char *name, template_srv_fn *fn, void *fn_arg,
		   struct err *err)
{
	const struct dns *d = arg;
	const struct dns_record *all[RECORDS_MAX];
	char path[DNS_PATH_MAX], target[DNS_PATH_MAX];
	int rc = our_path(d, name, path, err);
	size_t n;

	if (rc < 0)
		return rc;
	n = dns_zone_find(d->zone, path, all, RECORDS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct template_srv srv = { .target = target,
					    .port = all[i]->port,
					    .priority = all[i]->priority,
					    .weight = dns_srv_weight(all, n, all[i]) };

		if (!all[i]->family && !all[i]->host)
			continue;
		if (all[i]->host)
			snprintf(target, sizeof(target), "%s", all[i]->host);
		else
			dns_name_from_path(all[i]->path, all[i]->target_strip, target);
		fn(fn_arg, &srv);
	}
	return 0;
}
