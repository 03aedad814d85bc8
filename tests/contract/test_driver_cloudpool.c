/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_cloudpool.c - the cloudpool driver against scripted answers. tests/peers
 * holds it to a fake behind the closed description of the pool's API.
 */
#include "scripted_driver.h"

#define API "http://pool.test"
#define CREDENTIALS \
	"\"credentials\": {\"username\": \"ft\", \"password\": \"" SECRET "\"}"
#define ID_B "fedcba9876543210fedcba9876543210"

static char dir[64]; /* of the book */

/* ---------------------------------------------------------------- answers */

#define MACHINE_IN(id, state, active, evictable)                                        \
	"{\"id\": \"" id "\", \"machineState\": \"" state                               \
	"\", \"membershipStatus\": {\"active\": " active ", \"evictable\": " evictable  \
	"}, \"serviceState\": \"UNKNOWN\", \"machineSize\": \"m1.small\", \"region\": " \
	"\"here\", \"publicIps\": [\"203.0.113.7\"], \"privateIps\": [\"10.0.0.7\"]}"
#define MACHINE(id, state) MACHINE_IN(id, state, "true", "true")
#define GUARDED(id, state) MACHINE_IN(id, state, "true", "false")
#define POOL(machines)                                                                 \
	{                                                                              \
		200, NULL,                                                             \
			"{\"timestamp\": \"2026-01-01T00:00:00.000Z\", \"machines\": " \
			"[" machines "]}"                                              \
	}
#define SIZE(n)                                                                    \
	{                                                                          \
		200, NULL,                                                         \
			"{\"timestamp\": \"2026-01-01T00:00:00.000Z\", "           \
			"\"desiredSize\": " n ", \"allocated\": 0, \"active\": 0}" \
	}
#define DONE                    \
	{                       \
		200, NULL, NULL \
	}
#define FAULT(status, words)                                 \
	{                                                    \
		status, NULL, "{\"message\": \"" words "\"}" \
	}
#define LOST                            \
	{                               \
		.status = DRV_AMBIGUOUS \
	}

static void open_more(struct world *w, const char *more,
		      const struct scripted_answer *answers, size_t n)
{
	CLEANUP(free)
	char *config = xasprintf("{\"endpoint\": \"" API "/\", \"state_dir\": \"%s\", "
				 "%s" CREDENTIALS "}",
				 dir, more);

	world_begin(w, "cloudpool", config, answers, n);
}

#define BEGIN(w, ...)                                              \
	const struct scripted_answer answers_[] = { __VA_ARGS__ }; \
	open_more(w, "", answers_, ARRAY_SIZE(answers_))

static int launch_id(struct world *w, const char *id, struct drv_vm *vm,
		     struct drv_err *e)
{
	const struct drv_launch l = a_launch(id, "#!/bin/sh\n");

	return w->d->ops->launch(w->d->drv, &l, INT64_MAX, vm, e);
}

static void assert_size(const struct world *w, size_t i, int64_t size)
{
	assert_sent(w, i, "POST", API "/pool/size");
	assert_body(w, i, json_pack("{s:I}", "desiredSize", (json_int_t)size));
}

static void assert_guards(const struct world *w, size_t i, const char *machine, bool does)
{
	assert_sent(w, i, "POST", API "/pool/membershipStatus");
	assert_body(w, i,
		    json_pack("{s:s, s:{s:b, s:b}}", "machineId", machine,
			      "membershipStatus", "active", 1, "evictable", !does));
}

static void assert_ends(const struct world *w, size_t i, const char *machine)
{
	assert_sent(w, i, "POST", API "/pool/terminate");
	assert_body(
		w, i,
		json_pack("{s:s, s:b}", "machineId", machine, "decrementDesiredSize", 1));
}

/* ---------------------------------------------------------------- opening */

