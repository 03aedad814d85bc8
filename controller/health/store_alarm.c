/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_alarm.h"

#include "check.h"
#include "net.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 2000

const char *store_alarm_read(const char *answer, size_t len, char *ret, size_t size)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *alarm;
	size_t i;

	if (json_parse(answer, len, "alarms", &doc, NULL) < 0)
		return NULL;
	json_array_foreach(json_object_get(doc, "alarms"), i, alarm)
	{
		const char *what = json_string_value(json_object_get(alarm, "alarm"));

		if (what && strcmp(what, "NOSPACE") == 0) {
			snprintf(
				ret, size,
				"the store is out of space (etcd alarm NOSPACE) and "
				"takes no "
				"writes: compact and defragment it, or raise "
				"--quota-backend-bytes, then run 'etcdctl alarm disarm'");
			return "store-no-space";
		}
		if (what && strcmp(what, "NONE") != 0) {
			snprintf(ret, size,
				 "the store has the alarm %s raised: see 'etcdctl alarm "
				 "list' "
				 "and etcd's manual",
				 what);
			return "store-alarm";
		}
	}
	return NULL;
}

static bool ask(const struct store_opts *o, const char *member, struct http_res *res)
{
	static const char body[] = "{\"action\":\"GET\"}";
	CLEANUP(free) char *url = xasprintf("%s/v3/maintenance/alarm", member);
	const struct http_req req = {
		.url = url,
		.body = body,
		.body_len = sizeof(body) - 1,
		.ca_file = o->ca_file,
		.cert_file = o->cert_file,
		.key_file = o->key_file,
		.connect_timeout_ms = TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
	};

	return http_exchange(&req, res, NULL) == 0 && res->status == 200;
}

const char *store_alarm(const struct store_opts *o, bool *ret_known, char *ret,
			size_t size)
{
	CLEANUP(free) char *urls = xstrdup(o->endpoints);
	char *next = urls, *url;

	*ret_known = false;
	while (!*ret_known && (url = strsep(&next, ", "))) {
		CLEANUP(http_res_done) struct http_res res = { 0 };

		if (!*url || !ask(o, url, &res))
			continue;
		*ret_known = true;
		return store_alarm_read(buf_str(&res.body), res.body.len, ret, size);
	}
	return NULL;
}
