/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "result.h"

#include "check.h"
#include "log.h"
#include "text.h"
#include "unit.h"

#include <signal.h>
#include <string.h>

static const char *const result_names[RESULT_N] = {
	[RESULT_SUCCESS] = "success",         [RESULT_EXIT_CODE] = "exit-code",
	[RESULT_SIGNAL] = "signal",           [RESULT_TIMEOUT] = "timeout",
	[RESULT_PROTOCOL] = "protocol",       [RESULT_RESOURCES] = "resources",
	[RESULT_START_LIMIT] = "start-limit", [RESULT_DEPENDENCY] = "dependency",
};

const char *result_name(enum result r)
{
	return result_names[r];
}

/* The first reason is kept: those after it are usually its consequences. */
void unit_fail(struct unit *u, enum result why, const char *message)
{
	if (u->result != RESULT_SUCCESS)
		return;
	u->result = why;
	free(u->message);
	u->message = xstrdup(message);
	log_warn("unit-failed", STR("unit", u->name), STR("result", result_names[why]),
		 STR("message", message));
}

static char *exit_message(const char *what, struct proc_exit how)
{
	char text[200];

	if (how.kind == PROC_NOT_STARTED) {
		proc_start_describe(how.value, text, sizeof(text));
		return xasprintf("%s was not started: %s", what, text);
	}
	if (how.kind == PROC_UNKNOWN)
		return xasprintf("%s exited, status unknown", what);
	if (how.kind == PROC_SIGNALLED)
		return xasprintf("%s was killed by SIG%s", what,
				 how.value < 32 ? sigabbrev_np(how.value) : "RT");
	return xasprintf("%s exited with status %d", what, how.value);
}

bool unit_exit_is_clean(const struct unit *u, struct proc_exit how)
{
	bool signalled = how.kind == PROC_SIGNALLED;

	if (!proc_exit_is_known(how))
		return false;
	if (unit_exits_has(&u->spec->success, signalled, how.value))
		return true;
	if (!signalled)
		return how.value == 0;
	return u->spec->type != UNIT_ONESHOT &&
	       (how.value == SIGHUP || how.value == SIGINT || how.value == SIGTERM ||
		how.value == SIGPIPE);
}

void unit_fail_by_exit(struct unit *u, const char *what, struct proc_exit how)
{
	CLEANUP(free) char *message = exit_message(what, how);

	unit_fail(u,
		  how.kind == PROC_SIGNALLED     ? RESULT_SIGNAL
		  : how.kind == PROC_NOT_STARTED ? RESULT_RESOURCES
						 : RESULT_EXIT_CODE,
		  message);
}