static void what_is_unknown_or_missing_is_named(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "endpoint is missing" },
		{ "{\"endpoint\": \"ftp://x\"}", "https://" },
		{ "{\"endpoint\": \"http://x\", \"colour\": \"red\"}", "colour" },
		{ "{\"endpoint\": \"http://x\", \"cloudpool\": \"a/b\"}", "cloudpool" },
		{ "{\"endpoint\": \"http://x\", \"credentials\": {\"username\": \"a\"}}",
		  "password is missing" },
		{ "{\"endpoint\": \"http://x\", \"credentials\": {\"username\": "
		  "\"a:b\", \"password\": \"" SECRET "\"}}",
		  "colon" },
		{ "{\"endpoint\": \"http://x\", \"credentials\": {\"certificate\": "
		  "\"/c\"}}",
		  "key is missing" },
		{ "{\"endpoint\": \"http://x\", \"credentials\": {\"certificate\": "
		  "\"/no/such\", \"key\": \"/k\"}}",
		  "/no/such" },
	};
	static const char *const may[] = { "cloudpool", NULL };
	static const char *const never[] = { "ca", "endpoint", "state_dir", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_not_opened("cloudpool", cases[i][0], cases[i][1]);
	assert_pool_options("cloudpool", may, true);
	assert_pool_options("cloudpool", never, false);
}

static void a_pool_that_asks_for_no_password_gets_none(void **state)
{
	const struct scripted_answer answers[] = { POOL("") };
	CLEANUP(free)
	char *config =
		xasprintf("{\"endpoint\": \"" API "\", \"state_dir\": \"%s\"}", dir);
	struct vm_list all;
	struct drv_err e;
	struct world w;

	(void)state;
	world_begin(&w, "cloudpool", config, answers, 1);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_null(strstr(w.host.requests[0].headers, "Authorization"));
	end(&w);
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_a_larger_size_and_then_a_machine(void **state)
{
	struct vm_list all;
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	BEGIN(&w, POOL(""), SIZE("0"), DONE, POOL(MACHINE("m1", "REQUESTED")), SIZE("1"),
	      POOL(MACHINE("m1", "RUNNING")), DONE, POOL(GUARDED("m1", "RUNNING")));
	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	assert_string_equal(vm.id, ID_A);
	assert_int_equal(vm.state, DRV_VM_PENDING);
	assert_sent(&w, 0, "GET", API "/pool");
	assert_non_null(strstr(w.host.requests[0].headers,
			       "Authorization: Basic ZnQ6czNjcmV0LW9mLXRoZS10ZXN0\n"));
	assert_size(&w, 2, 1);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.vm[0].state, DRV_VM_PENDING);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_guards(&w, 6, "m1", true);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.vm[0].id, ID_A);
	assert_string_equal(all.vm[0].launch_id, ID_A);
	assert_string_equal(all.vm[0].owner, OWNER);
	assert_string_equal(all.vm[0].address, "10.0.0.7");
	assert_string_equal(all.vm[0].type, "m1.small");
	assert_int_equal(all.vm[0].state, DRV_VM_RUNNING);
	end(&w);
}

/* Whatever became of the first call: the size is from the book, and absolute. */
static void a_launch_whose_answer_was_lost_is_one_machine(void **state)
{
	struct vm_list all;
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	{
		BEGIN(&w, POOL(""), SIZE("0"), LOST);
		assert_drv_fails(launch_id(&w, ID_A, &vm, &e), DRV_AMBIGUOUS, &e);
		end(&w);
	}
	{
		/* Another process, after a restart; the size was not set after all. */
		BEGIN(&w, POOL(""), SIZE("0"), DONE, POOL(""), SIZE("1"),
		      POOL(MACHINE("m1", "PENDING")), DONE);
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, 1);
		assert_size(&w, 2, 1);
		assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
		assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
		assert_string_equal(vm.id, ID_A);
		assert_string_equal(vm.address, "10.0.0.7");
		end(&w);
	}
}

