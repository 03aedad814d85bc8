/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_profiles.c - profiles and their checks, with a cloud that is a file.
 */
#include "pool_bench.h"

#include "profiles.h"

struct desk {
	struct bench *b;
	struct profiles_opts opts;
	struct profiles *p;
	int n_changed; /* pools */
};

static void on_pool_changed(void *arg, const char *pool)
{
	struct desk *d = arg;

	assert_string_equal(pool, POOL);
	__atomic_add_fetch(&d->n_changed, 1, __ATOMIC_SEQ_CST);
}

/* Of the credentials file; the caller frees it. */
static char *credentials_path(const struct desk *d)
{
	return xasprintf("%s.credentials", d->b->cloud);
}

static int desk_setup(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));
	int rc = setup((void **)&d->b);

	d->opts = (struct profiles_opts){
		.pools = &d->b->opts, .look_ms = 20, .changed = on_pool_changed, .arg = d
	};
	*state = d;
	return rc;
}

static int desk_teardown(void **state)
{
	struct desk *d = *state;
	CLEANUP(free) char *path = credentials_path(d);
	int rc;

	profiles_free(d->p);
	(void)unlink(path);
	rc = teardown((void **)&d->b);
	free(d);
	return rc;
}

static void write_credentials(const struct desk *d, const char *text)
{
	CLEANUP(free) char *path = credentials_path(d);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

static void start(struct desk *d, const char *credentials)
{
	CLEANUP(free) char *path = credentials_path(d);

	write_credentials(d, credentials);
	keyring_free(d->b->opts.keyring);
	d->b->opts.keyring = keyring_new(path);
	d->opts.callers = d->b->pools;
	assert_ok(profiles_start(&d->opts, &d->p, &d->b->f->e), &d->b->f->e);
}

static json_t *get(struct desk *d, const char *name)
{
	json_t *ret = NULL;

	assert_ok(profiles_get(d->p, name, &ret, &d->b->f->e), &d->b->f->e);
	return ret;
}

static const char *state_of(const json_t *profile)
{
	const char *state = json_string_value(
		json_object_get(json_object_get(profile, "check"), "state"));

	return state ? state : "none";
}

/* Checks it; its check, the caller's. */
static json_t *check(struct desk *d, const char *name)
{
	const int64_t until = clock_mono_ms() + 30000;
	json_t *begun = NULL;

	assert_ok(profiles_check(d->p, name, &begun, &d->b->f->e), &d->b->f->e);
	assert_string_equal(state_of(begun), "running");
	json_decref(begun);
	for (;;) {
		CLEANUP(json_decref) json_t *profile = get(d, name);

		if (strcmp(state_of(profile), "done") == 0)
			return json_incref(json_object_get(profile, "check"));
		assert_true(clock_mono_ms() < until);
		(void)nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
}

static void a_check_says_what_can_be_launched_without_a_pool(void **state)
{
	struct desk *d = *state;
	CLEANUP(json_decref) json_t *done = NULL;
	const json_t *quota;

	write_script(d->b, "{\"quota\": 7, \"token\": \"sesame\"}");
	start(d, "[eu]\ndriver = fake\ntoken = sesame\n");
	done = check(d, "eu");
	assert_true(json_is_true(json_object_get(done, "ok")));
	assert_true(json_is_null(json_object_get(done, "error")));
	assert_true(json_is_null(json_object_get(done, "pool")));
	quota = json_object_get(done, "quota");
	assert_int_equal(json_integer_value(json_object_get(quota, "left")), 7);
	assert_true(json_array_size(json_object_get(done, "types")) > 0);
	assert_true(json_is_string(json_object_get(done, "finished")));
}

static void a_check_that_fails_says_why(void **state)
{
	struct desk *d = *state;
	CLEANUP(json_decref) json_t *done = NULL;
	const json_t *finding;

	write_script(d->b, "{\"token\": \"other\"}");
	start(d, "[eu]\ndriver = fake\ntoken = sesame\n");
	done = check(d, "eu");
	assert_true(json_is_false(json_object_get(done, "ok")));
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(done, "error"), "class")),
			    "auth");
	finding = json_array_get(json_object_get(done, "findings"), 0);
	assert_true(json_is_true(json_object_get(finding, "fatal")));
	assert_true(json_is_null(json_object_get(done, "quota")));
}

static void that_the_quota_is_not_told_is_not_fatal(void **state)
{
	struct desk *d = *state;
	CLEANUP(json_decref) json_t *done = NULL;

	write_script(d->b, "{\"faults\": [{\"op\": \"quota\", \"kind\": \"error\"}]}");
	start(d, "");
	done = check(d, "fake");
	assert_true(json_is_true(json_object_get(done, "ok")));
	assert_true(json_is_null(json_object_get(done, "quota")));
	assert_int_equal(json_array_size(json_object_get(done, "findings")), 1);
}

static void a_cloud_that_is_left_alone_is_not_checked(void **state)
{
	struct desk *d = *state;
	CLEANUP(json_decref) json_t *first = NULL;
	CLEANUP(json_decref) json_t *second = NULL;
	const json_t *error;
	const char *words;
	json_int_t asked;

	d->b->opts.gates.failures = 1;
	d->b->opts.gates.open_first_ms = d->b->opts.gates.open_max_ms = 60000;
	restart(d->b);
	start(d, "");
	write_script(d->b, "{\"faults\": [{\"op\": \"validate\", \"kind\": \"error\"}]}");
	first = check(d, "fake");
	assert_false(json_is_true(json_object_get(first, "ok")));
	asked = n_calls(d->b, "validate");
	second = check(d, "fake");
	error = json_object_get(second, "error");
	words = json_string_value(json_object_get(error, "message"));
	assert_string_equal(json_string_value(json_object_get(error, "class")),
			    "transient");
	assert_non_null(strstr(words, "fake is left alone"));
	assert_non_null(strstr(words, " s more"));
	assert_int_equal(n_calls(d->b, "validate"), asked);
}

