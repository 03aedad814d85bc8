/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forward.h"

#include "buf.h"
#include "check.h"
#include "nameservers.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

#define UNDER_WAY 256
#define ROUNDS 2
#define PACKET_MAX 65535
#define HEADER 12

struct flight {
	struct flight *next, **prev;
	struct forward *f;
	struct loop_timer *timer;
	int fd;
	bool tcp;
	unsigned tries;
	uint16_t id;      /* towards the nameserver */
	uint16_t real_id; /* of the asker */
	forward_fn *fn;
	void *arg;
	size_t sent;     /* TCP */
	struct buf in;   /* TCP */
	size_t len;      /* of the query */
	uint8_t query[]; /* after two bytes of length, for TCP */
};

struct forward {
	struct loop *loop;
	struct nameservers servers;
	int64_t timeout_ms;
	struct flight *flights;
	size_t n_flights;
};

static void try_next(struct flight *q);

int forward_new(struct loop *l, const char *servers, const char *resolv_conf,
		const struct dns_address *own, int64_t timeout_ms, struct forward **ret,
		struct err *err)
{
	CLEANUP(forward_free) struct forward *f = xcalloc(1, sizeof(*f));
	int rc = 0;

	f->loop = l;
	f->timeout_ms = timeout_ms;
	if (servers)
		rc = nameservers_parse(servers, &f->servers, err);
	else
		nameservers_read(resolv_conf, own, &f->servers);
	if (rc < 0)
		return rc;
	*ret = TAKE(f);
	return 0;
}

size_t forward_count(const struct forward *f)
{
	return f->servers.n;
}

/* ---------------------------------------------------------------- a flight */

static void hang_up(struct flight *q)
{
	if (q->fd < 0)
		return;
	loop_io_del(q->f->loop, q->fd);
	close(q->fd);
	q->fd = -1;
}

static void free_flight(struct flight *q)
{
	hang_up(q);
	*q->prev = q->next;
	if (q->next)
		q->next->prev = q->prev;
	q->f->n_flights--;
	loop_timer_free(q->timer);
	buf_done(&q->in);
	free(q);
}

static void land(struct flight *q, uint8_t *answer, size_t len)
{
	forward_fn *fn = q->fn;
	void *arg = q->arg;

	if (answer) {
		answer[0] = (uint8_t)(q->real_id >> 8);
		answer[1] = (uint8_t)q->real_id;
		fn(arg, answer, len);
		free_flight(q);
		return;
	}
	free_flight(q);
	fn(arg, NULL, 0);
}

void forward_free(struct forward *f)
{
	if (!f)
		return;
	while (f->flights)
		land(f->flights, NULL, 0);
	free(f);
}

/* Length of the first question in a packet, 0 when there is none. */
static size_t question_length(const uint8_t *packet, size_t len)
{
	size_t at = HEADER;

	while (at < len && packet[at] && packet[at] < 64)
		at += packet[at] + 1u;
	return at + 5 <= len && packet[at] == 0 ? at + 5 - HEADER : 0;
}

static bool same_question(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	return true;
}

static bool is_answer(const struct flight *q, const uint8_t *p, size_t len)
{
	size_t n = question_length(q->query + 2, q->len);

	return len >= HEADER + n && p[0] == q->query[2] && p[1] == q->query[3] &&
	       (p[2] & 0x80) && question_length(p, len) == n &&
	       same_question(p + HEADER, q->query + 2 + HEADER, n);
}

static void on_udp(struct flight *q)
{
	uint8_t packet[PACKET_MAX];
	ssize_t n;

	while ((n = recv(q->fd, packet, sizeof(packet), MSG_DONTWAIT)) >= 0 ||
	       errno == EINTR) {
		if (n < 0 || !is_answer(q, packet, (size_t)n))
			continue;
		land(q, packet, (size_t)n);
		return;
	}
	if (errno != EAGAIN)
		try_next(q);
}

