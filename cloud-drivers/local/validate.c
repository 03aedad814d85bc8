/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "validate.h"

#include "check.h"
#include "driver_util.h"
#include "hosts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

struct findings {
	drv_report_fn *report;
	void *arg;
	int fatal;
	char first[DRV_MSG_MAX];
};

static void found(struct findings *f, bool fatal, const char *sentence)
{
	f->report(f->arg, fatal, sentence);
	if (fatal && f->fatal++ == 0)
		snprintf(f->first, sizeof(f->first), "%s", sentence);
}

/* Tries namespaces and the overlay in a child process; its status is the result. */
static int try_namespaces(const char *dir)
{
	CLEANUP(free)
	char *options =
		xasprintf("lowerdir=/,upperdir=%s/.try/u,workdir=%s/.try/w", dir, dir);
	CLEANUP(free) char *root = xasprintf("%s/.try/root", dir);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS |
			    CLONE_NEWIPC) < 0)
			_exit(1);
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(2);
		_exit(mount("overlay", root, "overlay", 0, options) < 0 ? 3 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 4;
	return WEXITSTATUS(status);
}

static void check_kernel(const struct state *s, struct findings *f)
{
	static const char *const names[] = { "u", "w", "root" };
	CLEANUP(free) char *base = xasprintf("%s/.try", s->dir);
	CLEANUP(close_fd) int dirfd = -1;
	struct err e;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && rc == 0; i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", base, names[i]);

		rc = make_dirs(path, 0700, &e);
	}
	if (rc < 0) {
		found(f, true, e.msg);
		return;
	}
	switch (try_namespaces(s->dir)) {
	case 0:
		break;
	case 3:
		found(f, false,
		      "the state folder cannot hold an overlay of /: the hosts' changes "
		      "will be kept in memory");
		break;
	default:
		found(f, true,
		      "this process may not make namespaces: it must be root with "
		      "CAP_SYS_ADMIN and CAP_NET_ADMIN");
	}
	dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd >= 0 && remove_tree(dirfd, ".try", &e) < 0)
		found(f, false, e.msg);
}

static void check_network(const struct local_conf *c, const struct state *s,
			  struct findings *f)
{
	CLEANUP(nl_close) struct nl *nl = NULL;
	struct nl_link link;
	struct err e;
	int rc = network_check_subnet(c, &e);
	char alias[32];

	if (rc < 0)
		found(f, true, e.msg);
	if (nl_open(&nl, &e) < 0) {
		found(f, true, e.msg);
		return;
	}
	network_alias(s, alias);
	rc = nl_link_get(nl, c->bridge, &link, &e);
	if (rc == 0 && network_check_bridge(c, &link, alias, &e) < 0)
		found(f, true, e.msg);
}

int validate_machine(const struct local_conf *c, const char *init, drv_report_fn *report,
		     void *arg, struct drv_err *err)
{
	struct findings f = { .report = report, .arg = arg };
	struct cgroups groups;
	struct state s;
	struct err e;

	if (geteuid() != 0)
		found(&f, true, "the local driver makes hosts only as root");
	if (access(init, X_OK) < 0)
		found(&f, true,
		      "foretide-local-init is not beside the driver: name it with the "
		      "option 'init'");
	if (cgroups_find(&groups, &e) < 0)
		found(&f, true, e.msg);
	if (state_open(c->state_dir, true, &s, &e) < 0) {
		found(&f, true, e.msg);
	} else if (geteuid() == 0) {
		check_kernel(&s, &f);
		check_network(c, &s, &f);
	}
	return f.fatal ? drv_fail(err, DRV_BADREQ, "%s", f.first) : 0;
}
