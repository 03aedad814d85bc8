/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean.h"

#include "bridge.h"
#include "cgroup.h"
#include "check.h"
#include "files.h"
#include "lifecycle.h"
#include "netlink.h"
#include "process.h"
#include "state_folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define WAIT_MS 10000

/* One pass over everything: the first error is kept, the rest continues. */
struct cleaning {
	struct state s;
	struct clean_count count;
	int rc;
	struct err *err;
};

static void note(struct cleaning *c, int rc, const struct err *e)
{
	if (rc >= 0 || c->rc < 0)
		return;
	c->rc = rc;
	*c->err = *e;
}

/* ---------------------------------------------------------------- hosts */

static void clean_host(void *arg, const char *launch_id)
{
	struct cleaning *c = arg;
	struct err e;
	int rc = host_remove(&c->s, launch_id, WAIT_MS, &e);

	c->count.hosts += rc == 0;
	note(c, rc, &e);
}

/* ---------------------------------------------------------------- processes */

/* "foretide-local-init\0STATE/hosts/ID\0" */
static bool is_our_init(const struct cleaning *c, pid_t pid)
{
	static const char name[] = "foretide-local-init";
	char path[64], text[PATH_MAX + 64], prefix[PATH_MAX];
	CLEANUP(close_fd) int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= (ssize_t)sizeof(name))
		return false;
	text[n] = '\0';
	snprintf(prefix, sizeof(prefix), "%s/hosts/", c->s.dir);
	return strcmp(text, name) == 0 &&
	       strncmp(text + sizeof(name), prefix, strlen(prefix)) == 0;
}

static void kill_unrecorded(struct cleaning *c, pid_t pid)
{
	struct meta m = { .pid = pid, .pid_start = process_start(pid) };
	struct err e;
	int rc;

	snprintf(m.name, sizeof(m.name), "process %d", pid);
	if (!m.pid_start || machine_boot_id(m.boot_id, &e) < 0)
		return;
	rc = init_kill(&m, WAIT_MS, &e);
	c->count.processes += rc == 0;
	note(c, rc, &e);
}

static void clean_processes(struct cleaning *c)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		pid_t pid = isdigit((unsigned char)e->d_name[0]) ? atoi(e->d_name) : 0;

		if (pid > 1 && is_our_init(c, pid))
			kill_unrecorded(c, pid);
	}
	closedir(d);
}

/* ---------------------------------------------------------------- links */

struct link_names {
	const struct cleaning *c;
	char (*names)[16];
	size_t n;
};

static void pick_link(void *arg, const struct nl_link *link)
{
	struct link_names *l = arg;
	char prefix[16], alias[32];

	network_veth_prefix(&l->c->s, prefix);
	network_alias(&l->c->s, alias);
	if (strncmp(link->name, prefix, strlen(prefix)) != 0 &&
	    strcmp(link->alias, alias) != 0)
		return;
	l->names = xrealloc(l->names, (l->n + 1) * sizeof(*l->names));
	snprintf(l->names[l->n++], sizeof(*l->names), "%s", link->name);
}

static void clean_links(struct cleaning *c)
{
	CLEANUP(nl_close) struct nl *nl = NULL;
	struct link_names l = { .c = c };
	struct err e;
	int rc = nl_open(&nl, &e);

	if (rc == 0)
		rc = nl_link_each(nl, pick_link, &l, &e);
	note(c, rc, &e);
	for (size_t i = 0; i < l.n; i++) {
		rc = nl_link_del(nl, l.names[i], &e);
		c->count.links += rc == 0;
		note(c, rc, &e);
	}
	free(l.names);
}

/* ---------------------------------------------------------------- cgroups, mounts */

static void clean_cgroups(struct cleaning *c)
{
	struct cgroups groups;
	char group[96];
	struct err e;

	if (cgroups_find(&groups, &e) < 0)
		return; /* nothing can have been created either */
	host_cgroup(&c->s, NULL, group);
	note(c, cgroups_remove(&groups, group, WAIT_MS, &e), &e);
}

/* Hosts mount in namespaces of their own; this is for manual mounts. */
static void clean_mounts(struct cleaning *c)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	char prefix[PATH_MAX], text[2 * PATH_MAX];
	struct mntent m;

	snprintf(prefix, sizeof(prefix), "%s/hosts/", c->s.dir);
	while (f && getmntent_r(f, &m, text, sizeof(text)))
		if (strncmp(m.mnt_dir, prefix, strlen(prefix)) == 0)
			(void)umount2(m.mnt_dir, MNT_DETACH);
	if (f)
		endmntent(f);
}

/* ---------------------------------------------------------------- all of it */

static void clean_folders(struct cleaning *c)
{
	static const char *const names[] = { "hosts", "addresses", "ended", ".try" };
	CLEANUP(close_fd) int dirfd = open(c->s.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e;

	if (dirfd < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		note(c, remove_tree(dirfd, names[i], &e), &e);
	if (rmdir(c->s.dir) < 0 && errno != ENOTEMPTY && errno != EEXIST &&
	    errno != EBUSY)
		note(c, err_errno(&e, ERR_STORE, "%s", c->s.dir), &e);
}

int local_clean(const char *state_dir, struct clean_count *ret, struct err *err)
{
	struct cleaning c = { .err = err };
	struct err e;
	int rc = state_name(state_dir, &c.s, err);

	if (rc < 0)
		return rc;
	clean_mounts(&c);
	rc = host_each(&c.s, clean_host, &c, &e);
	if (rc != ERR_NOT_FOUND)
		note(&c, rc, &e);
	clean_processes(&c);
	clean_links(&c);
	clean_cgroups(&c);
	if (c.rc == 0)
		clean_folders(&c);
	*ret = c.count;
	return c.rc;
}
