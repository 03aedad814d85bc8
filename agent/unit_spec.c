/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit_spec.h"

#include "check.h"
#include "conf.h"
#include "strv.h"
#include "unit_file.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

const char *const unit_dir_roots[UNIT_DIRS_N] = { "/run", "/var/lib", "/var/cache",
						  "/var/log", "/etc" };
const char *const unit_dir_vars[UNIT_DIRS_N] = { "RUNTIME_DIRECTORY", "STATE_DIRECTORY",
						 "CACHE_DIRECTORY", "LOGS_DIRECTORY",
						 "CONFIGURATION_DIRECTORY" };

/* One assignment: the value has its specifiers expanded where its option allows it. */
struct assignment {
	struct unit_spec *s;
	const struct unit_specifiers *spec;
	const char *name;
	const char *value;
	struct err *err;
};

typedef int set_fn(const struct assignment *a, void *place);

/* ---------------------------------------------------------------- values */

static int set_flag(const struct assignment *a, void *place)
{
	return conf_parse_bool(a->value, place, a->err);
}

static int set_span(const struct assignment *a, void *place)
{
	return unit_time_span(a->value, place, a->err);
}

/* A stop or start time-out of 0 means none, as "infinity" does. */
static int set_timeout(const struct assignment *a, void *place)
{
	int64_t ms;
	int rc = unit_time_span(a->value, &ms, a->err);

	if (rc == 0)
		*(int64_t *)place = ms == 0 ? -1 : ms;
	return rc;
}

static int set_timeout_start(const struct assignment *a, void *place)
{
	a->s->timeout_start_given = true;
	return set_timeout(a, place);
}

static int set_timeout_both(const struct assignment *a, void *place)
{
	int rc = set_timeout_start(a, place);

	a->s->timeout_stop_ms = a->s->timeout_start_ms;
	return rc;
}

static int set_int(const struct assignment *a, void *place)
{
	return conf_parse_int(a->value, place, a->err);
}

static int set_mode(const struct assignment *a, void *place)
{
	char *end;
	long mode = strtol(a->value, &end, 8);

	if (end == a->value || *end || mode < 0 || mode > 07777)
		return err_set(a->err, ERR_INVAL, "'%s' is no file mode", a->value);
	*(int64_t *)place = mode;
	return 0;
}

static int set_sig(const struct assignment *a, void *place)
{
	return unit_signal(a->value, place, a->err);
}

static int set_text(const struct assignment *a, void *place)
{
	char **p = place;
	char *text = NULL;
	int rc = 0;

	if (*a->value)
		rc = unit_specifiers_expand(a->value, a->spec, &text, a->err);
	if (rc < 0)
		return rc;
	free(*p);
	*p = text;
	return 0;
}

/* Words with specifiers, added to the list; an empty value empties it. */
static int set_words(const struct assignment *a, void *place)
{
	CLEANUP(strv_free) char **words = NULL;
	char ***list = place;
	int rc = unit_words_split(a->value, &words, a->err);

	if (rc < 0)
		return rc;
	if (!words) {
		strv_free(*list);
		*list = NULL;
	}
	for (size_t i = 0; words && words[i]; i++) {
		char *text;

		rc = unit_specifiers_expand(words[i], a->spec, &text, a->err);
		if (rc < 0)
			return rc;
		strv_push(list, text);
	}
	return 0;
}

/* EnvironmentFile: one path a line, not split. */
static int set_env_file(const struct assignment *a, void *place)
{
	char ***list = place;
	char *text = NULL;
	int rc;

	if (!*a->value) {
		strv_free(*list);
		*list = NULL;
		return 0;
	}
	rc = set_text(a, &text);
	if (rc == 0)
		strv_push(list, text);
	return rc;
}

static int set_choice(const struct assignment *a, const char *const *names, size_t n,
		      int *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], a->value) == 0) {
			*ret = (int)i;
			return 0;
		}
	}
	return err_set(a->err, ERR_INVAL, "'%s' is not supported", a->value);
}

