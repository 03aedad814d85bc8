/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection through the proxy: finds a member, then passes bytes both ways. */
#include "proxy.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libknot/libknot.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

#define CONN_MAGIC 0x45505843u
#define CHUNK ((size_t)16 << 10)
#define ROUNDS 8 /* of reading and writing before the loop goes on */
#define FIRST_MS 60000
#define SHAKE_MS 5000
#define QUERY_MAX 512

DEFINE_CLEANUP(knot_pkt_t *, knot_pkt_free);

static const char http2_start[] = "PRI * HTTP/2.0";
static const char no_member[] =
	"HTTP/1.1 502 Bad Gateway\r\n"
	"Content-Type: application/json\r\n"
	"Connection: close\r\n"
	"Content-Length: 57\r\n\r\n"
	"{\"error\":\"no member of the store is reachable\",\"code\":14}";

static void try_member(struct proxy_conn *c);
static void pump(struct proxy_conn *c);
static void on_member(void *arg, int fd, uint32_t events);

/* ---------------------------------------------------------------- end */

static void close_member(struct proxy_conn *c)
{
	proxy_tls_end(c);
	if (c->member_fd >= 0) {
		loop_io_del(c->proxy->loop, c->member_fd);
		close(c->member_fd);
		c->member_fd = -1;
	}
	c->half_sent = false;
}

void proxy_conn_free(struct proxy_conn *c)
{
	CHECK_MAGIC(c, CONN_MAGIC);
	close_member(c);
	if (c->client_fd >= 0) {
		loop_io_del(c->proxy->loop, c->client_fd);
		close(c->client_fd);
		c->client_fd = -1;
		c->proxy->stats.connections--;
	}
	loop_timer_unset(c->timer);
	if (c->resolving) {
		c->dead = true;
		return;
	}
	if (c->next)
		c->next->prev = c->prev;
	*c->prev = c->next;
	loop_timer_free(c->timer);
	buf_done(&c->up);
	buf_done(&c->down);
	c->magic = 0;
	free(c);
}

/* ---------------------------------------------------------------- members */

static struct proxy_member *member_of(struct proxy_conn *c)
{
	return &c->proxy->members[c->member % c->proxy->n_members];
}

