/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "etcd-proxy.h"

#include "check.h"
#include "conn.h"
#include "end.h"
#include "log.h"
#include "peer.h"
#include "proxy.h"
#include "text.h"
#include "tls.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define PROXY_MAGIC 0x45505859u
#define BACKLOG 64
#define RESOLVE_MS 1000
#define DEFAULT_PORT 2379

/* ---------------------------------------------------------------- members */

static void free_members(struct proxy_member *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(m[i].host);
}

/* "https://host:port" with or without a path. */
static int parse_member(const char *url, struct proxy_member *ret, struct err *err)
{
	CLEANUP(free) char *place = NULL;
	int64_t port = DEFAULT_PORT;
	const char *rest;
	char *colon;
	size_t n;

	*ret = (struct proxy_member){ .tls = strncmp(url, "https://", 8) == 0 };
	if (!ret->tls && strncmp(url, "http://", 7) != 0)
		return err_set(err, ERR_INVAL, "'%s' is not an http(s) URL", url);
	rest = url + (ret->tls ? 8 : 7);
	place = xstrndup(rest, strcspn(rest, "/"));
	if (dns_address_parse(place, DEFAULT_PORT, &ret->address)) {
		ret->known = true;
		ret->port = dns_address_port(&ret->address);
		n = strlen(place);
		/* The host alone, without brackets and port, is what
		 * certificates name. */
		colon = *place == '[' || strchr(place, ':') == strrchr(place, ':')
				? strrchr(place, ':')
				: NULL;
		if (colon && (*place != '[' || colon[-1] == ']'))
			n = (size_t)(colon - place);
		ret->host =
			*place == '[' ? xstrndup(place + 1, n - 2) : xstrndup(place, n);
		return 0;
	}
	colon = strchr(place, ':');
	if (colon &&
	    (conf_parse_int(colon + 1, &port, err) < 0 || port < 1 || port > 65535))
		return err_set(err, ERR_INVAL, "'%s' has no usable port", url);
	n = colon ? (size_t)(colon - place) : strlen(place);
	if (n == 0 || strspn(place, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_") < n)
		return err_set(err, ERR_INVAL, "'%s' names no host", url);
	ret->named = true;
	ret->port = (uint16_t)port;
	ret->host = xstrndup(place, n);
	return 0;
}

int etcd_proxy_set_members(struct etcd_proxy *p, const char *endpoints, struct err *err)
{
	struct proxy_member list[PROXY_MEMBERS_MAX];
	size_t n = 0;
	int rc = 0;

	while (endpoints && *endpoints && rc == 0) {
		size_t len = strcspn(endpoints, ", ");
		CLEANUP(free) char *url = xstrndup(endpoints, len);

		endpoints += len + strspn(endpoints + len, ", ");
		if (len == 0)
			continue;
		if (n == PROXY_MEMBERS_MAX)
			rc = err_set(err, ERR_LIMIT, "more than %d members",
				     PROXY_MEMBERS_MAX);
		else
			rc = parse_member(url, &list[n], err);
		/* A list that contains the proxy would make it connect to itself for
		 * ever. */
		if (rc == 0 && list[n].known &&
		    dns_address_equal(&list[n].address, &p->own))
			free(list[n].host);
		else
			n += rc == 0;
	}
	if (rc == 0 && n == 0)
		rc = err_set(err, ERR_INVAL, "the list has no members");
	if (rc < 0) {
		free_members(list, n);
		return rc;
	}
	free_members(p->members, p->n_members);
	memcpy(p->members, list, n * sizeof(*list));
	p->n_members = n;
	p->current = 0;
	p->generation++;
	return 0;
}

/* ---------------------------------------------------------------- clients */

static size_t count_of(const struct etcd_proxy *p, uid_t uid)
{
	size_t n = 0;

	for (const struct proxy_conn *c = p->conns; c; c = c->next)
		n += c->uid == uid && !c->dead;
	return n;
}

/* Ends the connection (any: of any user) for which nothing is due for the longest time.
 */
static bool end_idle(struct etcd_proxy *p, uid_t uid, bool any)
{
	struct proxy_conn *oldest = NULL;

	for (struct proxy_conn *c = p->conns; c; c = c->next)
		if ((any || c->uid == uid) && !c->dead && c->idle_since_ms &&
		    (!oldest || c->idle_since_ms <= oldest->idle_since_ms))
			oldest = c;
	if (oldest)
		proxy_conn_free(oldest);
	return oldest != NULL;
}

/* No user's programs can take all the places. */
static bool has_place(struct etcd_proxy *p, uid_t uid)
{
	size_t own = count_of(p, uid);

	if (own >= PROXY_CONNS_OF_USER)
		return end_idle(p, uid, false);
	if (p->stats.connections >= PROXY_CONNS_MAX)
		return end_idle(p, uid, true);
	if (p->stats.connections >= PROXY_CONNS_MAX - PROXY_CONNS_KEPT)
		return own < PROXY_CONNS_FEW || end_idle(p, uid, false);
	return true;
}

static void on_accept(void *arg, int client, const struct err *err)
{
	struct etcd_proxy *p = arg;
	uid_t uid;

	CHECK_MAGIC(p, PROXY_MAGIC);
	if (err) {
		log_warn("etcd-proxy-clients-wait", ERR(err));
		return;
	}
	uid = peer_uid(client);
	if (!has_place(p, uid)) {
		p->stats.refused++;
		close(client);
		return;
	}
	proxy_conn_new(p, client, uid);
}

static int bind_own(struct etcd_proxy *p, struct err *err)
{
	CLEANUP(close_fd)
	int fd = socket(p->own.ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);
	int yes = 1, own;

	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&p->own.ss, p->own.len) < 0 ||
	    listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&p->own.ss, &p->own.len) < 0)
		return err_errno(err, ERR_UNAVAIL, "its address cannot be used");
	own = fd;
	fd = -1;
	return acceptor_new(p->loop, own, on_accept, p, &p->acceptor, err);
}

