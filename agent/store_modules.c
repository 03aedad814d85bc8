/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_modules.h"

#include "check.h"
#include "confd.h"
#include "dns.h"
#include "etcd-proxy.h"
#include "host.h"
#include "log.h"
#include "proxy_user.h"

#include <string.h>

struct agent_names {
	struct keys *keys;
	struct confd *confd;
	struct dns *dns;
	struct etcd_proxy *proxy;
	struct proxy_user *user; /* of the proxy; NULL: none */
	void (*on_ready)(void *arg);
	void *arg;
};

static void on_tier_ready(void *arg, const char *stack, const char *tier)
{
	struct agent_names *n = arg;

	log_info("tier-rendered", STR("stack", stack), STR("tier", tier));
	n->on_ready(n->arg);
}

static void start_dns(struct agent_names *n, struct loop *loop,
		      const struct agent_names_opts *o)
{
	CLEANUP(free) char *local = xasprintf("%s.hosts.%s", o->conf->id, o->domain);
	struct dns_opts d = { .listen = o->conf->dns_listen,
			      .domains = o->domain,
			      .forward = o->conf->dns_forward,
			      .local = local };
	struct err e;

	if (dns_open(loop, n->keys, &d, &n->dns, &e) < 0)
		log_error("dns-not-started", STR("listen", o->conf->dns_listen), ERR(&e));
}

static void start_proxy(struct agent_names *n, struct loop *loop,
			const struct agent_names_opts *o)
{
	const struct etcd_proxy_opts p = { .listen = o->conf->proxy_listen,
					   .endpoints = o->store_endpoints,
					   .ca_file = o->conf->ca,
					   .cert_file = o->programs_cert,
					   .key_file = o->programs_key };
	struct err e;

	if (etcd_proxy_open(loop, &p, &n->proxy, &e) < 0) {
		log_error("etcd-proxy-not-started", STR("listen", o->conf->proxy_listen),
			  ERR(&e));
		return;
	}
	if (o->programs_user && proxy_user_open(loop, n->proxy, o->programs_user,
						o->programs_password, &n->user, &e) < 0)
		log_error("etcd-proxy-without-user", ERR(&e));
}

struct agent_names *agent_names_new(struct loop *loop, const struct agent_names_opts *o)
{
	struct agent_names *n = xcalloc(1, sizeof(*n));
	bool has_folder = access(o->conf->confd_folder, F_OK) == 0;
	const struct keys_opts k = { .state_dir = o->conf->state_dir,
				     .files = o->files,
				     .keep_vanished_ms = o->conf->keep_vanished_ms,
				     .seen = o->seen,
				     .vanished = o->vanished,
				     .refused = o->refused,
				     .arg = o->arg };
	struct confd_opts c = { .folder = has_folder ? o->conf->confd_folder : NULL,
				.state_dir = o->conf->state_dir,
				.hostname = o->conf->id,
				.address = o->address,
				.domain = o->domain,
				.on_ready = on_tier_ready,
				.arg = n };

	n->on_ready = o->on_ready;
	n->arg = o->arg;
	n->keys = keys_new(loop, o->store, &k);
	if (o->conf->dns_on)
		start_dns(n, loop, o);
	if (o->conf->proxy_on)
		start_proxy(n, loop, o);
	if (n->dns) {
		c.lookup_ip = dns_lookup_ip;
		c.lookup_srv = dns_lookup_srv;
		c.lookup_arg = n->dns;
	}
	if (o->conf->confd_on)
		n->confd = confd_new(loop, n->keys, &c);
	return n;
}

void agent_names_free(struct agent_names *n)
{
	if (!n)
		return;
	confd_free(n->confd);
	dns_close(n->dns);
	proxy_user_close(n->user);
	etcd_proxy_close(n->proxy);
	keys_free(n->keys);
	free(n);
}

bool agent_names_is_ready(const struct agent_names *n, const char *stack,
			  const char *tier)
{
	return !n->confd || confd_is_ready(n->confd, stack, tier);
}

const char *agent_names_problem(const struct agent_names *n, const char *stack,
				const char *tier)
{
	const char *words = n->confd ? confd_problem(n->confd, stack, tier) : "";

	return *words ? words : "waiting for its files to be rendered";
}

static struct confd_tier *find_tier(struct confd_tier *list, size_t n,
				    const struct wanted_unit *u)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].stack, u->stack) == 0 &&
		    strcmp(list[i].tier, u->tier) == 0)
			return &list[i];
	return NULL;
}

void agent_names_set_tiers(struct agent_names *n, const struct wanted *w)
{
	CLEANUP(free) struct confd_tier *list = NULL;
	struct wanted_unit u;
	size_t len = 0;

	if (!n->confd)
		return;
	for (size_t i = 0; wanted_at(w, i, &u); i++) {
		struct confd_tier *t = find_tier(list, len, &u);

		if (!*u.tier)
			continue;
		if (!t) {
			list = xrealloc(list, (len + 1) * sizeof(*list));
			t = &list[len++];
			*t = (struct confd_tier){ .stack = u.stack, .tier = u.tier };
		}
		t->active |= u.active;
		t->starting |= u.starting;
	}
	confd_set_tiers(n->confd, list, len);
}
