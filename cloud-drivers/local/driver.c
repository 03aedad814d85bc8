/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local/driver.c - hosts made of namespaces on this machine.
 *
 * A VM's id is its launch id. All that is known about a host is in the state folder, so
 * another process, or this one after a restart, sees the same hosts.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "hosts.h"
#include "validate.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <sys/file.h>
#include <sys/stat.h>

#define USER_DATA_MAX 16384
#define CONSOLE_TAIL 65536

struct drv {
	const struct drv_host *host;
	struct local_conf conf;
	char *init;
	uint32_t address_hint;
};

static const struct drv_caps caps = {
	.flags = DRV_CAP_IDEMPOTENT_KEY | DRV_CAP_LIST_BY_OWNER | DRV_CAP_CONSOLE |
		 DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = 0,
	.label_max_bytes = 60,
	.in_flight = 8,
};

/* ---------------------------------------------------------------- open and close */

/* Beside the driver, one folder up (the build tree), or where it is installed. */
static char *find_init(const struct local_conf *c)
{
	CLEANUP(free) char *file = NULL;
	Dl_info info;
	const char *dir;

	if (c->init)
		return xstrdup(c->init);
	if (dladdr(&caps, &info) && info.dli_fname)
		file = realpath(info.dli_fname, NULL);
	dir = file ? dirname(file) : "/usr/lib/foretide/drivers";
	for (int up = 0; up < 2; up++) {
		CLEANUP(free)
		char *path = xasprintf("%s%s/foretide-local-init", dir, up ? "/.." : "");

		if (access(path, X_OK) == 0)
			return TAKE(path);
	}
	return xstrdup("foretide-local-init");
}

static void local_close(struct drv *d)
{
	if (!d)
		return;
	local_conf_done(&d->conf);
	free(d->init);
	free(d);
}

static int local_open(const struct drv_host *host, const char *config_json,
		      struct drv **ret, struct drv_err *err)
{
	struct local_conf conf;
	struct err e;
	int rc = local_conf_read(config_json, &conf, &e);

	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->host = host;
	(*ret)->conf = conf;
	(*ret)->init = find_init(&conf);
	return 0;
}

static const struct drv_caps *local_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

static int64_t left_ms(const struct drv *d, int64_t deadline_mono_ms)
{
	int64_t left = deadline_mono_ms - d->host->mono_ms(d->host->ctx);

	return left > 0 ? left : 0;
}

/* ---------------------------------------------------------------- validate */

static int local_validate(struct drv *d, int64_t deadline, drv_report_fn *report,
			  void *arg, struct drv_err *err)
{
	(void)deadline;
	return validate_machine(&d->conf, d->init, report, arg, err);
}

static int local_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
		       struct drv_err *err)
{
	const struct local_type *t;

	(void)deadline;
	(void)err;
	for (size_t i = 0; (t = local_type_at(i)); i++) {
		const struct drv_type type = {
			.name = t->name,
			.cpu = d->conf.cpu > 0 ? d->conf.cpu : t->cpu,
			.memory_bytes = d->conf.memory_bytes ? d->conf.memory_bytes
							     : t->memory_bytes,
			.price_hour = NAN,
			.spot_price_hour = NAN,
			.currency = "",
		};

		each(arg, &type);
	}
	return 0;
}

/* ---------------------------------------------------------------- list */

static void fill_vm(struct drv_vm *vm, const struct meta *m)
{
	memset(vm, 0, sizeof(*vm));
	snprintf(vm->id, sizeof(vm->id), "%s", m->launch_id);
	snprintf(vm->launch_id, sizeof(vm->launch_id), "%s", m->launch_id);
	snprintf(vm->owner, sizeof(vm->owner), "%s", m->owner);
	snprintf(vm->pool, sizeof(vm->pool), "%s", m->pool);
	snprintf(vm->name, sizeof(vm->name), "%s", m->name);
	snprintf(vm->type, sizeof(vm->type), "%s", m->type);
	snprintf(vm->zone, sizeof(vm->zone), "local");
	snprintf(vm->address, sizeof(vm->address), "%s", m->address);
	vm->spot = m->spot;
	vm->created_ms = m->created_ms;
}

