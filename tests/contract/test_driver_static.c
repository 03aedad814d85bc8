/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_static.c - what the static driver does besides what every driver does:
 * which machine is given, its power, and what people write wrong.
 */
#include "drivers.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define SCRIPT "#!/bin/sh\n"
#define ID_A "0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210"
#define ID_C "00112233445566778899aabbccddeeff"

#define ONE "[one]\naddress = 192.0.2.1\ncpu = 1\nmemory = 1G\n"
#define BIG "[big]\ncpu = 8\nmemory = 32G\ntype = big\n"

static struct subject subject = { .name = "static" };

static void declare(const char *text)
{
	CLEANUP(free) char *path = xasprintf("%s/machines.conf", subject.dir);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* A file in the test's folder has the text. */
static void assert_file(const char *name, const char *wanted)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", subject.dir, name);
	CLEANUP(free) char *text = NULL;
	size_t len;
	struct err e;

	assert_ok(conf_read_file(path, 4096, &text, &len, &e), &e);
	assert_string_equal(text, wanted);
}

static int launch_id(const char *id, const char *type, struct drv_vm *vm,
		     struct drv_err *e)
{
	const char *const types[] = { type, NULL };
	struct drv_launch l = a_launch(id, SCRIPT);

	l.types = types;
	return launch(&subject, &l, vm, e);
}

static void with_options(const char *more)
{
	CLEANUP(free) char *text = xstrdup(subject.config);

	text[strlen(text) - 1] = '\0';
	snprintf(subject.config, sizeof(subject.config), "%s, %s}", text, more);
	subject_reopen(&subject);
}

/* ---------------------------------------------------------------- which machine */

static void the_smallest_that_fits_is_given_and_none_twice(void **state)
{
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	declare(BIG ONE);
	assert_drv_ok(launch_id(ID_A, NULL, &vm, &e), &e);
	assert_string_equal(vm.zone, "one");
	assert_string_equal(vm.id, "one/" ID_A);
	assert_string_equal(vm.address, "192.0.2.1");
	assert_drv_ok(launch_id(ID_B, NULL, &vm, &e), &e);
	assert_string_equal(vm.zone, "big");
	assert_drv_fails(launch_id(ID_C, NULL, &vm, &e), DRV_CAPACITY, &e);
	assert_drv_ok(terminate(&subject, OWNER, "one/" ID_A, &e), &e);
	assert_drv_ok(launch_id(ID_C, NULL, &vm, &e), &e);
	assert_string_equal(vm.zone, "one");
	/* A call that comes late ends what it was for. */
	assert_drv_ok(terminate(&subject, OWNER, "one/" ID_A, &e), &e);
	assert_int_equal(count_vms(&subject), 2);
}

static void a_machine_has_the_type_cores_and_memory_that_are_asked_for(void **state)
{
	struct drv_quota q;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	declare(BIG ONE);
	assert_drv_fails(launch_id(ID_A, "huge", &vm, &e), DRV_BADREQ, &e);
	assert_drv_ok(launch_id(ID_A, "big", &vm, &e), &e);
	assert_string_equal(vm.zone, "big");
	assert_drv_fails(launch_id(ID_B, "big", &vm, &e), DRV_CAPACITY, &e);
	with_options("\"cpu\": 4, \"memory\": \"2G\"");
	assert_drv_ok(subject.d->ops->quota(subject.d->drv, deadline(), &q, &e), &e);
	assert_int_equal(q.used, 1);
	assert_int_equal(q.limit, 1);
	assert_drv_fails(launch_id(ID_B, NULL, &vm, &e), DRV_CAPACITY, &e);
	assert_non_null(strstr(e.msg, "machines.conf"));
}

static void one_that_is_declared_no_more_stays_until_it_is_taken_back(void **state)
{
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	declare(ONE);
	assert_drv_ok(launch_id(ID_A, NULL, &vm, &e), &e);
	declare(BIG);
	assert_int_equal(count_vms(&subject), 1);
	assert_drv_ok(terminate(&subject, OWNER, vm.id, &e), &e);
	assert_int_equal(count_vms(&subject), 0);
}