static void one_check_of_a_profile_runs_at_a_time(void **state)
{
	struct desk *d = *state;
	CLEANUP(json_decref) json_t *first = NULL;

	write_script(d->b, "{\"faults\": [{\"op\": \"validate\", \"kind\": \"delay\", "
			   "\"delay\": \"300ms\"}]}");
	start(d, "");
	assert_ok(profiles_check(d->p, "fake", &first, &d->b->f->e), &d->b->f->e);
	json_decref(check(d, "fake"));
	assert_int_equal(n_calls(d->b, "validate"), 1);
}

static void a_cloud_that_hangs_does_not_hold_the_end(void **state)
{
	struct desk *d = *state;
	const int64_t until = clock_mono_ms() + 30000;
	struct clouds *clouds = clouds_new();
	json_t *begun = NULL;

	d->b->opts.clouds = clouds;
	write_script(d->b, "{\"faults\": [{\"op\": \"validate\", \"kind\": \"delay\", "
			   "\"delay\": \"55s\"}]}");
	start(d, "");
	assert_ok(profiles_check(d->p, "fake", &begun, &d->b->f->e), &d->b->f->e);
	json_decref(begun);
	while (n_calls(d->b, "validate") == 0) {
		assert_true(clock_mono_ms() < until);
		(void)nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	assert_false(profiles_stop(d->p, 1));
	clouds_halt(clouds);
	assert_true(profiles_stop(d->p, 30000));
	profiles_free(TAKE(d->p));
	clouds_free(clouds);
	d->b->opts.clouds = NULL;
}

static void whose_a_profile_is_must_be_known(void **state)
{
	struct desk *d = *state;
	CLEANUP(json_decref) json_t *profile = NULL;
	json_t *none = NULL;
	struct err e;

	start(d, "[eu]\ntoken = sesame\n");
	profile = get(d, "eu");
	assert_true(json_is_null(json_object_get(profile, "driver")));
	assert_int_equal(profiles_check(d->p, "eu", &none, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "driver = NAME"));
	assert_int_equal(profiles_check(d->p, "us", &none, &e), ERR_NOT_FOUND);
	assert_int_equal(profiles_check(d->p, "eu", &none, NULL), ERR_INVAL);
}

static void the_configuration_or_a_pool_says_whose_it_is(void **state)
{
	struct desk *d = *state;
	CLEANUP(json_decref) json_t *configured = NULL;
	CLEANUP(json_decref) json_t *by_pool = NULL;
	struct db_pool p = { .name = NULL };

	json_object_set_new(d->b->options, "fake/conf", json_object());
	put_pool(d->b, "{}", 0);
	assert_ok(db_pool_get(d->b->f->db, POOL, &p, &d->b->f->e), &d->b->f->e);
	free(p.profile);
	p.profile = xstrdup("eu");
	assert_ok(db_pool_put(d->b->f->db, &p, &d->b->f->e), &d->b->f->e);
	db_pool_done(&p);
	start(d, "[eu]\ntoken = sesame\n");
	configured = get(d, "conf");
	assert_string_equal(json_string_value(json_object_get(configured, "driver")),
			    "fake");
	by_pool = get(d, "eu");
	assert_string_equal(json_string_value(json_object_get(by_pool, "driver")),
			    "fake");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(by_pool, "pools"), 0)),
		POOL);
}

static void what_changes_on_disk_ends_its_check_and_is_told(void **state)
{
	struct desk *d = *state;
	const int64_t until = clock_mono_ms() + 30000;
	CLEANUP(json_decref) json_t *done = NULL;

	start(d, "[eu]\ndriver = fake\ntoken = one\n[us]\ndriver = fake\ntoken = two\n");
	json_decref(check(d, "us"));
	json_decref(check(d, "eu"));
	write_credentials(d, "[eu]\ndriver = fake\ntoken = new\n[us]\ndriver = fake\n"
			     "token = two\n");
	for (;;) {
		CLEANUP(json_decref) json_t *eu = get(d, "eu");

		if (strcmp(state_of(eu), "none") == 0)
			break;
		assert_true(clock_mono_ms() < until);
		(void)nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	done = get(d, "us");
	assert_string_equal(state_of(done), "done");
}

#define DESK(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK(a_check_says_what_can_be_launched_without_a_pool),
		DESK(a_check_that_fails_says_why),
		DESK(that_the_quota_is_not_told_is_not_fatal),
		DESK(a_cloud_that_is_left_alone_is_not_checked),
		DESK(one_check_of_a_profile_runs_at_a_time),
		DESK(a_cloud_that_hangs_does_not_hold_the_end),
		DESK(whose_a_profile_is_must_be_known),
		DESK(the_configuration_or_a_pool_says_whose_it_is),
		DESK(what_changes_on_disk_ends_its_check_and_is_told),
	};

	return cmocka_run_group_tests_name("profiles", tests, NULL, NULL);
}
