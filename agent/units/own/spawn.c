/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "env.h"

#include "check.h"
#include "log.h"
#include "strv.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---------------------------------------------------------------- starting */

static char *find_program(const char *name)
{
	const char *p = PATH_DEFAULT;

	if (strchr(name, '/'))
		return xstrdup(name);
	while (*p) {
		size_t n = strcspn(p, ":");
		CLEANUP(free) char *path = xasprintf("%.*s/%s", (int)n, p, name);

		if (access(path, X_OK) == 0)
			return TAKE(path);
		p += n + (p[n] == ':');
	}
	return xstrdup(name);
}

static int open_output(const struct unit *u, struct err *err)
{
	int fd = -1;

	if (!u->own->log || (u->spec->output_null && u->spec->error_null))
		return -1;
	if (unit_log_pipe(u->own->log, u->name, &fd, err) < 0)
		return -1;
	return fd;
}

static void fill_limits(const struct unit_spec *s, struct proc_limit *to)
{
	for (size_t i = 0; i < s->n_limits; i++)
		to[i] = (struct proc_limit){ s->limits[i].resource, s->limits[i].limit };
}

static int spawn_with(struct unit *u, const struct unit_cmd *cmd, char *const *argv,
		      char *const *env, const struct ids *ids, pid_t *ret,
		      struct err *err)
{
	const struct unit_spec *s = u->spec;
	CLEANUP(free) char *path = find_program(cmd->words[0]);
	CLEANUP(close_fd) int out = open_output(u, err);
	struct proc_limit limits[ARRAY_SIZE(s->limits)];
	int cgroup_fds[CGROUP_DIRS_MAX];
	struct proc_spec p = {
		.path = path,
		.argv = argv,
		.env = env,
		.workdir = s->workdir,
		.workdir_optional = s->workdir_optional,
		.set_ids = ids->set && !cmd->privileged,
		.uid = ids->uid,
		.gid = ids->gid,
		.groups = ids->groups,
		.n_groups = (size_t)ids->n_groups,
		.fds = { -1, s->output_null ? -1 : out, s->error_null ? -1 : out },
		.cgroup_fds = cgroup_fds,
		.limits = limits,
		.n_limits = s->n_limits,
		.umask = (mode_t)s->umask,
		.nice = (int)s->nice,
		.oom_score_adjust =
			s->oom_score_adjust == INT64_MIN ? 0 : (int)s->oom_score_adjust,
	};
	int rc;

	fill_limits(s, limits);
	p.n_cgroup_fds = cgroup_open_procs(&u->cgroup, cgroup_fds);
	rc = proc_start(&p, ret, err);
	for (size_t i = 0; i < p.n_cgroup_fds; i++)
		close(cgroup_fds[i]);
	return rc;
}

int unit_spawn(struct unit *u, enum unit_exec kind, const struct unit_cmd *cmd,
	       pid_t *ret, struct err *err)
{
	CLEANUP(ids_done) struct ids ids = { 0 };
	CLEANUP(strv_free) char **env = NULL;
	CLEANUP(strv_free) char **argv = NULL;
	int rc = unit_find_ids(u->spec, &ids, err);

	if (rc == 0)
		rc = unit_make_env(u, kind, &ids, &env, err);
	if (rc < 0)
		return rc;
	if (cmd->no_substitute)
		for (char **w = cmd->words; *w; w++)
			strv_push(&argv, xstrdup(*w));
	else
		argv = unit_words_substitute(cmd->words, env);
	if (!argv)
		return err_set(err, ERR_INVAL, "the command is empty");
	if (cmd->argv0) {
		free(argv[0]);
		argv[0] = xstrdup(cmd->argv0);
	}
	return spawn_with(u, cmd, argv, env, &ids, ret, err);
}

/* ---------------------------------------------------------------- folders */

static int make_dir_chain(const char *root, const char *name, mode_t mode,
			  const struct ids *ids, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", root, name);

	for (char *p = path + strlen(root) + 1; p;) {
		char *slash = strchr(p, '/');

		if (slash)
			*slash = '\0';
		if (mkdir(path, slash ? 0755 : mode) < 0 && errno != EEXIST)
			return err_errno(err, ERR_INTERNAL, "%s", path);
		if (slash)
			*slash = '/';
		p = slash ? slash + 1 : NULL;
	}
	if (chmod(path, mode) < 0 || (ids->set && chown(path, ids->uid, ids->gid) < 0))
		return err_errno(err, ERR_INTERNAL, "%s", path);
	return 0;
}

