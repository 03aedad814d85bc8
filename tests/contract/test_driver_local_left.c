/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts out of namespaces: how they outlive who made them, and that nothing is left of
 * them. */
#include "local_fixture.h"

#include "process.h"

/* ---------------------------------------------------------------- crashes */

/* Launches in a process of its own, which is killed kill_ms later (-1: when done). */
static void launch_and_die(struct subject *s, const char *id, int kill_ms)
{
	struct drv_launch l = a_launch(id, SLEEP);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct drv_vm vm;
		struct drv_err e;

		(void)launch(s, &l, &vm, &e);
		(void)kill(getpid(), SIGKILL);
	}
	if (kill_ms >= 0) {
		(void)poll(NULL, 0, kill_ms);
		(void)kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void a_host_outlives_the_process_that_made_it(void **state)
{
	struct subject *s = *state;
	struct meta m;

	launch_and_die(s, ID, -1);
	assert_true(reaches(s, ID, DRV_VM_RUNNING));
	m = meta_of(s, ID);
	assert_true(becomes(knock(m.address, 1000) == ECONNREFUSED));
	assert_true(init_is_alive(&m));
}

static void a_launch_killed_at_any_point_is_whole_or_nothing(void **state)
{
	struct subject *s = *state;
	struct vm_list all;
	struct drv_err e;

	for (int ms = 0; ms < 30; ms++) {
		char id[33];

		snprintf(id, sizeof(id), "%032x", ms);
		launch_and_die(s, id, ms);
		assert_true(list(s, &all) <= 1);
		(void)launched(s, id, SLEEP);
		assert_true(reaches(s, id, DRV_VM_RUNNING));
		assert_int_equal(list(s, &all), 1);
		assert_int_equal(count_addresses(s), 1);
		assert_true(becomes(count_inits(s) == 1)); /* the other one is ending */
		assert_drv_ok(terminate(s, OWNER, id, &e), &e);
	}
	assert_true(becomes(count_inits(s) == 0));
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_addresses(s), 0);
	assert_true(becomes(count_links(s) == 1)); /* the bridge */
}

/* An init that takes as long over its root as the gate is shut. */
static void use_slow_init(struct subject *s, const char *gate)
{
	CLEANUP(free) char *path = xasprintf("%s/slow-init", s->dir);
	CLEANUP(free) char *more = xasprintf(", \"init\": \"%s\"", path);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nread word < %s\n", gate);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(mkfifo(gate, 0600), 0);
	reconfigure(s, more);
}

static void a_launch_waits_for_what_a_killed_one_still_does(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID, SLEEP);
	CLEANUP(free) char *gate = xasprintf("%s/gate", s->dir);
	struct drv_vm vm;
	struct drv_err e;
	pid_t maker;
	int fd;

	use_slow_init(s, gate);
	maker = fork();
	if (maker == 0)
		_exit(launch(s, &l, &vm, &e) < 0);
	assert_true(becomes(count_inits(s) == 1));
	(void)kill(maker, SIGKILL);
	assert_int_equal(waitpid(maker, NULL, 0), maker);
	reconfigure(s, "");

	assert_int_not_equal(
		s->d->ops->launch(s->d->drv, &l, clock_mono_ms() + 1000, &vm, &e), 0);
	assert_non_null(strstr(e.msg, "is being created or removed"));
	fd = open(gate, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_true(reaches(s, ID, DRV_VM_RUNNING));
}

