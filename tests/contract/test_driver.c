/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver.c - what every driver must do, run against each of them.
 *
 * The local one needs root; its hosts, bridge and folder are the test's own.
 */
#include "drivers.h"

#include <pthread.h>

#define ID_A "0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210"
#define SCRIPT "#!/bin/sh\nexec sleep 600\n"

/* ---------------------------------------------------------------- opening */

static void says_what_it_can(void **state)
{
	struct subject *s = *state;
	const struct drv_caps *caps = s->d->ops->caps(s->d->drv);

	assert_string_equal(s->d->ops->name, s->name);
	assert_true(caps->user_data_max_bytes >= 12 * 1024);
	assert_true(caps->label_max_bytes >= 60);
	assert_ptr_equal(caps, s->d->ops->caps(s->d->drv));
}

static void refuses_an_option_that_it_does_not_know(void **state)
{
	struct subject *s = *state;
	CLEANUP(free)
	char *config = xasprintf("{\"colour\": \"red\", %s", s->config + 1);
	struct driver *d = NULL;
	struct err e;

	assert_int_equal(subject_try(s, config, &d, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "colour"));
	assert_null(d);
}

/* As the controller opens it for a pool whose stack has given the option. */
static int check_pool(const struct subject *s, const char *dir, const char *driver,
		      const char *option, struct err *err)
{
	CLEANUP(free)
	char *config = xasprintf("{\"from_stack\": [\"%s\"], %s", option, s->config + 1);
	CLEANUP(driver_close) struct driver *d = NULL;

	return driver_open(NULL, dir, driver, config, &d, err);
}

/* What is of the controller's machine is in its configuration alone. */
static void a_stack_may_set_no_path_program_or_address(void **state)
{
	static const char *const never[] = {
		"dir", "state_dir", "init",      "mask", "bridge", "subnet",  "endpoint",
		"url", "auth_url",  "max_hosts", "ca",   "colour", "machines"
	};
	struct subject *s = *state;
	const char *may = strcmp(s->name, "static") == 0 ? "type" : "boot_delay";
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		assert_int_equal(check_pool(s, drivers_dir(), s->name, never[i], &e),
				 ERR_INVAL);
		assert_non_null(strstr(e.msg, never[i]));
		assert_non_null(strstr(e.msg, "foretide.conf"));
	}
	assert_ok(check_pool(s, drivers_dir(), s->name, may, &e), &e);
}

static void knows_each_option_that_a_stack_may_set(void **state)
{
	struct subject *s = *state;
	const char *const *names = s->d->ops->pool_options;

	for (; names && *names; names++) {
		CLEANUP(free)
		char *config = xasprintf("{\"%s\": \"no such value\", %s", *names,
					 s->config + 1);
		struct driver *d = NULL;
		struct err e;

		/* The value is wrong, the name is not. */
		assert_int_equal(subject_try(s, config, &d, &e), ERR_INVAL);
		assert_null(strstr(e.msg, "there is no option"));
		assert_null(d);
	}
}

static void refuses_options_that_are_no_object(void **state)
{
	struct subject *s = *state;
	struct driver *d = NULL;
	struct err e;

	assert_int_equal(subject_try(s, "[1]", &d, &e), ERR_INVAL);
	assert_int_equal(subject_try(s, "{", &d, &e), ERR_INVAL);
	assert_null(d);
}

static void on_finding(void *arg, bool fatal, const char *sentence)
{
	(void)arg;
	if (fatal)
		fail_msg("%s", sentence);
}

static void finds_nothing_wrong_with_good_options(void **state)
{
	struct subject *s = *state;
	struct drv_err e;

	assert_drv_ok(s->d->ops->validate(s->d->drv, deadline(), on_finding, NULL, &e),
		      &e);
	assert_int_equal(count_vms(s), 0);
}

static void count_type(void *arg, const struct drv_type *t)
{
	assert_true(t->name[0] && t->cpu > 0 && t->memory_bytes > 0);
	++*(int *)arg;
}

static void names_its_types(void **state)
{
	struct subject *s = *state;
	struct drv_err e;
	int n = 0;

	assert_drv_ok(s->d->ops->types(s->d->drv, deadline(), count_type, &n, &e), &e);
	assert_true(n > 0);
}

