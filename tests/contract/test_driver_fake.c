/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_fake.c - each fault that the scripted cloud can play, as a caller sees it.
 */
#include "drivers.h"

#include "text.h"

#define ID_A "0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210"
#define SCRIPT "#!/bin/sh\n"

static struct subject the_subject = { .name = "fake" };

static void write_script(const struct subject *s, const char *text)
{
	CLEANUP(free) char *dir = xasprintf("%s/cloud", s->dir);
	CLEANUP(free) char *path = xasprintf("%s/script.json", dir);
	FILE *f;

	(void)mkdir(dir, 0700);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* One fault of one kind on one call. */
static void write_fault(const struct subject *s, const char *op, const char *kind,
			const char *more)
{
	CLEANUP(free)
	char *text = xasprintf("{\"faults\": [{\"op\": \"%s\", \"kind\": \"%s\"%s}]}", op,
			       kind, more);

	write_script(s, text);
}

static int try_launch(struct subject *s, const char *id, struct drv_vm *vm,
		      struct drv_err *e)
{
	struct drv_launch l = a_launch(id, SCRIPT);

	return launch(s, &l, vm, e);
}

static struct drv_vm launched(struct subject *s, const char *id)
{
	struct drv_vm vm;
	struct drv_err e;

	assert_drv_ok(try_launch(s, id, &vm, &e), &e);
	return vm;
}

/* What the cloud itself has, whatever its lists say. */
static size_t count_real(const struct subject *s)
{
	CLEANUP(free) char *path = xasprintf("%s/cloud/cloud.json", s->dir);
	CLEANUP(json_decref) json_t *doc = json_load_file(path, 0, NULL);
	size_t n = 0, i;
	json_t *vm;

	json_array_foreach(json_object_get(doc, "vms"), i, vm) n +=
		json_integer_value(json_object_get(vm, "gone_ms")) == 0;
	return n;
}

/* ---------------------------------------------------------------- refusals */

static void throttling_says_how_long_when_the_cloud_does(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm;
	struct drv_err e;

	write_fault(s, "launch", "throttle", ", \"retry_after\": \"7s\"");
	assert_drv_fails(try_launch(s, ID_A, &vm, &e), DRV_THROTTLED, &e);
	assert_int_equal(e.retry_after_ms, 7000);
	assert_int_equal(e.http_status, 429);
	write_fault(s, "launch", "throttle", "");
	assert_drv_fails(try_launch(s, ID_A, &vm, &e), DRV_THROTTLED, &e);
	assert_int_equal(e.retry_after_ms, -1);
	assert_int_equal(count_real(s), 0);
}

static void each_refusal_has_its_class_and_does_nothing(void **state)
{
	static const struct {
		const char *kind;
		int cls;
	} faults[] = {
		{ "error", DRV_TRANSIENT },    { "auth", DRV_AUTH },
		{ "quota", DRV_QUOTA },        { "capacity", DRV_CAPACITY },
		{ "throttle", DRV_THROTTLED }, { "drop", DRV_AMBIGUOUS },
	};
	struct subject *s = *state;
	struct drv_vm vm;
	struct drv_err e;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		write_fault(s, "launch", faults[i].kind, "");
		assert_drv_fails(try_launch(s, ID_A, &vm, &e), faults[i].cls, &e);
		assert_int_equal(count_real(s), 0);
	}
	assert_drv_ok(try_launch(s, ID_A, &vm, &e), &e);
}

static void a_fault_strikes_as_often_as_it_says_and_from_when(void **state)
{
	struct subject *s = *state;
	struct vm_list l;
	struct drv_err e;

	write_fault(s, "list", "error", ", \"after\": 1, \"times\": 2");
	assert_int_equal(count_vms(s), 0);
	assert_drv_fails(list_of(s, OWNER, &l, &e), DRV_TRANSIENT, &e);
	assert_drv_fails(list_of(s, OWNER, &l, &e), DRV_TRANSIENT, &e);
	assert_int_equal(count_vms(s), 0);
	write_fault(s, "any", "error", ", \"times\": -1, \"id\": \"always\"");
	for (int i = 0; i < 5; i++)
		assert_drv_fails(list_of(s, OWNER, &l, &e), DRV_TRANSIENT, &e);
}

