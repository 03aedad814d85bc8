/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cloud.h"

#include "check.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define CLOUD_MAX_BYTES (64 << 20)
#define KEPT_GONE 200 /* terminated VMs that are kept, for ghosts */

/* ---------------------------------------------------------------- the file */

static int lock(struct cloud *c, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/lock", c->dir);

	if (mkdir(c->dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_STORE, "%s", c->dir);
	c->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c->lock_fd < 0 || flock(c->lock_fd, LOCK_EX) < 0)
		return err_errno(err, ERR_STORE, "%s", path);
	return 0;
}

static int read_doc(struct cloud *c, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", c->dir);
	CLEANUP(free) char *text = NULL;
	size_t len = 0;
	int rc = conf_read_file(path, CLOUD_MAX_BYTES, &text, &len, err);

	if (rc == ERR_NOT_FOUND) {
		c->doc = json_pack("{si s[] s{} s{}}", "next", 1, "vms", "used", "calls");
		return 0;
	}
	if (rc == 0)
		rc = json_parse(text, len, path, &c->doc, err);
	if (rc == 0 && (!json_is_array(cloud_vms(c)) || !json_is_object(cloud_used(c)) ||
			!json_is_object(json_object_get(c->doc, "calls"))))
		rc = err_set(err, ERR_PROTO, "%s is not a scripted cloud", path);
	return rc;
}

int cloud_open(const char *dir, struct cloud *ret, struct err *err)
{
	CLEANUP(cloud_close) struct cloud c = { .dir = xstrdup(dir), .lock_fd = -1 };
	int rc = lock(&c, err);

	if (rc == 0)
		rc = read_doc(&c, err);
	if (rc < 0)
		return rc;
	*ret = c;
	c = (struct cloud){ .lock_fd = -1 };
	return 0;
}

void cloud_close(struct cloud *c)
{
	json_decref(c->doc);
	if (c->lock_fd >= 0)
		close(c->lock_fd);
	free(c->dir);
	free(c->bill);
	*c = (struct cloud){ .lock_fd = -1 };
}

static const char *text_of(const json_t *vm, const char *member)
{
	const char *text = json_string_value(json_object_get(vm, member));

	return text ? text : "";
}

json_t *cloud_vms(const struct cloud *c)
{
	return json_object_get(c->doc, "vms");
}

json_t *cloud_used(const struct cloud *c)
{
	return json_object_get(c->doc, "used");
}

void cloud_count_call(struct cloud *c, const char *op)
{
	json_t *calls = json_object_get(c->doc, "calls");
	json_int_t n = json_integer_value(json_object_get(calls, op));

	json_object_set_new(calls, op, json_integer(n + 1));
}

/* ---------------------------------------------------------------- the bill */

/* A line of bill.csv, which cloud_write() writes. */
static void bill(struct cloud *c, const json_t *vm, const char *what, int64_t at_ms)
{
	CLEANUP(free) char *before = c->bill;

	c->bill = xasprintf("%s%s,%s,%s,%s,%" PRId64 "\n", before ? before : "", what,
			    text_of(vm, "id"), text_of(vm, "pool"), text_of(vm, "name"),
			    at_ms);
}

static int write_bill(struct cloud *c, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/bill.csv", c->dir);
	CLEANUP(free) char *lines = TAKE(c->bill);
	FILE *f = lines ? fopen(path, "ae") : NULL;
	bool is_written;

	if (!lines)
		return 0;
	if (!f)
		return err_errno(err, ERR_STORE, "%s", path);
	is_written = fputs(lines, f) >= 0;
	if (fclose(f) != 0 || !is_written)
		return err_set(err, ERR_STORE, "writing %s", path);
	return 0;
}

int cloud_write(struct cloud *c, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", c->dir);
	CLEANUP(free) char *fresh = xasprintf("%s/cloud.json.new", c->dir);

	if (json_dump_file(c->doc, fresh, JSON_INDENT(1)) < 0)
		return err_set(err, ERR_STORE, "writing %s", fresh);
	if (rename(fresh, path) < 0)
		return err_errno(err, ERR_STORE, "%s", path);
	return write_bill(c, err);
}

/* ---------------------------------------------------------------- VMs */

static json_t *labels_of(const struct drv_launch *l)
{
	json_t *labels = json_object();

	for (size_t i = 0; i < l->n_labels; i++)
		json_object_set_new(labels, l->labels[i].key,
				    json_string(l->labels[i].value));
	return labels;
}

static void forget_oldest_gone(struct cloud *c)
{
	json_t *vms = cloud_vms(c);
	size_t gone = json_array_size(vms) - (size_t)cloud_standing(c), i = 0;

	while (gone > KEPT_GONE && i < json_array_size(vms)) {
		if (!cloud_is_gone(json_array_get(vms, i))) {
			i++;
			continue;
		}
		json_array_remove(vms, i);
		gone--;
	}
}

