/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "directives.h"

#include "check.h"
#include "strv.h"
#include "unitfile.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

const char *const unit_dir_roots[UNIT_DIRS_N] = { "/run", "/var/lib", "/var/cache",
						  "/var/log", "/etc" };
const char *const unit_dir_vars[UNIT_DIRS_N] = { "RUNTIME_DIRECTORY", "STATE_DIRECTORY",
						 "CACHE_DIRECTORY", "LOGS_DIRECTORY",
						 "CONFIGURATION_DIRECTORY" };

/* ---------------------------------------------------------------- the table */

static const struct {
	const char *name;
	int resource;
} limit_names[] = {
	{ "LimitCPU", RLIMIT_CPU },           { "LimitFSIZE", RLIMIT_FSIZE },
	{ "LimitDATA", RLIMIT_DATA },         { "LimitSTACK", RLIMIT_STACK },
	{ "LimitCORE", RLIMIT_CORE },         { "LimitRSS", RLIMIT_RSS },
	{ "LimitNOFILE", RLIMIT_NOFILE },     { "LimitAS", RLIMIT_AS },
	{ "LimitNPROC", RLIMIT_NPROC },       { "LimitMEMLOCK", RLIMIT_MEMLOCK },
	{ "LimitLOCKS", RLIMIT_LOCKS },       { "LimitSIGPENDING", RLIMIT_SIGPENDING },
	{ "LimitMSGQUEUE", RLIMIT_MSGQUEUE }, { "LimitNICE", RLIMIT_NICE },
	{ "LimitRTPRIO", RLIMIT_RTPRIO },
};

#define AT(member) offsetof(struct unit_spec, member)

static const struct option {
	const char *section;
	const char *name;
	unit_spec_set_fn *set; /* NULL: known, and nothing to do */
	size_t offset;
} options[] = {
	{ "Unit", "Description", NULL, 0 },
	{ "Unit", "Documentation", NULL, 0 },
	{ "Unit", "After", unit_spec_set_words, AT(after) },
	{ "Unit", "Before", unit_spec_set_words, AT(before) },
	{ "Unit", "Requires", unit_spec_set_words, AT(requires) },
	{ "Unit", "Requisite", unit_spec_set_words, AT(requires) },
	{ "Unit", "Wants", unit_spec_set_words, AT(wants) },
	{ "Unit", "BindsTo", unit_spec_set_words, AT(binds_to) },
	{ "Unit", "PartOf", unit_spec_set_words, AT(part_of) },
	{ "Unit", "StartLimitIntervalSec", unit_spec_set_span, AT(start_limit_ms) },
	{ "Unit", "StartLimitInterval", unit_spec_set_span, AT(start_limit_ms) },
	{ "Unit", "StartLimitBurst", unit_spec_set_int, AT(start_limit_burst) },
	{ "Service", "StartLimitInterval", unit_spec_set_span, AT(start_limit_ms) },
	{ "Service", "StartLimitBurst", unit_spec_set_int, AT(start_limit_burst) },
	{ "Service", "Type", unit_spec_set_type, AT(type) },
	{ "Service", "ExecStartPre", unit_spec_set_cmds, AT(cmds[UNIT_EXEC_START_PRE]) },
	{ "Service", "ExecStart", unit_spec_set_cmds, AT(cmds[UNIT_EXEC_START]) },
	{ "Service", "ExecStartPost", unit_spec_set_cmds,
	  AT(cmds[UNIT_EXEC_START_POST]) },
	{ "Service", "ExecReload", unit_spec_set_cmds, AT(cmds[UNIT_EXEC_RELOAD]) },
	{ "Service", "ExecStop", unit_spec_set_cmds, AT(cmds[UNIT_EXEC_STOP]) },
	{ "Service", "ExecStopPost", unit_spec_set_cmds, AT(cmds[UNIT_EXEC_STOP_POST]) },
	{ "Service", "Restart", unit_spec_set_restart, AT(restart) },
	{ "Service", "RestartSec", unit_spec_set_span, AT(restart_ms) },
	{ "Service", "TimeoutStartSec", unit_spec_set_timeout_start,
	  AT(timeout_start_ms) },
	{ "Service", "TimeoutStopSec", unit_spec_set_timeout, AT(timeout_stop_ms) },
	{ "Service", "TimeoutSec", unit_spec_set_timeout_both, AT(timeout_start_ms) },
	{ "Service", "Environment", unit_spec_set_words, AT(env) },
	{ "Service", "EnvironmentFile", unit_spec_set_env_file, AT(env_files) },
	{ "Service", "WorkingDirectory", unit_spec_set_workdir, AT(workdir) },
	{ "Service", "User", unit_spec_set_text, AT(user) },
	{ "Service", "Group", unit_spec_set_text, AT(group) },
	{ "Service", "PIDFile", unit_spec_set_text, AT(pid_file) },
	{ "Service", "NoNewPrivileges", unit_spec_set_flag, AT(no_new_privs) },
	{ "Service", "RemainAfterExit", unit_spec_set_flag, AT(remain_after_exit) },
	{ "Service", "KillSignal", unit_spec_set_sig, AT(kill_signal) },
	{ "Service", "NotifyAccess", unit_spec_set_notify_access, AT(notify_access) },
	{ "Service", "KillMode", unit_spec_set_kill_mode, AT(kill_mode) },
	{ "Service", "SendSIGKILL", unit_spec_set_flag, AT(send_sigkill) },
	{ "Service", "SuccessExitStatus", unit_spec_set_exits, AT(success) },
	{ "Service", "RestartPreventExitStatus", unit_spec_set_exits, AT(prevent) },
	{ "Service", "RuntimeDirectory", unit_spec_set_words, AT(dirs[0]) },
	{ "Service", "StateDirectory", unit_spec_set_words, AT(dirs[1]) },
	{ "Service", "CacheDirectory", unit_spec_set_words, AT(dirs[2]) },
	{ "Service", "LogsDirectory", unit_spec_set_words, AT(dirs[3]) },
	{ "Service", "ConfigurationDirectory", unit_spec_set_words, AT(dirs[4]) },
	{ "Service", "RuntimeDirectoryMode", unit_spec_set_mode, AT(dir_mode) },
	{ "Service", "UMask", unit_spec_set_mode, AT(umask) },
	{ "Service", "Nice", unit_spec_set_int, AT(nice) },
	{ "Service", "OOMScoreAdjust", unit_spec_set_int, AT(oom_score_adjust) },
	{ "Service", "TasksMax", unit_spec_set_tasks, 0 },
	{ "Service", "StandardOutput", unit_spec_set_output, AT(output_null) },
	{ "Service", "StandardError", unit_spec_set_output, AT(error_null) },
	{ "Service", "StandardInput", NULL, 0 },
	{ "Service", "SyslogIdentifier", NULL, 0 },
	{ "Service", "NotifyAccess", NULL, 0 },
	{ "Service", "GuessMainPID", NULL, 0 },
};

