/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_options.c - what a pool's driver is opened with, on a calendar that is
 * twenty times as fast.
 */
#include "pool_bench.h"

#define SCALE 20.0

/* A bench whose file of credentials has a profile "eu". */
static int setup_with_credentials(void **state)
{
	const int rc = setup(state);
	struct bench *b = *state;
	CLEANUP(free) char *path = xasprintf("%s/script.json", b->cloud);

	/* The name of a file that the bench removes. */
	write_script(b, "[eu]\ntoken = sesame\n");
	assert_int_equal(chmod(path, 0600), 0);
	keyring_free(b->opts.keyring);
	b->opts.keyring = keyring_new(path);
	return rc;
}

static struct db_pool pool_of(const char *profile, const char *config)
{
	return (struct db_pool){
		.name = (char *)(uintptr_t)POOL,
		.driver = (char *)(uintptr_t) "fake",
		.profile = (char *)(uintptr_t)profile,
		.config_json = (char *)(uintptr_t)config,
	};
}

static json_t *config_of(struct bench *b, const struct db_pool *p)
{
	CLEANUP(free) char *text = NULL;
	json_t *ret = NULL;

	assert_ok(pool_driver_config(&b->opts, p, &text, &b->f->e), &b->f->e);
	assert_ok(json_parse(text, strlen(text), "options", &ret, &b->f->e), &b->f->e);
	return ret;
}

static const char *text_of(const json_t *config, const char *name)
{
	return json_string_value(json_object_get(config, name));
}

static void configure(struct bench *b, const char *section, const char *options)
{
	json_object_set_new(b->options, section, json_loads(options, 0, NULL));
}

static void the_nearest_says(void **state)
{
	struct bench *b = *state;
	const struct db_pool p = pool_of("eu", "{\"visible\": \"3s\"}");
	CLEANUP(json_decref) json_t *config = NULL;

	configure(b, "fake",
		  "{\"dir\": \"/all\", \"zone\": \"all\", \"visible\": \"1s\"}");
	configure(b, "fake/eu", "{\"zone\": \"eu\", \"visible\": \"2s\"}");
	configure(b, "fake/us", "{\"zone\": \"us\"}");
	config = config_of(b, &p);
	assert_string_equal(text_of(config, "dir"), "/all");
	assert_string_equal(text_of(config, "zone"), "eu");
	assert_string_equal(text_of(config, "visible"), "3s");
	assert_string_equal(text_of(json_object_get(config, "credentials"), "token"),
			    "sesame");
}

static void what_a_driver_refuses_names_the_profile_and_what_it_takes(void **state)
{
	struct bench *b = *state;
	struct db_pool p = pool_of("eu", "{}");
	CLEANUP(driver_close) struct driver *d = NULL;

	write_script(b, "[eu]\ntoken = sesame\nlocation = fsn1\n");
	p.driver = (char *)(uintptr_t) "hetzner";
	assert_int_equal(pool_driver_open(&b->opts, &p, &d, &b->f->e), ERR_INVAL);
	assert_string_equal(b->f->e.msg,
			    "profile 'eu': driver 'hetzner': credentials: there is no "
			    "option 'location'; there are token, endpoint");
}

static void the_size_of_its_hosts_is_the_pools(void **state)
{
	struct bench *b = *state;
	struct db_pool p = pool_of("fake", "{}");
	CLEANUP(json_decref) json_t *config = NULL;

	p.cpu = 1.5;
	p.memory_bytes = 1 << 30;
	config = config_of(b, &p);
	assert_close(json_number_value(json_object_get(config, "cpu")), 1.5, 1e-12);
	assert_string_equal(text_of(config, "memory"), "1073741824");
}

/* The region, and the zones, by these options and that option for the zone. */
static void assert_place(const char *config, const char *zone_option, const char *region,
			 const char *zones)
{
	CLEANUP(pool_place_done) struct pool_place place = { 0 };

	pool_place_read(config, zone_option, &place);
	assert_string_equal(place.region ? place.region : "none", region);
	assert_string_equal(place.zones ? place.zones : "none", zones);
}

static void a_pools_place_is_where_its_driver_reads_it(void **state)
{
	(void)state;
	assert_place("{\"region\": \"eu-1\", \"zone\": \"eu-1b, eu-1a\"}", "zone", "eu-1",
		     "eu-1b, eu-1a");
	assert_place("{\"location\": \"fsn1,nbg1\"}", "location", "none", "fsn1,nbg1");
	assert_place("{\"region\": \"ams3 fra1\"}", "region", "none", "ams3 fra1");
	assert_place("{\"zone\": \"a\", \"credentials\": {\"region\": \"eu-2\"}}", NULL,
		     "eu-2", "none");
	assert_place("{\"zone\": \"\"}", "zone", "none", "none");
}

static void drivers_wait_in_real_time(void **state)
{
	struct bench *b = *state;
	const struct db_pool p = pool_of("fake", "{\"boot_delay\": \"1m\"}");
	const struct db_pool bad = pool_of("fake", "{\"boot_delay\": \"soon\"}");
	CLEANUP(json_decref) json_t *config = config_of(b, &p);
	char *text = NULL;

	assert_string_equal(text_of(config, "boot_delay"), "3s");
	assert_int_equal(pool_driver_config(&b->opts, &bad, &text, &b->f->e), ERR_INVAL);
	assert_non_null(strstr(b->f->e.msg, "soon"));
	assert_null(text);
}

