/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "problem.h"

#include "check.h"
#include "log.h"

#include <string.h>

void confd_problem_set(struct confd_resource *r, const char *event, const struct err *err)
{
	bool news = !r->problem || strcmp(r->problem, err->msg) != 0;

	r->group->confd->stats.failures++;
	if (news)
		log_error(event, STR("resource", r->key),
			  STR("dest", r->dest ? r->dest : ""), ERR(err));
	else
		log_debug(event, STR("resource", r->key), ERR(err));
	free(r->problem);
	r->problem = xstrdup(err->msg);
}

void confd_problem_clear(struct confd_resource *r)
{
	free(TAKE(r->problem));
}

int64_t confd_retry_longer(const struct confd_resource *r, int64_t retry_ms)
{
	const struct confd_opts *o = &r->group->confd->opts;

	return retry_ms ? MIN(retry_ms * 2, o->retry_most_ms) : o->retry_first_ms;
}
