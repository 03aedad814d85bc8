/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own supervisor with real processes: kinds of units and what they find. */
#include "units_fixture.h"

#include "leak.h"
#include "loop_until.h"
#include "unit.h"

#include <sys/prctl.h>

/* ---------------------------------------------------------------- types */

static void a_simple_unit_runs_and_stops(void **state)
{
	struct fixture *f = *state;
	struct unit_status s;

	set(f, "a.service", "h1", "[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "a.service", "running");
	s = status(f, "a.service");

	assert_string_equal(s.active, "active");
	assert_string_equal(s.load, "loaded");
	assert_true(alive(s.main_pid));
	units_set(f->units, "a.service", "h1", "", false);
	wait_sub(f, "a.service", "dead");
	assert_false(alive(s.main_pid));
	assert_string_equal(status(f, "a.service").active, "inactive");
}

static void commands_run_in_their_order(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nWorkingDirectory=%s\nEnvironment=\"A=x y\" B=1\n"
		"ExecStartPre=/bin/sh -c 'echo pre $$A >>out'\n"
		"ExecStartPre=-/bin/false\n"
		"ExecStart=/bin/sleep 1000\n"
		"ExecStartPost=/bin/sh -c 'echo post ${B} >>out'\n"
		"ExecReload=/bin/sh -c \"echo reload ${MAINPID} >>out\"\n"
		"ExecStop=/bin/sh -c 'echo stop >>out' ; /bin/sh -c 'echo again >>out'\n"
		"ExecStopPost=/bin/sh -c 'echo stop-post $$SERVICE_RESULT >>out'\n",
		f->dir);
	CLEANUP(free) char *want = NULL;
	CLEANUP(free) char *got = NULL;
	struct err e;

	set(f, "c@7.service", "h", text);
	wait_sub(f, "c@7.service", "running");
	want = xasprintf("pre x y\npost 1\nreload %d\nstop\nagain\nstop-post success\n",
			 (int)status(f, "c@7.service").main_pid);
	assert_ok(units_reload(f->units, "c@7.service", &e), &e);
	wait_sub(f, "c@7.service", "running");
	units_drop(f->units, "c@7.service");
	wait_sub(f, "c@7.service", "gone");
	got = content(f, "out");
	assert_string_equal(got, want);
}

/* A careless agent has a descriptor without close-on-exec, a variable, a capability. */
static void a_unit_inherits_nothing_of_the_agent(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=oneshot\nRemainAfterExit=yes\nUser=nobody\n"
		"NoNewPrivileges=yes\nEnvironment=OWN=1\n"
		"ExecStart=/bin/sh -c '(ls /proc/self/fd; env | cut -d= -f1 | sort; "
		"grep -E \"^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)\" /proc/self/status) "
		">%s/seen'\n",
		f->dir);
	CLEANUP(free) char *seen = NULL;

	leak();
	set(f, "i.service", "h", text);
	wait_sub(f, "i.service", "exited");
	seen = content(f, "seen");
	unleak();
	assert_string_equal(seen, "0\n1\n2\n3\n"
				  "HOME\nINVOCATION_ID\nLANG\nLOGNAME\nOWN\nPATH\nPWD\n"
				  "SHELL\nUSER\n"
				  "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
				  "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n"
				  "NoNewPrivs:\t1\n");
}

static void a_oneshot_remains_after_exit(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf("[Service]\nType=oneshot\nRemainAfterExit=yes\n"
			       "ExecStart=/bin/sh -c 'echo 1 >>%s/o'\n"
			       "ExecStart=/bin/sh -c 'echo 2 >>%s/o'\n",
			       f->dir, f->dir);
	CLEANUP(free) char *got = NULL;

	set(f, "o.service", "h", text);
	wait_sub(f, "o.service", "exited");
	assert_string_equal(status(f, "o.service").active, "active");
	got = content(f, "o");
	assert_string_equal(got, "1\n2\n");
}

