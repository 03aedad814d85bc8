/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local_fixture.h - the local driver under test: hosts to look into, and what is left of
 * them on this machine. Needs root.
 */
#ifndef TESTS_LOCAL_FIXTURE_H
#define TESTS_LOCAL_FIXTURE_H

#include "drivers.h"

#include "hosts.h"
#include "text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define ID "0123456789abcdef0123456789abcdef"
#define SLEEP "#!/bin/sh\nexec sleep 600\n"

static struct subject the_subject = { .name = "local" };

/* ---------------------------------------------------------------- helpers */

static inline struct drv_vm launched(struct subject *s, const char *launch_id,
				     const char *user_data)
{
	struct drv_launch l = a_launch(launch_id, user_data);
	struct drv_vm vm;
	struct drv_err e;

	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	return vm;
}

static inline struct meta meta_of(const struct subject *s, const char *launch_id)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s", s->state, launch_id);
	CLEANUP(close_fd) int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct meta m;
	struct err e;

	assert_ok(meta_read(dirfd, &m, &e), &e);
	return m;
}

static inline char *console_of(const struct subject *s, const char *vm_id)
{
	char *text = NULL;
	struct drv_err e;

	assert_drv_ok(
		s->d->ops->console(s->d->drv, vm_id, deadline(), keep_text, &text, &e),
		&e);
	return text;
}

static inline bool console_has(const struct subject *s, const char *vm_id,
			       const char *what)
{
	CLEANUP(free) char *text = console_of(s, vm_id);

	return strstr(text, what) != NULL;
}

/* The whole console, once the user data has said END. */
static inline char *output_of(const struct subject *s, const char *vm_id)
{
	if (!becomes(console_has(s, vm_id, "END\n")))
		fail_msg("the user data did not end: %s", console_of(s, vm_id));
	return console_of(s, vm_id);
}

static inline void assert_says(const char *text, const char *what)
{
	size_t len = strlen(text);

	if (!strstr(text, what))
		fail_msg("'%s' is not in what ends: %s", what,
			 text + (len > 800 ? len - 800 : 0));
}

/* ECONNREFUSED: the host's own kernel side answered, on a port without a listener. */
static inline int knock(const char *address, int wait_ms)
{
	CLEANUP(close_fd)
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = ETIMEDOUT;
	socklen_t len = sizeof(error);

	inet_pton(AF_INET, address, &to.sin_addr);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, wait_ms) > 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static inline char *read_group(const struct subject *s, const char *id, unsigned control,
			       const char *v1_file, const char *v2_file)
{
	struct cgroups groups;
	struct state st;
	struct err e;
	char group[96];

	assert_ok(cgroups_find(&groups, &e), &e);
	assert_ok(state_name(s->state, &st, &e), &e);
	host_cgroup(&st, id, group);
	for (size_t i = 0; i < groups.n; i++) {
		const struct cgroup_mount *m = &groups.at[i];
		CLEANUP(free)
		char *path =
			xasprintf("%s/%s/%s", m->path, group, m->v2 ? v2_file : v1_file);
		char *text = NULL;

		if (!(m->has & control))
			continue;
		assert_ok(conf_read_file(path, 4096, &text, NULL, &e), &e);
		return text;
	}
	fail_msg("no such controller");
	return NULL;
}

struct left {
	char prefix[16], alias[32], bridge[16];
	int links;
};

static inline void count_link(void *arg, const struct nl_link *link)
{
	struct left *l = arg;

	l->links += strncmp(link->name, l->prefix, strlen(l->prefix)) == 0 ||
		    strcmp(link->alias, l->alias) == 0 ||
		    strcmp(link->name, l->bridge) == 0;
}

static inline int count_links(const struct subject *s)
{
	CLEANUP(nl_close) struct nl *nl = NULL;
	struct left l = { .links = 0 };
	struct state st;
	struct err e;

	assert_ok(state_name(s->state, &st, &e), &e);
	network_veth_prefix(&st, l.prefix);
	network_alias(&st, l.alias);
	snprintf(l.bridge, sizeof(l.bridge), "%s", s->bridge);
	assert_ok(nl_open(&nl, &e), &e);
	assert_ok(nl_link_each(nl, count_link, &l, &e), &e);
	return l.links;
}

static inline int count_groups(const struct subject *s)
{
	struct cgroups groups;
	struct state st;
	struct err e;
	char group[96];
	int n = 0;

	assert_ok(cgroups_find(&groups, &e), &e);
	assert_ok(state_name(s->state, &st, &e), &e);
	host_cgroup(&st, NULL, group);
	for (size_t i = 0; i < groups.n; i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", groups.at[i].path, group);

		n += access(path, F_OK) == 0;
	}
	return n;
}

/* Processes whose command line names the state folder. */
static inline int count_inits(const struct subject *s)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		CLEANUP(free) char *path = xasprintf("/proc/%s/cmdline", e->d_name);
		CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
		char text[512];
		ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));

		n += len > 0 && memmem(text, (size_t)len, s->state, strlen(s->state));
	}
	closedir(d);
	return n;
}

static inline int count_entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static inline int count_addresses(const struct subject *s)
{
	CLEANUP(free) char *path = xasprintf("%s/addresses", s->state);

	return count_entries(path);
}

static inline int count_folders(const struct subject *s)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts", s->state);

	return count_entries(path);
}

static inline void reconfigure(struct subject *s, const char *more)
{
	subject_config(s, more);
	subject_reopen(s);
}

static inline int setup(void **state)
{
	*state = &the_subject;
	subject_setup(&the_subject, "");
	return 0;
}

static inline int teardown(void **state)
{
	subject_teardown(*state);
	return 0;
}

static inline void clean_up(void)
{
	subject_teardown(&the_subject);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
