/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "enroll_info.h"

#include "buf.h"
#include "check.h"
#include "enroll_users.h"

#include <string.h>

void enroll_info_done(struct enroll_info *i)
{
	free(i->store);
	free(i->domain);
	enroll_users_done(i);
	*i = (struct enroll_info){ 0 };
}

static char *join_list(const json_t *list)
{
	CLEANUP(buf_done) struct buf b;
	const json_t *item;
	size_t i;

	buf_init(&b, 64 * 1024);
	json_array_foreach(list, i, item) if (json_is_string(item))
		buf_printf(&b, "%s%s", b.len ? "," : "", json_string_value(item));
	return buf_take(&b);
}

int enroll_info_read(const json_t *doc, struct enroll_info *ret, struct err *err)
{
	CLEANUP(enroll_info_done)
	struct enroll_info i = { .lease_ttl_s = 5,
				 .time_scale = 1,
				 .metrics_interval_ms = 10000 };
	const char *domain = "foretide.local", *mode = "embedded";
	int rc;

	if ((rc = jread_str_opt(doc, "domain", &domain, err)) < 0 ||
	    (rc = jread_str_opt(doc, "store_mode", &mode, err)) < 0 ||
	    (rc = jread_int_opt(doc, "lease_ttl_s", &i.lease_ttl_s, err)) < 0 ||
	    (rc = jread_num_opt(doc, "time_scale", &i.time_scale, err)) < 0 ||
	    (rc = jread_int_opt(doc, "time_epoch_ms", &i.time_epoch_ms, err)) < 0 ||
	    (rc = jread_int_opt(doc, "metrics_interval_ms", &i.metrics_interval_ms,
				err)) < 0)
		return rc;
	i.is_external = strcmp(mode, "embedded") != 0;
	i.store = join_list(json_object_get(doc, "store"));
	if (!*i.store)
		return err_set(err, ERR_PROTO, "the answer names no store");
	if (i.lease_ttl_s < 1 || i.time_scale < 1 || i.time_scale > 10000 ||
	    i.metrics_interval_ms < 100)
		return err_set(err, ERR_PROTO, "a number in the answer is out of range");
	if ((rc = enroll_users_read(doc, &i, err)) < 0)
		return rc;
	i.domain = xstrdup(domain);
	*ret = i;
	i = (struct enroll_info){ 0 };
	return 0;
}
