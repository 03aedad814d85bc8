/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cgroup_files.h"

#include "cgroup_v2.h"
#include "check.h"
#include "text.h"

#include <mntent.h>
#include <string.h>
#include <unistd.h>

#define SMALL_FILE_BYTES (256 * 1024)

/* ---------------------------------------------------------------- where we are */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* Our path in a hierarchy, from /proc/self/cgroup ("" controller: v2). */
static char *own_path(const char *controller)
{
	CLEANUP(free) char *text = NULL;
	char *next, *line;

	if (conf_read_file("/proc/self/cgroup", SMALL_FILE_BYTES, &text, NULL, NULL) < 0)
		return NULL;
	for (next = text; (line = strsep(&next, "\n"));) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		controllers++;
		if (*controller ? has_word(controllers, controller) : !*controllers)
			return xstrdup(path);
	}
	return NULL;
}

char *cgroup_mount_point(const char *controller)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	char *dir = NULL;

	while (f && !dir && (m = getmntent(f)))
		if (*controller ? strcmp(m->mnt_type, "cgroup") == 0 &&
					  hasmntopt(m, controller)
				: strcmp(m->mnt_type, "cgroup2") == 0)
			dir = xstrdup(m->mnt_dir);
	if (f)
		endmntent(f);
	return dir;
}

/* Ours is the group that this process was started in, before it was moved. */
static void cut_main(char *path)
{
	static const char tail[] = "/" CGROUP_MAIN;
	const size_t len = strlen(path), n = strlen(tail);

	if (len >= n && strcmp(path + len - n, tail) == 0)
		path[len - n] = '\0';
}

char *cgroup_own_dir(const char *controller)
{
	CLEANUP(free) char *mount = cgroup_mount_point(controller);
	CLEANUP(free) char *path = own_path(controller);
	char *dir;

	if (!mount || !path)
		return NULL;
	cut_main(path);
	dir = xasprintf("%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
	if (access(dir, F_OK) == 0)
		return dir;
	free(dir);
	return TAKE(mount);
}

/* ---------------------------------------------------------------- small files */

char *cgroup_read(const char *dir, const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", dir, name);
	char *text = NULL;

	if (conf_read_file(path, SMALL_FILE_BYTES, &text, NULL, NULL) < 0)
		return NULL;
	return text;
}

double cgroup_read_number(const char *dir, const char *name)
{
	CLEANUP(free) char *text = cgroup_read(dir, name);
	char *end;
	double x;

	if (!text)
		return -1;
	x = strtod(text, &end);
	return end == text ? -1 : x;
}
