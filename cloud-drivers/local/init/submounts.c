/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "submounts.h"

#include "check.h"
#include "cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

int overlay_mount(const char *lower, const char *base, const char *at)
{
	CLEANUP(free) char *upper = xasprintf("%s/u", base);
	CLEANUP(free) char *work = xasprintf("%s/w", base);
	CLEANUP(free)
	char *options =
		xasprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work);

	if ((mkdir(upper, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(work, 0700) < 0 && errno != EEXIST))
		return -1;
	return mount("overlay", at, "overlay", MS_NODEV, options);
}

static bool is_of_a_disk(const char *type)
{
	static const char *const types[] = { "ext2", "ext3",  "ext4",
					     "xfs",  "btrfs", "f2fs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static bool is_wanted(const char *path)
{
	static const char *const left_out[] = { "/boot", "/media", "/mnt", "/proc",
						"/sys",  "/dev",   "/run", "/tmp" };

	/* ':' and ',' separate an overlay's options, '\' escapes in mountinfo */
	if (strcmp(path, "/") == 0 || strpbrk(path, ":,\\"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		size_t n = strlen(left_out[i]);

		if (strncmp(path, left_out[i], n) == 0 &&
		    (path[n] == '/' || path[n] == '\0'))
			return false;
	}
	return true;
}

static int make_one(const char *base, const char *root, const char *path, int number,
		    struct err *err)
{
	CLEANUP(free) char *own = xasprintf("%s/m/%d", base, number);
	CLEANUP(free) char *at = xasprintf("%s%s", root, path);

	if (mkdir(own, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "making %s", own);
	if (overlay_mount(path, own, at) == 0)
		return 0;
	if (mount(path, at, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, at, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		return err_errno(err, ERR_INTERNAL, "showing %s", path);
	return 0;
}

int submounts_make(const char *base, const char *root, struct err *err)
{
	CLEANUP(fclose) FILE *f = NULL;
	CLEANUP(free) char *all = xasprintf("%s/m", base);
	CLEANUP(free) char *line = NULL;
	size_t size = 0;
	int number = 0, rc = 0;

	if (mkdir(all, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "making %s", all);
	f = fopen("/proc/self/mountinfo", "re");
	if (!f)
		return err_errno(err, ERR_INTERNAL, "/proc/self/mountinfo");
	while (rc == 0 && getline(&line, &size, f) > 0) {
		const char *dash = strstr(line, " - ");
		char path[PATH_MAX], type[32];

		if (dash && sscanf(line, "%*s %*s %*s %*s %4095s", path) == 1 &&
		    sscanf(dash + 3, "%31s", type) == 1 && is_of_a_disk(type) &&
		    is_wanted(path))
			rc = make_one(base, root, path, number++, err);
	}
	return rc;
}