static void a_lost_book_gives_nothing(void **state)
{
	CLEANUP(free) char *path = xasprintf("%s/given/machines.json", subject.dir);
	struct drv_vm vm;
	struct drv_err e;
	FILE *f;

	(void)state;
	declare(ONE);
	assert_drv_ok(launch_id(ID_A, NULL, &vm, &e), &e);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("{\"format\": 1, \"entries\": [{\"launch", f);
	assert_int_equal(fclose(f), 0);
	assert_drv_fails(launch_id(ID_B, NULL, &vm, &e), DRV_TRANSIENT, &e);
	assert_non_null(strstr(e.msg, "backup"));
}

/* ---------------------------------------------------------------- power */

static void commands_know_the_machine_and_run_once_each(void **state)
{
	CLEANUP(free)
	char *text = xasprintf(ONE "power_on = echo on $FORETIDE_MACHINE "
				   "$FORETIDE_ADDRESS >>%s/log\n"
				   "power_off = echo off >>%s/log\n",
			       subject.dir, subject.dir);
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	declare(text);
	for (int i = 0; i < 2; i++)
		assert_drv_ok(launch_id(ID_A, NULL, &vm, &e), &e);
	assert_file("log", "on one 192.0.2.1\n");
	for (int i = 0; i < 2; i++)
		assert_drv_ok(terminate(&subject, OWNER, vm.id, &e), &e);
	assert_file("log", "on one 192.0.2.1\noff\n");
}

static void one_that_cannot_be_switched_on_is_free_and_the_last_again(void **state)
{
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	declare(ONE "power_on = echo no power; exit 3\n[two]\ncpu = 1\nmemory = 1G\n");
	assert_drv_fails(launch_id(ID_A, NULL, &vm, &e), DRV_TRANSIENT, &e);
	assert_non_null(strstr(e.msg, "machine one"));
	assert_non_null(strstr(e.msg, "status 3: no power"));
	assert_int_equal(count_vms(&subject), 0);
	assert_drv_ok(launch_id(ID_B, NULL, &vm, &e), &e);
	assert_string_equal(vm.zone, "two");
}

static void one_that_cannot_be_switched_off_stays_given(void **state)
{
	CLEANUP(free)
	char *text = xasprintf(ONE "power_off = test -e %s/may\n", subject.dir);
	CLEANUP(free) char *may = xasprintf("%s/may", subject.dir);
	struct drv_vm vm;
	struct drv_err e;
	FILE *f;

	(void)state;
	declare(text);
	assert_drv_ok(launch_id(ID_A, NULL, &vm, &e), &e);
	assert_drv_fails(terminate(&subject, OWNER, vm.id, &e), DRV_TRANSIENT, &e);
	assert_int_equal(count_vms(&subject), 1);
	f = fopen(may, "we");
	assert_non_null(f);
	fclose(f);
	assert_drv_ok(terminate(&subject, OWNER, vm.id, &e), &e);
	assert_int_equal(count_vms(&subject), 0);
}

static void a_command_that_hangs_is_ended_with_what_it_started(void **state)
{
	const struct drv_launch l = a_launch(ID_A, SCRIPT);
	CLEANUP(free)
	char *text = xasprintf(ONE "power_on = sleep 600 & echo $! >%s/pid; wait\n",
			       subject.dir);
	CLEANUP(free) char *path = xasprintf("%s/pid", subject.dir);
	struct drv_vm vm;
	struct drv_err e;
	int pid = 0;
	FILE *f;

	(void)state;
	declare(text);
	assert_drv_fails(subject.d->ops->launch(subject.d->drv, &l, clock_mono_ms() + 500,
						&vm, &e),
			 DRV_TRANSIENT, &e);
	assert_non_null(strstr(e.msg, "too long"));
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	assert_true(becomes(kill(pid, 0) < 0));
	assert_int_equal(count_vms(&subject), 0);
}