/* ---------------------------------------------------------------- the whole */

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

int etcd_proxy_open(struct loop *l, const struct etcd_proxy_opts *opts,
		    struct etcd_proxy **ret, struct err *err)
{
	CLEANUP(etcd_proxy_close) struct etcd_proxy *p = xcalloc(1, sizeof(*p));
	const char *address = opts->listen ? opts->listen : "127.0.0.1:2379";
	const struct dns_address none = { .len = 0 };
	int rc;

	p->magic = PROXY_MAGIC;
	p->loop = l;
	p->connect_ms = opts->connect_ms ? opts->connect_ms : 1000;
	p->tls.ca_file = copy(opts->ca_file);
	p->tls.cert_file = copy(opts->cert_file);
	p->tls.key_file = copy(opts->key_file);
	if (!dns_address_parse(address, DEFAULT_PORT, &p->own))
		return err_set(err, ERR_INVAL, "'%s' is not an address to listen on",
			       address);
	rc = bind_own(p, err);
	if (rc == 0)
		rc = etcd_proxy_set_members(p, opts->endpoints, err);
	if (rc == 0)
		rc = forward_new(l, NULL, "/etc/resolv.conf", &none, RESOLVE_MS,
				 &p->resolver, err);
	if (rc < 0)
		return err_wrap(err, rc, "etcd proxy %s", address);
	*ret = TAKE(p);
	return 0;
}

void etcd_proxy_close(struct etcd_proxy *p)
{
	struct proxy_conn *next;

	if (!p)
		return;
	CHECK_MAGIC(p, PROXY_MAGIC);
	for (struct proxy_conn *c = p->conns; c; c = next) {
		next = c->next;
		proxy_conn_free(c);
	}
	/* Frees the connections that still wait for it. */
	forward_free(p->resolver);
	CHECK(!p->conns);
	acceptor_free(p->acceptor);
	free_members(p->members, p->n_members);
	etcd_proxy_set_token(p, NULL);
	proxy_tls_done(&p->tls);
	p->magic = 0;
	free(p);
}

void etcd_proxy_set_token(struct etcd_proxy *p, const char *token)
{
	if (p->token)
		explicit_bzero(p->token, strlen(p->token));
	free(p->token);
	p->token = copy(token);
}

uint16_t etcd_proxy_port(const struct etcd_proxy *p)
{
	return dns_address_port(&p->own);
}

void etcd_proxy_own_url(const struct etcd_proxy *p, char *ret, size_t size)
{
	const bool is_v6 = p->own.ss.ss_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "127.0.0.1";

	(void)getnameinfo((const struct sockaddr *)&p->own.ss, p->own.len, host,
			  sizeof(host), NULL, 0, NI_NUMERICHOST);
	snprintf(ret, size, is_v6 ? "http://[%s]:%u" : "http://%s:%u", host,
		 etcd_proxy_port(p));
}

void etcd_proxy_get_stats(const struct etcd_proxy *p, struct etcd_proxy_stats *ret)
{
	*ret = p->stats;
	ret->members = p->n_members;
}
