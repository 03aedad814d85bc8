/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dns.h"

#include "check.h"
#include "clock.h"
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

#define AT_ONCE 64 /* packets handled before the loop continues */
#define BIND_TRIES 20
#define AGAIN_MS 1000 /* for records that there is room for now */
#define OVER_MS 60000 /* without a record that is refused */

/* ---------------------------------------------------------------- records */

static void put_record(struct dns *d, const struct store_kv *kv)
{
	struct err err;

	if (dns_zone_put(d->zone, kv->key, kv->value, kv->value_len, &err) == 0)
		return;
	d->stats.bad_records++;
	d->bad_mono_ms = clock_mono_ms();
	log_streak(&d->bad, "dns-bad-record", &err);
}

static void put_waiting(struct dns *d)
{
	const char *key = "";

	while ((key = dns_zone_waiting(d->zone, key))) {
		const struct store_kv *kv = keys_get(d->user, key);

		if (!kv)
			return; /* its deletion is about to be told */
		key = kv->key;
		put_record(d, kv);
	}
}

static void on_again(void *arg)
{
	struct dns *d = arg;

	CHECK_MAGIC(d, DNS_MAGIC);
	put_waiting(d);
	/* One that comes and goes does not begin anew each time. */
	if (!dns_zone_refused(d->zone) && clock_mono_ms() - d->bad_mono_ms >= OVER_MS)
		log_streak(&d->bad, "dns-bad-record", NULL);
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
	/* Not at each change: all that were refused are looked at. */
	if (d->bad.n && !loop_timer_is_set(d->again))
		loop_timer_in(d->again, AGAIN_MS);
}

/* ---------------------------------------------------------------- queries */

static void on_tcp(void *arg, struct dns_conn *c, const uint8_t *query, size_t len)
{
	struct dns_client from = { .conn = c };

	dns_serve(arg, &from, query, len);
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
		dns_serve(d, &from, query, (size_t)n);
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

/* With port 0, the port that UDP got may be in use for TCP: then try another. */
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
		rc = dns_tcp_open(d->loop, &d->own, on_tcp, d, &d->tcp, err);
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
	d->again = loop_timer_new(l, on_again, d);
	d->ttl_s = opts->ttl_s ? opts->ttl_s : 10;
	d->stale_ttl_s = opts->stale_ttl_s ? opts->stale_ttl_s : 5;
	d->negative_ttl_s = opts->negative_ttl_s ? opts->negative_ttl_s : 2;
	d->local = opts->local ? xstrdup(opts->local) : NULL;
	if (!dns_address_parse(address, 53, &d->own))
		return err_set(err, ERR_INVAL, "'%s' is not an address to listen on",
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
	/* First, while queries that wait for nameservers can still be answered. */
	forward_free(d->forward);
	keys_unuse(d->user);
	loop_timer_free(d->again);
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