static int set_option(const struct assignment *a, const char *section)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];

		if (strcmp(o->section, section) == 0 && strcmp(o->name, a->name) == 0)
			return o->set ? o->set(a, (char *)a->s + o->offset) : 0;
	}
	for (size_t i = 0; strcmp(section, "Service") == 0 && i < ARRAY_SIZE(limit_names);
	     i++)
		if (strcmp(limit_names[i].name, a->name) == 0)
			return unit_spec_set_limit(a, limit_names[i].resource);
	/* [Install], [X-Fleet] and others' sections are not ours to judge. */
	if ((strcmp(section, "Service") == 0 || strcmp(section, "Unit") == 0) &&
	    !strv_has(a->s->ignored, a->name))
		strv_push(&a->s->ignored, xstrdup(a->name));
	return 0;
}

/* ---------------------------------------------------------------- the whole */

static int check_whole(struct unit_spec *s, struct err *err)
{
	size_t starts = s->cmds[UNIT_EXEC_START].n;

	if (!s->type_given && starts == 0)
		s->type = UNIT_ONESHOT;
	if (starts == 0 && s->cmds[UNIT_EXEC_STOP].n == 0)
		return err_set(err, ERR_INVAL, "the unit has no ExecStart");
	if (s->type != UNIT_ONESHOT && starts != 1)
		return err_set(err, ERR_INVAL,
			       "more than one ExecStart needs Type=oneshot");
	if (s->type == UNIT_ONESHOT &&
	    (s->restart == UNIT_RESTART_ALWAYS || s->restart == UNIT_RESTART_ON_SUCCESS))
		return err_set(err, ERR_INVAL,
			       "Type=oneshot cannot have Restart=always or on-success");
	if (s->type == UNIT_ONESHOT && !s->timeout_start_given)
		s->timeout_start_ms = -1;
	return 0;
}

int unit_spec_parse(const char *text, const struct unit_specifiers *specifiers,
		    struct unit_spec **ret, struct err *err)
{
	CLEANUP(unit_spec_free) struct unit_spec *s = xcalloc(1, sizeof(*s));
	CLEANUP(unit_file_free) struct unit_file *file = NULL;
	int rc = unit_file_parse(text, strlen(text), specifiers->unit, &file, err);

	if (rc < 0)
		return rc;

	s->name = xstrdup(specifiers->unit);
	s->restart_ms = 100;
	s->start_limit_ms = 10 * 1000;
	s->start_limit_burst = 5;
	s->timeout_start_ms = s->timeout_stop_ms = 90 * 1000;
	s->kill_signal = SIGTERM;
	s->send_sigkill = true;
	s->dir_mode = 0755;
	s->umask = 022;
	s->oom_score_adjust = INT64_MIN;
	for (size_t i = 0; i < file->n; i++) {
		const struct unit_option *o = &file->options[i];
		struct assignment a = { s, specifiers, o->name, o->value, err };

		rc = set_option(&a, o->section);
		if (rc < 0)
			return err_wrap(err, rc, "%s:%d: %s", specifiers->unit, o->line,
					o->name);
	}
	rc = check_whole(s, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", specifiers->unit);
	*ret = TAKE(s);
	return 0;
}

void unit_spec_free(struct unit_spec *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < UNIT_EXEC_N; i++)
		unit_cmds_clear(&s->cmds[i]);
	for (size_t i = 0; i < UNIT_DIRS_N; i++)
		strv_free(s->dirs[i]);
	strv_free(s->env);
	strv_free(s->env_files);
	strv_free(s->after);
	strv_free(s->before);
	strv_free(s->requires);
	strv_free(s->wants);
	strv_free(s->binds_to);
	strv_free(s->part_of);
	strv_free(s->ignored);
	free(s->name);
	free(s->workdir);
	free(s->user);
	free(s->group);
	free(s->pid_file);
	free(s);
}
