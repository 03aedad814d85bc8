/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "grpc.h"

#include "check.h"

#include <nghttp2/nghttp2.h>
#include <string.h>

#define FRAME_HEAD 9u
#define BLOCK_MAX 16384u
/* More than peers let encoders remember: a client may do what its peer allows. */
#define TABLE_BYTES 65536u
#define PRIORITY_BYTES 5u
#define LOGIN "/etcdserverpb.Auth/Authenticate"

struct grpc {
	bool is_greeted; /* the preface came */
	size_t left;     /* of a frame that passes */
	nghttp2_hd_inflater *inflater;
	struct buf block; /* of headers, as it is sent */
	bool is_begun;    /* one was sent */
	bool is_login;
};

struct grpc *grpc_new(void)
{
	struct grpc *g = xcalloc(1, sizeof(*g));

	buf_init(&g->block, BLOCK_MAX - PRIORITY_BYTES);
	CHECK(nghttp2_hd_inflate_new(&g->inflater) == 0);
	CHECK(nghttp2_hd_inflate_change_table_size(g->inflater, TABLE_BYTES) == 0);
	return g;
}

void grpc_free(struct grpc *g)
{
	if (!g)
		return;
	nghttp2_hd_inflate_del(g->inflater);
	buf_done(&g->block);
	free(g);
}

/* ---------------------------------------------------------------- one request */

static bool is_service(const uint8_t *path, size_t n)
{
	static const char *const services[] = { "/etcdserverpb.", "/v3electionpb.",
						"/v3lockpb.", "/grpc.health.v1.Health/" };

	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (n > strlen(services[i]) &&
		    memcmp(path, services[i], strlen(services[i])) == 0)
			return !memmem(path, n, "//", 2) && !memmem(path, n, "..", 2) &&
			       !memmem(path, n, "/.", 2);
	return false;
}

static bool is_named(const nghttp2_nv *nv, const char *name)
{
	return nv->namelen == strlen(name) && memcmp(nv->name, name, nv->namelen) == 0;
}

/* Who the caller is, as etcd reads it. */
static bool is_identity(const nghttp2_nv *nv)
{
	return is_named(nv, "token") || is_named(nv, "authorization");
}

static void put_text(struct buf *to, const void *text, size_t n)
{
	size_t rest = n - 127;

	buf_putc(to, n < 127 ? (char)n : 127);
	for (; n >= 127 && rest >= 128; rest >>= 7)
		buf_putc(to, (char)(rest % 128 + 128));
	if (n >= 127)
		buf_putc(to, (char)rest);
	buf_add(to, text, n);
}

/* A literal that nobody has to remember (RFC 7541, 6.2.2), or may (6.2.3). */
static void put_field(struct buf *to, bool is_secret, const void *name, size_t name_len,
		      const void *value, size_t len)
{
	buf_putc(to, is_secret ? 0x10 : 0x00);
	put_text(to, name, name_len);
	put_text(to, value, len);
}

/* What one block has to have, once. */
struct seen {
	unsigned paths, methods;
};

static bool take_field(struct grpc *g, const nghttp2_nv *nv, const char *token,
		       struct seen *seen)
{
	if (is_named(nv, ":path") &&
	    (seen->paths++ || !is_service(nv->value, nv->valuelen)))
		return false;
	if (is_named(nv, ":method") &&
	    (seen->methods++ || nv->valuelen != 4 || memcmp(nv->value, "POST", 4) != 0))
		return false;
	if (is_named(nv, ":path"))
		g->is_login = nv->valuelen == strlen(LOGIN) &&
			      memcmp(nv->value, LOGIN, nv->valuelen) == 0;
	if (!token || !is_identity(nv))
		put_field(&g->block, false, nv->name, nv->namelen, nv->value,
			  nv->valuelen);
	return !buf_is_full(&g->block);
}

/*
 * Whether a block is that of a request that may pass; g->block is then what is sent in
 * its place. All of it is read: what follows is coded against it.
 */
