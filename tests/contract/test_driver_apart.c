/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_apart.c - drivers whose process does what it should not: what becomes of
 * calls, that the process is gone, and that the next one serves.
 */
#include "drivers.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

#define ID "0123456789abcdef0123456789abcdef"

struct hostile {
	struct subject s;
	char lives[128]; /* the file with a line a process */
};

static struct hostile the_hostile = { .s = { .name = "exec", .is_apart = true } };

static void opened(struct hostile *h, const char *does, const char *more)
{
	snprintf(h->s.config, sizeof(h->s.config),
		 "{\"command\": \"tests/contract/hostile_driver.py\", \"dir\": \"%s\", "
		 "\"does\": \"%s\"%s}",
		 h->s.dir, does, more);
	subject_open(&h->s);
}

static int setup(void **state)
{
	struct hostile *h = &the_hostile;

	snprintf(h->s.dir, sizeof(h->s.dir), DRIVERS_PREFIX "-%d-XXXXXX", getpid());
	assert_non_null(mkdtemp(h->s.dir));
	snprintf(h->lives, sizeof(h->lives), "%.96s/lives", h->s.dir);
	*state = h;
	return 0;
}

/* It has a session of its own, and nobody looks after it. */
static void end_grandchild(const struct hostile *h)
{
	CLEANUP(free) char *path = xasprintf("%s/grandchild", h->s.dir);
	CLEANUP(fclose) FILE *f = fopen(path, "re");
	int pid;

	if (f && fscanf(f, "%d", &pid) == 1)
		(void)kill(pid, SIGKILL);
	(void)unlink(path);
}

static int teardown(void **state)
{
	struct hostile *h = *state;

	end_grandchild(h);
	subject_teardown(&h->s);
	return 0;
}

/* How many processes there were; the last one's number. */
static int count_lives(const struct hostile *h, pid_t *ret_last)
{
	FILE *f = fopen(h->lives, "re");
	int n = 0, pid = 0;

	while (f && fscanf(f, "%d", &pid) == 1)
		n++;
	if (f)
		fclose(f);
	if (ret_last)
		*ret_last = pid;
	return n;
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static int list_within(struct hostile *h, int64_t ms, struct drv_err *e)
{
	struct vm_list l = { .n = 0 };

	return h->s.d->ops->list(h->s.d->drv, OWNER, clock_mono_ms() + ms, keep_vm, &l,
				 e);
}

static void count_vm(void *arg, const struct drv_vm *vm)
{
	(void)vm;
	++*(size_t *)arg;
}

static int launch_within(struct hostile *h, int64_t ms, struct drv_err *e)
{
	struct drv_launch l = a_launch(ID, "");
	struct drv_vm vm;

	return h->s.d->ops->launch(h->s.d->drv, &l, clock_mono_ms() + ms, &vm, e);
}

/* ---------------------------------------------------------------- one that fails once */

static const struct {
	const char *does;
	enum drv_class of_list; /* of a launch it is AMBIGUOUS */
	const char *words;
} once[] = {
	{ "hang", DRV_TRANSIENT, "did not answer" },
	{ "kill_itself", DRV_TRANSIENT, "signal 11" },
	{ "leak", DRV_TRANSIENT, "ended with status" },
	{ "garbage", DRV_BUG, "not a JSON object" },
	{ "number", DRV_BUG, "not a JSON object" },
	{ "endless", DRV_BUG, "too long" },
	{ "close", DRV_BUG, "closed its output" },
	{ "unknown", DRV_BUG, "not asked" },
	{ "wrong", DRV_BUG, "'state'" },
	{ "no", DRV_BUG, "'ok' that is not true" },
	{ "words", DRV_BUG, "'error'" },
	{ "grandchild", DRV_TRANSIENT, "ended with status 0" },
};

static int64_t time_for(const char *does)
{
	return strcmp(does, "hang") == 0 ? 200 : CALL_MS;
}

static void check_words(const char *does, const struct drv_err *e, const char *words)
{
	if (!strstr(e->msg, words))
		fail_msg("%s: %s", does, e->msg);
}

static void a_call_fails_as_its_kind_and_the_next_process_serves(void **state)
{
	struct hostile *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		const char *does = once[i].does;
		struct drv_err e;
		char why[256];
		pid_t pid;

		print_message("# %s\n", does);
		(void)unlink(h->lives);
		opened(h, does, ", \"times\": \"1\", \"memory_limit\": \"256M\"");
		assert_int_equal(count_lives(h, &pid), 1);
		assert_drv_fails(list_within(h, time_for(does), &e), once[i].of_list, &e);
		check_words(does, &e, once[i].words);
		assert_true(driver_has_trouble(h->s.d, why, sizeof(why)));
		assert_drv_ok(list_within(h, CALL_MS, &e), &e);
		assert_false(driver_has_trouble(h->s.d, why, sizeof(why)));
		assert_true(becomes(is_gone(pid)));
		assert_int_equal(count_lives(h, NULL), 2);
		subject_close(&h->s);
		end_grandchild(h);
	}
}