static void a_oneshot_without_it_ends_dead(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo done >%s/o'\n",
		f->dir);

	set(f, "o.service", "h", text);
	wait_content(f, "o", "done");
	wait_sub(f, "o.service", "dead");
	assert_string_equal(status(f, "o.service").message, "");
}

static void a_forking_unit_is_followed_by_its_pid_file(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=forking\nPIDFile=%s/pid\n"
		"ExecStart=/bin/sh -c 'setsid sleep 1000 </dev/null & echo $! >%s/pid'\n",
		f->dir, f->dir);
	pid_t pid;

	set(f, "f.service", "h", text);
	wait_sub(f, "f.service", "running");
	pid = status(f, "f.service").main_pid;
	assert_int_equal(pid, pid_in(f, "pid"));
	units_drop(f->units, "f.service");
	wait_sub(f, "f.service", "gone");
	assert_false(alive(pid));
}

/* Forked twice, in a session of its own, its parents are gone, and its environment is
 * empty. */
static void a_daemon_that_left_all_behind_is_still_the_units(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text =
		xasprintf("[Service]\nType=forking\nPIDFile=%s/pid\n"
			  "ExecStart=/bin/sh -c \"setsid env -i /bin/sh -c 'sleep 1000 "
			  "</dev/null >/dev/null 2>&1 & echo $$! >%s/pid'\"\n",
			  f->dir, f->dir);
	pid_t pid;

	set(f, "d.service", "h", text);
	wait_sub(f, "d.service", "running");
	pid = status(f, "d.service").main_pid;
	assert_int_equal(pid, pid_in(f, "pid"));
	assert_false(proc_has_env(pid, "SYSTEMD_EXEC_PID"));
	assert_int_not_equal(proc_parent(pid), getpid());
	units_drop(f->units, "d.service");
	wait_sub(f, "d.service", "gone");
	assert_false(alive(pid));
}

#define NAME_MAIN_PY                                          \
	"import os,socket,sys,time\n"                         \
	"s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n" \
	"pid=''\n"                                            \
	"while not pid.endswith('\\n'):\n"                    \
	" time.sleep(.01)\n"                                  \
	" if os.path.exists(sys.argv[1]):\n"                  \
	"  pid=open(sys.argv[1]).read()\n"                    \
	"s.sendto(('READY=1\\nMAINPID='+pid).encode(),"       \
	"os.environ['NOTIFY_SOCKET'])\n"                      \
	"time.sleep(1000)\n"

/* By the first main process, beside which it runs. */
static void a_process_that_left_all_behind_can_be_named_main(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=notify\nExecStart=/bin/sh -c \"setsid env -i /bin/sh -c "
		"'sleep 1000 </dev/null >/dev/null 2>&1 & echo $$! >%s/pid'; exec "
		"/usr/bin/python3 %s/name.py %s/pid\"\n",
		f->dir, f->dir, f->dir);

	write_file(f, "name.py", NAME_MAIN_PY);
	set(f, "m.service", "h", text);
	wait_sub(f, "m.service", "running");
	assert_int_equal(status(f, "m.service").main_pid, pid_in(f, "pid"));
}

static void a_forking_unit_without_pid_file_is_guessed(void **state)
{
	struct fixture *f = *state;
	pid_t pid;

	set(f, "g.service", "h",
	    "[Service]\nType=forking\n"
	    "ExecStart=/bin/sh -c 'setsid sleep 1000 & exit 0'\n");
	wait_sub(f, "g.service", "running");
	pid = status(f, "g.service").main_pid;
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	wait_sub(f, "g.service", "failed");
}

#define NOTIFY_PY                                                                \
	"import os,socket,sys,time\n"                                            \
	"s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n"                    \
	"while not os.path.exists(sys.argv[1]): time.sleep(.01)\n"               \
	"s.sendto(b'STATUS=at work\\nREADY=1\\n',os.environ['NOTIFY_SOCKET'])\n" \
	"time.sleep(1000)\n"