/* As text where a JSON document can hold it, else as "user_data_base64". */
static void set_user_data(json_t *vm, const struct drv_launch *l)
{
	const void *data = l->user_data_len ? l->user_data : "";
	json_t *text = memchr(data, '\0', l->user_data_len)
			       ? NULL
			       : json_stringn(data, l->user_data_len);
	CLEANUP(buf_done) struct buf coded;

	buf_init(&coded, 2 * l->user_data_len + 8);
	if (text) {
		json_object_set_new(vm, "user_data", text);
		return;
	}
	base64_encode(&coded, data, l->user_data_len);
	json_object_set_new(vm, "user_data", json_string(""));
	json_object_set_new(vm, "user_data_base64", json_string(buf_str(&coded)));
}

json_t *cloud_add(struct cloud *c, const struct drv_launch *l, const char *type,
		  int64_t now_ms, int64_t boot_ms, bool fails)
{
	json_int_t number = json_integer_value(json_object_get(c->doc, "next"));
	json_t *vm = json_object();

	json_object_set_new(vm, "id", json_sprintf("vm-%lld", (long long)number));
	json_object_set_new(vm, "launch_id", json_string(l->launch_id));
	json_object_set_new(vm, "owner", json_string(l->owner));
	json_object_set_new(vm, "pool", json_string(l->pool));
	json_object_set_new(vm, "name", json_string(l->name));
	json_object_set_new(vm, "type", json_string(type));
	json_object_set_new(vm, "zone", json_string(l->zone));
	json_object_set_new(vm, "address",
			    json_sprintf("198.18.%lld.%lld",
					 (long long)(number / 250 % 256),
					 (long long)(number % 250 + 1)));
	json_object_set_new(vm, "spot", json_boolean(l->spot));
	json_object_set_new(vm, "fails", json_boolean(fails));
	json_object_set_new(vm, "created_ms", json_integer(now_ms));
	json_object_set_new(vm, "ready_ms",
			    json_integer(boot_ms < 0 ? INT64_MAX : now_ms + boot_ms));
	json_object_set_new(vm, "gone_ms", json_integer(0));
	json_object_set_new(vm, "labels", labels_of(l));
	set_user_data(vm, l);
	forget_oldest_gone(c);
	json_array_append_new(cloud_vms(c), vm);
	bill(c, vm, "launched", now_ms);
	json_object_set_new(c->doc, "next", json_integer(number + 1));
	return vm;
}

json_t *cloud_find(const struct cloud *c, const char *member, const char *value)
{
	size_t i;
	json_t *vm;

	json_array_foreach(cloud_vms(c), i, vm)
	{
		const char *has = json_string_value(json_object_get(vm, member));

		if (has && strcmp(has, value) == 0)
			return vm;
	}
	return NULL;
}

bool cloud_is_gone(const json_t *vm)
{
	return cloud_time(vm, "gone_ms") != 0;
}

void cloud_remove(struct cloud *c, json_t *vm, int64_t now_ms)
{
	if (cloud_is_gone(vm))
		return;
	bill(c, vm, "ended", now_ms);
	json_object_set_new(vm, "gone_ms", json_integer(now_ms));
	/* Most of its text, which every call reads and writes. */
	json_object_set_new(vm, "user_data", json_string(""));
	json_object_del(vm, "user_data_base64");
}

bool cloud_is_of(const json_t *vm, const char *owner)
{
	const char *has = json_string_value(json_object_get(vm, "owner"));

	return has && strcmp(has, owner) == 0;
}

int64_t cloud_time(const json_t *vm, const char *member)
{
	return json_integer_value(json_object_get(vm, member));
}

int64_t cloud_standing(const struct cloud *c)
{
	int64_t n = 0;
	size_t i;
	json_t *vm;

	json_array_foreach(cloud_vms(c), i, vm) n += !cloud_is_gone(vm);
	return n;
}

static void copy(char *to, size_t size, const json_t *vm, const char *member)
{
	snprintf(to, size, "%s", text_of(vm, member));
}

void cloud_fill_vm(struct drv_vm *ret, const json_t *vm, int64_t now_ms)
{
	bool ready = now_ms >= cloud_time(vm, "ready_ms");
	bool fails = json_is_true(json_object_get(vm, "fails"));

	memset(ret, 0, sizeof(*ret));
	copy(ret->id, sizeof(ret->id), vm, "id");
	copy(ret->launch_id, sizeof(ret->launch_id), vm, "launch_id");
	copy(ret->owner, sizeof(ret->owner), vm, "owner");
	copy(ret->pool, sizeof(ret->pool), vm, "pool");
	copy(ret->name, sizeof(ret->name), vm, "name");
	copy(ret->type, sizeof(ret->type), vm, "type");
	copy(ret->zone, sizeof(ret->zone), vm, "zone");
	copy(ret->address, sizeof(ret->address), vm, "address");
	ret->spot = json_is_true(json_object_get(vm, "spot"));
	ret->created_ms = cloud_time(vm, "created_ms");
	ret->state = !ready ? DRV_VM_PENDING : fails ? DRV_VM_FAILED : DRV_VM_RUNNING;
	if (ret->state == DRV_VM_FAILED)
		snprintf(ret->message, sizeof(ret->message), "the VM did not start");
	if (json_is_true(json_object_get(vm, "stopping")))
		ret->state = DRV_VM_STOPPING;
	if (cloud_is_gone(vm))
		ret->state = DRV_VM_GONE;
}