static void what_may_have_been_launched_is_ambiguous(void **state)
{
	struct hostile *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		const char *does = once[i].does;
		struct drv_err e;

		(void)unlink(h->lives);
		opened(h, does, ", \"times\": \"1\", \"memory_limit\": \"256M\"");
		assert_drv_fails(launch_within(h, time_for(does), &e), DRV_AMBIGUOUS, &e);
		assert_drv_ok(launch_within(h, CALL_MS, &e), &e);
		subject_close(&h->s);
		end_grandchild(h);
	}
}

static void an_answer_that_comes_twice_ends_it_after_the_first(void **state)
{
	struct hostile *h = *state;
	struct drv_err e;
	pid_t pid;

	opened(h, "twice", ", \"times\": \"1\"");
	(void)count_lives(h, &pid);
	assert_drv_ok(launch_within(h, CALL_MS, &e), &e);
	assert_true(becomes(is_gone(pid)));
	assert_drv_ok(launch_within(h, CALL_MS, &e), &e);
}

static void an_answer_may_have_an_error_that_is_null(void **state)
{
	struct hostile *h = *state;
	struct drv_err e;

	opened(h, "null_error", "");
	assert_drv_ok(list_within(h, CALL_MS, &e), &e);
	assert_drv_ok(launch_within(h, CALL_MS, &e), &e);
	assert_int_equal(count_lives(h, NULL), 1);
}

static void a_list_without_end_is_ended(void **state)
{
	struct hostile *h = *state;
	struct drv_err e;
	size_t n = 0;

	opened(h, "without_end", ", \"times\": \"1\"");
	assert_drv_fails(
		h->s.d->ops->list(h->s.d->drv, OWNER, deadline(), count_vm, &n, &e),
		DRV_BUG, &e);
	check_words("without_end", &e, "more than any");
	assert_in_range(n, 1, 200000);
}

static void a_driver_that_says_too_much_serves_nevertheless(void **state)
{
	struct hostile *h = *state;
	struct drv_err e;

	opened(h, "noisy", "");
	assert_drv_ok(list_within(h, CALL_MS, &e), &e);
	assert_int_equal(count_lives(h, NULL), 1);
}

/* ---------------------------------------------------------------- one that always fails
 */

static void one_that_never_lives_is_started_ever_more_seldom(void **state)
{
	struct hostile *h = *state;
	const int64_t until = clock_mono_ms() + 2000;
	int calls = 0;
	struct drv_err e;

	opened(h, "kill_itself", "");
	while (clock_mono_ms() < until) {
		assert_drv_fails(list_within(h, CALL_MS, &e), DRV_TRANSIENT, &e);
		calls++;
	}
	assert_true(calls > 10 * count_lives(h, NULL));
	assert_in_range(count_lives(h, NULL), 2, 50);
}

