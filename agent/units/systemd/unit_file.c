/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit_file.h"

#include "check.h"
#include "list.h"
#include "log.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define UNIT_DIR "/run/systemd/system"
#define MARK "# foretide "
#define TEXT_MAX_BYTES (512 << 10)

static char *path_of(const char *name)
{
	return xasprintf(UNIT_DIR "/%s", name);
}

int sysd_file_write(const struct sd_unit *u, struct err *err)
{
	CLEANUP(free) char *path = path_of(u->name);
	CLEANUP(free) char *temp = xasprintf("%s.new", path);
	CLEANUP(close_fd) int fd = -1;
	CLEANUP(free) char *text = xasprintf(MARK "%s\n%s", u->hash, u->text);
	size_t len = strlen(text);

	if (mkdir(UNIT_DIR, 0755) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, UNIT_DIR);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || rename(temp, path) < 0)
		return err_errno(err, ERR_STORE, "%s", path);
	return 0;
}

void sysd_file_remove(const struct sd_unit *u)
{
	CLEANUP(free) char *path = path_of(u->name);

	(void)unlink(path);
}

void sysd_files_adopt(struct sysd *s)
{
	DIR *d = opendir(UNIT_DIR);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		CLEANUP(free) char *path = path_of(e->d_name);
		CLEANUP(free) char *text = NULL;
		char hash[130];
		struct sd_unit *u;

		if (!strstr(e->d_name, ".service") ||
		    conf_read_file(path, TEXT_MAX_BYTES, &text, NULL, NULL) < 0 ||
		    sscanf(text, MARK "%129[0-9a-zA-Z]", hash) != 1)
			continue;
		u = sysd_add(s, e->d_name, hash);
		u->ready = u->asked = u->adopted = u->run = true;
		log_info("unit-adopted", STR("unit", u->name));
	}
	if (d)
		closedir(d);
}
