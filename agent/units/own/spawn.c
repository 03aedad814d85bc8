/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spawn.h"

#include "check.h"
#include "env.h"
#include "processes.h"
#include "spec.h"

#include <string.h>

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

/*
 * Without a control group its processes are known by a limit that is without effect since
 * Linux 2.4.25, and that each process hands on to what it forks and executes. Where the
 * unit sets it, that holds.
 */
static size_t fill_limits(const struct unit *u, struct proc_limit *to)
{
	const struct unit_spec *s = u->spec;
	const rlim_t mark = unit_mark(u);
	size_t n = 0;

	if (!u->cgroup.n)
		to[n++] = (struct proc_limit){ RLIMIT_LOCKS, { mark, mark } };
	for (size_t i = 0; i < s->n_limits; i++)
		to[n++] =
			(struct proc_limit){ s->limits[i].resource, s->limits[i].limit };
	return n;
}

static int spawn_with(struct unit *u, const struct unit_cmd *cmd, char *const *argv,
		      char *const *env, const struct ids *ids, struct proc_started *ret,
		      struct err *err)
{
	const struct unit_spec *s = u->spec;
	CLEANUP(free) char *path = find_program(cmd->words[0]);
	CLEANUP(close_fd) int out = open_output(u, err);
	struct proc_limit limits[1 + ARRAY_SIZE(s->limits)];
	int cgroup_fds[CGROUP_DIRS_MAX];
	struct proc_spec p = {
		.path = path,
		.argv = argv,
		.env = env,
		.workdir = s->workdir,
		.workdir_optional = s->workdir_optional,
		.no_new_privs = s->no_new_privs && !cmd->privileged,
		.set_ids = ids->set && !cmd->privileged,
		.uid = ids->uid,
		.gid = ids->gid,
		.groups = ids->groups,
		.n_groups = (size_t)ids->n_groups,
		.fds = { -1, s->output_null ? -1 : out, s->error_null ? -1 : out },
		.cgroup_fds = cgroup_fds,
		.limits = limits,
		.n_limits = fill_limits(u, limits),
		.umask = (mode_t)s->umask,
		.nice = (int)s->nice,
		.oom_score_adjust = s->oom_score_adjust == INT64_MIN
					    ? u->own->oom_score
					    : (int)s->oom_score_adjust,
	};
	int rc;

	p.n_cgroup_fds = cgroup_open_procs(&u->cgroup, cgroup_fds);
	rc = proc_start(&p, ret, err);
	for (size_t i = 0; i < p.n_cgroup_fds; i++)
		close(cgroup_fds[i]);
	return rc;
}

int unit_spawn(struct unit *u, enum unit_exec kind, const struct unit_cmd *cmd,
	       struct proc_started *ret, struct err *err)
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