static void who_needs_no_credentials_has_none(void **state)
{
	struct bench *b = *state;
	const struct db_pool by_driver = pool_of("fake", "{}");
	const struct db_pool by_section = pool_of("asia", "{}");
	CLEANUP(json_decref) json_t *first = config_of(b, &by_driver);
	CLEANUP(json_decref) json_t *second = NULL;

	assert_null(json_object_get(first, "credentials"));
	configure(b, "fake/asia", "{\"zone\": \"asia\"}");
	second = config_of(b, &by_section);
	assert_null(json_object_get(second, "credentials"));
}

static void a_profile_that_is_nowhere_is_refused(void **state)
{
	struct bench *b = *state;
	const struct db_pool p = pool_of("asia", "{}");
	char *text = NULL;

	assert_int_equal(pool_driver_config(&b->opts, &p, &text, &b->f->e),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(b->f->e.msg, "[asia]"));
	assert_null(strstr(b->f->e.msg, "sesame"));
	assert_null(text);
}

static void a_stack_sets_no_option_of_the_controllers_machine(void **state)
{
	struct bench *b = *state;
	const struct db_pool p = pool_of("fake", "{\"dir\": \"/etc\"}");
	CLEANUP(free) char *text = NULL;
	struct driver *d = NULL;

	assert_ok(pool_driver_config(&b->opts, &p, &text, &b->f->e), &b->f->e);
	assert_int_equal(
		driver_open(NULL, b->opts.drivers_dir, "fake", text, &d, &b->f->e),
		ERR_INVAL);
	assert_null(d);
	assert_non_null(strstr(b->f->e.msg, "a stack may not set the option 'dir'"));
	assert_non_null(strstr(b->f->e.msg, "[driver fake]"));
}

static void options_that_are_no_object_are_refused(void **state)
{
	struct bench *b = *state;
	const struct db_pool p = pool_of("fake", "nonsense");
	char *text = NULL;

	assert_true(pool_driver_config(&b->opts, &p, &text, &b->f->e) < 0);
	assert_non_null(strstr(b->f->e.msg, "pool options"));
	assert_null(text);
}

/* Of a pool whose driver states this. */
static const char *source_of(struct bench *b, const char *driver, const char *stated,
			     const char *ret_url)
{
	static char kept[64];
	struct db_pool p = pool_of("eu", "{}");
	CLEANUP(free) char *source = NULL;
	CLEANUP(free) char *url = NULL;

	p.driver = (char *)(uintptr_t)driver;
	p.cloud_interruption = (char *)(uintptr_t)stated;
	if (pool_interruption(&b->opts, &p, &source, &url, &b->f->e) < 0)
		return NULL;
	if (ret_url)
		assert_string_equal(url, ret_url);
	else
		assert_null(url);
	snprintf(kept, sizeof(kept), "%s", source);
	return kept;
}

static void whose_metadata_hosts_ask_is_stated_or_configured(void **state)
{
	struct bench *b = *state;

	assert_string_equal(source_of(b, "rack", "gce", NULL), "gce");
	assert_string_equal(source_of(b, "ec2", "", NULL), "none");
	configure(b, "ec2/eu", "{\"interruption\":\"none\"}");
	assert_string_equal(source_of(b, "ec2", "ec2", NULL), "none");
	configure(b, "exec",
		  "{\"interruption\":\"ec2\",\"interruption_url\":\"http://10.0.0.1\"}");
	assert_string_equal(source_of(b, "exec", "", "http://10.0.0.1"), "ec2");
	configure(b, "exec", "{\"interruption\":\"moon\"}");
	assert_null(source_of(b, "exec", "", NULL));
	assert_non_null(strstr(b->f->e.msg, "'moon'"));
	assert_null(source_of(b, "rack", "sun", NULL));
	assert_non_null(strstr(b->f->e.msg, "'sun'"));
}

#define OPTIONS_TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, setup_with_credentials, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(the_nearest_says),
		OPTIONS_TEST(a_pools_place_is_where_its_driver_reads_it),
		OPTIONS_TEST(what_a_driver_refuses_names_the_profile_and_what_it_takes),
		OPTIONS_TEST(the_size_of_its_hosts_is_the_pools),
		OPTIONS_TEST(drivers_wait_in_real_time),
		OPTIONS_TEST(who_needs_no_credentials_has_none),
		OPTIONS_TEST(a_profile_that_is_nowhere_is_refused),
		OPTIONS_TEST(a_stack_sets_no_option_of_the_controllers_machine),
		OPTIONS_TEST(options_that_are_no_object_are_refused),
		OPTIONS_TEST(whose_metadata_hosts_ask_is_stated_or_configured),
	};

	clock_set_scale(SCALE, clock_wall_ms());
	return cmocka_run_group_tests_name("driver_options", tests, NULL, NULL);
}
