/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hide.h"

#include "check.h"
#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <fts.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int fail(struct err *err, const char *what, const char *where)
{
	return err_errno(err, ERR_INTERNAL, "%s %s", what, where);
}

/* ---------------------------------------------------------------- secrets */

/* Of those that not all may read, without which programs of hosts would fail. */
static bool is_allowed(const char *path)
{
	static const char *const allowed[] = {
		"/etc/shadow", /* ours */
		"/etc/sudoers",
		"/etc/sudoers.d/*",
		"/etc/postgresql/*/*/pg_hba.conf",
		"/etc/postgresql/*/*/pg_ident.conf",
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (fnmatch(allowed[i], path, FNM_PATHNAME) == 0)
			return true;
	return false;
}

/* Where it cannot go, as one that is mounted, nothing is in it. */
static int hide_file(const char *path, struct err *err)
{
	if (unlink(path) == 0 || errno == ENOENT ||
	    mount("/dev/null", path, NULL, MS_BIND, NULL) == 0)
		return 0;
	return fail(err, "hiding", path);
}

/* Files of /etc that not all may read, or that are in a folder which not all may enter:
 * who keeps a secret in a file does that. */
static int hide_unreadable(struct err *err)
{
	char top[] = "/etc", *const tops[] = { top, NULL };
	FTS *walk = fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *at;
	int rc = 0;

	if (!walk)
		return fail(err, "reading", top);
	while (rc == 0 && (at = fts_read(walk))) {
		const mode_t needed = at->fts_info == FTS_D ? S_IXOTH : S_IROTH;

		if (at->fts_info != FTS_D && at->fts_info != FTS_F)
			continue;
		/* Of a folder it is what its entries find. */
		at->fts_number =
			at->fts_parent->fts_number || !(at->fts_statp->st_mode & needed);
		if (at->fts_info == FTS_F && at->fts_number && !is_allowed(at->fts_path))
			rc = hide_file(at->fts_path, err);
	}
	fts_close(walk);
	return rc;
}

static int empty_folder(const char *path, struct err *err)
{
	CLEANUP(free) char *options = NULL;
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	options = xasprintf("mode=%o,uid=%u,gid=%u,size=16m", st.st_mode & 07777,
			    st.st_uid, st.st_gid);
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return fail(err, "masking", path);
	return 0;
}

/* Everybody of /etc/passwd, and no password: what asks for an account finds one. */
static int write_shadow(struct err *err)
{
	static const char path[] = "/etc/shadow";
	CLEANUP(fclose) FILE *f = NULL;
	const struct passwd *p;
	struct stat st;
	int fd;

	if (stat(path, &st) < 0)
		return 0;
	if (unlink(path) < 0)
		return fail(err, "replacing", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f || fchown(fd, 0, st.st_gid) < 0 || fchmod(fd, st.st_mode & 0640) < 0)
		return fail(err, "writing", path);
	setpwent();
	while ((p = getpwent()))
		fprintf(f, "%s:*:19000:0:99999:7:::\n", p->pw_name);
	endpwent();
	return fflush(f) != 0 ? fail(err, "writing", path) : 0;
}

int hide_secrets(struct err *err)
{
	static const char *const folders[] = {
		"/etc/ssl/private", "/etc/letsencrypt", "/etc/wireguard",
		"/var/backups",     "/var/lib/private", "/var/lib/foretide-agent"
	};
	int rc = write_shadow(err);

	for (size_t i = 0; i < ARRAY_SIZE(folders) && rc == 0; i++)
		rc = empty_folder(folders[i], err);
	return rc < 0 ? rc : hide_unreadable(err);
}

/* ---------------------------------------------------------------- the kernel's files */

static int make_read_only(const char *path, struct err *err)
{
	if (access(path, F_OK) < 0)
		return 0;
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    mount(NULL, path, NULL,
		  MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  NULL) < 0)
		return fail(err, "making read-only", path);
	return 0;
}

static int make_empty(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode)
		    ? mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV,
			    "mode=555,size=4k") < 0
		    : mount("/dev/null", path, NULL, MS_BIND, NULL) < 0)
		return fail(err, "masking", path);
	return 0;
}

/* As containers have it. */
int hide_kernel(struct err *err)
{
	static const char *const fixed[] = { "/proc/sys", "/proc/sysrq-trigger",
					     "/proc/irq", "/proc/bus", "/proc/fs" };
	static const char *const hidden[] = {
		"/proc/kcore",         "/proc/keys",           "/proc/acpi",
		"/proc/latency_stats", "/proc/timer_list",     "/proc/timer_stats",
		"/proc/sched_debug",   "/proc/scsi",           "/proc/kallsyms",
		"/proc/kmsg",          "/sys/firmware",        "/sys/kernel/debug",
		"/sys/kernel/tracing", "/sys/kernel/security",
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && rc == 0; i++)
		rc = make_read_only(fixed[i], err);
	for (size_t i = 0; i < ARRAY_SIZE(hidden) && rc == 0; i++)
		rc = make_empty(hidden[i], err);
	return rc;
}
