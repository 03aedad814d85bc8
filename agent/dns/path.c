/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "path.h"

#include "check.h"

#include <ctype.h>
#include <string.h>

static bool add_label(char path[DNS_PATH_MAX], size_t *len, const char *label, size_t n)
{
	if (n == 0 || n > 63 || *len + n + 1 >= DNS_PATH_MAX)
		return false;
	if (*len)
		path[(*len)++] = '/';
	for (size_t i = 0; i < n; i++)
		path[(*len)++] = (char)tolower((unsigned char)label[i]);
	path[*len] = '\0';
	return true;
}

bool dns_path_from_name(const char *name, char path[DNS_PATH_MAX])
{
	size_t end = strlen(name), len = 0;

	if (end && name[end - 1] == '.')
		end--;
	if (end == 0 || end >= DNS_PATH_MAX || memchr(name, '/', end))
		return false;
	while (end > 0) {
		size_t from = end;

		while (from > 0 && name[from - 1] != '.')
			from--;
		if (!add_label(path, &len, name + from, end - from))
			return false;
		end = from ? from - 1 : 0;
		if (from == 1)
			return false;
	}
	return true;
}

bool dns_path_from_wire(const uint8_t *wire, char path[DNS_PATH_MAX])
{
	const uint8_t *labels[128];
	size_t n = 0, len = 0;

	for (const uint8_t *p = wire; *p; p += *p + 1) {
		if (n == ARRAY_SIZE(labels) || *p > 63)
			return false;
		if (memchr(p + 1, '/', *p) || memchr(p + 1, '\0', *p))
			return false;
		labels[n++] = p;
	}
	path[0] = '\0';
	while (n > 0) {
		n--;
		if (!add_label(path, &len, (const char *)labels[n] + 1, *labels[n]))
			return false;
	}
	return true;
}

void dns_name_from_path(const char *path, size_t strip, char name[DNS_PATH_MAX])
{
	size_t end = strlen(path), len = 0, labels = 1;

	for (const char *p = path; *p; p++)
		labels += *p == '/';
	while (end > 0) {
		size_t from = end;

		while (from > 0 && path[from - 1] != '/')
			from--;
		if (strip > 0 && strip < labels) {
			strip--;
			labels--;
		} else {
			memcpy(name + len, path + from, end - from);
			len += end - from;
			name[len++] = '.';
		}
		end = from ? from - 1 : 0;
	}
	name[len ? len - 1 : 0] = '\0';
}

/* A key's path, with labels that are valid in a host name. */
bool dns_path_from_key(const char *key, char path[DNS_PATH_MAX])
{
	size_t len = 0;

	if (strncmp(key, DNS_KEY_ROOT, strlen(DNS_KEY_ROOT)) != 0)
		return false;
	for (const char *p = key + strlen(DNS_KEY_ROOT); *p;) {
		size_t n = strcspn(p, "/"), from = len;

		if (n && !add_label(path, &len, p, MIN(n, 63u)))
			return false;
		for (size_t i = from ? from + 1 : 0; i < len; i++)
			if (!isalnum((unsigned char)path[i]) && path[i] != '-' &&
			    path[i] != '_')
				path[i] = '-';
		p += n + (p[n] == '/');
	}
	return len > 0;
}