struct listing {
	const char *owner;
	drv_vm_fn *each;
	void *arg;
};

static void on_host(void *arg, const struct meta *m, enum drv_vm_state state,
		    const char *message)
{
	const struct listing *l = arg;
	struct drv_vm vm;

	if (strcmp(m->owner, l->owner) != 0)
		return;
	fill_vm(&vm, m);
	vm.state = state;
	if (state == DRV_VM_FAILED)
		snprintf(vm.message, sizeof(vm.message), "%s", message);
	l->each(l->arg, &vm);
}

static int local_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
		      void *arg, struct drv_err *err)
{
	struct listing l = { .owner = owner, .each = each, .arg = arg };
	struct state s;
	struct err e;
	int rc = state_open(d->conf.state_dir, false, &s, &e);

	if (rc == ERR_NOT_FOUND)
		return 0; /* no host was ever created */
	if (rc == 0)
		rc = inventory_each(&s, left_ms(d, deadline), on_host, &l, &e);
	return rc < 0 ? drv_fail(err, DRV_TRANSIENT, "%s", e.msg) : 0;
}

/* -------------------------------------------------------------- launch and terminate */

static const struct local_type *pick_type(const struct drv *d, const struct drv_launch *l)
{
	if (!l->types || !l->types[0])
		return local_type_find(d->conf.type);
	for (const char *const *t = l->types; *t; t++)
		if (local_type_find(*t))
			return local_type_find(*t);
	return NULL;
}

static void count_one(void *arg, const char *launch_id)
{
	(void)launch_id;
	++*(int64_t *)arg;
}

static int check_quota(const struct drv *d, const struct state *s, const char *launch_id,
		       struct drv_err *err)
{
	CLEANUP(close_fd) int there = -1;
	int64_t used = 0;
	struct err e;
	int rc = host_each(s, count_one, &used, &e);

	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	if (used < d->conf.max_hosts ||
	    host_open(s, launch_id, false, false, 0, &there, &e) == 0)
		return 0;
	return drv_fail(err, DRV_QUOTA,
			"there are %lld hosts, as many as max_hosts allows",
			(long long)used);
}

static void fill_order(struct host_order *o, const struct drv *d,
		       const struct drv_launch *l, const struct local_type *t)
{
	struct meta *m = &o->meta;

	snprintf(m->launch_id, sizeof(m->launch_id), "%s", l->launch_id);
	snprintf(m->owner, sizeof(m->owner), "%s", l->owner);
	snprintf(m->pool, sizeof(m->pool), "%s", l->pool);
	snprintf(m->name, sizeof(m->name), "%s", l->name);
	snprintf(m->type, sizeof(m->type), "%s", t->name);
	snprintf(m->mask, sizeof(m->mask), "%s", d->conf.mask);
	m->cpu = d->conf.cpu > 0 ? d->conf.cpu : t->cpu;
	m->memory_bytes = d->conf.memory_bytes ? d->conf.memory_bytes : t->memory_bytes;
	m->boot_delay_ms = d->conf.boot_delay_ms;
	m->created_ms = d->host->wall_ms(d->host->ctx);
	m->spot = l->spot;
	o->user_data = l->user_data_len ? l->user_data : "";
	o->user_data_len = l->user_data_len;
	o->init = d->init;
}

/* A launch id launches once, whatever has become of its host. */
static void fill_ended(struct drv_vm *ret, const struct drv *d,
		       const struct drv_launch *l, const struct local_type *t)
{
	struct host_order order;

	memset(&order, 0, sizeof(order));
	fill_order(&order, d, l, t);
	fill_vm(ret, &order.meta);
	ret->state = DRV_VM_GONE;
}

static int local_launch(struct drv *d, const struct drv_launch *launch, int64_t deadline,
			struct drv_vm *ret, struct drv_err *err)
{
	const struct local_type *type = pick_type(d, launch);
	struct host_order order = { .init = NULL };
	struct meta made;
	struct state s;
	struct err e;
	int rc = drv_check_launch(launch, USER_DATA_MAX, err);