static void once_unknown_it_stays_so_until_the_pool_answers(void **state)
{
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	BEGIN(&w, POOL(""), SIZE("0"), LOST, { 401, NULL, NULL }, POOL(""), SIZE("1"));
	assert_drv_fails(launch_id(&w, ID_A, &vm, &e), DRV_AMBIGUOUS, &e);
	assert_drv_fails(launch_id(&w, ID_A, &vm, &e), DRV_AMBIGUOUS, &e);
	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	end(&w);
}

static void a_launch_that_failed_leaves_nothing(void **state)
{
	static const struct {
		struct scripted_answer answer;
		enum drv_class cls;
	} cases[] = {
		{ { 401, NULL, NULL }, DRV_AUTH },
		{ { 403, NULL, NULL }, DRV_AUTH },
		{ { 429, "Retry-After: 7\r\n", NULL }, DRV_THROTTLED },
		{ FAULT(500, "the pool is not started"), DRV_TRANSIENT },
		{ FAULT(502, "the cloud failed"), DRV_TRANSIENT },
		{ { 404, NULL, "<html>" }, DRV_BADREQ },
		{ { 200, NULL, "<html>" }, DRV_TRANSIENT },
		{ { 200, NULL, "{}" }, DRV_TRANSIENT },
	};
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scripted_answer one[] = { cases[i].answer };
		char id[33];

		snprintf(id, sizeof(id), "%032zx", i + 1);
		open_more(&w, "", one, 1);
		assert_drv_fails(launch_id(&w, id, &vm, &e), cases[i].cls, &e);
		assert_null(strstr(e.msg, SECRET));
		end(&w);
	}
	BEGIN(&w, POOL(""), SIZE("0"), FAULT(400, "too many"), POOL(""), SIZE("0"), DONE);
	assert_drv_fails(launch_id(&w, ID_A, &vm, &e), DRV_BADREQ, &e);
	assert_string_equal(e.code, "bad-request");
	assert_non_null(strstr(e.msg, "too many"));
	assert_drv_ok(launch_id(&w, ID_B, &vm, &e), &e);
	assert_size(&w, 5, 1);
	end(&w);
}

static void what_nobody_has_is_taken_before_the_pool_grows(void **state)
{
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	BEGIN(&w, POOL(MACHINE("m1", "PENDING") ", " MACHINE("m2", "RUNNING")), DONE,
	      POOL(MACHINE("m1", "RUNNING") ", " GUARDED("m2", "RUNNING")), DONE);
	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	assert_guards(&w, 1, "m2", true);
	assert_drv_ok(launch_id(&w, ID_B, &vm, &e), &e);
	assert_guards(&w, 3, "m1", true);
	end(&w);
}

/* Those that others protect, or that do not count, are left alone; the size never falls.
 */
static void a_strangers_machine_is_neither_taken_nor_counted_away(void **state)
{
	struct vm_list all;
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	BEGIN(&w,
	      POOL(GUARDED("theirs", "RUNNING") ", " MACHINE_IN("apart", "RUNNING",
								"false", "true")),
	      SIZE("1"), DONE,
	      POOL(GUARDED("theirs", "RUNNING") ", " MACHINE("m1", "REQUESTED")),
	      SIZE("7"));
	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	assert_size(&w, 2, 2);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 1);
	end(&w);
}

static void launches_that_cannot_be_are_not_sent(void **state)
{
	static const char *const types[] = { "small", NULL };
	struct drv_launch l = a_launch(ID_A, "");
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	open_more(&w, "", NULL, 0);
	l.types = types;
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_NOTSUP,
			 &e);
	l = a_launch(ID_A, "");
	l.pool = "not a word";
	assert_drv_fails(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), DRV_BADREQ,
			 &e);
	end(&w);
}

/* ---------------------------------------------------------------- lists */