static void another_protocol_is_refused_by_name(void **state)
{
	struct hostile *h = *state;
	CLEANUP(free)
	char *config = xasprintf(
		"{\"command\": \"tests/contract/hostile_driver.py 9\", \"dir\": \"%s\"}",
		h->s.dir);
	struct driver *d = NULL;
	struct err e;

	assert_int_equal(subject_try(&h->s, config, &d, &e), ERR_ABI);
	assert_string_equal(e.msg, "driver 'exec' speaks protocol 9, this controller 1");
}

static void a_command_that_is_no_driver_is_refused_in_words(void **state)
{
	static const struct {
		const char *command, *words;
		int code;
	} bad[] = {
		{ "/no/such/program", "status 127", ERR_UNAVAIL },
		{ "/bin/true", "status 0", ERR_UNAVAIL },
		{ "/bin/echo hello", "not a JSON object", ERR_ABI },
		{ "", "'command'", ERR_INVAL },
	};
	struct hostile *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(free)
		char *config = xasprintf("{\"command\": \"%s\"}", bad[i].command);
		struct driver *d = NULL;
		struct err e;

		assert_int_equal(subject_try(&h->s, config, &d, &e), bad[i].code);
		if (!strstr(e.msg, bad[i].words))
			fail_msg("%s: %s", bad[i].command, e.msg);
	}
}

static void no_stack_names_the_command_or_the_limit(void **state)
{
	static const char *const never[] = { "command", "memory_limit", "from_stack" };
	struct hostile *h = *state;

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		CLEANUP(free)
		char *config = xasprintf("{\"command\": \"/bin/touch %s/ran\", "
					 "\"from_stack\": [\"%s\"]}",
					 h->s.dir, never[i]);
		CLEANUP(free) char *ran = xasprintf("%s/ran", h->s.dir);
		struct driver *d = NULL;
		struct err e;

		assert_int_equal(subject_try(&h->s, config, &d, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, never[i]));
		assert_int_not_equal(access(ran, F_OK), 0);
	}
}

/* Its pipes take six, and then there is none for the process itself. */
static void a_controller_without_descriptors_goes_on(void **state)
{
	struct hostile *h = *state;
	struct driver *d = NULL;
	struct rlimit before, less;
	struct err e;
	int lowest, rc;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	opened(h, "good", "");
	subject_close(&h->s);
	lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(lowest >= 3);
	close(lowest);
	for (int n = 0; n <= 6; n++) {
		less = before;
		less.rlim_cur = (rlim_t)(lowest + n);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
		rc = subject_try(&h->s, h->s.config, &d, &e);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(rc, ERR_UNAVAIL);
		if (!strstr(e.msg, "Too many open files"))
			fail_msg("%d: %s", n, e.msg);
	}
}

/* ---------------------------------------------------------------- several at once */

struct caller {
	struct hostile *h;
	int cls;
	struct drv_err e;
	pthread_t thread;
};

static void *call_launch(void *arg)
{
	struct caller *c = arg;

	c->cls = launch_within(c->h, CALL_MS, &c->e);
	return NULL;
}

static void start_calls(struct hostile *h, struct caller *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c[i].h = h;
		assert_int_equal(pthread_create(&c[i].thread, NULL, call_launch, &c[i]),
				 0);
	}
}

static void end_calls(struct caller *c, size_t n, int want)
{
	for (size_t i = 0; i < n; i++) {
		pthread_join(c[i].thread, NULL);
		if (c[i].cls != want)
			fail_msg("%s", c[i].e.msg);
	}
}

/* Each answer waits for another call: with one at a time there would be none. */
static void answers_may_come_in_any_order(void **state)
{
	struct hostile *h = *state;
	struct caller c[4];

	opened(h, "reverse", "");
	assert_int_equal(h->s.d->ops->caps(h->s.d->drv)->in_flight, 2);
	start_calls(h, c, ARRAY_SIZE(c));
	end_calls(c, ARRAY_SIZE(c), 0);
	assert_int_equal(count_lives(h, NULL), 1);
}