static void a_notify_unit_starts_when_it_says_so(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=notify\nExecStart=/usr/bin/python3 %s/n.py %s/go\n",
		f->dir, f->dir);

	write_file(f, "n.py", NOTIFY_PY);
	set(f, "n.service", "h", text);
	run_for(f, 100);
	assert_string_equal(sub(f, "n.service"), "start");
	assert_string_equal(status(f, "n.service").active, "activating");
	write_file(f, "go", "");
	wait_sub(f, "n.service", "running");
	assert_string_equal(status(f, "n.service").message, "at work");
}

/* As another user, or as root but from outside of the unit. */
static int tell(struct fixture *f, bool as_nobody, pid_t pid)
{
	CLEANUP(free)
	char *command = xasprintf(
		"%s /usr/bin/python3 -c \"import socket; s=socket.socket(socket.AF_UNIX,"
		"socket.SOCK_DGRAM); s.sendto(b'READY=1\\nMAINPID=%d\\nSTATUS=mine', "
		"'%s/units/n.service.notify')\" 2>/dev/null",
		as_nobody ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "",
		(int)pid, f->dir);

	return system(command);
}

static void let_others_in(struct fixture *f)
{
	CLEANUP(free) char *units = xasprintf("%s/units", f->dir);

	assert_int_equal(chmod(f->dir, 0711), 0);
	assert_int_equal(chmod(units, 0711), 0);
}

static pid_t start_victim(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("sleep", "sleep", "1000", (char *)NULL);
		_exit(1);
	}
	return pid;
}

static void a_strangers_notify_message_is_ignored(struct fixture *f, const char *more)
{
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=notify\n%sExecStart=/usr/bin/python3 %s/n.py %s/go\n",
		more, f->dir, f->dir);
	pid_t victim = start_victim();
	int64_t sent;

	let_others_in(f);
	write_file(f, "n.py", NOTIFY_PY);
	set(f, "n.service", "h", text);
	wait_sub(f, "n.service", "start");
	sent = tell(f, true, victim) == 0;
	assert_int_equal(tell(f, false, victim), 0);
	LOOP_UNTIL(f->loop, ((struct own *)f->units)->units->strangers.n == sent + 1);
	assert_string_equal(sub(f, "n.service"), "start");
	assert_true(status(f, "n.service").main_pid != victim);
	/* The right one is still heard. */
	write_file(f, "go", "");
	wait_sub(f, "n.service", "running");
	assert_string_equal(status(f, "n.service").message, "at work");
	units_drop(f->units, "n.service");
	wait_sub(f, "n.service", "gone");
	assert_int_equal(waitpid(victim, NULL, WNOHANG), 0);
	assert_int_equal(kill(victim, SIGKILL), 0);
	assert_int_equal(waitpid(victim, NULL, 0), victim);
}

static void only_the_main_process_is_heard(void **state)
{
	a_strangers_notify_message_is_ignored(*state, "");
}

static void no_stranger_is_heard_where_all_of_the_unit_are(void **state)
{
	a_strangers_notify_message_is_ignored(*state, "NotifyAccess=all\n");
}