static void a_fault_may_be_of_one_pool(void **state)
{
	struct subject *s = *state;
	struct drv_launch other = a_launch(ID_B, SCRIPT);
	struct drv_vm vm;
	struct drv_err e;

	write_fault(s, "launch", "capacity", ", \"pool\": \"web\", \"times\": -1");
	other.pool = "db";
	assert_drv_fails(try_launch(s, ID_A, &vm, &e), DRV_CAPACITY, &e);
	assert_drv_ok(launch(s, &other, &vm, &e), &e);
}

static void quota_and_capacity_end_where_the_script_says(void **state)
{
	struct subject *s = *state;
	struct drv_quota q;
	struct drv_vm vm;
	struct drv_err e;

	write_script(s, "{\"quota\": 1}");
	(void)launched(s, ID_A);
	assert_drv_fails(try_launch(s, ID_B, &vm, &e), DRV_QUOTA, &e);
	(void)launched(s, ID_A); /* the same one is no more */
	assert_drv_ok(s->d->ops->quota(s->d->drv, deadline(), &q, &e), &e);
	assert_int_equal(q.used, 1);
	assert_int_equal(q.limit, 1);
	write_script(s, "{\"capacity\": 1}");
	assert_drv_fails(try_launch(s, ID_B, &vm, &e), DRV_CAPACITY, &e);
}

static void a_token_that_is_wrong_is_refused(void **state)
{
	struct subject *s = *state;
	struct vm_list l;
	struct drv_err e;

	write_script(s, "{\"token\": \"right\"}");
	assert_drv_fails(list_of(s, OWNER, &l, &e), DRV_AUTH, &e);
	subject_config(s, ", \"credentials\": {\"token\": \"wrong\"}");
	subject_reopen(s);
	assert_drv_fails(list_of(s, OWNER, &l, &e), DRV_AUTH, &e);
	assert_null(strstr(e.msg, "wrong"));
	subject_config(s, ", \"credentials\": {\"token\": \"right\"}");
	subject_reopen(s);
	assert_drv_ok(list_of(s, OWNER, &l, &e), &e);
}

static void a_script_that_is_wrong_is_refused_in_words(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{ "{", "script.json" },
		{ "{\"quotta\": 1}", "quotta" },
		{ "{\"faults\": 1}", "array" },
		{ "{\"faults\": [{\"op\": \"list\"}]}", "kind" },
		{ "{\"faults\": [{\"op\": \"list\", \"kind\": \"rain\"}]}", "rain" },
		{ "{\"faults\": [{\"op\": \"list\", \"kind\": \"error\", \"tims\": 1}]}",
		  "tims" },
	};
	struct subject *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct vm_list l;
		struct drv_err e;

		write_script(s, bad[i].text);
		assert_true(list_of(s, OWNER, &l, &e) < 0);
		if (!strstr(e.msg, bad[i].word))
			fail_msg("%s: %s", bad[i].text, e.msg);
	}
}

/* ---------------------------------------------------------------- lost answers */

static void a_lost_answer_is_ambiguous_and_the_key_finds_the_vm(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm;
	struct drv_err e;

	write_fault(s, "launch", "lost", "");
	assert_drv_fails(try_launch(s, ID_A, &vm, &e), DRV_AMBIGUOUS, &e);
	assert_int_equal(count_real(s), 1);
	assert_drv_ok(try_launch(s, ID_A, &vm, &e), &e);
	assert_int_equal(count_real(s), 1);
	write_fault(s, "terminate", "lost", "");
	assert_drv_fails(terminate(s, OWNER, vm.id, &e), DRV_AMBIGUOUS, &e);
	assert_int_equal(count_real(s), 0);
}

static void a_timeout_comes_at_the_deadline_and_after_success(void **state)
{
	struct subject *s = *state;
	struct drv_launch l = a_launch(ID_A, SCRIPT);
	int64_t before = clock_mono_ms();
	struct drv_vm vm;
	struct drv_err e;

	write_fault(s, "launch", "timeout", "");
	assert_drv_fails(s->d->ops->launch(s->d->drv, &l, before + 200, &vm, &e),
			 DRV_AMBIGUOUS, &e);
	assert_in_range(clock_mono_ms() - before, 195, CALL_MS);
	assert_int_equal(count_real(s), 1);
}

/* The lines of the bill that begin so. */
static size_t count_billed(const struct subject *s, const char *what, const char *vm_id)
{
	CLEANUP(free) char *path = xasprintf("%s/cloud/bill.csv", s->dir);
	CLEANUP(free) char *start = xasprintf("%s,%s,web,", what, vm_id);
	char line[512];
	FILE *f = fopen(path, "re");
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strncmp(line, start, strlen(start)) == 0;
	fclose(f);
	return n;
}

