/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spawn.h"

#include "check.h"
#include "env.h"
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
		.oom_score_adjust = s->oom_score_adjust == INT64_MIN
					    ? u->own->oom_score
					    : (int)s->oom_score_adjust,
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