	if (rc < 0)
		return rc;
	if (!type)
		return drv_fail(err, DRV_BADREQ, "there is no type '%s'",
				launch->types[0]);
	rc = state_open(d->conf.state_dir, true, &s, &e);
	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	if (ended_has(&s, launch->launch_id)) {
		fill_ended(ret, d, launch, type);
		return 0;
	}
	rc = check_quota(d, &s, launch->launch_id, err);
	if (rc < 0)
		return rc;
	fill_order(&order, d, launch, type);
	rc = host_make(&s, &d->conf, &order, &d->address_hint, left_ms(d, deadline),
		       &made, &e);
	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	fill_vm(ret, &made);
	ret->state = DRV_VM_PENDING;
	return 0;
}

static int local_terminate(struct drv *d, const char *owner, const char *vm_id,
			   int64_t deadline, struct drv_err *err)
{
	CLEANUP(close_fd) int dirfd = -1;
	struct state s;
	struct meta m;
	struct err e;
	int rc;

	if (!drv_is_word(vm_id))
		return drv_fail(err, DRV_BADREQ, "'%s' is not a host id", vm_id);
	rc = state_open(d->conf.state_dir, false, &s, &e);
	if (rc == 0)
		rc = host_open(&s, vm_id, false, true, left_ms(d, deadline), &dirfd, &e);
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc == 0 && meta_read(dirfd, &m, NULL) == 0 && strcmp(m.owner, owner) != 0)
		return drv_fail(err, DRV_CONFLICT, "host %s belongs to '%s'", vm_id,
				m.owner);
	if (rc == 0)
		rc = ended_note(&s, vm_id, &e);
	if (rc == 0)
		rc = host_remove_locked(&s, vm_id, dirfd, left_ms(d, deadline), &e);
	return rc < 0 ? drv_fail_err(err, rc, &e) : 0;
}

/* ---------------------------------------------------------------- console, quota */

static int local_console(struct drv *d, const char *vm_id, int64_t deadline,
			 drv_text_fn *text, void *arg, struct drv_err *err)
{
	CLEANUP(free) char *tail = xmalloc(CONSOLE_TAIL);
	CLEANUP(close_fd) int dirfd = -1;
	CLEANUP(close_fd) int fd = -1;
	struct state s;
	struct stat st;
	struct err e;
	ssize_t n;
	int rc;

	(void)deadline;
	if (!drv_is_word(vm_id))
		return drv_fail(err, DRV_BADREQ, "'%s' is not a host id", vm_id);
	rc = state_open(d->conf.state_dir, false, &s, &e);
	if (rc == 0)
		rc = host_open(&s, vm_id, false, false, 0, &dirfd, &e);
	if (rc < 0)
		return drv_fail_err(err, rc, &e);
	fd = openat(dirfd, "console.log", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_SH) < 0 || fstat(fd, &st) < 0)
		return drv_fail(err, DRV_NOTFOUND, "host %s has no console yet", vm_id);
	n = pread(fd, tail, CONSOLE_TAIL, MAX(st.st_size - CONSOLE_TAIL, 0));
	if (n < 0)
		return drv_fail(err, DRV_TRANSIENT, "the console of %s: %s", vm_id,
				strerrordesc_np(errno));
	text(arg, tail, (size_t)n);
	return 0;
}

static int local_quota(struct drv *d, int64_t deadline, struct drv_quota *ret,
		       struct drv_err *err)
{
	struct drv_quota q = { .limit = d->conf.max_hosts };
	struct state s;
	struct err e;
	int rc = state_open(d->conf.state_dir, false, &s, &e);

	(void)deadline;
	if (rc == 0)
		rc = host_each(&s, count_one, &q.used, &e);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return drv_fail_err(err, rc, &e);
	*ret = q;
	return 0;
}

/* The rest is of this machine. */
static const char *const pool_options[] = { "type", "cpu", "memory", "boot_delay", NULL };

DRV_EXPORT(.name = "local", .open = local_open, .close = local_close, .caps = local_caps,
	   .validate = local_validate, .types = local_types, .launch = local_launch,
	   .list = local_list, .terminate = local_terminate, .console = local_console,
	   .quota = local_quota, .pool_options = pool_options);