static void the_bill_has_each_launch_and_each_end_once(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm, again;
	struct drv_err e;

	write_fault(s, "launch", "lost", "");
	assert_drv_fails(try_launch(s, ID_A, &vm, &e), DRV_AMBIGUOUS, &e);
	again = launched(s, ID_A);
	assert_int_equal(count_billed(s, "launched", again.id), 1);
	assert_int_equal(count_billed(s, "ended", again.id), 0);
	for (int i = 0; i < 2; i++)
		assert_drv_ok(terminate(s, OWNER, again.id, &e), &e);
	assert_int_equal(count_billed(s, "ended", again.id), 1);
	/* A refused launch is not on it. */
	write_fault(s, "launch", "error", "");
	assert_drv_fails(try_launch(s, ID_B, &vm, &e), DRV_TRANSIENT, &e);
	assert_int_equal(count_billed(s, "launched", "vm-2"), 0);
}

static void without_keys_a_second_call_is_a_second_vm(void **state)
{
	struct subject *s = *state;

	subject_config(s, ", \"idempotent\": \"no\", \"visible\": \"2s\"");
	subject_reopen(s);
	assert_false(s->d->ops->caps(s->d->drv)->flags & DRV_CAP_IDEMPOTENT_KEY);
	assert_int_equal(s->d->ops->caps(s->d->drv)->visible_ms, 2000);
	(void)launched(s, ID_A);
	(void)launched(s, ID_A);
	assert_int_equal(count_real(s), 2);
}

static void with_unique_names_another_launch_of_a_name_is_a_conflict(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm;
	struct drv_err e;

	subject_config(s, ", \"idempotent\": \"no\", \"unique_name\": \"yes\"");
	subject_reopen(s);
	(void)launched(s, ID_A);
	(void)launched(s, ID_A);
	assert_int_equal(count_real(s), 1);
	assert_drv_fails(try_launch(s, ID_B, &vm, &e), DRV_CONFLICT, &e);
}

static void a_late_answer_is_late_and_good(void **state)
{
	struct subject *s = *state;
	int64_t before = clock_mono_ms();

	write_fault(s, "launch", "delay", ", \"delay\": \"150ms\"");
	(void)launched(s, ID_A);
	assert_in_range(clock_mono_ms() - before, 145, CALL_MS);
}

static void garbage_is_a_bug(void **state)
{
	struct subject *s = *state;
	struct vm_list l;
	struct drv_err e;

	write_fault(s, "list", "garbage", "");
	assert_drv_fails(list_of(s, OWNER, &l, &e), DRV_BUG, &e);
}

/* ---------------------------------------------------------------- lists that lie */

static void a_list_that_breaks_off_is_an_error(void **state)
{
	struct subject *s = *state;
	struct vm_list l;
	struct drv_err e;

	(void)launched(s, ID_A);
	(void)launched(s, ID_B);
	write_fault(s, "list", "partial", "");
	assert_drv_fails(list_of(s, OWNER, &l, &e), DRV_TRANSIENT, &e);
	assert_int_equal(l.n, 1);
	assert_int_equal(count_vms(s), 2);
}

static void a_list_may_leave_some_out_or_be_empty(void **state)
{
	struct subject *s = *state;

	(void)launched(s, ID_A);
	(void)launched(s, ID_B);
	write_fault(s, "list", "omit", "");
	assert_int_equal(count_vms(s), 1);
	write_fault(s, "list", "empty", "");
	assert_int_equal(count_vms(s), 0);
	assert_int_equal(count_vms(s), 2);
}

static void a_new_vm_may_be_hidden_at_first(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm;

	write_script(s, "{\"hide\": \"150ms\"}");
	vm = launched(s, ID_A);
	assert_int_equal(count_vms(s), 0);
	assert_true(reaches(s, vm.id, DRV_VM_RUNNING));
}

static void ghosts_are_listed_though_they_are_gone(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(s, ID_A);
	struct drv_err e;

	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	write_fault(s, "list", "ghost", "");
	assert_int_equal(state_of(s, vm.id), DRV_VM_RUNNING);
	assert_int_equal(count_vms(s), 0);
}