/* Each pool's driver is a process, and so is that of who ends a host by hand. */
static void a_host_that_another_process_ended_leaves_no_process(void **state)
{
	struct subject *s = *state;
	struct drv_err e;
	int status = -1;
	pid_t other;

	(void)launched(s, ID, SLEEP);
	other = fork();
	if (other == 0)
		_exit(terminate(s, OWNER, ID, &e) < 0);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	assert_int_equal(count_vms(s), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_removal_that_was_broken_off_is_finished_by_a_list(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s/removing", s->state, ID);
	int fd;

	(void)launched(s, ID, SLEEP);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(count_vms(s), 0);
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_inits(s), 0);
}

static void another_process_of_the_same_number_is_left_alone(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s", s->state, ID);
	CLEANUP(close_fd) int dirfd = -1;
	struct drv_err e;
	struct meta m, real;
	struct err why;
	pid_t bystander;

	(void)launched(s, ID, SLEEP);
	real = m = meta_of(s, ID);
	bystander = fork();
	if (bystander == 0) {
		pause();
		_exit(0);
	}
	m.pid = bystander; /* as after a reboot: another process has the number */
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(meta_write(dirfd, &m, &why), &why);
	assert_int_equal(state_of(s, ID), DRV_VM_FAILED);
	assert_drv_ok(terminate(s, OWNER, ID, &e), &e);
	assert_int_equal(kill(bystander, 0), 0);
	assert_int_equal(waitpid(bystander, NULL, WNOHANG), 0);
	(void)kill(bystander, SIGKILL);
	(void)waitpid(bystander, NULL, 0);
	/* its own processes are found by their group all the same */
	assert_true(becomes(!init_is_alive(&real)));
}

static void clean_removes_everything_also_what_no_record_knows(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *damaged = xasprintf("%s/hosts/%032x/meta.json", s->state, 1);
	CLEANUP(free) char *lost = xasprintf("%s/hosts/%032x", s->state, 2);
	struct clean_count n;
	struct err e;
	FILE *f;

	for (int i = 0; i < 3; i++) {
		char id[33];

		snprintf(id, sizeof(id), "%032x", i);
		(void)launched(s, id, SLEEP);
	}
	f = fopen(damaged, "we");
	assert_non_null(f);
	fputs("{", f);
	fclose(f);
	(void)nftw(lost, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	assert_true(becomes(count_inits(s) == 3)); /* each forked its user data */

	assert_ok(local_clean(s->state, &n, &e), &e);
	assert_int_equal(n.hosts, 2);
	assert_int_equal(count_inits(s), 0);
	assert_int_equal(count_links(s), 0);
	assert_int_equal(count_groups(s), 0);
	assert_int_equal(access(s->state, F_OK), -1);
	assert_ok(local_clean(s->state, &n, &e), &e);
	assert_int_equal(n.hosts + n.processes + n.links, 0);
}

static void clean_works_when_the_folder_was_removed_under_running_hosts(void **state)
{
	struct subject *s = *state;
	struct clean_count n;
	struct err e;

	(void)launched(s, ID, SLEEP);
	(void)nftw(s->state, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	assert_int_equal(access(s->state, F_OK), -1);
	assert_true(becomes(count_inits(s) == 1)); /* it has forked its user data */
	assert_ok(local_clean(s->state, &n, &e), &e);
	assert_int_equal(n.processes, 1);
	assert_int_equal(count_inits(s), 0);
	assert_int_equal(count_links(s), 0);
	assert_int_equal(count_groups(s), 0);
}

/* Output and exit status of the foretide of this build. */
static int run_command(char *text, size_t size, const char *arguments)
{
	const char *build = getenv("B");
	CLEANUP(free)
	char *command =
		xasprintf("%s/foretide %s 2>&1", build ? build : "build", arguments);
	FILE *f = popen(command, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	return WEXITSTATUS(pclose(f));
}

static void the_command_lists_and_cleans(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *list_args = xasprintf("local list --state-dir %s", s->state);
	CLEANUP(free) char *json_args = xasprintf("%s --json", list_args);
	CLEANUP(free)
	char *clean_args = xasprintf("local clean --state-dir %s", s->state);
	struct drv_vm vm = launched(s, ID, SLEEP);
	char text[4096];

	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
	assert_int_equal(run_command(text, sizeof(text), list_args), 0);
	assert_says(text, "web-1");
	assert_says(text, "running");
	assert_says(text, vm.address);
	assert_int_equal(run_command(text, sizeof(text), json_args), 0);
	assert_says(text, "\"id\": \"" ID "\"");
	assert_int_equal(run_command(text, sizeof(text), "local"), 2);
	assert_int_equal(run_command(text, sizeof(text), "local sweep"), 2);
	assert_int_equal(run_command(text, sizeof(text), clean_args), 0);
	assert_says(text, "removed 1 hosts");
	assert_int_equal(count_inits(s), 0);
	assert_int_equal(count_links(s), 0);
	assert_int_equal(run_command(text, sizeof(text), list_args), 0);
	assert_null(strstr(text, "web-1"));
}

/* ---------------------------------------------------------------- others' things */

static void keep_finding(void *arg, bool fatal, const char *sentence)
{
	if (fatal)
		snprintf(arg, 512, "%s", sentence);
}

static void a_bridge_in_other_hands_is_refused_in_words(void **state)
{
	struct subject *s = *state;
	struct subject other = *s;
	struct drv_launch l = a_launch(ID, SLEEP);
	char finding[512] = "";
	struct clean_count n;
	struct drv_vm vm;
	struct drv_err e;
	struct err why;
	char *at;

	(void)launched(s, ID, SLEEP);
	/* the same bridge and subnet with another state folder */
	at = strstr(other.config, "/state\"");
	assert_non_null(at);
	memcpy(at, "/other\"", 7);
	memcpy(strstr(other.state, "/state"), "/other", 6);
	subject_open(&other);
	assert_drv_fails(launch(&other, &l, &vm, &e), DRV_CONFLICT, &e);
	assert_non_null(strstr(e.msg, "another state folder"));
	assert_int_equal(count_folders(&other), 0);
	assert_drv_fails(other.d->ops->validate(other.d->drv, deadline(), keep_finding,
						finding, &e),
			 DRV_BADREQ, &e);
	assert_non_null(strstr(finding, "another state folder"));
	subject_close(&other);
	assert_ok(local_clean(other.state, &n, &why), &why);
	assert_int_equal(state_of(s, ID), DRV_VM_RUNNING);
}

static void a_subnet_in_use_is_refused_in_words(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *config = NULL;
	struct subject other = *s;
	struct drv_launch l = a_launch(ID, SLEEP);
	struct drv_vm vm;
	struct drv_err e;
	struct err why;
	struct clean_count n;
	char *subnet = strstr(s->config, "\"subnet\"");

	(void)launched(s, ID, SLEEP);
	snprintf(other.state, sizeof(other.state), "%s/other", s->dir);
	snprintf(other.config, sizeof(other.config),
		 "{\"state_dir\": \"%s\", \"bridge\": \"fdtother%x\", %s", other.state,
		 (unsigned)getpid() & 0xffff, subnet);
	subject_open(&other);
	assert_drv_fails(launch(&other, &l, &vm, &e), DRV_CONFLICT, &e);
	assert_non_null(strstr(e.msg, "is in use on"));
	subject_close(&other);
	assert_ok(local_clean(other.state, &n, &why), &why);
}

static void hosts_beyond_the_maximum_are_quota(void **state)
{
	struct subject *s = *state;
	struct drv_launch more = a_launch("ffffffffffffffffffffffffffffffff", SLEEP);
	struct drv_quota q;
	struct drv_vm vm;
	struct drv_err e;

	reconfigure(s, ", \"max_hosts\": 1");
	(void)launched(s, ID, SLEEP);
	(void)launched(s, ID, SLEEP); /* the same one is no more */
	assert_drv_fails(launch(s, &more, &vm, &e), DRV_QUOTA, &e);
	assert_drv_ok(s->d->ops->quota(s->d->drv, deadline(), &q, &e), &e);
	assert_int_equal(q.used, 1);
	assert_int_equal(q.limit, 1);
}

static void wrong_options_are_refused_in_words(void **state)
{
	static const struct {
		const char *config, *word;
	} bad[] = {
		{ "{\"subnet\": \"10.1.2.3/16\"}", "bits after its prefix" },
		{ "{\"subnet\": \"10.0.0.0/8\"}", "/16 to /29" },
		{ "{\"subnet\": \"somewhere\"}", "/16 to /29" },
		{ "{\"bridge\": \"a-name-that-is-too-long\"}", "bridge" },
		{ "{\"bridge\": \"a b\"}", "bridge" },
		{ "{\"state_dir\": \"here\"}", "absolute" },
		{ "{\"memory\": \"lots\"}", "not a size" },
		{ "{\"memory\": \"1K\"}", "less than 16M" },
		{ "{\"cpu\": 0.001}", "less than 0.05" },
		{ "{\"type\": \"huge\"}", "not one of" },
		{ "{\"boot_delay\": \"soon\"}", "boot_delay" },
		{ "{\"max_hosts\": 0}", "from 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct driver *d = NULL;
		struct err e;

		assert_int_equal(subject_try(&the_subject, bad[i].config, &d, &e),
				 ERR_INVAL);
		if (!strstr(e.msg, bad[i].word))
			fail_msg("%s: %s", bad[i].config, e.msg);
	}
}

static void an_init_that_cannot_be_run_leaves_nothing(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID, SLEEP);
	struct drv_vm vm;
	struct drv_err e;

	reconfigure(s, ", \"init\": \"/no/such/program\"");
	assert_int_not_equal(launch(s, &l, &vm, &e), 0);
	assert_non_null(strstr(e.msg, "cannot be executed"));
	assert_int_equal(count_vms(s), 0);
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_addresses(s), 0);
}

/* ---------------------------------------------------------------- many */

static void fifty_hosts_come_and_go(void **state)
{
	struct subject *s = *state;
	int64_t start = clock_mono_ms(), made, up;
	struct vm_list all;
	struct drv_err e;
	size_t running;

	for (int i = 0; i < 50; i++) {
		char id[33];

		snprintf(id, sizeof(id), "%032x", i);
		(void)launched(s, id, SLEEP);
	}
	made = clock_mono_ms() - start;
	assert_true(becomes(({
		list(s, &all);
		running = 0;
		for (size_t i = 0; i < all.n; i++)
			running += all.vm[i].state == DRV_VM_RUNNING;
		running == 50;
	})));
	up = clock_mono_ms() - start;
	for (size_t i = 0; i < all.n; i++)
		assert_drv_ok(terminate(s, OWNER, all.vm[i].id, &e), &e);
	print_message("# 50 hosts made in %lld ms, all running after %lld ms, gone after "
		      "%lld ms\n",
		      (long long)made, (long long)up,
		      (long long)(clock_mono_ms() - start));
	assert_int_equal(count_folders(s), 0);
	assert_int_equal(count_links(s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_outlives_the_process_that_made_it),
		TEST(a_launch_killed_at_any_point_is_whole_or_nothing),
		TEST(a_launch_waits_for_what_a_killed_one_still_does),
		TEST(a_host_that_another_process_ended_leaves_no_process),
		TEST(a_removal_that_was_broken_off_is_finished_by_a_list),
		TEST(another_process_of_the_same_number_is_left_alone),
		TEST(clean_removes_everything_also_what_no_record_knows),
		TEST(clean_works_when_the_folder_was_removed_under_running_hosts),
		TEST(the_command_lists_and_cleans),
		TEST(a_bridge_in_other_hands_is_refused_in_words),
		TEST(a_subnet_in_use_is_refused_in_words),
		TEST(hosts_beyond_the_maximum_are_quota),
		TEST(wrong_options_are_refused_in_words),
		TEST(an_init_that_cannot_be_run_leaves_nothing),
		TEST(fifty_hosts_come_and_go),
	};

	remove_leftovers();
	atexit(clean_up);
	return cmocka_run_group_tests_name("what the local driver leaves", tests, NULL,
					   NULL);
}
