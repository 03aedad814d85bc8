/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "group.h"

#include <string.h>

bool group_is_hosts(const char *group, size_t len)
{
	static const char hosts[] = "/hosts/";
	const size_t n = strlen(hosts);

	return len >= n && memcmp(group + len - n, hosts, n) == 0;
}