int unit_make_dirs(struct unit *u, struct err *err)
{
	CLEANUP(ids_done) struct ids ids = { 0 };
	int rc = unit_find_ids(u->spec, &ids, err);

	for (size_t i = 0; rc == 0 && i < UNIT_DIRS_N; i++)
		for (char **d = u->spec->dirs[i]; rc == 0 && d && *d; d++) {
			if (**d == '/' || strstr(*d, ".."))
				return err_set(err, ERR_INVAL, "%s%s: a relative path",
					       unit_dir_roots[i], *d);
			rc = make_dir_chain(unit_dir_roots[i], *d,
					    (mode_t)u->spec->dir_mode, &ids, err);
		}
	return rc;
}

static int remove_entry(const char *path, const struct stat *st, int flag,
			struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	(void)remove(path);
	return 0;
}

void unit_remove_runtime_dirs(const struct unit *u)
{
	for (char **d = u->spec ? u->spec->dirs[0] : NULL; d && *d; d++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", unit_dir_roots[0], *d);

		(void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	}
}

/* ---------------------------------------------------------------- notify */

static void on_notify(void *arg, int fd, uint32_t events)
{
	struct unit *u = arg;
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	(void)events;
	CHECK_MAGIC(u, UNIT_MAGIC);
	if (n <= 0)
		return;
	text[n] = '\0';
	unit_notified(u, text);
}

int unit_open_notify(struct unit *u, struct err *err)
{
	CLEANUP(free) char *path = unit_notify_path(u);
	CLEANUP(close_fd) int fd = -1;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int rc;

	unit_close_notify(u);
	if (u->spec->type != UNIT_NOTIFY)
		return 0;
	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, ERR_LIMIT, "the path %s is too long for a socket",
			       path);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(path, 0666) < 0)
		return err_errno(err, ERR_INTERNAL, "%s", path);
	rc = loop_io_add(u->own->loop, fd, EPOLLIN, on_notify, u, err);
	if (rc < 0)
		return rc;
	u->notify_fd = fd;
	fd = -1;
	return 0;
}

void unit_close_notify(struct unit *u)
{
	CLEANUP(free) char *path = unit_notify_path(u);

	if (u->notify_fd < 0)
		return;
	loop_io_del(u->own->loop, u->notify_fd);
	close(u->notify_fd);
	u->notify_fd = -1;
	(void)unlink(path);
}

/* ---------------------------------------------------------------- all its processes */

struct visit {
	struct unit *u;
	int signo; /* 0: only count */
	pid_t but;
	size_t n;
	pid_t last;
	char mark[64];
};

static void visit_pid(void *arg, pid_t pid)
{
	struct visit *v = arg;

	if (pid == v->but || pid <= 1 || proc_is_zombie(pid))
		return;
	v->n++;
	v->last = pid;
	if (v->signo)
		(void)kill(pid, v->signo);
}

static bool visit_marked(void *arg, pid_t pid)
{
	struct visit *v = arg;

	if (pid != getpid() && proc_has_env(pid, v->mark))
		visit_pid(v, pid);
	return true;
}

/* By the cgroup, or without one by the invocation's mark in the environment. */
static void visit_all(struct visit *v)
{
	if (v->u->cgroup.n) {
		cgroup_each(&v->u->cgroup, visit_pid, v);
	} else if (*v->u->invocation) {
		snprintf(v->mark, sizeof(v->mark), "INVOCATION_ID=%s", v->u->invocation);
		proc_each(visit_marked, v);
	}
}

void unit_kill(struct unit *u, int signo, bool all, bool but_main)
{
	struct visit v = { .u = u, .signo = signo };

	if (but_main && u->main)
		v.but = proc_watch_pid(u->main);
	if (u->main && !but_main)
		proc_watch_kill(u->main, signo);
	if (u->control)
		proc_watch_kill(u->control, signo);
	if (!all)
		return;
	/* These got it already, and once is what they count on. */
	if (u->main)
		v.but = proc_watch_pid(u->main);
	visit_all(&v);
}

bool unit_has_processes(struct unit *u, bool all)
{
	struct visit v = { .u = u };

	if (u->main || u->control)
		return true;
	if (all)
		visit_all(&v);
	return v.n > 0;
}

pid_t unit_guess_main(struct unit *u)
{
	struct visit v = { .u = u };
	CLEANUP(free) char *text = NULL;
	int64_t pid = 0;

	if (!u->spec->pid_file) {
		visit_all(&v);
		return v.n >= 1 ? v.last : 0;
	}
	if (conf_read_file(u->spec->pid_file, 64, &text, NULL, NULL) < 0)
		return 0;
	text[strcspn(text, " \t\r\n")] = '\0';
	if (conf_parse_int(text, &pid, NULL) < 0 || pid <= 1 || pid > INT_MAX ||
	    !proc_start_ticks((pid_t)pid))
		return 0;
	return (pid_t)pid;
}
