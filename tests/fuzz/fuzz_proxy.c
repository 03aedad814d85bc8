/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_proxy.c - what a program of a host sends to etcd's port (first byte: in parts of
 * so many bytes). Whatever comes, each head that passes is a call of etcd and one head
 * alone; how the bytes were cut changes nothing; of HTTP/2 calls of etcd pass, with the
 * proxy's token.
 */
#include "answers.h"
#include "check.h"
#include "fnv.h"
#include "grpc.h"
#include "request.h"

#include <nghttp2/nghttp2.h>
#include <string.h>

#define ROOM ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_head(const char *head, size_t n)
{
	CLEANUP(free) char *text = xstrndup(head, n);
	const char *end = strstr(text, "\r\n\r\n");

	CHECK(strlen(text) == n && end == text + n - 4);
	CHECK(strncmp(text, "POST /v3/", 9) == 0 ||
	      strncmp(text, "POST /v3beta/", 13) == 0 ||
	      strncmp(text, "GET /health HTTP/1.1\r\n", 22) == 0 ||
	      strncmp(text, "GET /version HTTP/1.1\r\n", 23) == 0);
	text[strcspn(text, "\r")] = '\0';
	CHECK(strcspn(text, "%?\\") == strlen(text) && !strstr(text, "..") &&
	      !strstr(text, "//") && !strstr(text, "/v1"));
}

/* What passes of data that comes in parts. */
static struct refusal move(const uint8_t *data, size_t size, size_t part, struct buf *out)
{
	struct request r = { .is_last = false };
	struct refusal no = { 0, NULL };
	struct buf in;

	buf_init(&in, ROOM);
	buf_init(out, 2 * ROOM);
	while (size > 0 && !no.status) {
		size_t n = MIN(part, size), before;

		buf_add(&in, data, n);
		data += n;
		size -= n;
		do {
			const bool in_body = r.in_body;
			const size_t had = out->len;

			before = in.len;
			if (request_move(&r, &in, out, 4096, &no) && !in_body)
				check_head(out->data + had, out->len - had);
		} while (!no.status && in.len && in.len != before);
	}
	buf_done(&in);
	return no;
}

#define GREETING strlen(NGHTTP2_CLIENT_MAGIC)
#define FRAME_HEAD 9u
#define TOKEN "a.token"

static bool is_text(const uint8_t *text, size_t n, const char *want)
{
	return n == strlen(want) && memcmp(text, want, n) == 0;
}

/* A block that passed: a call of etcd, with our token or as a log-in, and no other. */
static void check_block(nghttp2_hd_inflater *inflater, const uint8_t *block, size_t n)
{
	size_t tokens = 0, logins = 0, paths = 0;
	int flags = 0;

	while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
		nghttp2_nv nv;
		ssize_t used = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block, n, 1);

		CHECK(used >= 0);
		block += used;
		n -= (size_t)used;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT))
			continue;
		CHECK(!is_text(nv.name, nv.namelen, "authorization"));
		if (is_text(nv.name, nv.namelen, ":path")) {
			paths++;
			CHECK(nv.value[0] == '/' &&
			      !memmem(nv.value, nv.valuelen, "/.", 2));
			logins += is_text(nv.value, nv.valuelen,
					  "/etcdserverpb.Auth/Authenticate");
		} else if (is_text(nv.name, nv.namelen, "token")) {
			tokens++;
			CHECK(is_text(nv.value, nv.valuelen, TOKEN));
		}
	}
	CHECK(nghttp2_hd_inflate_end_headers(inflater) == 0);
	CHECK(paths == 1 && tokens + logins == 1);
}

/* Takes complete frames out of what passed. */
static void check_frames(nghttp2_hd_inflater *inflater, struct buf *passed)
{
	while (passed->len >= FRAME_HEAD) {
		const uint8_t *f = (const uint8_t *)passed->data;
		const size_t n = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];
		const size_t first = f[4] & NGHTTP2_FLAG_PRIORITY ? 5 : 0;

		if (passed->len < FRAME_HEAD + n)
			return;
		CHECK(f[3] != NGHTTP2_CONTINUATION && f[3] != NGHTTP2_PUSH_PROMISE);
		if (f[3] == NGHTTP2_HEADERS) {
			CHECK(!(f[4] & NGHTTP2_FLAG_PADDED) && n <= 16384 && n >= first);
			check_block(inflater, f + FRAME_HEAD + first, n - first);
		}
		buf_drop(passed, FRAME_HEAD + n);
	}
}

/* The length and a sum of all that passed. */
static uint64_t move_grpc(const uint8_t *data, size_t size, size_t part)
{
	struct grpc *g = grpc_new();
	nghttp2_hd_inflater *inflater;
	struct buf in, out, passed;
	uint64_t sum = FNV_START;
	bool is_greeted = false, goes_on = true;

	CHECK(nghttp2_hd_inflate_new(&inflater) == 0);
	buf_init(&in, ROOM);
	buf_init(&out, ROOM);
	buf_init(&passed, 32 * ROOM);
	for (size_t n, before; size > 0 && goes_on; data += n, size -= n) {
		n = MIN(part, size);
		buf_add(&in, data, n);
		do {
			before = in.len;
			goes_on = grpc_move(g, &in, &out, 4096, TOKEN);
			CHECK(!buf_is_full(&out));
			sum = fnv(sum, buf_str(&out), out.len);
			buf_add(&passed, out.data, out.len);
			buf_clear(&out);
			if (!is_greeted && passed.len >= GREETING) {
				is_greeted = true;
				buf_drop(&passed, GREETING);
			}
			if (is_greeted)
				check_frames(inflater, &passed);
		} while (goes_on && in.len && in.len != before);
	}
	buf_done(&in);
	buf_done(&out);
	buf_done(&passed);
	nghttp2_hd_inflate_del(inflater);
	grpc_free(g);
	return sum;
}

static unsigned count_answers(const uint8_t *data, size_t size, size_t part)
{
	struct answers a;
	unsigned ret;

	answers_init(&a);
	for (size_t n; size > 0; data += n, size -= n) {
		n = MIN(part, size);
		answers_take(&a, (const char *)data, n);
	}
	ret = a.is_lost ? 0 : a.n;
	answers_done(&a);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, cut;
	struct refusal a, b;
	size_t part, n;

	if (size < 2 || size > ROOM / 4)
		return 0;
	part = (size_t)data[0] + 1;
	data++;
	size--;
	if (size >= 3 && memcmp(data, "PRI", 3) == 0) {
		CHECK(move_grpc(data, size, size) == move_grpc(data, size, part));
		return 0;
	}
	a = move(data, size, size, &whole);
	b = move(data, size, part, &cut);
	/* Of a malformed body more may pass before it is found. */
	CHECK(a.status == b.status && (a.status || whole.len == cut.len));
	n = MIN(whole.len, cut.len);
	CHECK(!n || memcmp(whole.data, cut.data, n) == 0);
	CHECK(count_answers(data, size, size) == count_answers(data, size, part));
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