/* ID_A has m1, by calls of a world of its own. */
static void have_m1(void)
{
	struct drv_vm vm;
	struct drv_err e;
	struct world w;
	BEGIN(&w, POOL(MACHINE("m1", "RUNNING")), DONE);

	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	end(&w);
}

static void machines_are_told_in_their_states(void **state)
{
	static const struct {
		struct scripted_answer answer;
		enum drv_vm_state state;
	} cases[] = {
		{ POOL(GUARDED("m1", "PENDING")), DRV_VM_PENDING },
		{ POOL(GUARDED("m1", "RUNNING")), DRV_VM_RUNNING },
		{ POOL(GUARDED("m1", "TERMINATING")), DRV_VM_STOPPING },
		{ POOL(GUARDED("m1", "TERMINATED")), DRV_VM_GONE },
		{ POOL(GUARDED("m1", "REJECTED")), DRV_VM_FAILED },
	};
	struct vm_list all;
	struct drv_err e;
	struct world w;

	(void)state;
	have_m1();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scripted_answer one[] = { cases[i].answer };

		open_more(&w, "", one, 1);
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, 1);
		assert_int_equal(all.vm[0].state, cases[i].state);
		end(&w);
	}
}

static void a_list_that_cannot_be_read_fails(void **state)
{
	static const struct scripted_answer cases[] = {
		{ 200, NULL, "<html>" },
		{ 200, NULL, "{\"machines\": 7}" },
		POOL("{\"machineState\": \"RUNNING\"}"),
		POOL(MACHINE("m1", "DANCING")),
		POOL(MACHINE("m\\u001b1", "RUNNING")),
	};
	struct vm_list all;
	struct drv_err e;
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		open_more(&w, "", &cases[i], 1);
		assert_drv_fails(list_all(&w, &all, &e), DRV_TRANSIENT, &e);
		end(&w);
	}
}

static void one_that_went_is_not_listed_and_never_given_again(void **state)
{
	struct vm_list all;
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	have_m1();
	BEGIN(&w, POOL(MACHINE("m2", "PENDING")), POOL(MACHINE("m2", "RUNNING")), DONE,
	      POOL(MACHINE("m2", "RUNNING") ", " MACHINE("m1", "RUNNING")), SIZE("1"),
	      DONE);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 0);
	assert_drv_ok(launch_id(&w, ID_B, &vm, &e), &e);
	assert_guards(&w, 2, "m2", true);
	assert_drv_ok(launch_id(&w, "00112233445566778899aabbccddeeff", &vm, &e), &e);
	assert_size(&w, 5, 3);
	end(&w);
}

/* It was given up, but lists lacked it only: it is told of again, and can be ended. */
static void one_that_lists_lacked_for_long_is_ours_still(void **state)
{
	struct vm_list all;
	struct drv_err e;
	struct world w;

	(void)state;
	have_m1();
	BEGIN(&w, POOL(""), POOL(""), POOL(GUARDED("m1", "RUNNING")), POOL(""), POOL(""),
	      POOL(""), DONE, DONE, SIZE("0"));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	for (int i = 0; i < 2; i++) {
		w.host.wall_ms += 601000;
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, i);
	}
	assert_string_equal(all.vm[0].id, ID_A);
	for (int i = 0; i < 2; i++) {
		assert_drv_ok(list_all(&w, &all, &e), &e);
		w.host.wall_ms += 601000;
	}
	assert_drv_ok(end_vm(&w, ID_A, &e), &e);
	assert_ends(&w, 7, "m1");
	end(&w);
}

/* It has its machine: that cannot be protected yet makes it none that failed. */
static void a_machine_is_protected_as_soon_as_that_works(void **state)
{
	struct vm_list all;
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	BEGIN(&w, POOL(MACHINE("m1", "RUNNING")), FAULT(502, "the cloud failed"),
	      POOL(MACHINE("m1", "RUNNING")), DONE, POOL(GUARDED("m1", "RUNNING")));
	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	assert_int_equal(vm.state, DRV_VM_RUNNING);
	for (int i = 0; i < 2; i++)
		assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_guards(&w, 3, "m1", true);
	end(&w);
}

