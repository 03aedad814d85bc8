/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "meta.h"

#include "check.h"
#include "cleanup.h"
#include "files.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define META_MAX_BYTES 16384

static json_t *meta_to_json(const struct meta *m)
{
	return json_pack(
		"{ss ss ss ss ss ss ss sf sI sI sb sI sI ss ss si sI ss}", "launch_id",
		m->launch_id, "owner", m->owner, "pool", m->pool, "name", m->name, "type",
		m->type, "address", m->address, "veth", m->veth, "cpu", m->cpu,
		"memory_bytes", (json_int_t)m->memory_bytes, "created_ms",
		(json_int_t)m->created_ms, "spot", m->spot, "pid", (json_int_t)m->pid,
		"pid_start", (json_int_t)m->pid_start, "boot_id", m->boot_id, "gateway",
		m->gateway, "prefix", m->prefix, "boot_delay_ms",
		(json_int_t)m->boot_delay_ms, "mask", m->mask);
}

int meta_write(int dirfd, const struct meta *m, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = meta_to_json(m);
	CLEANUP(free) char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
	int rc;

	if (!text)
		return err_set(err, ERR_INVAL, "a name is not UTF-8 text");
	rc = write_file_at(dirfd, "meta.json.new", text, strlen(text), 0600, err);
	if (rc < 0)
		return rc;
	if (renameat(dirfd, "meta.json.new", dirfd, "meta.json") < 0)
		return err_errno(err, ERR_STORE, "meta.json");
	return 0;
}

struct text_member {
	const char *key;
	char *to;
	size_t size;
};

static int read_texts(const json_t *doc, const struct text_member *t, size_t n,
		      struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = NULL;
		int rc = jread_str(doc, t[i].key, &value, err);

		if (rc < 0)
			return rc;
		snprintf(t[i].to, t[i].size, "%s", value);
	}
	return 0;
}

struct int_member {
	const char *key;
	int64_t *to;
};

static int read_ints(const json_t *doc, const struct int_member *t, size_t n,
		     struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = jread_int(doc, t[i].key, t[i].to, err);
	return rc;
}

static int meta_from_json(const json_t *doc, struct meta *m, struct err *err)
{
	const struct text_member texts[] = {
		{ "launch_id", m->launch_id, sizeof(m->launch_id) },
		{ "owner", m->owner, sizeof(m->owner) },
		{ "pool", m->pool, sizeof(m->pool) },
		{ "name", m->name, sizeof(m->name) },
		{ "type", m->type, sizeof(m->type) },
		{ "address", m->address, sizeof(m->address) },
		{ "veth", m->veth, sizeof(m->veth) },
		{ "boot_id", m->boot_id, sizeof(m->boot_id) },
		{ "gateway", m->gateway, sizeof(m->gateway) },
		{ "mask", m->mask, sizeof(m->mask) },
	};
	int64_t pid, pid_start, prefix;
	const struct int_member ints[] = {
		{ "memory_bytes", &m->memory_bytes },
		{ "created_ms", &m->created_ms },
		{ "boot_delay_ms", &m->boot_delay_ms },
		{ "pid", &pid },
		{ "pid_start", &pid_start },
		{ "prefix", &prefix },
	};
	int rc = read_texts(doc, texts, ARRAY_SIZE(texts), err);

	if (rc == 0)
		rc = read_ints(doc, ints, ARRAY_SIZE(ints), err);
	if (rc == 0)
		rc = jread_num(doc, "cpu", &m->cpu, err);
	if (rc == 0)
		rc = jread_bool_opt(doc, "spot", &m->spot, err);
	if (rc < 0)
		return rc;
	m->pid = (pid_t)pid;
	m->pid_start = (uint64_t)pid_start;
	m->prefix = (int)prefix;
	return 0;
}

int meta_read(int dirfd, struct meta *ret, struct err *err)
{
	char text[META_MAX_BYTES];
	CLEANUP(json_decref) json_t *doc = NULL;
	struct meta m = { .pid = 0 };
	int rc = read_text_at(dirfd, "meta.json", text, sizeof(text), err);

	if (rc == 0)
		rc = json_parse(text, strlen(text), "meta.json", &doc, err);
	if (rc == 0)
		rc = meta_from_json(doc, &m, err);
	if (rc == 0)
		*ret = m;
	return rc;
}
