/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drivers.h - what the tests of drivers share: a driver opened on a cloud of its own.
 *
 * Every test has its own folder, PREFIX-PID-XXXXXX; what an earlier run that died left
 * under the prefix is removed before the first test.
 */
#ifndef TESTS_CONTRACT_DRIVERS_H
#define TESTS_CONTRACT_DRIVERS_H

#include "test.h"

#include "check.h"
#include "clock.h"
#include "here.h"
#include "hosts.h"
#include "pools.h"
#include "text.h"
#include "wire.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DRIVERS_PREFIX "/tmp/ft-drivers-test"
#define DRIVERS_OTHER "/var/tmp/ft-drivers-test" /* -PID; for what /tmp cannot show */
#define CALL_MS PATIENCE_MS
#define OWNER "test-owner"

struct subject {
	const char *name; /* of the driver */
	bool is_apart;    /* in a process of its own, as the controller opens it */
	char dir[96];
	char state[128]; /* the local driver's */
	char bridge[16];
	char config[1024];
	struct driver *d;
};

static inline int64_t deadline(void)
{
	return clock_mono_ms() + CALL_MS;
}

/* Until it holds; false when that takes longer than a call may. */
#define becomes(condition)                                                 \
	({                                                                 \
		int64_t until_ = deadline();                               \
		bool held_;                                                \
		while (!(held_ = (condition)) && clock_mono_ms() < until_) \
			(void)poll(NULL, 0, 2);                            \
		held_;                                                     \
	})

/* ---------------------------------------------------------------- folders */

