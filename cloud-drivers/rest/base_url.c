/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base_url.h"

#include <string.h>

int rest_base_url(const char *name, char *url, struct err *err)
{
	size_t n = strlen(url);

	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return err_set(err, ERR_INVAL, "%s must begin with https:// or http://",
			       name);
	while (n > 0 && url[n - 1] == '/')
		url[--n] = '\0';
	return 0;
}
