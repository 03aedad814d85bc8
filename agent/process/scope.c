/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scope.h"

#include "check.h"
#include "clock.h"
#include "start.h"
#include "text.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define CALL_US (5 * UINT64_C(1000000))
#define MOVE_MS 5000 /* real */
#define CGROUP_BYTES (64 * 1024)

DEFINE_CLEANUP(sd_bus *, sd_bus_flush_close_unref);
DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref);

static int refused(struct err *err, const sd_bus_error *e, int r)
{
	return err_set(err, ERR_UNAVAIL, "systemd: %s",
		       e->message ? e->message : strerror(-r));
}

/* NULL: there is no such scope, or nothing is in it any more. */
static char *group_of(sd_bus *bus, const char *unit)
{
	CLEANUP(sd_bus_message_unref) sd_bus_message *answer = NULL;
	CLEANUP(free) char *group = NULL;
	const char *path;

	if (sd_bus_call_method(bus, SYSTEMD, MANAGER_PATH, SYSTEMD ".Manager", "GetUnit",
			       NULL, &answer, "s", unit) < 0 ||
	    sd_bus_message_read(answer, "o", &path) < 0 ||
	    sd_bus_get_property_string(bus, SYSTEMD, path, SYSTEMD ".Scope",
				       "ControlGroup", NULL, &group) < 0)
		return NULL;
	return group && *group ? TAKE(group) : NULL;
}

static bool is_in(pid_t pid, const char *unit)
{
	CLEANUP(free) char *path = xasprintf("/proc/%d/cgroup", (int)pid);
	CLEANUP(free) char *text = NULL;

	return conf_read_file(path, CGROUP_BYTES, &text, NULL, NULL) == 0 &&
	       strstr(text, unit);
}

/* The call asks for it only. */
static int wait_until_in(pid_t pid, const char *unit, struct err *err)
{
	const int64_t until = clock_mono_ms() + MOVE_MS;
	const struct timespec pause = { 0, 5000000 };

	while (!is_in(pid, unit)) {
		if (clock_mono_ms() > until)
			return err_set(err, ERR_UNAVAIL, "systemd has not made %s", unit);
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static int make(sd_bus *bus, const char *unit, pid_t keeper, struct err *err)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int rc = 0;
	int r = sd_bus_call_method(
		bus, SYSTEMD, MANAGER_PATH, SYSTEMD ".Manager", "StartTransientUnit", &e,
		NULL, "ssa(sv)a(sa(sv))", unit, "fail", 4, "Description", "s",
		"Units of the Foretide host agent", "Delegate", "b", 1, "TasksMax", "t",
		UINT64_MAX, "PIDs", "au", 1, (uint32_t)keeper, 0);

	if (r < 0)
		rc = refused(err, &e, r);
	sd_bus_error_free(&e);
	return rc == 0 ? wait_until_in(keeper, unit, err) : rc;
}

/* A scope is there as long as a process is in it. */
static int start_keeper(pid_t *ret, struct err *err)
{
	char *argv[] = { (char[]){ "/bin/sleep" }, (char[]){ "infinity" }, NULL };
	char *env[] = { NULL };
	const struct proc_spec spec = {
		.path = argv[0],
		.argv = argv,
		.env = env,
		.fds = { -1, -1, -1 },
		.umask = 022,
		.oom_score_adjust = INT_MIN,
	};
	struct proc_started p;
	int rc = proc_start(&spec, &p, err);

	if (rc < 0)
		return rc;
	if (p.report_fd >= 0)
		close(p.report_fd);
	*ret = p.pid;
	return 0;
}

static int make_with_keeper(sd_bus *bus, const char *unit, struct err *err)
{
	pid_t keeper;
	int rc = start_keeper(&keeper, err);

	if (rc < 0)
		return rc;
	rc = make(bus, unit, keeper, err);
	if (rc < 0) {
		(void)kill(keeper, SIGKILL);
		(void)waitpid(keeper, NULL, 0);
	}
	return rc;
}

int scope_open(const char *mount, const char *name, char **ret, struct err *err)
{
	CLEANUP(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	CLEANUP(free) char *unit = xasprintf("%s.scope", name);
	CLEANUP(free) char *group = NULL;
	int r = sd_bus_open_system(&bus), rc = 0;

	if (r < 0)
		return err_set(err, ERR_UNAVAIL, "systemd's bus: %s", strerror(-r));
	(void)sd_bus_set_method_call_timeout(bus, CALL_US);
	group = group_of(bus, unit);
	if (!group)
		rc = make_with_keeper(bus, unit, err);
	if (rc == 0 && !group)
		group = group_of(bus, unit);
	if (rc < 0)
		return rc;
	if (!group)
		return err_set(err, ERR_UNAVAIL, "systemd has no group for %s", unit);
	*ret = xasprintf("%s%s", mount, group);
	return 0;
}