/* ---------------------------------------------------------------- the end */

static void an_end_is_by_id_with_a_smaller_size_and_may_be_repeated(void **state)
{
	struct vm_list all;
	struct drv_err e;
	struct world w;

	(void)state;
	have_m1();
	BEGIN(&w, POOL(GUARDED("m1", "RUNNING")), DONE, DONE, SIZE("0"), POOL(""));
	assert_drv_fails(
		w.d->ops->terminate(w.d->drv, "somebody-else", ID_A, INT64_MAX, &e),
		DRV_CONFLICT, &e);
	assert_int_equal(w.host.n, 0);
	assert_drv_ok(end_vm(&w, ID_A, &e), &e);
	assert_guards(&w, 1, "m1", false);
	assert_ends(&w, 2, "m1");
	assert_drv_ok(end_vm(&w, ID_A, &e), &e);
	assert_drv_ok(end_vm(&w, ID_B, &e), &e);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 0);
	end(&w);
}

static void an_end_whose_answer_was_lost_does_not_shrink_twice(void **state)
{
	struct drv_err e;
	struct world w;

	(void)state;
	have_m1();
	{
		BEGIN(&w, POOL(GUARDED("m1", "RUNNING")), DONE, LOST);
		assert_drv_fails(end_vm(&w, ID_A, &e), DRV_AMBIGUOUS, &e);
		end(&w);
	}
	{
		BEGIN(&w, POOL(MACHINE("m1", "TERMINATING")), SIZE("0"));
		assert_drv_ok(end_vm(&w, ID_A, &e), &e);
		end(&w);
	}
}

/* The list did not show it yet, and the pool counted it twice: that is put right. */
static void a_size_that_fell_too_far_is_raised_again(void **state)
{
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	have_m1();
	BEGIN(&w, POOL(GUARDED("m1", "RUNNING") ", " MACHINE("m2", "RUNNING")), DONE,
	      POOL(GUARDED("m1", "RUNNING") ", " GUARDED("m2", "RUNNING")), DONE, DONE,
	      SIZE("0"), DONE);
	assert_drv_ok(launch_id(&w, ID_B, &vm, &e), &e);
	assert_drv_ok(end_vm(&w, ID_A, &e), &e);
	assert_size(&w, 6, 1);
	end(&w);
}

static void one_that_went_by_itself_is_not_replaced_by_the_pool(void **state)
{
	struct drv_err e;
	struct world w;

	(void)state;
	have_m1();
	BEGIN(&w, POOL(""), FAULT(404, "no machine"), SIZE("1"), DONE);
	assert_drv_ok(end_vm(&w, ID_A, &e), &e);
	assert_size(&w, 3, 0);
	end(&w);
}

static void a_launch_that_waits_is_ended_with_what_came_for_it(void **state)
{
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	BEGIN(&w, POOL(""), SIZE("0"), DONE, POOL(""), SIZE("1"), DONE,
	      /* another, for which a machine was asked for already */
	      POOL(""), SIZE("0"), DONE, POOL(MACHINE("m1", "REQUESTED")), DONE);
	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	assert_drv_ok(end_vm(&w, ID_A, &e), &e);
	assert_size(&w, 5, 0);
	assert_drv_ok(launch_id(&w, ID_B, &vm, &e), &e);
	assert_drv_ok(end_vm(&w, ID_B, &e), &e);
	assert_ends(&w, 10, "m1");
	assert_drv_ok(launch_id(&w, ID_B, &vm, &e), &e);
	assert_int_equal(vm.state, DRV_VM_GONE);
	end(&w);
}

/* ---------------------------------------------------------------- multipool, check */

