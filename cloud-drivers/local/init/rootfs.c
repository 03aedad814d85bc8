/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rootfs.h"

#include "check.h"
#include "cleanup.h"
#include "hide.h"
#include "submounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int fail(struct err *err, const char *what, const char *where)
{
	return err_errno(err, ERR_INTERNAL, "%s %s", what, where);
}

static int mount_at(const char *type, const char *path, unsigned long flags,
		    const char *options, struct err *err)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return fail(err, "making", path);
	if (mount(type, path, type, flags, options) < 0)
		return fail(err, "mounting", path);
	return 0;
}

/* ---------------------------------------------------------------- the overlay */

static int mount_overlay(const char *folder, const char *root, struct err *err)
{
	CLEANUP(free) char *memory = xasprintf("%s/t", folder);
	int why;

	if (mkdir(root, 0755) < 0 && errno != EEXIST)
		return fail(err, "making", root);
	if (overlay_mount("/", folder, root) == 0)
		return submounts_make(folder, root, err);
	why = errno;
	/* an upper on an overlay (a container's /) is rejected, one on a tmpfs is not */
	if (mkdir(memory, 0700) == 0 &&
	    mount("tmpfs", memory, "tmpfs", 0, "mode=755,size=75%") == 0 &&
	    overlay_mount("/", memory, root) == 0)
		return submounts_make(memory, root, err);
	return err_set(err, ERR_INTERNAL,
		       "the overlay of / in %s: %s; with a tmpfs: %s (does the kernel "
		       "have overlayfs?)",
		       folder, strerrordesc_np(why), strerrordesc_np(errno));
}

/* ---------------------------------------------------------------- private parts */

static int write_text(const char *path, const char *text, mode_t mode, struct err *err)
{
	int fd;

	/* it may be a link into /run: use this name itself */
	if (unlink(path) < 0 && errno != ENOENT)
		return fail(err, "replacing", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		int rc = fail(err, "writing", path);

		if (fd >= 0)
			close(fd);
		return rc;
	}
	close(fd);
	return 0;
}

static void make_machine_id(const char *launch_id, char ret[34])
{
	size_t n = strspn(launch_id, "0123456789abcdef");

	if (n == 32 && !launch_id[n]) {
		snprintf(ret, 34, "%.32s\n", launch_id);
		return;
	}
	for (int i = 0; i < 4; i++) {
		uint32_t h = 2166136261u + (uint32_t)i;

		for (const char *p = launch_id; *p; p++)
			h = (h ^ (unsigned char)*p) * 16777619u;
		snprintf(ret + 8 * i, 10, "%08x\n", h);
	}
}

static int write_names(const struct meta *m, struct err *err)
{
	char machine_id[34];
	CLEANUP(free) char *hostname = xasprintf("%s\n", m->name);
	CLEANUP(free)
	char *hosts = xasprintf("127.0.0.1\tlocalhost\n%s\t%s\n"
				"::1\tlocalhost ip6-localhost ip6-loopback\n",
				m->address, m->name);
	const struct {
		const char *name, *text;
	} files[] = {
		{ "/etc/hostname", hostname },
		{ "/etc/hosts", hosts },
		{ "/etc/resolv.conf", "nameserver 127.0.0.1\n" },
		{ "/etc/machine-id", machine_id },
	};
	int rc = 0;

	make_machine_id(m->launch_id, machine_id);
	for (size_t i = 0; i < ARRAY_SIZE(files) && rc == 0; i++)
		rc = write_text(files[i].name, files[i].text, 0644, err);
	return rc;
}

static int bind_device(const char *root, const char *name, struct err *err)
{
	CLEANUP(free) char *from = xasprintf("/dev/%s", name);
	CLEANUP(free) char *to = xasprintf("%s/dev/%s", root, name);
	struct stat st;
	int fd;

	if (stat(from, &st) < 0)
		return 0;
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, "making", to);
	close(fd);
	if (mount(from, to, NULL, MS_BIND, NULL) < 0)
		return fail(err, "binding", to);
	return 0;
}

static int make_dev(const char *root, struct err *err)
{
	static const char *const nodes[] = { "null",   "zero",    "full",
					     "random", "urandom", "tty" };
	static const char *const links[][2] = { { "/proc/self/fd", "fd" },
						{ "/proc/self/fd/0", "stdin" },
						{ "/proc/self/fd/1", "stdout" },
						{ "/proc/self/fd/2", "stderr" },
						{ "pts/ptmx", "ptmx" } };
	CLEANUP(free) char *dev = xasprintf("%s/dev", root);
	CLEANUP(free) char *pts = xasprintf("%s/dev/pts", root);
	CLEANUP(free) char *shm = xasprintf("%s/dev/shm", root);
	int rc = mount_at("tmpfs", dev, MS_NOSUID, "mode=755,size=1m", err);

	for (size_t i = 0; i < ARRAY_SIZE(nodes) && rc == 0; i++)
		rc = bind_device(root, nodes[i], err);
	for (size_t i = 0; i < ARRAY_SIZE(links) && rc == 0; i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", dev, links[i][1]);

		if (symlink(links[i][0], path) < 0)
			rc = fail(err, "making", path);
	}
	if (rc == 0)
		rc = mount_at("devpts", pts, MS_NOSUID | MS_NOEXEC,
			      "newinstance,ptmxmode=0666,mode=620,gid=5", err);
	if (rc == 0)
		rc = mount_at("tmpfs", shm, MS_NOSUID | MS_NODEV, "mode=1777", err);
	return rc;
}

