/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "start.h"

#include "check.h"
#include "clock.h"
#include "dirs.h"
#include "notify.h"
#include "processes.h"
#include "text.h"
#include "timers.h"

#include <sys/random.h>

bool unit_can_start(const struct unit *u)
{
	return u->spec && (phase_is_idle(u->phase) || u->phase == PHASE_AUTO_RESTART ||
			   u->phase == PHASE_WAITING);
}

static bool within_start_limit(struct unit *u)
{
	int64_t now = clock_mono_ms();

	if (u->spec->start_limit_burst <= 0 || u->spec->start_limit_ms <= 0)
		return true;
	if (!u->limit_count || now - u->limit_since_mono_ms > u->spec->start_limit_ms) {
		u->limit_since_mono_ms = now;
		u->limit_count = 0;
	}
	return ++u->limit_count <= u->spec->start_limit_burst;
}

static void new_invocation(struct unit *u)
{
	uint8_t bytes[16];

	CHECK(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), u->invocation);
}

static void fail_by_limit(struct unit *u, const char *last)
{
	CLEANUP(free)
	char *message = last ? xasprintf("%s; it was started too often", last)
			     : xstrdup("it was started too often");

	unit_fail(u, RESULT_START_LIMIT, message);
	u->stop_asked = false;
}

enum phase unit_start_now(struct unit *u, loop_io_fn *on_notify)
{
	CLEANUP(free) char *last = TAKE(u->message);
	const struct cgroup_tasks tasks = { u->spec->tasks_max, u->spec->tasks_share };
	struct err e;

	u->result = RESULT_SUCCESS;
	u->main_exited = false;
	if (!within_start_limit(u)) {
		fail_by_limit(u, last);
		return PHASE_FAILED;
	}
	new_invocation(u);
	cgroup_make(u->own->cgroups, u->name, &tasks, &u->cgroup);
	if (unit_make_dirs(u, &e) < 0 || unit_open_notify(u, on_notify, &e) < 0) {
		unit_fail(u, RESULT_RESOURCES, e.msg);
		return PHASE_DEAD;
	}
	return PHASE_START_PRE;
}

enum phase unit_start_without_required(struct unit *u)
{
	u->result = RESULT_SUCCESS;
	unit_fail(u, RESULT_DEPENDENCY, "a unit that it requires has failed");
	return PHASE_FAILED;
}

enum phase unit_start_timed_out(struct unit *u)
{
	const pid_t pid = unit_stranger_in_file(u);
	CLEANUP(free)
	char *why =
		pid ? xasprintf("it did not start in time: its PIDFile= names process "
				"%d, which is none of its own",
				(int)pid)
		    : xstrdup("it did not start in time");

	unit_fail(u, RESULT_TIMEOUT, why);
	return PHASE_STOP_SIGTERM;
}

enum phase unit_start_has_no_main(struct unit *u)
{
	if (!u->spec->pid_file || !unit_has_processes(u, true)) {
		unit_fail(u, RESULT_PROTOCOL, "it left no process and no PID file");
		return PHASE_STOP_SIGTERM;
	}
	unit_poll_again(u);
	return PHASE_STAY;
}