/* ---------------------------------------------------------------- life of a VM */

static void a_launched_vm_is_listed_as_it_was_asked_for(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm vm;
	struct vm_list all;
	struct drv_err e;
	int64_t before = clock_wall_ms();

	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_true(vm.id[0] != '\0');
	assert_true(vm.state == DRV_VM_PENDING || vm.state == DRV_VM_RUNNING);
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
	assert_int_equal(list(s, &all), 1);
	assert_string_equal(all.vm[0].id, vm.id);
	assert_string_equal(all.vm[0].launch_id, ID_A);
	assert_string_equal(all.vm[0].owner, OWNER);
	assert_string_equal(all.vm[0].pool, "web");
	assert_string_equal(all.vm[0].name, "web-1");
	assert_true(all.vm[0].type[0] && all.vm[0].address[0]);
	assert_in_range(all.vm[0].created_ms, before - 1000, clock_wall_ms() + 1000);
}

static void a_launch_id_launches_once(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm first, second;
	struct drv_err e;

	assert_drv_ok(launch(s, &l, &first, &e), &e);
	assert_drv_ok(launch(s, &l, &second, &e), &e);
	assert_string_equal(first.id, second.id);
	assert_string_equal(first.address, second.address);
	assert_int_equal(count_vms(s), 1);
}

static void two_launch_ids_are_two_vms(void **state)
{
	struct subject *s = *state;
	struct drv_launch a = a_launch(ID_A, SCRIPT), b = a_launch(ID_B, SCRIPT);
	struct drv_vm first, second;
	struct drv_err e;

	b.name = "web-2";
	assert_drv_ok(launch(s, &a, &first, &e), &e);
	assert_drv_ok(launch(s, &b, &second, &e), &e);
	assert_string_not_equal(first.id, second.id);
	assert_string_not_equal(first.address, second.address);
	assert_int_equal(count_vms(s), 2);
}

static void a_terminated_vm_goes_and_may_be_terminated_again(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm vm;
	struct drv_err e;

	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	assert_int_equal(count_vms(s), 0);
	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	assert_drv_ok(terminate(s, OWNER, "ffffffffffffffffffffffffffffffff", &e), &e);
}

static void a_launch_id_does_not_launch_again_after_its_vm_was_terminated(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm vm, again;
	struct drv_err e;

	if (!(s->d->ops->caps(s->d->drv)->flags & DRV_CAP_IDEMPOTENT_KEY))
		return;
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	subject_reopen(s);
	assert_drv_ok(launch(s, &l, &again, &e), &e);
	assert_string_equal(again.id, vm.id);
	assert_int_equal(again.state, DRV_VM_GONE);
	assert_int_equal(count_vms(s), 0);
}

static void user_data_may_be_any_bytes(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	static const char bytes[] = "#!/bin/sh\nexit\n\0\377\001\0";
	struct drv_vm vm;
	struct drv_err e;

	l.user_data = bytes;
	l.user_data_len = sizeof(bytes);
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_int_equal(count_vms(s), 1);
	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	assert_int_equal(count_vms(s), 0);
}

static void a_strangers_vm_is_neither_listed_nor_touched(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct vm_list theirs;
	struct drv_vm vm;
	struct drv_err e;

	l.owner = "somebody-else";
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_int_equal(count_vms(s), 0);
	if (s->d->ops->caps(s->d->drv)->flags & DRV_CAP_CHECKS_OWNER)
		assert_drv_fails(terminate(s, OWNER, vm.id, &e), DRV_CONFLICT, &e);
	assert_drv_ok(list_of(s, "somebody-else", &theirs, &e), &e);
	assert_int_equal(theirs.n, 1);
	assert_true(theirs.vm[0].state != DRV_VM_STOPPING);
	assert_drv_ok(terminate(s, "somebody-else", vm.id, &e), &e);
}

static void what_was_launched_is_found_after_opening_again(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm vm, again;
	struct vm_list all;
	struct drv_err e;

	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
	subject_reopen(s);
	assert_int_equal(list(s, &all), 1);
	assert_string_equal(all.vm[0].id, vm.id);
	assert_int_equal(all.vm[0].state, DRV_VM_RUNNING);
	assert_drv_ok(launch(s, &l, &again, &e), &e);
	assert_string_equal(again.id, vm.id);
	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	assert_int_equal(count_vms(s), 0);
}

