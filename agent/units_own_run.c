/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "units_own.h"

#include "check.h"
#include "conf.h"
#include "log.h"
#include "strv.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define GROUPS_MAX 64

/* ---------------------------------------------------------------- identities */

struct ids {
	bool set;
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int n_groups;
	char *home, *user, *shell;
};

static void ids_done(struct ids *i)
{
	free(i->home);
	free(i->user);
	free(i->shell);
}

DEFINE_CLEANUP_OBJECT(struct ids, ids_done);

static int find_group(const char *name, gid_t *ret, struct err *err)
{
	char *end;
	long n = strtol(name, &end, 10);
	const struct group *g;

	if (end != name && !*end) {
		*ret = (gid_t)n;
		return 0;
	}
	g = getgrnam(name);
	if (!g)
		return err_set(err, ERR_NOT_FOUND, "there is no group %s", name);
	*ret = g->gr_gid;
	return 0;
}

static int find_ids(const struct unit_spec *s, struct ids *i, struct err *err)
{
	const struct passwd *pw = NULL;
	char *end;
	long n;

	*i = (struct ids){ .set = s->user || s->group };
	if (s->user) {
		n = strtol(s->user, &end, 10);
		pw = *end ? getpwnam(s->user) : getpwuid((uid_t)n);
		if (!pw && *end)
			return err_set(err, ERR_NOT_FOUND, "there is no user %s",
				       s->user);
		i->uid = pw ? pw->pw_uid : (uid_t)n;
		i->gid = pw ? pw->pw_gid : (gid_t)n;
	}
	if (pw) {
		i->home = xstrdup(pw->pw_dir);
		i->user = xstrdup(pw->pw_name);
		i->shell = xstrdup(pw->pw_shell);
		i->n_groups = GROUPS_MAX;
		if (getgrouplist(i->user, i->gid, i->groups, &i->n_groups) < 0)
			i->n_groups = GROUPS_MAX;
	}
	return s->group ? find_group(s->group, &i->gid, err) : 0;
}

/* ---------------------------------------------------------------- environment */

/* Replaces an earlier assignment of the same name, since execve() passes both on. */
static void env_put(char ***env, char *take_assignment)
{
	const char *equals = strchr(take_assignment, '=');
	size_t n = equals ? (size_t)(equals - take_assignment) + 1 : 0;

	for (size_t i = 0; n && *env && (*env)[i]; i++) {
		if (strncmp((*env)[i], take_assignment, n) == 0) {
			free((*env)[i]);
			(*env)[i] = take_assignment;
			return;
		}
	}
	if (n)
		strv_push(env, take_assignment);
	else
		free(take_assignment);
}

static char *env_file_value(const char *text)
{
	CLEANUP(free) char *word = NULL;
	const char *p = text;
	size_t n;

	if ((*text == '"' || *text == '\'') && unit_word_next(&p, &word, NULL) == 0)
		return TAKE(word);
	n = strlen(text);
	while (n && strchr(" \t\r", text[n - 1]))
		n--;
	return xstrndup(text, n);
}

static void add_env_line(char ***env, char *line)
{
	CLEANUP(free) char *value = NULL;
	char *equals;

	line += strspn(line, " \t\r");
	if (strncmp(line, "export ", 7) == 0)
		line += 7;
	equals = strchr(line, '=');
	if (!*line || *line == '#' || *line == ';' || !equals)
		return;
	*equals = '\0';
	value = env_file_value(equals + 1 + strspn(equals + 1, " \t"));
	env_put(env, xasprintf("%s=%s", line, value));
}

static int add_env_file(char ***env, const char *path, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	bool optional = *path == '-';
	char *next, *line;
	int rc = conf_read_file(path + optional, 1 << 20, &text, NULL, err);

	if (rc < 0)
		return optional && rc == ERR_NOT_FOUND
			       ? 0
			       : err_wrap(err, rc, "EnvironmentFile");
	for (next = text; (line = strsep(&next, "\n"));) {
		/* A backslash at the end joins the next line. */
		for (size_t n; next && (n = strlen(line)) && line[n - 1] == '\\';) {
			line[n - 1] = ' ';
			line[n] = ' ';
			(void)strsep(&next, "\n");
		}
		add_env_line(env, line);
	}
	return 0;
}

static void add_dirs(char ***env, const struct unit_spec *s)
{
	for (size_t i = 0; i < UNIT_DIRS_N; i++) {
		CLEANUP(buf_done) struct buf b;

		buf_init(&b, 65536);
		for (size_t k = 0; s->dirs[i] && s->dirs[i][k]; k++)
			buf_printf(&b, "%s%s/%s", k ? ":" : "", unit_dir_roots[i],
				   s->dirs[i][k]);
		if (b.len)
			env_put(env, xasprintf("%s=%s", unit_dir_vars[i], b.data));
	}
}

static char *notify_path(const struct unit *u)
{
	return xasprintf("%s/%s.notify", u->own->state_dir, u->name);
}

static const char *exit_code_word(const struct unit *u)
{
	return u->main_exit.kind == PROC_SIGNALLED ? "killed" : "exited";
}

/* What systemd tells commands about the unit's state. */
static void add_state(char ***env, const struct unit *u, enum unit_exec kind)
{
	if (u->main && kind != UNIT_EXEC_START_PRE)
		env_put(env, xasprintf("MAINPID=%d", (int)proc_watch_pid(u->main)));
	if (kind != UNIT_EXEC_STOP && kind != UNIT_EXEC_STOP_POST)
		return;
	env_put(env, xasprintf("SERVICE_RESULT=%s", result_names[u->result]));
	if (u->main_exited) {
		env_put(env, xasprintf("EXIT_CODE=%s", exit_code_word(u)));
		env_put(env, xasprintf("EXIT_STATUS=%d", u->main_exit.value));
	}
}

static int make_env(const struct unit *u, enum unit_exec kind, const struct ids *ids,
		    char ***ret, struct err *err)
{
	CLEANUP(strv_free) char **env = NULL;
	const struct unit_spec *s = u->spec;

	env_put(&env, xstrdup("PATH=" PATH_DEFAULT));
	env_put(&env, xstrdup("LANG=C.UTF-8"));
	env_put(&env, xasprintf("INVOCATION_ID=%s", u->invocation));
	if (ids->user) {
		env_put(&env, xasprintf("USER=%s", ids->user));
		env_put(&env, xasprintf("LOGNAME=%s", ids->user));
		env_put(&env, xasprintf("HOME=%s", ids->home));
		env_put(&env, xasprintf("SHELL=%s", ids->shell));
	}
	add_dirs(&env, s);
	if (u->notify_fd >= 0) {
		CLEANUP(free) char *path = notify_path(u);

		env_put(&env, xasprintf("NOTIFY_SOCKET=%s", path));
	}
	add_state(&env, u, kind);
	for (char **e = s->env; e && *e; e++)
		env_put(&env, xstrdup(*e));
	for (char **f = s->env_files; f && *f; f++) {
		int rc = add_env_file(&env, *f, err);

		if (rc < 0)
			return rc;
	}
	*ret = TAKE(env);
	return 0;
}

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
	int rc = find_ids(u->spec, &ids, err);

	if (rc == 0)
		rc = make_env(u, kind, &ids, &env, err);
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
	int rc = find_ids(u->spec, &ids, err);

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
	CLEANUP(free) char *path = notify_path(u);
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
	CLEANUP(free) char *path = notify_path(u);

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
