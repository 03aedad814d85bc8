/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pass.h"

#include "check.h"
#include "clock.h"
#include "tls.h"

#include <errno.h>
#include <sys/epoll.h>

#define CHUNK ((size_t)16 << 10)
#define ROUNDS 8 /* of reading and writing before the loop continues */

/* The result of a transfer: > 0 bytes, 0 end of stream, -1 nothing now, -2 broken. */
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

	if (c->client_end || c->in.len >= PROXY_BUFFER - CHUNK)
		return true;
	n = plain_result(recv(c->client_fd, part, sizeof(part), MSG_DONTWAIT));
	if (n > 0)
		buf_add(&c->in, part, (size_t)n);
	c->client_end = n == 0;
	return n != -2;
}

/* What follows is refused: nothing more is taken of it. */
static void stop(struct proxy_conn *c)
{
	c->client_end = true;
	buf_clear(&c->in);
}

/* Each request is judged, and passes on. */
static bool judge(struct proxy_conn *c)
{
	size_t before;

	if (c->refusal.status)
		return true;
	if (c->grpc)
		return c->up.len >= PROXY_BUFFER ||
		       grpc_move(c->grpc, &c->in, &c->up, CHUNK, c->proxy->token);
	c->request.token = c->proxy->token;
	do {
		before = c->in.len;
		if (c->up.len >= PROXY_BUFFER)
			break;
		c->asked += request_move(&c->request, &c->in, &c->up, CHUNK, &c->refusal);
	} while (!c->refusal.status && c->in.len && c->in.len != before);
	if (c->refusal.status)
		stop(c);
	return true;
}

static bool is_answered(const struct proxy_conn *c)
{
	return !c->grpc && !c->answers.is_lost && c->asked == c->answers.n;
}

/* Once what was asked before is answered. */
static void say_no(struct proxy_conn *c)
{
	if (!c->refusal.status || c->said_no || !is_answered(c))
		return;
	refusal_write(&c->refusal, &c->down);
	c->said_no = true;
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
	if (n > 0 && !c->grpc)
		answers_take(&c->answers, part, (size_t)n);
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

/* Idle connections give their buffers back. */
static void trim(struct buf *b)
{
	if (b->len == 0)
		buf_done(b);
}

static void set_events(struct proxy_conn *c)
{
	struct loop *l = c->proxy->loop;
	bool room_up = c->in.len < PROXY_BUFFER - CHUNK;
	bool room_down = c->down.len < PROXY_BUFFER - CHUNK;

	loop_io_mod(l, c->client_fd,
		    (c->client_end || !room_up ? 0u : EPOLLIN) |
			    (c->down.len ? EPOLLOUT : 0u));
	/* It is over there: what is left goes to the client. */
	if (c->member_end)
		loop_io_del(l, c->member_fd);
	else
		loop_io_mod(l, c->member_fd,
			    (room_down ? EPOLLIN : 0u) | (c->up.len ? EPOLLOUT : 0u));
}

static void tell_member(struct proxy_conn *c)
{
	if (c->session)
		(void)gnutls_bye(c->session, GNUTLS_SHUT_WR);
	else
		(void)shutdown(c->member_fd, SHUT_WR);
}

/*
 * The client sends no more, but may wait for the answer, and is given time for it. False:
 * it took too long. The member, which takes the end of one half for the end of all, is
 * told only when it has a part of a request; and by HTTP/2, where each is a stream.
 */
static bool half_closed(struct proxy_conn *c, bool moved)
{
	int64_t now = clock_mono_ms();

	if (!c->half_until_ms && (c->grpc || c->request.in_body))
		tell_member(c);
	if (!c->half_until_ms || moved)
		c->half_until_ms = now + PROXY_HALF_MS;
	loop_timer_at(c->timer, c->half_until_ms);
	return now < c->half_until_ms;
}

static bool moves(struct proxy_conn *c, bool *again)
{
	size_t in = c->in.len, up = c->up.len, down = c->down.len;

	if (!take_from_client(c) || !judge(c) || !give_to_member(c) ||
	    !take_from_member(c))
		return false;
	say_no(c);
	if (!give_to_client(c))
		return false;
	*again = in != c->in.len || up != c->up.len || down != c->down.len ||
		 (c->session && gnutls_record_check_pending(c->session) > 0 &&
		  c->down.len < PROXY_BUFFER - CHUNK);
	return true;
}

/* The rest of a request has to come. False: it does not. */
static bool is_sent_on(struct proxy_conn *c, bool moved, int64_t now)
{
	if (!c->request.in_body) {
		c->body_until_ms = 0;
		return true;
	}
	if (!c->body_until_ms || moved)
		c->body_until_ms = now + PROXY_HALF_MS;
	loop_timer_at(c->timer, c->body_until_ms);
	return now < c->body_until_ms;
}

/* A client that has its answers and asks nothing ends after a while, at once when its
 * session is with an old certificate. False: now. */
static bool rest(struct proxy_conn *c, bool moved)
{
	int64_t now = clock_mono_ms();

	if (!is_answered(c) || c->down.len) {
		c->idle_since_ms = 0;
		return is_sent_on(c, moved, now);
	}
	if (proxy_tls_is_old(c))
		return false;
	if (!c->idle_since_ms)
		c->idle_since_ms = now;
	loop_timer_at(c->timer, c->idle_since_ms + PROXY_IDLE_MS);
	return now < c->idle_since_ms + PROXY_IDLE_MS;
}

/* Whether something may still come to pass for the client. */
static bool goes_on(struct proxy_conn *c, bool moved)
{
	loop_timer_unset(c->timer);
	if ((c->member_end || c->said_no) && !c->down.len)
		return false;
	if (!c->client_end)
		return rest(c, moved);
	if (is_answered(c) && !c->up.len && !c->down.len)
		return false;
	return c->up.len || c->member_end || half_closed(c, moved);
}

bool proxy_pass(struct proxy_conn *c)
{
	bool again = true, moved = false;

	for (int i = 0; i < ROUNDS && again; i++) {
		if (!moves(c, &again))
			return false;
		moved |= again;
	}
	if (!goes_on(c, moved))
		return false;
	trim(&c->in);
	trim(&c->up);
	trim(&c->down);
	set_events(c);
	/* Decrypted bytes make no event: come back for them by the timer. */
	if (again)
		loop_timer_in(c->timer, 0);
	return true;
}

bool proxy_keep_early(struct proxy_conn *c)
{
	if (!take_from_client(c) || (c->client_end && !c->in.len && !c->up.len))
		return false;
	if (c->client_end || c->in.len >= PROXY_BUFFER - CHUNK)
		loop_io_mod(c->proxy->loop, c->client_fd, 0);
	return true;
}

bool proxy_judge_early(struct proxy_conn *c)
{
	if (!judge(c))
		return false;
	if (c->client_end && !c->asked && !c->grpc && !c->refusal.status)
		c->refusal = (struct refusal){ 400, "the request is not complete" };
	return true;
}