static int make_system_folders(const char *root, struct err *err)
{
	static const struct {
		const char *type, *path;
		unsigned long flags;
		const char *options;
	} mounts[] = {
		{ "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
		{ "sysfs", "sys", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
		{ "tmpfs", "run", MS_NOSUID | MS_NODEV, "mode=755,size=256m" },
		{ "tmpfs", "tmp", MS_NOSUID | MS_NODEV, "mode=1777,size=512m" },
	};
	CLEANUP(free) char *lock = xasprintf("%s/run/lock", root);
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mounts) && rc == 0; i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", root, mounts[i].path);

		rc = mount_at(mounts[i].type, path, mounts[i].flags, mounts[i].options,
			      err);
	}
	if (rc == 0 && mkdir(lock, 01777) < 0)
		rc = fail(err, "making", lock);
	return rc;
}

/* ---------------------------------------------------------------- masks */

static int mask_one(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=16m") < 0)
		return fail(err, "masking", path);
	return 0;
}

/*
 * What hosts must not see: the hosts themselves, the controller's state and
 * configuration (keys, credentials), and what the options name.
 */
static int mask_all(const char *folder, const struct meta *m, struct err *err)
{
	static const char *const always[] = { "/etc/foretide", "/var/lib/foretide" };
	CLEANUP(free) char *list = xstrdup(m->mask);
	CLEANUP(free) char *state = xstrndup(folder, strlen(folder));
	char *save = NULL;
	int rc = 0;

	for (int up = 0; up < 2; up++) /* STATE/hosts/ID */
		*strrchr(state, '/') = '\0';
	rc = mask_one(state, err);
	for (size_t i = 0; i < ARRAY_SIZE(always) && rc == 0; i++)
		rc = mask_one(always[i], err);
	for (char *p = strtok_r(list, ":, ", &save); p && rc == 0;
	     p = strtok_r(NULL, ":, ", &save))
		if (*p == '/' && p[1])
			rc = mask_one(p, err);
	return rc;
}

/* ---------------------------------------------------------------- all of it */

static int pivot(const char *root, struct err *err)
{
	if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return fail(err, "changing the root to", root);
	return 0;
}

int rootfs_enter(const char *folder, const struct meta *m, struct err *err)
{
	CLEANUP(free) char *root = xasprintf("%s/root", folder);
	int rc;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(err, "making private", "/");
	rc = mount_overlay(folder, root, err);
	if (rc == 0)
		rc = make_system_folders(root, err);
	if (rc == 0)
		rc = make_dev(root, err);
	if (rc == 0)
		rc = pivot(root, err);
	if (rc == 0)
		rc = mask_all(folder, m, err);
	if (rc == 0)
		rc = hide_secrets(err);
	if (rc == 0)
		rc = write_names(m, err);
	if (rc == 0 && sethostname(m->name, strlen(m->name)) < 0)
		rc = fail(err, "setting the host name", m->name);
	return rc;
}

/* ---------------------------------------------------------------- cgroups */

static const char cgroup_root[] = "/sys/fs/cgroup";

static int mount_one_cgroup(const struct cgroup_mount *m, struct err *err)
{
	if (mkdir(m->path, 0755) < 0 && errno != EEXIST)
		return fail(err, "making", m->path);
	if (mount("cgroup", m->path, m->v2 ? "cgroup2" : "cgroup",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, m->v2 ? NULL : m->options) < 0)
		return fail(err, "mounting", m->path);
	return 0;
}

int rootfs_mount_cgroups(const struct cgroups *c, struct err *err)
{
	size_t len = strlen(cgroup_root);
	bool only_v2 = c->n == 1 && strcmp(c->at[0].path, cgroup_root) == 0;
	int rc = 0;

	if (unshare(CLONE_NEWCGROUP) < 0)
		return fail(err, "a namespace for", "cgroups");
	if (!only_v2)
		rc = mount_at("tmpfs", cgroup_root, MS_NOSUID | MS_NODEV | MS_NOEXEC,
			      "mode=755,size=1m", err);
	for (size_t i = 0; i < c->n && rc == 0; i++)
		if (only_v2 || (strncmp(c->at[i].path, cgroup_root, len) == 0 &&
				c->at[i].path[len] == '/'))
			rc = mount_one_cgroup(&c->at[i], err);
	return rc;
}
