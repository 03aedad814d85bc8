/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sealed.h"

#include "fnv.h"

#include <string.h>

void sealed_write(const void *block, size_t size, void *ret)
{
	memcpy(ret, block, size);

	/* A truncated or edited state is rejected. */
	const uint64_t checksum = fnv_large(FNV_START, ret, size);

	memcpy((unsigned char *)ret + size, &checksum, sizeof(checksum));
}

int sealed_check(const void *data, size_t len, const struct sealed_head *want,
		 size_t least, const char *what, struct err *err)
{
	struct sealed_head head;
	uint64_t checksum;

	if (len < sealed_size(least))
		return err_set(err, ERR_PROTO, "state of %s: only %zu bytes", what, len);
	memcpy(&head, data, sizeof(head));
	if (head.magic != want->magic)
		return err_set(err, ERR_PROTO, "these bytes are not the state of %s",
			       what);
	if (head.version != want->version)
		return err_set(err, ERR_PROTO, "state of %s: version %u, not %u", what,
			       head.version, want->version);
	memcpy(&checksum, (const unsigned char *)data + len - sizeof(checksum),
	       sizeof(checksum));
	if (head.size != len - sizeof(checksum) ||
	    fnv_large(FNV_START, data, head.size) != checksum)
		return err_set(err, ERR_PROTO, "state of %s: damaged", what);
	return 0;
}