static void another_user_cannot_write_to_the_socket_of_a_units_user(void **state)
{
	struct fixture *f = *state;

	let_others_in(f);
	set(f, "n.service", "h",
	    "[Service]\nType=notify\nUser=daemon\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "n.service", "start");
	assert_true(tell(f, true, 1) != 0);
}

#define CHILD_PY                                                           \
	"import os,socket,sys,time\n"                                      \
	"if os.fork() == 0:\n"                                             \
	" s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n"             \
	" m=b'READY=1\\nMAINPID=%d' % (os.getpid() if sys.argv[1]=='own' " \
	"else os.getppid())\n"                                             \
	" s.sendto(m,os.environ['NOTIFY_SOCKET'])\n"                       \
	"time.sleep(1000)\n"

static void a_child_is_heard_only_where_all_are(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *mine = xasprintf("[Service]\nType=notify\nExecStart=/usr/bin/python3 "
			       "%s/c.py own\n",
			       f->dir);
	CLEANUP(free)
	char *all = xasprintf("[Service]\nType=notify\nNotifyAccess=all\n"
			      "ExecStart=/usr/bin/python3 %s/c.py own\n",
			      f->dir);

	write_file(f, "c.py", CHILD_PY);
	set(f, "one.service", "h", mine);
	set(f, "all.service", "h", all);
	wait_sub(f, "all.service", "running");
	assert_string_equal(sub(f, "one.service"), "start");
}

/* Its child sends without end what does not count. */
#define FLOOD_PY                                                                 \
	"import os,socket,sys,time\n"                                            \
	"s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n"                    \
	"if os.fork() == 0:\n"                                                   \
	" while True: s.sendto(b'READY=1',os.environ['NOTIFY_SOCKET'])\n"        \
	"while not os.path.exists(sys.argv[1]): time.sleep(.01)\n"               \
	"s.sendto(b'STATUS=at work\\nREADY=1\\n',os.environ['NOTIFY_SOCKET'])\n" \
	"time.sleep(1000)\n"

static void a_flood_of_messages_takes_a_bounded_time(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nType=notify\nExecStart=/usr/bin/python3 %s/f.py %s/go\n",
		f->dir, f->dir);
	const struct unit *u;
	int64_t since;

	write_file(f, "f.py", FLOOD_PY);
	set(f, "f.service", "h", text);
	wait_sub(f, "f.service", "start");
	u = ((struct own *)f->units)->units;
	since = clock_mono_ms();
	while (u->strangers.n == 0) {
		assert_true(clock_mono_ms() - since < PATIENCE_MS);
		loop_once(f->loop, 20);
	}
	since = clock_mono_ms();
	run_for(f, 500);
	assert_true(u->strangers.n <= 2000 + (clock_mono_ms() - since));
	/* The main process is heard among them, and the streak ends with the unit. */
	write_file(f, "go", "");
	wait_sub(f, "f.service", "running");
	units_set(f->units, "f.service", "h", "", false);
	wait_sub(f, "f.service", "dead");
	assert_int_equal(u->strangers.n, 0);
}

static void a_pid_file_names_no_strangers_process(void **state)
{
	struct fixture *f = *state;
	pid_t victim = start_victim();
	CLEANUP(free)
	char *text = xasprintf("[Service]\nType=forking\nPIDFile=%s/pid\n"
			       "TimeoutStartSec=500ms\nExecStart=/bin/sh -c 'echo %d "
			       ">%s/pid; setsid sleep 1000 & exit 0'\n",
			       f->dir, (int)victim, f->dir);

	set(f, "p.service", "h", text);
	wait_sub(f, "p.service", "failed");
	assert_non_null(strstr(status(f, "p.service").message, "none of its own"));
	assert_int_equal(waitpid(victim, NULL, WNOHANG), 0);
	assert_int_equal(kill(victim, SIGKILL), 0);
	assert_int_equal(waitpid(victim, NULL, 0), victim);
}

static void a_notify_unit_that_never_says_so_fails_in_time(void **state)
{
	struct fixture *f = *state;

	set(f, "n.service", "h",
	    "[Service]\nType=notify\nTimeoutStartSec=100ms\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "n.service", "failed");
	assert_string_equal(status(f, "n.service").message, "it did not start in time");
}

/* ---------------------------------------------------------------- surroundings */

static void user_environment_and_folders_are_set(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *name = xasprintf("ftu-%d", (int)getpid());
	CLEANUP(free) char *run = xasprintf("/run/%s", name);
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nUser=nobody\nRuntimeDirectory=%s\nEnvironmentFile=-%s/none\n"
		"EnvironmentFile=%s/env\nLimitNOFILE=512\nUMask=0027\n"
		"ExecStart=/bin/sh -c 'id -un; ulimit -n; umask; echo "
		"\"$$WORDS|%%i|%%n\"; "
		"stat -c owner-%%%%U $$RUNTIME_DIRECTORY; exec sleep 1000'\n",
		name, f->dir, f->dir);
	struct stat st;

	write_file(f, "env", "# comment\nWORDS=\"two words\"\nexport OTHER=1\n");
	set(f, "u@3.service", "h", text);
	wait_sub(f, "u@3.service", "running");
	wait_content(f, "logs/u@3.service.log", "owner-nobody\n");
	wait_content(f, "logs/u@3.service.log", " nobody\n");
	wait_content(f, "logs/u@3.service.log", " 512\n");
	wait_content(f, "logs/u@3.service.log", " 0027\n");
	wait_content(f, "logs/u@3.service.log", " two words|3|u@3.service\n");
	assert_int_equal(stat(run, &st), 0);
	units_drop(f->units, "u@3.service");
	wait_sub(f, "u@3.service", "gone");
	assert_int_equal(stat(run, &st), -1);
}

