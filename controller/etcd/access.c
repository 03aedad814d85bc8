/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access.h"

#include "check.h"

#include <string.h>

static bool covers(const char *rule, const struct kv_bytes *key,
		   const struct kv_bytes *end)
{
	size_t n = strlen(rule);
	int c;

	if (n == 0)
		return false;
	if (rule[n - 1] != '/')
		return end->len == 0 && key->len == n && memcmp(key->data, rule, n) == 0;
	if (key->len < n || memcmp(key->data, rule, n) != 0)
		return false;
	if (end->len == 0)
		return true;
	/* Up to what follows the last key of the prefix: "/a0" for "/a/". */
	c = memcmp(end->data, rule, MIN(end->len, n - 1));
	if (c != 0)
		return c < 0 && end->data[0] != '\0';
	if (end->len < n)
		return false;
	if ((unsigned char)end->data[n - 1] <= '/')
		return true;
	return end->data[n - 1] == '/' + 1 && end->len == n;
}

bool kv_may(const struct kv_access *a, bool write, const struct kv_bytes *key,
	    const struct kv_bytes *end)
{
	const char *const *rules = write ? a->write : a->read;

	if (write ? a->write_all : a->read_all)
		return true;
	for (; rules && *rules; rules++)
		if (covers(*rules, key, end))
			return true;
	return false;
}

bool kv_may_all(const struct kv_access *a)
{
	return a->read_all && a->write_all;
}

void kv_host_access(const char *host_id, struct kv_host_access *ret)
{
	*ret = (struct kv_host_access){ 0 };
	snprintf(ret->own[0], sizeof(ret->own[0]), "/foretide/hosts/%.64s", host_id);
	snprintf(ret->own[1], sizeof(ret->own[1]), "/foretide/states/%.64s", host_id);
	ret->read[0] = "/foretide/";
	ret->read[1] = "/skydns/";
	ret->write[0] = ret->own[0];
	ret->write[1] = ret->own[1];
	ret->write[2] = "/skydns/";
	ret->access.owner = host_id;
	ret->access.read = ret->read;
	ret->access.write = ret->write;
}
