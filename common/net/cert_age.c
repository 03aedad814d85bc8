/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cert_age.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void cert_age_done(struct cert_age *a)
{
	free(TAKE(a->file));
}

static bool is_first(const struct cert_age *a, const char *file, const struct stat *st)
{
	return !a->is_replaced && strcmp(a->file, file) == 0 &&
	       a->written.tv_sec == st->st_mtim.tv_sec &&
	       a->written.tv_nsec == st->st_mtim.tv_nsec;
}

void cert_age_set(struct cert_age *a, CURL *h, const char *cert_file)
{
	struct stat st;
	int64_t age_s;

	if (stat(cert_file, &st) < 0)
		return;
	if (!a->file) {
		a->file = xstrdup(cert_file);
		a->written = st.st_mtim;
	}
	if (is_first(a, cert_file, &st))
		return;
	a->is_replaced = true;
	age_s = clock_wall_ms() / 1000 - (int64_t)st.st_mtim.tv_sec;
	/* curl counts whole seconds; a clock that was set back says nothing. */
	if (age_s >= 0 && age_s < 2)
		curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
	else if (age_s >= 2 && age_s < LONG_MAX)
		curl_easy_setopt(h, CURLOPT_MAXLIFETIME_CONN, (long)age_s - 1);
}