static bool may_pass(struct grpc *g, const uint8_t *block, size_t n, const char *token)
{
	struct seen seen = { 0, 0 };

	buf_clear(&g->block);
	if (!g->is_begun)
		buf_putc(&g->block, 0x20); /* the member need remember nothing */
	g->is_begun = true;
	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t used =
			nghttp2_hd_inflate_hd2(g->inflater, &nv, &flags, block, n, 1);

		if (used < 0)
			return false;
		block += used;
		n -= (size_t)used;
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) &&
		    !take_field(g, &nv, token, &seen))
			return false;
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && n == 0)
			return false;
	}
	/* A token that has ended would be refused with a log-in, too. */
	if (token && !g->is_login)
		put_field(&g->block, true, "token", strlen("token"), token,
			  strlen(token));
	return nghttp2_hd_inflate_end_headers(g->inflater) == 0 && seen.paths == 1 &&
	       seen.methods == 1 && !buf_is_full(&g->block);
}

/* A HEADERS frame, moved as it was understood: without padding. */
static bool move_headers(struct grpc *g, const uint8_t *f, size_t n, struct buf *out,
			 const char *token)
{
	const uint8_t *p = f + FRAME_HEAD;
	const uint8_t flags = f[4];
	size_t pad = 0, priority = flags & NGHTTP2_FLAG_PRIORITY ? PRIORITY_BYTES : 0;
	size_t len;

	if (!(flags & NGHTTP2_FLAG_END_HEADERS))
		return false;
	if (flags & NGHTTP2_FLAG_PADDED) {
		if (n < 1)
			return false;
		pad = *p++;
		n--;
	}
	if (priority + pad > n || !may_pass(g, p + priority, n - priority - pad, token))
		return false;
	len = priority + g->block.len;
	buf_putc(out, (char)(len >> 16));
	buf_putc(out, (char)(len >> 8));
	buf_putc(out, (char)len);
	buf_putc(out, (char)f[3]);
	buf_putc(out, (char)(flags & ~NGHTTP2_FLAG_PADDED));
	buf_add(out, f + 5, FRAME_HEAD - 5);
	buf_add(out, p, priority);
	buf_add(out, g->block.data, g->block.len);
	return true;
}

/* ---------------------------------------------------------------- frames */

static bool is_harmless(uint8_t type)
{
	return type == NGHTTP2_DATA || type == NGHTTP2_PRIORITY ||
	       type == NGHTTP2_RST_STREAM || type == NGHTTP2_SETTINGS ||
	       type == NGHTTP2_PING || type == NGHTTP2_GOAWAY ||
	       type == NGHTTP2_WINDOW_UPDATE;
}

/* Moves a frame of headers, or sets how much of in belongs to another that passes; false:
 * it is refused. */
static bool begin_frame(struct grpc *g, struct buf *in, struct buf *out,
			const char *token)
{
	const uint8_t *f = (const uint8_t *)in->data;
	size_t n;

	if (in->len < FRAME_HEAD)
		return true;
	n = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];
	if (is_harmless(f[3])) {
		g->left = FRAME_HEAD + n;
		return true;
	}
	if (f[3] != NGHTTP2_HEADERS || n > BLOCK_MAX)
		return false;
	if (in->len < FRAME_HEAD + n)
		return true;
	if (!move_headers(g, f, n, out, token))
		return false;
	buf_drop(in, FRAME_HEAD + n);
	return true;
}

bool grpc_move(struct grpc *g, struct buf *in, struct buf *out, size_t max,
	       const char *token)
{
	const size_t greeting = strlen(NGHTTP2_CLIENT_MAGIC), end = out->len + max;

	if (in->len && !g->is_greeted) {
		if (memcmp(in->data, NGHTTP2_CLIENT_MAGIC, MIN(in->len, greeting)) != 0)
			return false;
		g->is_greeted = in->len >= greeting;
		g->left = g->is_greeted ? greeting : 0;
	}
	while (g->is_greeted && in->len && out->len < end) {
		size_t before = in->len, n;

		if (!g->left && !begin_frame(g, in, out, token))
			return false;
		n = MIN(g->left, in->len);
		buf_add(out, in->data, n);
		buf_drop(in, n);
		g->left -= n;
		if (in->len == before)
			break; /* more of it must come */
	}
	return true;
}