static void a_multipool_has_other_paths(void **state)
{
	const struct scripted_answer answers[] = {
		POOL(""), SIZE("0"),
		DONE,     POOL(MACHINE("m1", "RUNNING")),
		DONE,     POOL(GUARDED("m1", "RUNNING")),
		DONE,     DONE,
		SIZE("0")
	};
	struct vm_list all;
	struct drv_vm vm;
	struct drv_err e;
	struct world w;

	(void)state;
	open_more(&w, "\"cloudpool\": \"web\", ", answers, ARRAY_SIZE(answers));
	assert_drv_ok(launch_id(&w, ID_A, &vm, &e), &e);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_drv_ok(end_vm(&w, ID_A, &e), &e);
	assert_sent(&w, 0, "GET", API "/cloudpools/web/pool");
	assert_sent(&w, 2, "POST", API "/cloudpools/web/pool/size");
	assert_sent(&w, 4, "POST", API "/cloudpools/web/membershipStatus");
	assert_sent(&w, 7, "POST", API "/cloudpools/web/terminate");
	end(&w);
}

#define STATUS(started, configured)                                                     \
	{                                                                               \
		200, NULL, "{\"started\": " started ", \"configured\": " configured "}" \
	}

static void the_check_changes_nothing(void **state)
{
	static const struct {
		struct scripted_answer answer;
		const char *words;
	} cases[] = {
		{ STATUS("false", "true"), "!the cloudpool is not started" },
		{ STATUS("false", "false"), "!the cloudpool has no configuration" },
		{ { 401, NULL, NULL }, "!GET " API "/status: 401" },
	};
	CLEANUP(free) char *good = NULL;
	struct drv_err e;
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scripted_answer one[] = { cases[i].answer };
		CLEANUP(free) char *all = NULL;

		open_more(&w, "", one, 1);
		assert_true(check_all(&w, &all, &e) < 0);
		assert_non_null(strstr(all, cases[i].words));
		end(&w);
	}
	BEGIN(&w, STATUS("true", "true"), POOL(MACHINE("m1", "RUNNING")), SIZE("1"));
	assert_drv_ok(check_all(&w, &good, &e), &e);
	assert_non_null(strstr(good, "1 of them are no host's"));
	for (size_t i = 0; i < w.host.n; i++)
		assert_string_equal(w.host.requests[i].method, "GET");
	end(&w);
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), DRIVERS_PREFIX "-%d-XXXXXX", getpid());
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_folder(dir);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_unknown_or_missing_is_named),
		TEST(a_pool_that_asks_for_no_password_gets_none),
		TEST(a_launch_is_a_larger_size_and_then_a_machine),
		TEST(a_launch_whose_answer_was_lost_is_one_machine),
		TEST(once_unknown_it_stays_so_until_the_pool_answers),
		TEST(a_launch_that_failed_leaves_nothing),
		TEST(what_nobody_has_is_taken_before_the_pool_grows),
		TEST(a_strangers_machine_is_neither_taken_nor_counted_away),
		TEST(launches_that_cannot_be_are_not_sent),
		TEST(machines_are_told_in_their_states),
		TEST(a_list_that_cannot_be_read_fails),
		TEST(one_that_went_is_not_listed_and_never_given_again),
		TEST(one_that_lists_lacked_for_long_is_ours_still),
		TEST(a_machine_is_protected_as_soon_as_that_works),
		TEST(an_end_is_by_id_with_a_smaller_size_and_may_be_repeated),
		TEST(an_end_whose_answer_was_lost_does_not_shrink_twice),
		TEST(a_size_that_fell_too_far_is_raised_again),
		TEST(one_that_went_by_itself_is_not_replaced_by_the_pool),
		TEST(a_launch_that_waits_is_ended_with_what_came_for_it),
		TEST(a_multipool_has_other_paths),
		TEST(the_check_changes_nothing),
	};

	remove_leftovers();
	return cmocka_run_group_tests_name("cloudpool", tests, NULL, NULL);
}
