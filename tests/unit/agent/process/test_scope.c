/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scope of systemd's for the groups of units, with a fake at the other end of the bus
 * that makes groups of this machine. */
#include "fake_bus.h"
#include "test.h"

#include "buf.h"
#include "cgroup_files.h"
#include "cgroup_v2.h"
#include "process.h"
#include "scope.h"
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "org.freedesktop.systemd1"

DEFINE_CLEANUP(sd_bus *, sd_bus_close_unref);

struct manager {
	char dir[40], path[80];
	int listens;
	pthread_t thread;
	char *mount;    /* of cgroup v2 */
	char name[40];  /* of the scope, without its end */
	char *group;    /* its folder */
	struct buf set; /* "Delegate=1 " of what it was made with */
	bool refuses;
	int made;
};

/* Which processes are in the scope; "": none, or there is no scope. */
static char *members(const struct manager *m)
{
	char *text = cgroup_read(m->group, "cgroup.procs");

	return text ? text : xstrdup("");
}

static void note_property(struct manager *m, sd_bus_message *call, const char *name)
{
	uint64_t number;
	uint32_t pid;
	int is;

	if (strcmp(name, "Delegate") == 0) {
		CHECK(sd_bus_message_read(call, "v", "b", &is) >= 0);
		buf_printf(&m->set, "Delegate=%d ", is);
	} else if (strcmp(name, "TasksMax") == 0) {
		CHECK(sd_bus_message_read(call, "v", "t", &number) >= 0);
		buf_printf(&m->set, "TasksMax=%s ", number == UINT64_MAX ? "none" : "");
	} else if (strcmp(name, "PIDs") == 0) {
		CLEANUP(free) char *text = NULL;

		CHECK(sd_bus_message_read(call, "v", "au", 1, &pid) >= 0);
		text = xasprintf("%u", pid);
		CHECK(cgroup_write(m->group, "cgroup.procs", text));
	} else {
		CHECK(sd_bus_message_skip(call, "v") >= 0);
	}
}

/* As systemd does: the group, with the processes in it. */
static int start_scope(struct manager *m, sd_bus_message *call)
{
	const char *name, *mode, *property;

	if (m->refuses)
		return sd_bus_reply_method_errorf(call, NAME ".Refused",
						  "no scopes here");
	CHECK(sd_bus_message_read(call, "ss", &name, &mode) >= 0);
	CHECK(mkdir(m->group, 0755) == 0);
	m->made++;
	CHECK(sd_bus_message_enter_container(call, 'a', "(sv)") >= 0);
	while (sd_bus_message_enter_container(call, 'r', "sv") > 0) {
		CHECK(sd_bus_message_read(call, "s", &property) >= 0);
		note_property(m, call, property);
		CHECK(sd_bus_message_exit_container(call) >= 0);
	}
	return sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/1");
}

static int called(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	struct manager *m = arg;
	const char *method = sd_bus_message_get_member(call);
	CLEANUP(free) char *in = members(m);

	(void)error;
	if (strcmp(method, "Hello") == 0)
		return sd_bus_reply_method_return(call, "s", ":1.1");
	if (strcmp(method, "StartTransientUnit") == 0)
		return start_scope(m, call);
	if (strcmp(method, "GetUnit") == 0 && !*in)
		return sd_bus_reply_method_errorf(call, NAME ".NoSuchUnit", "not loaded");
	if (strcmp(method, "GetUnit") == 0)
		return sd_bus_reply_method_return(call, "o",
						  "/org/freedesktop/systemd1/unit/it");
	return sd_bus_reply_method_return(call, "v", "s", m->group + strlen(m->mount));
}

static void *serve(void *arg)
{
	struct manager *m = arg;

	for (;;) {
		CLEANUP(sd_bus_close_unref)
		sd_bus *bus = fake_bus_accept(m->listens, called, m);
		int r = 0;

		if (!bus)
			return NULL;
		while (r >= 0)
			while ((r = sd_bus_process(bus, NULL)) == 0 &&
			       (r = sd_bus_wait(bus, UINT64_MAX)) >= 0)
				;
	}
}

static int setup(void **state)
{
	struct manager *m = xcalloc(1, sizeof(*m));

	strcpy(m->dir, "/tmp/foretide-sc-XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	m->mount = cgroup_mount_point("");
	assert_non_null(m->mount);
	snprintf(m->name, sizeof(m->name), "ft-scope-%d", (int)getpid());
	m->group = xasprintf("%s/%s.scope", m->mount, m->name);
	buf_init(&m->set, 1000);
	m->listens = fake_bus_listen(m->dir, m->path, sizeof(m->path));
	assert_int_equal(pthread_create(&m->thread, NULL, serve, m), 0);
	*state = m;
	return 0;
}

static void stop_manager(struct manager *m)
{
	if (m->listens < 0)
		return;
	shutdown(m->listens, SHUT_RDWR);
	pthread_join(m->thread, NULL);
	close(m->listens);
	m->listens = -1;
}

/* The keeper is ours; a group is removed once it has left it. */
static int teardown(void **state)
{
	struct manager *m = *state;
	CLEANUP(free) char *in = members(m);

	stop_manager(m);
	if (*in) {
		kill((pid_t)strtol(in, NULL, 10), SIGKILL);
		assert_true(wait(NULL) > 0);
	}
	(void)rmdir(m->group);
	unlink(m->path);
	rmdir(m->dir);
	buf_done(&m->set);
	free(m->mount);
	free(m->group);
	free(m);
	return 0;
}

static void the_scope_of_units_is_made_once_and_found_again(void **state)
{
	struct manager *m = *state;
	CLEANUP(free) char *first = NULL;
	CLEANUP(free) char *again = NULL;
	CLEANUP(free) char *in = NULL;
	CLEANUP(free) char *later = NULL;
	struct err e;

	assert_ok(scope_open(m->mount, m->name, &first, &e), &e);
	assert_string_equal(first, m->group);
	in = members(m);
	assert_non_null(strchr(in, '\n'));
	/* Ours to make groups in, and none but us limits it. */
	assert_string_equal(buf_str(&m->set), "Delegate=1 TasksMax=none ");
	assert_ok(scope_open(m->mount, m->name, &again, &e), &e);
	assert_string_equal(again, m->group);
	later = members(m);
	assert_string_equal(later, in); /* the same keeper, alone */
	assert_int_equal(m->made, 1);
}

static void a_scope_that_is_refused_leaves_no_process(void **state)
{
	struct manager *m = *state;
	char *dir = NULL;
	struct err e;

	m->refuses = true;
	assert_int_equal(scope_open(m->mount, m->name, &dir, &e), ERR_UNAVAIL);
	assert_string_equal(e.msg, "systemd: no scopes here");
	assert_null(dir);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void without_a_bus_it_is_told(void **state)
{
	struct manager *m = *state;
	char *dir = NULL;
	struct err e;

	stop_manager(m);
	assert_int_equal(scope_open(m->mount, m->name, &dir, &e), ERR_UNAVAIL);
	assert_non_null(strstr(e.msg, "systemd's bus: "));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_scope_of_units_is_made_once_and_found_again),
		TEST(a_scope_that_is_refused_leaves_no_process),
		TEST(without_a_bus_it_is_told),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