static void the_end_of_the_controller_waits_for_no_driver(void **state)
{
	struct hostile *h = *state;
	CLEANUP(free) char *hangs = xasprintf("%s/hangs", h->s.dir);
	struct clouds *clouds = clouds_new();
	struct caller c[1];
	struct err why;
	int64_t before;
	pid_t pid;

	opened(h, "hang_and_tell", "");
	subject_close(&h->s);
	(void)unlink(h->lives);
	assert_ok(driver_open(clouds, drivers_dir(), "exec", h->s.config, &h->s.d, &why),
		  &why);
	(void)count_lives(h, &pid);
	start_calls(h, c, ARRAY_SIZE(c));
	assert_true(becomes(access(hangs, F_OK) == 0));
	before = clock_mono_ms();
	clouds_halt(clouds);
	end_calls(c, ARRAY_SIZE(c), DRV_AMBIGUOUS);
	assert_true(clock_mono_ms() - before < CALL_MS / 2);
	assert_true(becomes(is_gone(pid)));
	subject_close(&h->s);
	clouds_free(clouds);
}

static void *call_big(void *arg)
{
	static char user_data[512 * 1024];
	struct caller *c = arg;
	struct drv_launch l = a_launch(ID, memset(user_data, '#', sizeof(user_data) - 1));
	struct drv_vm vm;

	c->cls = c->h->s.d->ops->launch(c->h->s.d->drv, &l, deadline(), &vm, &c->e);
	return NULL;
}

/* Its input is held by a process of another session, so that it does not break. */
static void nor_for_a_request_that_nobody_reads(void **state)
{
	struct hostile *h = *state;
	CLEANUP(free) char *hangs = xasprintf("%s/hangs", h->s.dir);
	CLEANUP(free) char *begun = xasprintf("%s/grandchild", h->s.dir);
	struct clouds *clouds = clouds_new();
	struct caller first, big = { .h = h };
	struct err why;
	int64_t before;

	opened(h, "deaf", "");
	subject_close(&h->s);
	assert_ok(driver_open(clouds, drivers_dir(), "exec", h->s.config, &h->s.d, &why),
		  &why);
	start_calls(h, &first, 1);
	assert_true(becomes(access(begun, F_OK) == 0));
	assert_int_equal(pthread_create(&big.thread, NULL, call_big, &big), 0);
	assert_true(becomes(access(hangs, F_OK) == 0));
	before = clock_mono_ms();
	clouds_halt(clouds);
	end_calls(&big, 1, DRV_TRANSIENT);
	end_calls(&first, 1, DRV_AMBIGUOUS);
	subject_close(&h->s);
	assert_true(clock_mono_ms() - before < CALL_MS / 2);
	clouds_free(clouds);
}

/* Each for itself they are given two seconds to end. */
static void drivers_that_stay_are_ended_together(void **state)
{
	struct hostile *h = *state;
	struct clouds *clouds = clouds_new();
	struct driver *d[8] = { NULL };
	struct err e;
	int64_t before;
	pid_t pid;

	opened(h, "stay", "");
	subject_close(&h->s);
	for (size_t i = 0; i < ARRAY_SIZE(d); i++)
		assert_ok(driver_open(clouds, drivers_dir(), "exec", h->s.config, &d[i],
				      &e),
			  &e);
	(void)count_lives(h, &pid);
	before = clock_mono_ms();
	clouds_end(clouds);
	for (size_t i = 0; i < ARRAY_SIZE(d); i++)
		driver_close(d[i]);
	assert_true(clock_mono_ms() - before < 2000 * (int64_t)ARRAY_SIZE(d) / 2);
	assert_true(is_gone(pid));
	clouds_free(clouds);
}

/* ---------------------------------------------------------------- what it is given */

static const char *found(const struct vm_list *l, const char *start)
{
	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->vm[i].id, start, strlen(start)) == 0)
			return l->vm[i].id + strlen(start);
	return NULL;
}

