/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host_record.h"

#include "check.h"
#include "process.h"
#include "registration.h"
#include "text.h"

#include <string.h>

static json_t *metadata_json(const char *text)
{
	CLEANUP(free) char *copy = xstrdup(text);
	char *next = copy, *pair;
	json_t *o = json_object();

	while ((pair = strsep(&next, ","))) {
		char *equals = strchr(pair, '=');

		pair += strspn(pair, " ");
		if (!equals || equals == pair)
			continue;
		*equals = '\0';
		json_object_set_new(o, pair, json_string(equals + 1));
	}
	return o;
}

static char *boot_id(void)
{
	char *text = NULL;

	if (conf_read_file("/proc/sys/kernel/random/boot_id", 64, &text, NULL, NULL) < 0)
		return xstrdup("");
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static double or_else(double x, double other)
{
	return x > 0 ? x : other;
}

void host_record_set_vanished(json_t *all, const char *group, bool is)
{
	size_t i = 0;

	while (i < json_array_size(all) &&
	       strcmp(json_string_value(json_array_get(all, i)), group) != 0)
		i++;
	if (!is)
		(void)json_array_remove(all, i);
	else if (i == json_array_size(all))
		json_array_append_new(all, json_string(group));
}

json_t *host_record_vanished(const json_t *all)
{
	json_t *named = json_array();

	for (size_t i = 0; i < MIN(json_array_size(all), (size_t)HOST_RECORD_VANISHED);
	     i++)
		json_array_append(named, json_array_get(all, i));
	return named;
}

void host_record_publish(struct lease *l, const struct agent_conf *conf,
			 const char *address, const char *domain, int64_t joined_ms,
			 const json_t *vanished, const char *put_right,
			 const struct interruption_notice *interruption)
{
	CLEANUP(free) char *key = xasprintf("/foretide/hosts/%s", conf->id);
	CLEANUP(free) char *boot = boot_id();
	CLEANUP(free) char *text = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	struct cgroup_usage u;
	double pages = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);

	cgroup_own_usage(&u);
	doc = json_pack("{s:s,s:s,s:s,s:s,s:s,s:f,s:I,s:o,s:s,s:I}", "id", conf->id,
			"name", conf->id, "address", address, "pool", conf->pool,
			"agent_version", FORETIDE_VERSION, "cpu",
			or_else(u.cpu_limit_cores, (double)sysconf(_SC_NPROCESSORS_ONLN)),
			"memory_bytes", (json_int_t)or_else(u.memory_limit_bytes, pages),
			"metadata", metadata_json(conf->metadata), "boot_id", boot,
			"joined_at", (json_int_t)joined_ms);
	CHECK(doc);
	if (json_array_size(vanished))
		json_object_set_new(doc, "vanished", host_record_vanished(vanished));
	if (*put_right)
		json_object_set_new(doc, "put_right", json_string(put_right));
	if (*interruption->how)
		json_object_set_new(doc, "interruption",
				    json_pack("{s:s, s:s}", "how", interruption->how,
					      "at", interruption->at));
	text = json_dumps(doc, JSON_COMPACT);
	lease_set(l, key, text);
	free(TAKE(key));
	key = registration_host_key(domain, conf->id);
	free(TAKE(text));
	text = registration_value(address, 0, 0, 0);
	lease_set(l, key, text);
}
