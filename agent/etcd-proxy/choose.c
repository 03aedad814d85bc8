/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "choose.h"

#include "clock.h"
#include "log.h"

struct proxy_member *proxy_member_of(struct proxy_conn *c)
{
	return &c->proxy->members[c->member % c->proxy->n_members];
}

struct proxy_member *proxy_choose(struct proxy_conn *c)
{
	struct etcd_proxy *p = c->proxy;
	int64_t now = clock_mono_ms();

	if (c->generation != p->generation) {
		c->generation = p->generation;
		c->member = p->current;
		c->tried = 0;
	}
	for (; c->tried < 2 * p->n_members; c->member++) {
		struct proxy_member *m = proxy_member_of(c);
		bool out = m->out_until_ms > now;
		bool second = c->tried++ >= p->n_members;

		if (out != second)
			continue;
		/* Its name may have a different address by now. */
		if (out && m->named)
			m->known = false;
		return m;
	}
	return NULL;
}

void proxy_member_out(struct proxy_conn *c, const char *why)
{
	struct proxy_member *m = proxy_member_of(c);

	if (m->out_until_ms <= clock_mono_ms())
		log_warn("etcd-proxy-member-out", STR("member", m->host),
			 INT("port", m->port), STR("reason", why));
	/* After set_members() the index may be of a different member: harmless, it is
	 * only tried later. */
	m->out_until_ms = clock_mono_ms() + PROXY_OUT_MS;
}