static void it_inherits_nothing_and_is_bounded(void **state)
{
	struct hostile *h = *state;
	CLEANUP(close_fd) int fd = open("/dev/null", O_RDONLY); /* no O_CLOEXEC */
	struct rlimit core;
	struct vm_list l;

	setenv("HCLOUD_TOKEN", "a secret", 1);
	opened(h, "look",
	       ", \"memory_limit\": \"512M\", \"credentials\": {\"token\": \"SECRET\"}");
	unsetenv("HCLOUD_TOKEN");
	list(&h->s, &l);
	assert_non_null(found(&l, "env-path"));
	assert_null(found(&l, "env-hcloud"));
	for (size_t i = 0; i < l.n; i++)
		assert_null(strstr(l.vm[i].id, "SECRET"));
	assert_non_null(found(&l, "fd-2"));
	/* 3 is the look itself. */
	for (int i = 4; i < 64; i++) {
		char name[16];

		snprintf(name, sizeof(name), "fd-%d", i);
		assert_null(found(&l, name));
	}
	assert_true(fd >= 3);
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_string_equal(found(&l, "core-"), core.rlim_max ? "1" : "0");
	assert_string_equal(found(&l, "nofile-"), "1024");
	assert_non_null(found(&l, "argv-/usr/bin/python3"));
	if (!IS_SANITIZED)
		assert_string_equal(found(&l, "as-"), "536870912");
}

/* ---------------------------------------------------------------- its table */

/* A driver that says this of itself, with lists of zones in its options. */
static void assert_opened_with(struct hostile *h, const char *says, const char *zone,
			       const char *place)
{
	struct vm_list l = { .n = 0 };

	subject_close(&h->s);
	snprintf(h->s.config, sizeof(h->s.config),
		 "{\"command\": \"tests/contract/hostile_driver.py 1 '%s'\", \"dir\": "
		 "\"%s\", \"does\": \"places\", \"zone\": \"a, b\", \"place\": \"c d\"}",
		 says, h->s.dir);
	subject_open(&h->s);
	list(&h->s, &l);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.vm[0].id, zone);
	assert_string_equal(l.vm[1].id, place);
}

static void of_several_zones_it_is_opened_with_the_first(void **state)
{
	struct hostile *h = *state;

	opened(h, "good", "");
	assert_opened_with(h, "{\\\"zone_option\\\": \\\"place\\\"}", "zone=a, b",
			   "place=c");
	assert_string_equal(h->s.d->ops->zone_option, "place");
	assert_opened_with(h, "{\\\"zone_option\\\": null}", "zone=a, b", "place=c d");
	assert_null(h->s.d->ops->zone_option);
}

static void one_that_does_not_say_is_an_older_one(void **state)
{
	struct hostile *h = *state;

	opened(h, "good", "");
	assert_opened_with(h, "{}", "zone=a", "place=c d");
	assert_string_equal(h->s.d->ops->zone_option, "zone");
	assert_null(h->s.d->ops->interruption);
	assert_opened_with(h, "{\\\"interruption\\\": \\\"gce\\\"}", "zone=a",
			   "place=c d");
	assert_string_equal(h->s.d->ops->interruption, "gce");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_call_fails_as_its_kind_and_the_next_process_serves),
		TEST(what_may_have_been_launched_is_ambiguous),
		TEST(an_answer_that_comes_twice_ends_it_after_the_first),
		TEST(an_answer_may_have_an_error_that_is_null),
		TEST(a_list_without_end_is_ended),
		TEST(a_driver_that_says_too_much_serves_nevertheless),
		TEST(one_that_never_lives_is_started_ever_more_seldom),
		TEST(another_protocol_is_refused_by_name),
		TEST(a_command_that_is_no_driver_is_refused_in_words),
		TEST(no_stack_names_the_command_or_the_limit),
		TEST(a_controller_without_descriptors_goes_on),
		TEST(answers_may_come_in_any_order),
		TEST(the_end_of_the_controller_waits_for_no_driver),
		TEST(nor_for_a_request_that_nobody_reads),
		TEST(drivers_that_stay_are_ended_together),
		TEST(it_inherits_nothing_and_is_bounded),
		TEST(of_several_zones_it_is_opened_with_the_first),
		TEST(one_that_does_not_say_is_an_older_one),
	};

	remove_leftovers();
	return cmocka_run_group_tests_name("drivers apart", tests, NULL, NULL);
}