static void terminated_vms_may_stay_listed_as_gone(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm = launched(s, ID_A);
	struct drv_err e;

	write_script(s, "{\"linger\": \"200ms\"}");
	assert_drv_ok(terminate(s, OWNER, vm.id, &e), &e);
	assert_int_equal(count_vms(s), 1);
	assert_int_equal(state_of(s, vm.id), DRV_VM_GONE);
	assert_true(becomes(count_vms(s) == 0));
}

/* ---------------------------------------------------------------- VMs that misbehave */

static void boots_may_be_slow_never_end_or_fail(void **state)
{
	struct subject *s = *state;
	struct drv_vm slow, never, failed;
	struct vm_list l;

	write_fault(s, "launch", "slow", ", \"boot\": \"150ms\"");
	slow = launched(s, ID_A);
	write_fault(s, "launch", "never", "");
	never = launched(s, ID_B);
	write_fault(s, "launch", "fail", "");
	failed = launched(s, "11111111111111111111111111111111");
	assert_int_equal(slow.state, DRV_VM_PENDING);
	assert_true(reaches(s, slow.id, DRV_VM_RUNNING));
	assert_int_equal(state_of(s, never.id), DRV_VM_PENDING);
	assert_int_equal(state_of(s, failed.id), DRV_VM_FAILED);
	list(s, &l);
	assert_true(l.vm[2].message[0] != '\0');
}

static void the_boot_delay_is_the_options_unless_the_script_says_more(void **state)
{
	struct subject *s = *state;
	struct drv_vm vm;

	subject_config(s, ", \"boot_delay\": \"1h\"");
	subject_reopen(s);
	vm = launched(s, ID_A);
	assert_int_equal(state_of(s, vm.id), DRV_VM_PENDING);
	write_script(s, "{\"boot\": \"0s\"}");
	vm = launched(s, ID_B);
	assert_int_equal(state_of(s, vm.id), DRV_VM_RUNNING);
}

static void spot_vms_and_named_ones_may_be_taken(void **state)
{
	struct subject *s = *state;
	struct drv_launch spot = a_launch(ID_B, SCRIPT);
	struct drv_vm vm;
	struct drv_err e;

	(void)launched(s, ID_A);
	spot.spot = true;
	spot.name = "web-2";
	assert_drv_ok(launch(s, &spot, &vm, &e), &e);
	write_fault(s, "list", "kill", "");
	assert_int_equal(count_vms(s), 1);
	assert_int_equal(state_of(s, vm.id), DRV_VM_GONE);
	write_fault(s, "list", "kill", ", \"vm\": \"web-*\"");
	assert_int_equal(count_vms(s), 0);
	assert_int_equal(count_real(s), 0);
}

/* ---------------------------------------------------------------- all of them */

static int setup(void **state)
{
	*state = &the_subject;
	subject_setup(&the_subject, "");
	return 0;
}

static int teardown(void **state)
{
	subject_teardown(*state);
	return 0;
}

static void clean_up(void)
{
	subject_teardown(&the_subject);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(throttling_says_how_long_when_the_cloud_does),
		TEST(each_refusal_has_its_class_and_does_nothing),
		TEST(a_fault_strikes_as_often_as_it_says_and_from_when),
		TEST(a_fault_may_be_of_one_pool),
		TEST(quota_and_capacity_end_where_the_script_says),
		TEST(a_token_that_is_wrong_is_refused),
		TEST(a_script_that_is_wrong_is_refused_in_words),
		TEST(a_lost_answer_is_ambiguous_and_the_key_finds_the_vm),
		TEST(a_timeout_comes_at_the_deadline_and_after_success),
		TEST(without_keys_a_second_call_is_a_second_vm),
		TEST(with_unique_names_another_launch_of_a_name_is_a_conflict),
		TEST(a_late_answer_is_late_and_good),
		TEST(garbage_is_a_bug),
		TEST(a_list_that_breaks_off_is_an_error),
		TEST(a_list_may_leave_some_out_or_be_empty),
		TEST(a_new_vm_may_be_hidden_at_first),
		TEST(ghosts_are_listed_though_they_are_gone),
		TEST(the_bill_has_each_launch_and_each_end_once),
		TEST(terminated_vms_may_stay_listed_as_gone),
		TEST(boots_may_be_slow_never_end_or_fail),
		TEST(the_boot_delay_is_the_options_unless_the_script_says_more),
		TEST(spot_vms_and_named_ones_may_be_taken),
	};

	remove_leftovers();
	atexit(clean_up);
	return cmocka_run_group_tests_name("fake driver", tests, NULL, NULL);
}
