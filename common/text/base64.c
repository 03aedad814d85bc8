/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base64.h"

#include "check.h"

#include <nettle/base64.h>

void base64_encode(struct buf *to, const void *data, size_t n)
{
	const size_t len = BASE64_ENCODE_RAW_LENGTH(n);
	CLEANUP(free) char *out = xmalloc(len + 1);

	base64_encode_raw(out, n, data);
	buf_add(to, out, len);
}

void base64url_encode(struct buf *to, const void *data, size_t n)
{
	const size_t max = BASE64_ENCODE_LENGTH(n) + BASE64_ENCODE_FINAL_LENGTH;
	CLEANUP(free) char *out = xmalloc(max);
	struct base64_encode_ctx ctx;
	size_t len;

	base64url_encode_init(&ctx);
	len = base64_encode_update(&ctx, out, n, data);
	len += base64_encode_final(&ctx, out + len);
	while (len > 0 && out[len - 1] == '=')
		len--;
	buf_add(to, out, len);
}

int base64_decode(const char *text, size_t n, char **ret, size_t *ret_len,
		  struct err *err)
{
	CLEANUP(free) uint8_t *out = NULL;
	struct base64_decode_ctx ctx;
	size_t pad = 0, len = 0;

	if (n % 4 != 0)
		return err_set(err, ERR_INVAL, "base64 of %zu characters", n);
	while (pad < 2 && pad < n && text[n - 1 - pad] == '=')
		pad++;
	out = xmalloc(BASE64_DECODE_LENGTH(n) + 1);
	base64_decode_init(&ctx);
	for (size_t i = 0; i < n; i += 4) {
		size_t got;

		/* It skips blanks, so the bytes are counted. */
		if (!base64_decode_update(&ctx, &got, out + len, 4, text + i) ||
		    got != (i + 4 == n ? 3 - pad : 3))
			return err_set(
				err, ERR_INVAL,
				"invalid base64 at character %zu or the next three", i);
		len += got;
	}
	out[len] = '\0';
	*ret = (char *)TAKE(out);
	*ret_len = len;
	return 0;
}
