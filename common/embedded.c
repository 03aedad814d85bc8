/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "embedded.h"

#include "check.h"

#include <string.h>

const char *embedded_text(const struct embedded *files, const char *name)
{
	while (files->path && strcmp(files->path, name) != 0)
		files++;
	CHECK(files->path);
	return (const char *)files->data;
}