/* The caller launches and exits before it can record the answer. */
static void an_answer_that_nobody_heard_is_no_second_vm(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm vm;
	struct drv_err e;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		struct subject other = *s;

		subject_open(&other);
		_exit(launch(&other, &l, &vm, &e) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count_vms(s), 1);
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_int_equal(count_vms(s), 1);
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
}

struct launcher {
	struct subject subject; /* with a driver of its own */
	int from;
	pthread_t thread;
};

#define EACH 8

static void *launch_some(void *arg)
{
	struct launcher *t = arg;

	for (int i = t->from; i < t->from + EACH; i++) {
		char id[33], name[32];
		struct drv_launch l = a_launch(id, SCRIPT);
		struct drv_vm vm;
		struct drv_err e;

		snprintf(id, sizeof(id), "%032x", i);
		snprintf(name, sizeof(name), "web-%d", i);
		l.name = name;
		if (launch(&t->subject, &l, &vm, &e) < 0)
			return xasprintf("%s", e.msg);
	}
	return NULL;
}

static void several_drivers_may_launch_at_once(void **state)
{
	struct subject *s = *state;
	struct launcher t[3];
	struct vm_list all;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		t[i].subject = *s;
		t[i].from = (int)i * EACH;
		subject_open(&t[i].subject);
		assert_int_equal(pthread_create(&t[i].thread, NULL, launch_some, &t[i]),
				 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		void *why = NULL;

		pthread_join(t[i].thread, &why);
		subject_close(&t[i].subject);
		if (why)
			fail_msg("%s", (char *)why);
	}
	assert_int_equal(list(s, &all), ARRAY_SIZE(t) * EACH);
	for (size_t i = 0; i < all.n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(all.vm[i].address, all.vm[j].address);
}

/* ---------------------------------------------------------------- input at its edges */

static void user_data_may_be_as_long_as_it_says_and_not_longer(void **state)
{
	struct subject *s = *state;
	size_t max = s->d->ops->caps(s->d->drv)->user_data_max_bytes;
	CLEANUP(free) char *text = xmalloc(max + 2);
	struct drv_launch l;
	struct drv_vm vm;
	struct drv_err e;

	memset(text, '#', max + 1);
	text[max + 1] = '\0';
	l = a_launch(ID_A, text);
	assert_drv_fails(launch(s, &l, &vm, &e), DRV_BADREQ, &e);
	assert_int_equal(count_vms(s), 0);
	l.user_data_len = max;
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
}

static void user_data_may_be_missing(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, "");
	struct drv_vm vm;
	struct drv_err e;

	l.user_data = NULL;
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
}

static void labels_may_hold_every_character_that_is_allowed(void **state)
{
	struct subject *s = *state;
	const struct drv_label labels[] = {
		{ "abcdefghijklmnopqrstuvwxyz0123456789-",
		  "0123456789-zyxwvutsrqponmlkjihgfedcba" },
		{ "empty", "" },
	};
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm vm;
	struct drv_err e;

	l.labels = labels;
	l.n_labels = ARRAY_SIZE(labels);
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
}

static void labels_with_other_characters_are_refused(void **state)
{
	struct subject *s = *state;
	const struct drv_label bad[] = {
		{ "A", "a" }, { "a b", "a" }, { "", "a" }, { "a", "x_y" }, { "a", "\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct drv_launch l = a_launch(ID_A, SCRIPT);
		struct drv_vm vm;
		struct drv_err e;

		l.labels = &bad[i];
		l.n_labels = 1;
		assert_drv_fails(launch(s, &l, &vm, &e), DRV_BADREQ, &e);
	}
	assert_int_equal(count_vms(s), 0);
}

static void names_that_are_no_names_are_refused(void **state)
{
	static const char *const bad[] = {
		"",    "..",
		"a/b", "UPPER",
		"a b", "0123456789012345678901234567890123456789012345678901234567890",
	};
	struct subject *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct drv_launch id = a_launch(bad[i], SCRIPT);
		struct drv_launch name = a_launch(ID_A, SCRIPT);
		struct drv_vm vm;
		struct drv_err e;

		name.name = bad[i];
		assert_drv_fails(launch(s, &id, &vm, &e), DRV_BADREQ, &e);
		assert_drv_fails(launch(s, &name, &vm, &e), DRV_BADREQ, &e);
	}
	assert_int_equal(count_vms(s), 0);
}