static int set_type(const struct assignment *a, void *place)
{
	static const char *const names[] = { "simple", "exec", "forking", "oneshot",
					     "notify" };
	int i = 0, rc;

	a->s->type_given = true;
	if (strcmp(a->value, "idle") == 0) {
		*(enum unit_type *)place = UNIT_SIMPLE;
		return 0;
	}
	rc = set_choice(a, names, ARRAY_SIZE(names), &i);
	if (rc == 0)
		*(enum unit_type *)place = (enum unit_type)i;
	return rc;
}

static int set_restart(const struct assignment *a, void *place)
{
	static const char *const names[] = { "no",          "on-success",  "on-failure",
					     "on-abnormal", "on-watchdog", "on-abort",
					     "always" };
	int i = 0, rc = set_choice(a, names, ARRAY_SIZE(names), &i);

	if (rc == 0)
		*(enum unit_restart *)place = (enum unit_restart)i;
	return rc;
}

static int set_kill_mode(const struct assignment *a, void *place)
{
	static const char *const names[] = { "control-group", "process", "mixed",
					     "none" };
	int i = 0, rc = set_choice(a, names, ARRAY_SIZE(names), &i);

	if (rc == 0)
		*(enum unit_kill_mode *)place = (enum unit_kill_mode)i;
	return rc;
}

static int set_workdir(const struct assignment *a, void *place)
{
	struct assignment inner = *a;

	a->s->workdir_optional = *a->value == '-';
	inner.value += *a->value == '-';
	if (strcmp(inner.value, "~") == 0)
		inner.value = "%h";
	return set_text(&inner, place);
}

static int set_output(const struct assignment *a, void *place)
{
	*(bool *)place = strcmp(a->value, "null") == 0;
	return 0;
}

static int set_exits(const struct assignment *a, void *place)
{
	struct unit_exits *e = place;
	CLEANUP(strv_free) char **words = NULL;
	int rc = unit_words_split(a->value, &words, a->err);

	if (rc == 0 && !words)
		*e = (struct unit_exits){ 0 };
	for (size_t i = 0; rc == 0 && words && words[i]; i++) {
		char *end;
		long code = strtol(words[i], &end, 10);
		int sig;

		if (!*end && code >= 0 && code <= 255) {
			e->codes[code / 8] |= (uint8_t)(1u << (code % 8));
			continue;
		}
		rc = unit_signal(words[i], &sig, a->err);
		if (rc == 0)
			e->signals |= (uint64_t)1 << sig;
	}
	return rc;
}

bool unit_exits_has(const struct unit_exits *e, bool signalled, int n)
{
	if (signalled)
		return n > 0 && n < 64 && (e->signals >> n & 1);
	return n >= 0 && n < 256 && (e->codes[n / 8] >> (n % 8) & 1);
}

/* ---------------------------------------------------------------- commands */

static void cmds_clear(struct unit_cmds *c)
{
	for (size_t i = 0; i < c->n; i++) {
		strv_free(c->v[i].words);
		free(c->v[i].argv0);
	}
	free(c->v);
	*c = (struct unit_cmds){ 0 };
}

/* Cuts the prefixes off a command's first word. */
static int take_prefixes(struct unit_cmd *c, bool *ret_argv0, struct err *err)
{
	char *p = c->words[0];
	size_t n = strspn(p, "-@:+!");

	for (size_t i = 0; i < n; i++) {
		c->ignore_failure |= p[i] == '-';
		*ret_argv0 |= p[i] == '@';
		c->no_substitute |= p[i] == ':';
		c->privileged |= p[i] == '+' || p[i] == '!';
	}
	memmove(p, p + n, strlen(p + n) + 1);
	if (!*p)
		return err_set(err, ERR_INVAL, "the command is empty");
	return 0;
}

