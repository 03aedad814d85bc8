/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "env.h"

#include "buf.h"
#include "check.h"
#include "notify.h"
#include "spec.h"
#include "text.h"

#include <string.h>

#define EXIT_OF_NOT_STARTED 203 /* as systemd has it */

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

static const char *exit_code_word(const struct unit *u)
{
	return u->main_exit.kind == PROC_SIGNALLED ? "killed" : "exited";
}

/* The unit's state, as systemd passes it to commands. */
static void add_state(char ***env, const struct unit *u, enum unit_exec kind)
{
	if (u->main && kind != UNIT_EXEC_START_PRE)
		env_put(env, xasprintf("MAINPID=%d", (int)proc_watch_pid(u->main)));
	if (kind != UNIT_EXEC_STOP && kind != UNIT_EXEC_STOP_POST)
		return;
	env_put(env, xasprintf("SERVICE_RESULT=%s", result_name(u->result)));
	if (u->main_exited) {
		env_put(env, xasprintf("EXIT_CODE=%s", exit_code_word(u)));
		env_put(env,
			xasprintf("EXIT_STATUS=%d", u->main_exit.kind == PROC_NOT_STARTED
							    ? EXIT_OF_NOT_STARTED
							    : u->main_exit.value));
	}
}

int unit_make_env(const struct unit *u, enum unit_exec kind, const struct ids *ids,
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
		CLEANUP(free) char *path = unit_notify_path(u);

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