static void logs_have_times_and_a_tail(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_done) struct buf b;
	struct err e;

	set(f, "t.service", "h",
	    "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo one; echo two >&2; "
	    "printf three'\n");
	wait_content(f, "logs/t.service.log", "three\n");
	buf_init(&b, 1 << 20);
	assert_ok(unit_log_tail(f->logs, "t.service", 2, &b, &e), &e);
	assert_non_null(strstr(buf_str(&b), "Z two\n"));
	assert_non_null(strstr(buf_str(&b), "Z three\n"));
	assert_null(strstr(buf_str(&b), "one"));
}

static void units_start_after_what_they_are_after(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free)
	char *first = xasprintf(
		"[Service]\nType=oneshot\nRemainAfterExit=yes\n"
		"ExecStart=/bin/sh -c 'while ! test -e %s/go; do sleep .01; done'\n",
		f->dir);

	set(f, "a.service", "h", first);
	set(f, "b.service", "h",
	    "[Unit]\nAfter=a.service\nRequires=a.service\n"
	    "[Service]\nExecStart=/bin/sleep 1000\n");
	run_for(f, 50);
	assert_string_equal(sub(f, "b.service"), "waiting");
	write_file(f, "go", "");
	wait_sub(f, "b.service", "running");
}

static void a_failed_requirement_fails_the_unit(void **state)
{
	struct fixture *f = *state;

	set(f, "a.service", "h", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
	set(f, "b.service", "h",
	    "[Unit]\nAfter=a.service\nRequires=a.service\n"
	    "[Service]\nExecStart=/bin/sleep 1000\n");
	wait_sub(f, "b.service", "failed");
	assert_string_equal(status(f, "b.service").message,
			    "a unit that it requires has failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_simple_unit_runs_and_stops),
		TEST(commands_run_in_their_order),
		TEST(a_unit_inherits_nothing_of_the_agent),
		TEST(a_oneshot_remains_after_exit),
		TEST(a_oneshot_without_it_ends_dead),
		TEST(a_forking_unit_is_followed_by_its_pid_file),
		TEST_BARE(a_forking_unit_is_followed_by_its_pid_file),
		TEST(a_daemon_that_left_all_behind_is_still_the_units),
		TEST_BARE(a_daemon_that_left_all_behind_is_still_the_units),
		TEST_BARE(a_process_that_left_all_behind_can_be_named_main),
		TEST(a_forking_unit_without_pid_file_is_guessed),
		TEST_BARE(a_forking_unit_without_pid_file_is_guessed),
		TEST(a_notify_unit_starts_when_it_says_so),
		TEST(only_the_main_process_is_heard),
		TEST_BARE(only_the_main_process_is_heard),
		TEST(no_stranger_is_heard_where_all_of_the_unit_are),
		TEST_BARE(no_stranger_is_heard_where_all_of_the_unit_are),
		TEST(another_user_cannot_write_to_the_socket_of_a_units_user),
		TEST(a_child_is_heard_only_where_all_are),
		TEST_BARE(a_child_is_heard_only_where_all_are),
		TEST(a_pid_file_names_no_strangers_process),
		TEST_BARE(a_pid_file_names_no_strangers_process),
		TEST(a_notify_unit_that_never_says_so_fails_in_time),
		TEST(a_flood_of_messages_takes_a_bounded_time),
		TEST(user_environment_and_folders_are_set),
		TEST(logs_have_times_and_a_tail),
		TEST(units_start_after_what_they_are_after),
		TEST(a_failed_requirement_fails_the_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