/* Nobody takes it: says so to those who speak HTTP/1, and ends. */
static void give_up(struct proxy_conn *c)
{
	c->proxy->stats.failed++;
	log_warn("etcd-proxy-no-member", INT("members", c->proxy->n_members));
	if (c->up.len < 3 || memcmp(c->up.data, http2_start, 3) != 0)
		/* A few bytes into an empty socket: they fit, or the client is gone. */
		(void)send(c->client_fd, no_member, sizeof(no_member) - 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	proxy_conn_free(c);
}

static void next_member(struct proxy_conn *c, const char *why)
{
	struct proxy_member *m = member_of(c);

	log_warn("etcd-proxy-member-out", STR("member", m->host), INT("port", m->port),
		 STR("reason", why));
	/* After set_members() the index may stand for another: harmless, it is asked
	 * later. */
	m->out_until_ms = clock_mono_ms() + PROXY_OUT_MS;
	close_member(c);
	c->member++;
	try_member(c);
}

static void on_timer(void *arg)
{
	struct proxy_conn *c = arg;

	CHECK_MAGIC(c, CONN_MAGIC);
	if (c->state == PROXY_OPEN)
		pump(c);
	else if (c->state == PROXY_FIRST)
		proxy_conn_free(c);
	else
		next_member(c, "it does not answer in time");
}

/* ---------------------------------------------------------------- connecting */

static void start_open(struct proxy_conn *c)
{
	loop_timer_unset(c->timer);
	c->state = PROXY_OPEN;
	member_of(c)->out_until_ms = 0;
	c->proxy->current = c->member % c->proxy->n_members;
	pump(c);
}

static void shake(struct proxy_conn *c)
{
	int rc = gnutls_handshake(c->session);

	if (rc == GNUTLS_E_SUCCESS) {
		start_open(c);
		return;
	}
	if (gnutls_error_is_fatal(rc)) {
		next_member(c, gnutls_strerror(rc));
		return;
	}
	loop_io_mod(c->proxy->loop, c->member_fd,
		    gnutls_record_get_direction(c->session) ? EPOLLOUT : EPOLLIN);
}

static void connected(struct proxy_conn *c)
{
	int error = 0;
	socklen_t len = sizeof(error);
	bool h2 = c->up.len >= 3 && memcmp(c->up.data, http2_start, 3) == 0;
	struct err err;

	(void)getsockopt(c->member_fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		next_member(c, strerror(error));
		return;
	}
	if (!member_of(c)->tls) {
		start_open(c);
		return;
	}
	if (proxy_tls_start(c, member_of(c), h2, &err) < 0) {
		next_member(c, err.msg);
		return;
	}
	c->state = PROXY_SHAKE;
	loop_timer_in(c->timer, SHAKE_MS);
	shake(c);
}

static void start_connect(struct proxy_conn *c)
{
	const struct proxy_member *m = member_of(c);
	struct err err;

	c->state = PROXY_CONNECT;
	c->member_fd = socket(m->address.ss.ss_family,
			      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->member_fd < 0 ||
	    (connect(c->member_fd, (const struct sockaddr *)&m->address.ss,
		     m->address.len) < 0 &&
	     errno != EINPROGRESS)) {
		next_member(c, strerror(errno));
		return;
	}
	if (loop_io_add(c->proxy->loop, c->member_fd, EPOLLOUT, on_member, c, &err) < 0) {
		next_member(c, err.msg);
		return;
	}
	loop_timer_in(c->timer, c->proxy->connect_ms);
}

/* ---------------------------------------------------------------- names */

/* The first address in an answer. */
static bool first_address(uint8_t *answer, size_t len, uint16_t port,
			  struct dns_address *ret)
{
	CLEANUP(knot_pkt_free) knot_pkt_t *p = knot_pkt_new(answer, (uint16_t)len, NULL);
	const knot_pktsection_t *s;

	if (!p || knot_pkt_parse(p, 0) != KNOT_EOK)
		return false;
	s = knot_pkt_section(p, KNOT_ANSWER);
	for (uint16_t i = 0; i < s->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(s, i);
		char text[INET_ADDRSTRLEN];

		if (rr->type == KNOT_RRTYPE_A && rr->rrs.count && rr->rrs.rdata->len == 4)
			return inet_ntop(AF_INET, rr->rrs.rdata->data, text,
					 sizeof(text)) &&
			       dns_address_parse(text, port, ret);
	}
	return false;
}

static void on_resolved(void *arg, uint8_t *answer, size_t len)
{
	struct proxy_conn *c = arg;
	struct proxy_member *m = member_of(c);

	CHECK_MAGIC(c, CONN_MAGIC);
	c->resolving = false;
	if (c->dead) {
		proxy_conn_free(c);
		return;
	}
	if (c->generation != c->proxy->generation) {
		try_member(c);
		return;
	}
	/* Kept for later connections until the member fails. */
	m->known = answer && first_address(answer, len, m->port, &m->address);
	if (m->known)
		start_connect(c);
	else
		next_member(c, "its name is not known");
}

static void start_resolve(struct proxy_conn *c)
{
	uint8_t storage[KNOT_DNAME_MAXLEN], query[QUERY_MAX] = { 0 };
	CLEANUP(knot_pkt_free) knot_pkt_t *p = knot_pkt_new(query, sizeof(query), NULL);
	const knot_dname_t *name =
		knot_dname_from_str(storage, member_of(c)->host, sizeof(storage));

	c->state = PROXY_RESOLVE;
	loop_timer_unset(c->timer);
	if (!p || !name ||
	    knot_pkt_put_question(p, name, KNOT_CLASS_IN, KNOT_RRTYPE_A) != KNOT_EOK) {
		next_member(c, "its name is none");
		return;
	}
	knot_wire_set_rd(query);
	c->resolving =
		forward_ask(c->proxy->resolver, query, p->size, false, on_resolved, c);
	if (!c->resolving)
		next_member(c, "there is no name server to ask for its address");
}

/* ---------------------------------------------------------------- choosing */

/* Members that are out come only after all others were tried. */
static void try_member(struct proxy_conn *c)
{
	struct etcd_proxy *p = c->proxy;
	int64_t now = clock_mono_ms();

	if (c->generation != p->generation) {
		c->generation = p->generation;
		c->member = p->current;
		c->tried = 0;
	}
	for (; c->tried < 2 * p->n_members; c->member++) {
		struct proxy_member *m = member_of(c);
		bool out = m->out_until_ms > now;
		bool second = c->tried++ >= p->n_members;

		if (out != second)
			continue;
		/* A name may stand for another address by now. */
		if (out && m->named)
			m->known = false;
		if (m->known)
			start_connect(c);
		else
			start_resolve(c);
		return;
	}
	give_up(c);
}

/* The client's first bytes tell which protocol it speaks. */
static bool knows_protocol(const struct proxy_conn *c)
{
	size_t n = MIN(c->up.len, (size_t)3);

	return n == 3 || (n > 0 && memcmp(c->up.data, http2_start, n) != 0);
}

/* ---------------------------------------------------------------- bytes */

/* What a transfer came to: > 0 bytes, 0 the peer's end, -1 nothing now, -2 broken. */
static ssize_t plain_result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? -1 : -2;
}