static int add_cmd(const struct assignment *a, struct unit_cmds *list, char **take_words)
{
	struct unit_cmd c = { .words = take_words };
	bool argv0 = false;
	int rc = take_prefixes(&c, &argv0, a->err);

	if (rc == 0 && argv0) {
		size_t n = strv_len(c.words);

		if (n < 2)
			rc = err_set(a->err, ERR_INVAL, "@ needs a second word");
		else {
			c.argv0 = c.words[1];
			memmove(&c.words[1], &c.words[2], (n - 1) * sizeof(*c.words));
		}
	}
	if (rc < 0) {
		strv_free(c.words);
		return rc;
	}
	list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
	list->v[list->n++] = c;
	return 0;
}

/* Several commands in a line are separated by a word ";"; \; is the word itself. */
static int set_cmds(const struct assignment *a, void *place)
{
	struct unit_cmds *list = place;
	CLEANUP(strv_free) char **words = NULL;
	const char *p = a->value;
	int rc;

	if (!*p) {
		cmds_clear(list);
		return 0;
	}
	for (;;) {
		const char *start = p + strspn(p, " \t\n");
		bool literal = strncmp(start, "\\;", 2) == 0 &&
			       (!start[2] || strchr(" \t\n", start[2]));
		bool end = *start == ';' && (!start[1] || strchr(" \t\n", start[1]));
		char *word = NULL, *text;

		if (literal || end)
			p = start + (literal ? 2 : 1);
		else if ((rc = unit_word_next(&p, &word, a->err)) < 0)
			return rc;
		if (literal)
			word = xstrdup(";");
		if (!word) {
			rc = words ? add_cmd(a, list, TAKE(words)) : 0;
			if (rc < 0 || !end)
				return rc;
			continue;
		}
		rc = unit_specifiers_expand(word, a->spec, &text, a->err);
		free(word);
		if (rc < 0)
			return rc;
		strv_push(&words, text);
	}
}

/* ---------------------------------------------------------------- limits */

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

static int parse_limit_value(const char *s, char **end, rlim_t *ret)
{
	static const char suffixes[] = "KMGTPE";
	const char *hit;

	if (strncasecmp(s, "infinity", 8) == 0) {
		*ret = RLIM_INFINITY;
		*end = (char *)(uintptr_t)(s + 8);
		return 0;
	}
	*ret = strtoull(s, end, 10);
	if (*end == s)
		return ERR_INVAL;
	hit = **end ? strchr(suffixes, **end) : NULL;
	if (hit) {
		*ret <<= 10 * (hit - suffixes + 1);
		*end += 1;
	}
	return 0;
}

static int set_limit(const struct assignment *a, int resource)
{
	struct unit_limit l = { .resource = resource };
	char *end;

	if (parse_limit_value(a->value, &end, &l.limit.rlim_cur) < 0)
		return err_set(a->err, ERR_INVAL, "'%s' is no limit", a->value);
	l.limit.rlim_max = l.limit.rlim_cur;
	if (*end == ':' && parse_limit_value(end + 1, &end, &l.limit.rlim_max) < 0)
		return err_set(a->err, ERR_INVAL, "'%s' is no limit", a->value);
	if (*end || l.limit.rlim_cur > l.limit.rlim_max)
		return err_set(a->err, ERR_INVAL, "'%s' is no limit", a->value);
	if (a->s->n_limits < ARRAY_SIZE(a->s->limits))
		a->s->limits[a->s->n_limits++] = l;
	return 0;
}

/* ---------------------------------------------------------------- the table */

#define AT(member) offsetof(struct unit_spec, member)

