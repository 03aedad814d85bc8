/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "words.h"

#include "check.h"
#include "cleanup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int rest_each_word(const char *list, rest_word_fn *fn, void *arg, struct drv_err *err)
{
	while (list && *list) {
		const size_t n = strcspn(list, ",");
		CLEANUP(free) char *word = xstrndup(list, n);
		char *from = word, *to = word + n;
		int rc;

		while (isspace((unsigned char)*from))
			from++;
		while (to > from && isspace((unsigned char)to[-1]))
			*--to = '\0';
		rc = *from ? fn(arg, from, err) : 0;
		if (rc < 0)
			return rc;
		list += n + (list[n] == ',');
	}
	return 0;
}