static ssize_t tls_result(ssize_t n)
{
	if (n >= 0)
		return n;
	if (n == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	return gnutls_error_is_fatal((int)n) ? -2 : -1;
}

static ssize_t read_member(struct proxy_conn *c, char *part, size_t n)
{
	if (c->session)
		return tls_result(gnutls_record_recv(c->session, part, n));
	return plain_result(recv(c->member_fd, part, n, MSG_DONTWAIT));
}

static ssize_t write_member(struct proxy_conn *c)
{
	ssize_t n;

	if (!c->session)
		return plain_result(send(c->member_fd, c->up.data, c->up.len,
					 MSG_DONTWAIT | MSG_NOSIGNAL));
	/* A record that was held back is finished before there can be another. */
	if (c->half_sent)
		n = gnutls_record_send(c->session, NULL, 0);
	else
		n = gnutls_record_send(c->session, c->up.data, MIN(c->up.len, CHUNK));
	n = tls_result(n);
	c->half_sent = n == -1;
	return n;
}

/* Each false: the connection is over. */
static bool take_from_client(struct proxy_conn *c)
{
	char part[CHUNK];
	ssize_t n;

	if (c->client_end || c->up.len >= PROXY_BUFFER - CHUNK)
		return true;
	n = plain_result(recv(c->client_fd, part, sizeof(part), MSG_DONTWAIT));
	if (n > 0)
		buf_add(&c->up, part, (size_t)n);
	c->client_end = n == 0;
	return n != -2;
}

static bool give_to_member(struct proxy_conn *c)
{
	ssize_t n;

	if (!c->up.len)
		return true;
	n = write_member(c);
	if (n > 0)
		buf_drop(&c->up, (size_t)n);
	return n != -2;
}

static bool take_from_member(struct proxy_conn *c)
{
	char part[CHUNK];
	ssize_t n;

	if (c->member_end || c->down.len >= PROXY_BUFFER - CHUNK)
		return true;
	n = read_member(c, part, sizeof(part));
	if (n > 0)
		buf_add(&c->down, part, (size_t)n);
	c->member_end = n == 0;
	return n != -2;
}

static bool give_to_client(struct proxy_conn *c)
{
	ssize_t n;

	if (!c->down.len)
		return true;
	n = plain_result(send(c->client_fd, c->down.data, c->down.len,
			      MSG_DONTWAIT | MSG_NOSIGNAL));
	if (n > 0)
		buf_drop(&c->down, (size_t)n);
	return n != -2;
}

/* Buffers of connections that rest are given back. */
static void trim(struct buf *b)
{
	if (b->len == 0)
		buf_done(b);
}

static void set_events(struct proxy_conn *c)
{
	struct loop *l = c->proxy->loop;
	bool room_up = c->up.len < PROXY_BUFFER - CHUNK;
	bool room_down = c->down.len < PROXY_BUFFER - CHUNK;

	loop_io_mod(l, c->client_fd,
		    (c->client_end || !room_up ? 0u : EPOLLIN) |
			    (c->down.len ? EPOLLOUT : 0u));
	loop_io_mod(l, c->member_fd,
		    (c->member_end || !room_down ? 0u : EPOLLIN) |
			    (c->up.len ? EPOLLOUT : 0u));
}

static bool moves(struct proxy_conn *c, bool *again)
{
	size_t up = c->up.len, down = c->down.len;

	if (!take_from_client(c) || !give_to_member(c) || !take_from_member(c) ||
	    !give_to_client(c))
		return false;
	*again = up != c->up.len || down != c->down.len ||
		 (c->session && gnutls_record_check_pending(c->session) > 0 &&
		  c->down.len < PROXY_BUFFER - CHUNK);
	return true;
}

static void pump(struct proxy_conn *c)
{
	bool again = true;

	for (int i = 0; i < ROUNDS && again; i++)
		if (!moves(c, &again)) {
			proxy_conn_free(c);
			return;
		}
	if ((c->member_end && !c->down.len) || (c->client_end && !c->up.len)) {
		proxy_conn_free(c);
		return;
	}
	trim(&c->up);
	trim(&c->down);
	set_events(c);
	/* Decrypted bytes make no event: come back for them by oneself. */
	if (again)
		loop_timer_in(c->timer, 0);
}

/* ---------------------------------------------------------------- events */

static void on_member(void *arg, int fd, uint32_t events)
{
	struct proxy_conn *c = arg;

	(void)fd;
	(void)events;
	CHECK_MAGIC(c, CONN_MAGIC);
	if (c->state == PROXY_CONNECT)
		connected(c);
	else if (c->state == PROXY_SHAKE)
		shake(c);
	else
		pump(c);
}

/* Before a member is there: only keeps what comes. */
static void on_early(struct proxy_conn *c)
{
	if (!take_from_client(c) || c->client_end) {
		proxy_conn_free(c);
		return;
	}
	if (c->up.len >= PROXY_BUFFER - CHUNK)
		loop_io_mod(c->proxy->loop, c->client_fd, 0);
	if (c->state != PROXY_FIRST || !knows_protocol(c))
		return;
	c->member = c->proxy->current;
	c->generation = c->proxy->generation;
	try_member(c);
}

static void on_client(void *arg, int fd, uint32_t events)
{
	struct proxy_conn *c = arg;

	(void)fd;
	CHECK_MAGIC(c, CONN_MAGIC);
	if (c->state == PROXY_OPEN)
		pump(c);
	else if (events & EPOLLIN)
		on_early(c);
	else
		proxy_conn_free(c);
}

void proxy_conn_new(struct etcd_proxy *p, int client_fd)
{
	struct proxy_conn *c = xcalloc(1, sizeof(*c));
	struct err err;

	c->magic = CONN_MAGIC;
	c->proxy = p;
	c->client_fd = client_fd;
	c->member_fd = -1;
	buf_init(&c->up, PROXY_BUFFER);
	buf_init(&c->down, PROXY_BUFFER);
	c->timer = loop_timer_new(p->loop, on_timer, c);
	loop_timer_in(c->timer, FIRST_MS);
	c->next = p->conns;
	c->prev = &p->conns;
	if (c->next)
		c->next->prev = &c->next;
	p->conns = c;
	p->stats.connections++;
	p->stats.accepted++;
	if (loop_io_add(p->loop, client_fd, EPOLLIN, on_client, c, &err) < 0)
		proxy_conn_free(c);
}