static const struct option {
	const char *section;
	const char *name;
	set_fn *set; /* NULL: known, and nothing to do */
	size_t offset;
} options[] = {
	{ "Unit", "Description", NULL, 0 },
	{ "Unit", "Documentation", NULL, 0 },
	{ "Unit", "After", set_words, AT(after) },
	{ "Unit", "Before", set_words, AT(before) },
	{ "Unit", "Requires", set_words, AT(requires) },
	{ "Unit", "Requisite", set_words, AT(requires) },
	{ "Unit", "Wants", set_words, AT(wants) },
	{ "Unit", "BindsTo", set_words, AT(binds_to) },
	{ "Unit", "PartOf", set_words, AT(part_of) },
	{ "Unit", "StartLimitIntervalSec", set_span, AT(start_limit_ms) },
	{ "Unit", "StartLimitInterval", set_span, AT(start_limit_ms) },
	{ "Unit", "StartLimitBurst", set_int, AT(start_limit_burst) },
	{ "Service", "StartLimitInterval", set_span, AT(start_limit_ms) },
	{ "Service", "StartLimitBurst", set_int, AT(start_limit_burst) },
	{ "Service", "Type", set_type, AT(type) },
	{ "Service", "ExecStartPre", set_cmds, AT(cmds[UNIT_EXEC_START_PRE]) },
	{ "Service", "ExecStart", set_cmds, AT(cmds[UNIT_EXEC_START]) },
	{ "Service", "ExecStartPost", set_cmds, AT(cmds[UNIT_EXEC_START_POST]) },
	{ "Service", "ExecReload", set_cmds, AT(cmds[UNIT_EXEC_RELOAD]) },
	{ "Service", "ExecStop", set_cmds, AT(cmds[UNIT_EXEC_STOP]) },
	{ "Service", "ExecStopPost", set_cmds, AT(cmds[UNIT_EXEC_STOP_POST]) },
	{ "Service", "Restart", set_restart, AT(restart) },
	{ "Service", "RestartSec", set_span, AT(restart_ms) },
	{ "Service", "TimeoutStartSec", set_timeout_start, AT(timeout_start_ms) },
	{ "Service", "TimeoutStopSec", set_timeout, AT(timeout_stop_ms) },
	{ "Service", "TimeoutSec", set_timeout_both, AT(timeout_start_ms) },
	{ "Service", "Environment", set_words, AT(env) },
	{ "Service", "EnvironmentFile", set_env_file, AT(env_files) },
	{ "Service", "WorkingDirectory", set_workdir, AT(workdir) },
	{ "Service", "User", set_text, AT(user) },
	{ "Service", "Group", set_text, AT(group) },
	{ "Service", "PIDFile", set_text, AT(pid_file) },
	{ "Service", "RemainAfterExit", set_flag, AT(remain_after_exit) },
	{ "Service", "KillSignal", set_sig, AT(kill_signal) },
	{ "Service", "KillMode", set_kill_mode, AT(kill_mode) },
	{ "Service", "SendSIGKILL", set_flag, AT(send_sigkill) },
	{ "Service", "SuccessExitStatus", set_exits, AT(success) },
	{ "Service", "RestartPreventExitStatus", set_exits, AT(prevent) },
	{ "Service", "RuntimeDirectory", set_words, AT(dirs[0]) },
	{ "Service", "StateDirectory", set_words, AT(dirs[1]) },
	{ "Service", "CacheDirectory", set_words, AT(dirs[2]) },
	{ "Service", "LogsDirectory", set_words, AT(dirs[3]) },
	{ "Service", "ConfigurationDirectory", set_words, AT(dirs[4]) },
	{ "Service", "RuntimeDirectoryMode", set_mode, AT(dir_mode) },
	{ "Service", "UMask", set_mode, AT(umask) },
	{ "Service", "Nice", set_int, AT(nice) },
	{ "Service", "OOMScoreAdjust", set_int, AT(oom_score_adjust) },
	{ "Service", "StandardOutput", set_output, AT(output_null) },
	{ "Service", "StandardError", set_output, AT(error_null) },
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
			return set_limit(a, limit_names[i].resource);
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
		cmds_clear(&s->cmds[i]);
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