/* Killed between the book and the power: the launch is sent again, as it looks failed. */
static void a_launch_that_was_cut_short_goes_on(void **state)
{
	CLEANUP(free)
	char *text = xasprintf(ONE "power_on = echo on >>%s/log; test -e %s/may || "
				   "kill -9 $PPID\n",
			       subject.dir, subject.dir);
	CLEANUP(free) char *may = xasprintf("%s/may", subject.dir);
	struct vm_list all;
	struct drv_vm vm;
	struct drv_err e;
	int status = 0;
	pid_t pid;
	FILE *f;

	(void)state;
	declare(text);
	pid = fork();
	if (pid == 0)
		_exit(launch_id(ID_A, NULL, &vm, &e) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(list(&subject, &all), 1);
	assert_int_equal(all.vm[0].state, DRV_VM_FAILED);
	f = fopen(may, "we");
	assert_non_null(f);
	fclose(f);
	assert_drv_ok(launch_id(ID_A, NULL, &vm, &e), &e);
	assert_int_equal(vm.state, DRV_VM_RUNNING);
	assert_int_equal(list(&subject, &all), 1);
	assert_string_equal(all.vm[0].id, vm.id);
	assert_file("log", "on\non\n");
}

static void a_mac_address_wakes_the_machine(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 8) };
	static const unsigned char mac[] = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef };
	CLEANUP(close_fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned char packet[256];
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	declare(ONE "mac = 52:54:00:AB:cd:ef\nbroadcast = 127.0.0.9\n");
	assert_drv_ok(launch_id(ID_A, NULL, &vm, &e), &e);
	assert_int_equal(recv(fd, packet, sizeof(packet), MSG_DONTWAIT), 102);
	for (int i = 0; i < 6; i++)
		assert_int_equal(packet[i], 0xff);
	for (int i = 6; i < 102; i += 6)
		assert_memory_equal(packet + i, mac, 6);
}

/* ---------------------------------------------------------------- what is wrong */

static void what_is_wrong_in_the_file_is_named(void **state)
{
	static const char *const cases[][2] = {
		{ "[One]\n", "line 1" },
		{ ONE ONE, "twice" },
		{ "cpu = 1\n", "no [machine]" },
		{ "[one]\ncolour = red\n", "line 2" },
		{ "[one]\nmemory = 1G\n", "[one]: 'cpu' is missing" },
		{ "[one]\ncpu = 1\n", "[one]: 'memory' is missing" },
		{ ONE "mac = 52:54:00\n", "mac '52:54:00'" },
		{ "[one]\ncpu = 1\nmemory = 1G\naddress = nowhere\n", "'nowhere'" },
		{ "[one]\ncpu = 1\nmemory = lots\n", "lots" },
	};
	struct vm_list all;
	struct drv_err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		declare(cases[i][0]);
		assert_drv_fails(list_of(&subject, OWNER, &all, &e), DRV_BADREQ, &e);
		if (!strstr(e.msg, cases[i][1]))
			fail_msg("%s", e.msg);
	}
}

static void a_file_that_others_may_write_is_refused(void **state)
{
	CLEANUP(free) char *path = xasprintf("%s/machines.conf", subject.dir);
	struct vm_list all;
	struct drv_err e;

	(void)state;
	declare(ONE);
	assert_int_equal(chmod(path, 0666), 0);
	assert_drv_fails(list_of(&subject, OWNER, &all, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(e.msg, "chmod"));
	assert_int_equal(remove(path), 0);
	assert_drv_fails(list_of(&subject, OWNER, &all, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(e.msg, path));
}

static int setup(void **state)
{
	(void)state;
	subject_setup(&subject, "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	subject_teardown(&subject);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_smallest_that_fits_is_given_and_none_twice),
		TEST(a_machine_has_the_type_cores_and_memory_that_are_asked_for),
		TEST(one_that_is_declared_no_more_stays_until_it_is_taken_back),
		TEST(a_lost_book_gives_nothing),
		TEST(commands_know_the_machine_and_run_once_each),
		TEST(one_that_cannot_be_switched_on_is_free_and_the_last_again),
		TEST(one_that_cannot_be_switched_off_stays_given),
		TEST(a_command_that_hangs_is_ended_with_what_it_started),
		TEST(a_launch_that_was_cut_short_goes_on),
		TEST(a_mac_address_wakes_the_machine),
		TEST(what_is_wrong_in_the_file_is_named),
		TEST(a_file_that_others_may_write_is_refused),
	};

	remove_leftovers();
	return cmocka_run_group_tests_name("static", tests, NULL, NULL);
}