static inline int remove_one(const char *path, const struct stat *st, int type,
			     struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void remove_folder(const char *dir)
{
	CLEANUP(free) char *state = xasprintf("%s/state", dir);
	struct clean_count n;
	struct err e;

	if (local_clean(state, &n, &e) < 0)
		fprintf(stderr, "# %s: %s\n", dir, e.msg);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static inline void remove_leftovers_in(const char *parent)
{
	DIR *d = opendir(parent);
	struct dirent *e;
	int pid;

	while (d && (e = readdir(d))) {
		CLEANUP(free) char *path = xasprintf("%s/%s", parent, e->d_name);

		if (sscanf(e->d_name, "ft-drivers-test-%d", &pid) == 1 &&
		    kill(pid, 0) < 0 && errno == ESRCH)
			remove_folder(path);
	}
	if (d)
		closedir(d);
}

/* Folders whose process is no more. */
static inline void remove_leftovers(void)
{
	remove_leftovers_in("/tmp");
	remove_leftovers_in("/var/tmp");
}

/* An unused /24, by the driver's own check. */
static inline void free_subnet(char ret[32], const char *bridge)
{
	for (unsigned i = 0; i < 200; i++) {
		unsigned n = (unsigned)getpid() * 131u + i * 17u;
		struct local_conf c;
		char config[128];
		struct err e;
		bool is_free;

		snprintf(ret, 32, "10.%u.%u.0/24", 128 + n / 256 % 100, n % 256);
		snprintf(config, sizeof(config),
			 "{\"subnet\": \"%s\", \"bridge\": \"%s\"}", ret, bridge);
		assert_ok(local_conf_read(config, &c, &e), &e);
		is_free = network_check_subnet(&c, &e) == 0;
		local_conf_done(&c);
		if (is_free)
			return;
	}
	fail_msg("no free subnet");
}

/* ---------------------------------------------------------------- a driver on a cloud */

/* In this process, with the services that foretide-driver has. */
static inline int open_here(const char *name, const char *config, struct driver **ret,
			    struct err *err)
{
	static struct out out = { .fd = STDOUT_FILENO,
				  .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct drv_host host;

	/* Threads of drivers that were opened before read it. */
	if (!host.size)
		runner_services(&out, &host);
	return here_open(&host, name, config, ret, err);
}

/* The driver with other options than the subject's. */
static inline int subject_try(const struct subject *s, const char *config,
			      struct driver **ret, struct err *err)
{
	return s->is_apart ? driver_open(NULL, drivers_dir(), s->name, config, ret, err)
			   : open_here(s->name, config, ret, err);
}

/* Machines enough for any test, of the type "small". */
static inline void declare_machines(const char *path)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	for (int i = 1; i <= 40; i++)
		fprintf(f,
			"[rack-%d]\naddress = 192.0.2.%d\ncpu = 1\nmemory = 1G\n"
			"type = small\n",
			i, i);
	assert_int_equal(fclose(f), 0);
}

/* more: further options as JSON members with a comma before them. */
static inline void subject_config(struct subject *s, const char *more)
{
	static unsigned count;
	char subnet[32];

	if (strcmp(s->name, "exec") == 0) {
		snprintf(s->config, sizeof(s->config),
			 "{\"command\": \"cloud-drivers/exec/example.py\", \"dir\": "
			 "\"%s/cloud\"%s}",
			 s->dir, more);
		return;
	}
	if (strcmp(s->name, "static") == 0) {
		CLEANUP(free) char *machines = xasprintf("%s/machines.conf", s->dir);

		declare_machines(machines);
		snprintf(s->config, sizeof(s->config),
			 "{\"machines\": \"%s\", \"state_dir\": \"%s/given\"%s}",
			 machines, s->dir, more);
		return;
	}
	if (strcmp(s->name, "local") != 0) {
		snprintf(s->config, sizeof(s->config), "{\"dir\": \"%s/cloud\"%s}",
			 s->dir, more);
		return;
	}
	snprintf(s->bridge, sizeof(s->bridge), "fdt%x-%u", (unsigned)getpid() & 0xffffffu,
		 count++ % 1000);
	free_subnet(subnet, s->bridge);
	snprintf(s->config, sizeof(s->config),
		 "{\"state_dir\": \"%s\", \"bridge\": \"%s\", \"subnet\": \"%s\"%s}",
		 s->state, s->bridge, subnet, more);
}

static inline void subject_open(struct subject *s)
{
	struct err e;

	assert_ok(subject_try(s, s->config, &s->d, &e), &e);
}

static inline void subject_close(struct subject *s)
{
	if (s->is_apart)
		driver_close(s->d);
	else
		here_close(s->d);
	s->d = NULL;
}

static inline void subject_reopen(struct subject *s)
{
	subject_close(s);
	subject_open(s);
}

static inline void subject_setup(struct subject *s, const char *more)
{
	snprintf(s->dir, sizeof(s->dir), DRIVERS_PREFIX "-%d-XXXXXX", getpid());
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->state, sizeof(s->state), "%s/state", s->dir);
	subject_config(s, more);
	subject_open(s);
}

static inline void subject_teardown(struct subject *s)
{
	subject_close(s);
	if (s->dir[0]) {
		CLEANUP(free) char *other = xasprintf(DRIVERS_OTHER "-%d", getpid());

		remove_folder(s->dir);
		remove_folder(other);
	}
	s->dir[0] = '\0';
}

/* ---------------------------------------------------------------- calls */

/* The call succeeded; prints its message if not. */
#define assert_drv_ok(call, e)                                                         \
	do {                                                                           \
		int cls_ = (call);                                                     \
		if (cls_ != 0)                                                         \
			fail_msg("%s: %s %s", #call, wire_class_name(cls_), (e)->msg); \
	} while (0)

/* It failed in that class, and says why. */
#define assert_drv_fails(call, want, e)                                     \
	do {                                                                \
		int cls_ = (call);                                          \
		if (cls_ != (want))                                         \
			fail_msg("%s: %s %s", #call, wire_class_name(cls_), \
				 cls_ ? (e)->msg : "");                     \
		assert_int_equal((e)->cls, (want));                         \
		assert_true((e)->msg[0] != '\0');                           \
	} while (0)

static inline struct drv_launch a_launch(const char *launch_id, const char *user_data)
{
	return (struct drv_launch){
		.launch_id = launch_id,
		.owner = OWNER,
		.pool = "web",
		.name = "web-1",
		.user_data = user_data,
		.user_data_len = strlen(user_data),
	};
}

static inline int launch(const struct subject *s, const struct drv_launch *l,
			 struct drv_vm *vm, struct drv_err *e)
{
	return s->d->ops->launch(s->d->drv, l, deadline(), vm, e);
}

static inline int terminate(const struct subject *s, const char *owner, const char *vm_id,
			    struct drv_err *e)
{
	return s->d->ops->terminate(s->d->drv, owner, vm_id, deadline(), e);
}

#define LISTED_MAX 128

struct vm_list {
	struct drv_vm vm[LISTED_MAX];
	size_t n;
};

static inline void keep_vm(void *arg, const struct drv_vm *vm)
{
	struct vm_list *l = arg;

	assert_true(l->n < LISTED_MAX);
	l->vm[l->n++] = *vm;
}

static inline int list_of(const struct subject *s, const char *owner, struct vm_list *ret,
			  struct drv_err *e)
{
	ret->n = 0;
	return s->d->ops->list(s->d->drv, owner, deadline(), keep_vm, ret, e);
}

static inline size_t list(const struct subject *s, struct vm_list *ret)
{
	struct drv_err e;

	assert_drv_ok(list_of(s, OWNER, ret, &e), &e);
	return ret->n;
}

static inline size_t count_vms(const struct subject *s)
{
	struct vm_list l;

	return list(s, &l);
}

/* DRV_VM_GONE when it is not listed. */
static inline enum drv_vm_state state_of(const struct subject *s, const char *vm_id)
{
	struct vm_list l;

	list(s, &l);
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.vm[i].id, vm_id) == 0)
			return l.vm[i].state;
	return DRV_VM_GONE;
}

#define reaches(s, vm_id, want) becomes(state_of((s), (vm_id)) == (want))

static inline void keep_text(void *arg, const char *text, size_t len)
{
	*(char **)arg = xstrndup(text, len);
}

#endif