/* Reads until the answer is complete. */
static void on_tcp_in(struct flight *q)
{
	uint8_t part[4096];
	size_t want;
	ssize_t n;

	while ((n = recv(q->fd, part, sizeof(part), MSG_DONTWAIT)) > 0)
		buf_add(&q->in, part, (size_t)n);
	want = q->in.len >= 2
		       ? (size_t)(uint8_t)q->in.data[0] << 8 | (uint8_t)q->in.data[1]
		       : PACKET_MAX;
	if (q->in.len >= want + 2) {
		uint8_t *answer = (uint8_t *)q->in.data + 2;

		if (is_answer(q, answer, want))
			land(q, answer, want);
		else
			try_next(q);
		return;
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || buf_is_full(&q->in))
		try_next(q);
}

static void on_tcp_out(struct flight *q)
{
	ssize_t n = send(q->fd, q->query + q->sent, q->len + 2 - q->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		try_next(q);
		return;
	}
	q->sent += n > 0 ? (size_t)n : 0;
	if (q->sent == q->len + 2)
		loop_io_mod(q->f->loop, q->fd, EPOLLIN);
}

static void on_io(void *arg, int fd, uint32_t events)
{
	struct flight *q = arg;

	(void)fd;
	if (!q->tcp)
		on_udp(q);
	else if (q->sent < q->len + 2)
		on_tcp_out(q);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_tcp_in(q);
}

/* ---------------------------------------------------------------- trying */

/* Tries one more nameserver. false: it cannot even be contacted. */
static bool start_try(struct flight *q)
{
	const struct dns_address *to = &q->f->servers.v[q->tries++ % q->f->servers.n];
	struct err err;

	q->id = (uint16_t)arc4random();
	q->query[0] = (uint8_t)(q->len >> 8);
	q->query[1] = (uint8_t)q->len;
	q->query[2] = (uint8_t)(q->id >> 8);
	q->query[3] = (uint8_t)q->id;
	q->sent = 0;
	buf_clear(&q->in);
	q->fd = socket(to->ss.ss_family,
		       (q->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (q->fd < 0)
		return false;
	if (connect(q->fd, (const struct sockaddr *)&to->ss, to->len) < 0 &&
	    errno != EINPROGRESS)
		return false;
	if (!q->tcp && send(q->fd, q->query + 2, q->len, MSG_DONTWAIT) < 0)
		return false;
	return loop_io_add(q->f->loop, q->fd, q->tcp ? EPOLLOUT : EPOLLIN, on_io, q,
			   &err) == 0;
}

static void try_next(struct flight *q)
{
	while (q->tries < q->f->servers.n * ROUNDS) {
		hang_up(q);
		if (start_try(q)) {
			loop_timer_in(q->timer, q->f->timeout_ms);
			return;
		}
	}
	land(q, NULL, 0);
}

static void on_timer(void *arg)
{
	try_next(arg);
}

bool forward_ask(struct forward *f, const uint8_t *query, size_t len, bool tcp,
		 forward_fn *fn, void *arg)
{
	struct flight *q;

	if (f->n_flights == UNDER_WAY || !f->servers.n || len < HEADER ||
	    len > PACKET_MAX)
		return false;
	q = xcalloc(1, sizeof(*q) + len + 2);
	q->f = f;
	q->fd = -1;
	q->tcp = tcp;
	q->fn = fn;
	q->arg = arg;
	q->len = len;
	memcpy(q->query + 2, query, len);
	q->real_id = (uint16_t)(query[0] << 8 | query[1]);
	buf_init(&q->in, PACKET_MAX + 2);
	q->timer = loop_timer_new(f->loop, on_timer, q);
	q->next = f->flights;
	q->prev = &f->flights;
	if (q->next)
		q->next->prev = &q->next;
	f->flights = q;
	f->n_flights++;
	/* From the timer, so that fn is never called from inside this call. */
	loop_timer_in(q->timer, 0);
	return true;
}