static void a_type_that_is_not_known_is_passed_over_or_refused(void **state)
{
	static const char *const some[] = { "no-such-type", "small", NULL };
	static const char *const none[] = { "no-such-type", NULL };
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	struct drv_vm vm;
	struct drv_err e;

	l.types = none;
	assert_drv_fails(launch(s, &l, &vm, &e), DRV_BADREQ, &e);
	assert_non_null(strstr(e.msg, "no-such-type"));
	l.types = some;
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_string_equal(vm.type, "small");
}

static void the_console_is_of_vms_that_are_there(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	CLEANUP(free) char *text = NULL;
	struct drv_vm vm;
	struct drv_err e;

	if (!s->d->ops->console)
		return;
	assert_drv_ok(launch(s, &l, &vm, &e), &e);
	assert_drv_ok(
		s->d->ops->console(s->d->drv, vm.id, deadline(), keep_text, &text, &e),
		&e);
	assert_non_null(text);
	assert_drv_fails(s->d->ops->console(s->d->drv, "no-such-vm", deadline(),
					    keep_text, &text, &e),
			 DRV_NOTFOUND, &e);
}

/* ---------------------------------------------------------------- the loader */

static void build_so(const struct subject *s, const char *name, const char *source)
{
	CLEANUP(free) char *file = xasprintf("%s/%s.c", s->dir, name);
	CLEANUP(free)
	char *command = xasprintf("cc -shared -fPIC -o %s/%s.so %s", s->dir, name, file);
	CLEANUP(free) char *program = xasprintf("%s/foretide-driver", s->dir);
	CLEANUP(free) char *is = xasprintf("%s/../foretide-driver", drivers_dir());
	CLEANUP(free) char *real = realpath(is, NULL);
	FILE *f = fopen(file, "we");

	assert_non_null(real);
	assert_true(symlink(real, program) == 0 || errno == EEXIST);
	assert_non_null(f);
	fputs(source, f);
	fclose(f);
	assert_int_equal(system(command), 0);
}

static void refuses_a_driver_of_another_abi_in_words(void **state)
{
	struct subject *s = *state;
	struct driver *d = NULL;
	struct err e;

	build_so(s, "older",
		 "struct { unsigned major, minor; const char *name; void *rest[16]; }\n"
		 "drv_ops = { 0, 7, \"older\" };\n");
	build_so(s, "newer",
		 "struct { unsigned major, minor; const char *name; void *rest[16]; }\n"
		 "drv_ops = { 1, 9, \"newer\" };\n");
	assert_int_equal(driver_open(NULL, s->dir, "older", "{}", &d, &e), ERR_ABI);
	assert_string_equal(e.msg, "driver 'older' is for ABI 0.7, this is 1.4");
	assert_int_equal(driver_open(NULL, s->dir, "newer", "{}", &d, &e), ERR_ABI);
	assert_string_equal(e.msg, "driver 'newer' is for ABI 1.9, this is 1.4");
	assert_null(d);
}

/* Its table ends before it could say which options a stack may set. */
static void of_an_older_driver_a_stack_may_set_nothing(void **state)
{
	struct subject *s = *state;
	struct err e;

	build_so(
		s, "first",
		"static int f(void) { return 0; }\n"
		"struct { unsigned major, minor; const char *name;\n"
		"int (*calls[11])(void); const char *const *beyond; } drv_ops = { 1, 0,\n"
		"\"first\", { f, f, f, f, f, f, f, f, f, f, f },\n"
		"(const char *const *)1 };\n");
	assert_int_equal(check_pool(s, s->dir, "first", "type", &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "[driver first]"));
	assert_int_equal(check_pool(s, s->dir, "absent", "type", &e), ERR_NOT_FOUND);
}

