/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch_stream.h"

#include "answer.h"
#include "check.h"
#include "watch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Chunks are written where the connection has its memory, not into this. */
#define BLOCK_BYTES 256

static void suspend(void *arg)
{
	MHD_suspend_connection(arg);
}

static void resume(void *arg)
{
	MHD_resume_connection(arg);
}

static ssize_t on_read(void *arg, uint64_t pos, char *data, size_t max)
{
	struct kv_watch *w = arg;
	ssize_t n = kv_watch_read(w, data, max);

	(void)pos;
	return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void on_gone(void *arg)
{
	kv_watch_close(arg);
}

/* To detect hosts that vanished without closing the connection. */
static void watch_peer(struct kv_watch *w, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	const int on = 1, idle_s = 15, every_s = 5, tries = 3;

	int fd = info ? info->connect_fd : -1;

	if (fd < 0)
		return;
	kv_watch_set_peer(w, fd);
	/* Fails on other than TCP sockets, which do not need it. */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
}

static enum MHD_Result start_stream(struct kv_watch *w, struct MHD_Connection *conn)
{
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, w, on_gone);
	enum MHD_Result ok;

	if (!r) {
		on_gone(w);
		return MHD_NO;
	}
	ok = MHD_add_response_header(r, "Content-Type", "application/json");
	if (ok == MHD_YES)
		ok = MHD_queue_response(conn, MHD_HTTP_OK, r);
	MHD_destroy_response(r); /* calls on_gone(), now or at the stream's end */
	return ok;
}

enum MHD_Result kv_watch_serve(struct kv *kv, struct MHD_Connection *conn,
			       const char *body, size_t body_len,
			       const struct kv_access *access)
{
	const struct kv_reader reader = { .waits = suspend, .wake = resume, .arg = conn };
	CLEANUP(buf_done) struct buf answer;
	struct kv_watch *w;
	unsigned status = kv_watch_open(kv, body, body_len, access, &reader, &w, &answer);

	if (status != MHD_HTTP_OK)
		return kv_queue(kv, conn, access, status, &answer);
	watch_peer(w, conn);
	return start_stream(w, conn);
}
