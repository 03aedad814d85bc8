/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "directives.h"

#include "check.h"
#include "strv.h"
#include "text.h"
#include "values.h"
#include "words.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- values */

int unit_spec_set_flag(const struct assignment *a, void *place)
{
	return conf_parse_bool(a->value, place, a->err);
}

int unit_spec_set_span(const struct assignment *a, void *place)
{
	return unit_time_span(a->value, place, a->err);
}

/* A stop or start time-out of 0 means none, as "infinity" does. */
int unit_spec_set_timeout(const struct assignment *a, void *place)
{
	int64_t ms;
	int rc = unit_time_span(a->value, &ms, a->err);

	if (rc == 0)
		*(int64_t *)place = ms == 0 ? -1 : ms;
	return rc;
}

int unit_spec_set_timeout_start(const struct assignment *a, void *place)
{
	a->s->timeout_start_given = true;
	return unit_spec_set_timeout(a, place);
}

int unit_spec_set_timeout_both(const struct assignment *a, void *place)
{
	int rc = unit_spec_set_timeout_start(a, place);

	a->s->timeout_stop_ms = a->s->timeout_start_ms;
	return rc;
}

int unit_spec_set_int(const struct assignment *a, void *place)
{
	return conf_parse_int(a->value, place, a->err);
}

/* A number, a share of what the host may have, or "infinity"; empty: as not given. */
int unit_spec_set_tasks(const struct assignment *a, void *place)
{
	struct unit_spec *s = a->s;
	const size_t n = strlen(a->value);
	int64_t number = 0;
	int rc;

	(void)place;
	s->tasks_max = 0;
	s->tasks_share = 0;
	if (n == 0)
		return 0;
	if (strcmp(a->value, "infinity") == 0) {
		s->tasks_max = -1;
		return 0;
	}
	if (a->value[n - 1] == '%') {
		CLEANUP(free) char *digits = xstrndup(a->value, n - 1);

		rc = conf_parse_int(digits, &number, a->err);
		if (rc == 0 && (number < 1 || number > 100))
			rc = err_set(a->err, ERR_INVAL, "'%s' is not 1%% to 100%%",
				     a->value);
		s->tasks_share = (double)number / 100;
		return rc;
	}
	rc = conf_parse_int(a->value, &s->tasks_max, a->err);
	if (rc == 0 && s->tasks_max < 1)
		rc = err_set(a->err, ERR_INVAL,
			     "'%s' is not a number of tasks, a percentage or infinity",
			     a->value);
	return rc;
}

int unit_spec_set_mode(const struct assignment *a, void *place)
{
	char *end;
	long mode = strtol(a->value, &end, 8);

	if (end == a->value || *end || mode < 0 || mode > 07777)
		return err_set(a->err, ERR_INVAL, "'%s' is not a file mode", a->value);
	*(int64_t *)place = mode;
	return 0;
}

int unit_spec_set_sig(const struct assignment *a, void *place)
{
	return unit_signal(a->value, place, a->err);
}

int unit_spec_set_text(const struct assignment *a, void *place)
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
int unit_spec_set_words(const struct assignment *a, void *place)
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

/* EnvironmentFile: one path per line, not split. */
int unit_spec_set_env_file(const struct assignment *a, void *place)
{
	char ***list = place;
	char *text = NULL;
	int rc;

	if (!*a->value) {
		strv_free(*list);
		*list = NULL;
		return 0;
	}
	rc = unit_spec_set_text(a, &text);
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

int unit_spec_set_type(const struct assignment *a, void *place)
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

int unit_spec_set_restart(const struct assignment *a, void *place)
{
	static const char *const names[] = { "no",          "on-success",  "on-failure",
					     "on-abnormal", "on-watchdog", "on-abort",
					     "always" };
	int i = 0, rc = set_choice(a, names, ARRAY_SIZE(names), &i);

	if (rc == 0)
		*(enum unit_restart *)place = (enum unit_restart)i;
	return rc;
}

int unit_spec_set_notify_access(const struct assignment *a, void *place)
{
	static const char *const names[] = { "none", "main", "exec", "all" };
	int i = 0, rc = set_choice(a, names, ARRAY_SIZE(names), &i);

	if (rc == 0)
		*(enum unit_notify_access *)place = (enum unit_notify_access)i;
	return rc;
}

int unit_spec_set_kill_mode(const struct assignment *a, void *place)
{
	static const char *const names[] = { "control-group", "process", "mixed",
					     "none" };
	int i = 0, rc = set_choice(a, names, ARRAY_SIZE(names), &i);

	if (rc == 0)
		*(enum unit_kill_mode *)place = (enum unit_kill_mode)i;
	return rc;
}

int unit_spec_set_workdir(const struct assignment *a, void *place)
{
	struct assignment inner = *a;

	a->s->workdir_optional = *a->value == '-';
	inner.value += *a->value == '-';
	if (strcmp(inner.value, "~") == 0)
		inner.value = "%h";
	return unit_spec_set_text(&inner, place);
}

int unit_spec_set_output(const struct assignment *a, void *place)
{
	*(bool *)place = strcmp(a->value, "null") == 0;
	return 0;
}

int unit_spec_set_exits(const struct assignment *a, void *place)
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

/* ---------------------------------------------------------------- limits */

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

int unit_spec_set_limit(const struct assignment *a, int resource)
{
	struct unit_limit l = { .resource = resource };
	char *end;

	if (parse_limit_value(a->value, &end, &l.limit.rlim_cur) < 0)
		return err_set(a->err, ERR_INVAL, "'%s' is not a limit", a->value);
	l.limit.rlim_max = l.limit.rlim_cur;
	if (*end == ':' && parse_limit_value(end + 1, &end, &l.limit.rlim_max) < 0)
		return err_set(a->err, ERR_INVAL, "'%s' is not a limit", a->value);
	if (*end || l.limit.rlim_cur > l.limit.rlim_max)
		return err_set(a->err, ERR_INVAL, "'%s' is not a limit", a->value);
	if (a->s->n_limits < ARRAY_SIZE(a->s->limits))
		a->s->limits[a->s->n_limits++] = l;
	return 0;
}