static void refuses_what_is_no_driver_in_words(void **state)
{
	struct subject *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/text.so", s->dir);
	struct driver *d = NULL;
	struct err e;
	FILE *f;

	build_so(s, "empty", "int nothing;\n");
	build_so(s, "hollow",
		 "struct { unsigned major, minor; const char *name; void *rest[16]; }\n"
		 "drv_ops = { 1, 0, \"hollow\" };\n");
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("no library\n", f);
	fclose(f);
	assert_int_equal(driver_open(NULL, s->dir, "empty", "{}", &d, &e), ERR_ABI);
	assert_non_null(strstr(e.msg, "drv_ops"));
	assert_int_equal(driver_open(NULL, s->dir, "hollow", "{}", &d, &e), ERR_ABI);
	assert_non_null(strstr(e.msg, "lacks a call"));
	assert_int_equal(driver_open(NULL, s->dir, "text", "{}", &d, &e), ERR_ABI);
	assert_int_equal(driver_open(NULL, s->dir, "absent", "{}", &d, &e),
			 ERR_NOT_FOUND);
	assert_int_equal(driver_open(NULL, s->dir, "../text", "{}", &d, &e), ERR_INVAL);
	assert_null(d);
}

/* ---------------------------------------------------------------- all, on each */

static int setup(void **state)
{
	subject_setup(*state, "");
	return 0;
}

static int teardown(void **state)
{
	subject_teardown(*state);
	return 0;
}

#define CASE(f)       \
	{             \
#f, f \
	}
static const struct {
	const char *name;
	CMUnitTestFunction run;
} cases[] = {
	CASE(says_what_it_can),
	CASE(refuses_an_option_that_it_does_not_know),
	CASE(a_stack_may_set_no_path_program_or_address),
	CASE(knows_each_option_that_a_stack_may_set),
	CASE(refuses_options_that_are_no_object),
	CASE(finds_nothing_wrong_with_good_options),
	CASE(names_its_types),
	CASE(a_launched_vm_is_listed_as_it_was_asked_for),
	CASE(a_launch_id_launches_once),
	CASE(two_launch_ids_are_two_vms),
	CASE(a_terminated_vm_goes_and_may_be_terminated_again),
	CASE(a_launch_id_does_not_launch_again_after_its_vm_was_terminated),
	CASE(user_data_may_be_any_bytes),
	CASE(a_strangers_vm_is_neither_listed_nor_touched),
	CASE(what_was_launched_is_found_after_opening_again),
	CASE(an_answer_that_nobody_heard_is_no_second_vm),
	CASE(several_drivers_may_launch_at_once),
	CASE(user_data_may_be_as_long_as_it_says_and_not_longer),
	CASE(user_data_may_be_missing),
	CASE(labels_may_hold_every_character_that_is_allowed),
	CASE(labels_with_other_characters_are_refused),
	CASE(names_that_are_no_names_are_refused),
	CASE(a_type_that_is_not_known_is_passed_over_or_refused),
	CASE(the_console_is_of_vms_that_are_there),
	CASE(refuses_a_driver_of_another_abi_in_words),
	CASE(of_an_older_driver_a_stack_may_set_nothing),
	CASE(refuses_what_is_no_driver_in_words),
};

static struct subject subjects[] = {
	{ .name = "fake" },
	{ .name = "local" },
	{ .name = "static" },
	{ .name = "fake", .is_apart = true },
	{ .name = "local", .is_apart = true },
	{ .name = "exec", .is_apart = true },
};

static void clean_up(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		subject_teardown(&subjects[i]);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(subjects) * ARRAY_SIZE(cases)];
	static char names[ARRAY_SIZE(tests)][128];
	size_t n = 0;

	remove_leftovers();
	atexit(clean_up);
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(cases); j++, n++) {
			snprintf(names[n], sizeof(names[n]), "%s%s: %s", subjects[i].name,
				 subjects[i].is_apart ? " apart" : "", cases[j].name);
			tests[n] = (struct CMUnitTest){ names[n], cases[j].run, setup,
							teardown, &subjects[i] };
		}
	}
	return _cmocka_run_group_tests("drivers", tests, n, NULL, NULL);
}
