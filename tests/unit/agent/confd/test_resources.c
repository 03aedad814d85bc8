/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which resources there are, what is in them, and whose keys they read. */
#include "confd_fixture.h"
#include "spec.h"

static void goes_on_with_the_old_resource_when_the_new_is_bad(void **state)
{
	struct setup *s = *state;

	put_resource("");
	put_web(1);
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	fake_put("/foretide/conf/shop/lb/lb", "{\"src\":1}");
	put_web(2);
	wait_until(s, stats(s).writes == 2);
	assert_true(confd_is_ready(s->confd, "shop", "lb"));
}

static void tells_bad_resources(void **state)
{
	struct setup *s = *state;

	fake_put("/foretide/conf/shop/lb/x", "{\"dest\":\"/x\"}");
	fake_sync();
	start(s);
	set_tier(s, true);
	assert_string_equal(confd_problem(s->confd, "shop", "lb"),
			    "/foretide/conf/shop/lb/x: src is missing");
	fake_delete("/foretide/conf/shop/lb/x");
	wait_until(s, s->ready == 1);
}

static void follows_tiers_and_resources(void **state)
{
	struct setup *s = *state;

	put_resource("");
	fake_sync();
	start(s);
	set_tier(s, true);
	assert_int_equal(stats(s).resources, 1);
	fake_put("/foretide/conf/shop/lb/b",
		 "{\"src\":\"b\",\"dest\":\"/b\",\"keys\":[]}");
	fake_put("/foretide/conf/shop/lbx/c",
		 "{\"src\":\"c\",\"dest\":\"/c\",\"keys\":[]}");
	wait_until(s, has_content(s, "/b", "b"));
	assert_int_equal(stats(s).resources, 2);
	assert_true(has_content(s, "/c", "(none)"));
	fake_delete("/foretide/conf/shop/lb/lb");
	assert_int_equal(stats(s).resources, 1);
	confd_set_tiers(s->confd, NULL, 0);
	assert_int_equal(stats(s).resources, 0);
	let_pass(s, 5);
	assert_null(fake.first);
}

static void shares_copies_of_the_same_keys(void **state)
{
	struct setup *s = *state;

	put_resource("");
	fake_put("/foretide/conf/shop/lb/b",
		 "{\"src\":\"b\",\"dest\":\"/b\",\"prefix\":\"/skydns/local/foretide/"
		 "shop\","
		 "\"keys\":[\"/x\"]}");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	/* One for the tier's resources, one for what both read. */
	assert_int_equal(fake.opened, 2);
}

static void sets_mode_and_knows_the_host(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *path = xasprintf("%s/etc/x", s->root);
	struct stat st;

	fake_put(
		"/foretide/conf/shop/lb/x",
		"{\"src\":\"{{hostname}} {{hostIP}} {{getenv \\\"FORETIDE_TIER\\\"}} "
		"{{getenv \\\"FORETIDE_STACK\\\"}} {{getenv \\\"FORETIDE_DOMAIN\\\"}}\","
		"\"dest\":\"/etc/x\",\"keys\":[],\"mode\":\"0640\",\"uid\":-1,\"gid\":-1,"
		"\"owner\":\"\",\"group\":\"\",\"check_cmd\":\"\",\"reload_cmd\":\"\"}");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	assert_true(
		has_content(s, "/etc/x", "lb-0a1b2c3d 10.90.0.2 lb shop foretide.local"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);

	/* A file whose mode was changed is no longer equal. */
	assert_int_equal(chmod(path, 0600), 0);
	fake_put("/foretide/conf/shop/lb/x",
		 "{\"src\":\"{{hostname}}\",\"dest\":\"/etc/x\",\"mode\":\"0640\"}");
	wait_until(s, has_content(s, "/etc/x", "lb-0a1b2c3d"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void put_secret_resource(const char *members)
{
	CLEANUP(free)
	char *doc =
		xasprintf("{\"src\":\"{{getv \\\"/foretide/secrets/shop/pw\\\"}}\","
			  "\"dest\":\"/etc/pw\",\"keys\":[\"/foretide/secrets/shop\"]%s}",
			  members);

	fake_put("/foretide/conf/shop/lb/pw", doc);
}

static mode_t mode_of(const struct setup *s, const char *dest)
{
	CLEANUP(free) char *path = xasprintf("%s%s", s->root, dest);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void a_file_with_a_secret_is_for_its_owner_alone(void **state)
{
	struct setup *s = *state;

	make_folder(s, "/etc");
	write_file(s, "/etc/pw", "old"); /* 0644, as an older agent left it */
	put_secret_resource("");
	fake_put("/foretide/secrets/shop/pw", "x");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready && has_content(s, "/etc/pw", "x"));
	assert_int_equal(mode_of(s, "/etc/pw"), 0600);
	put_secret_resource(",\"mode\":\"0640\"");
	wait_until(s, mode_of(s, "/etc/pw") == 0640);
}

static bool has_mirror(const char *prefix)
{
	const struct mirror *m = fake.first;

	while (m && strcmp(m->prefix, prefix) != 0)
		m = m->next;
	return m != NULL;
}

/* What begins with its name may be another stack. */
static void asks_for_its_stacks_keys_and_no_others(void **state)
{
	struct setup *s = *state;

	put_secret_resource("");
	fake_put("/foretide/secrets/shop/pw", "x");
	fake_sync();
	start(s);
	set_tier(s, true);
	wait_until(s, s->ready);
	assert_true(has_mirror("/foretide/conf/shop/"));
	assert_true(has_mirror("/foretide/secrets/shop/"));
	assert_int_equal(fake.opened, 2);
	confd_set_tiers(s->confd, NULL, 0);
	wait_until(s, !fake.first);
}

static void says_what_the_store_refuses(void **state)
{
	struct setup *s = *state;
	struct err err;

	(void)err_set(&err, ERR_DENIED, "h1 may not read it");
	put_secret_resource("");
	start(s);
	set_tier(s, true);
	for (struct mirror *m = fake.first; m; m = m->next)
		m->refused(m->arg, &err);
	assert_string_equal(confd_problem(s->confd, "shop", "lb"), "h1 may not read it");
	for (struct mirror *m = fake.first; m; m = m->next)
		m->refused(m->arg, NULL);
	fake_put("/foretide/secrets/shop/pw", "x");
	fake_sync();
	wait_until(s, s->ready);
	assert_string_equal(confd_problem(s->confd, "shop", "lb"), "");
}

static void reads_a_folder_as_confd_does(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *folder = xasprintf("%s/confd", s->root);
	CLEANUP(free)
	char *toml = xasprintf(
		"# made by hand\n[template]\nsrc = \"app.tmpl\" # here\ndest = "
		"'/app.conf'\n"
		"keys = [\n  \"/app\", # one\n  '/other',\n]\nprefix = \"/prod/\"\n"
		"mode = \"0600\"\nuid = -1\nreload_cmd = \"\"\"\necho {{.src}} \\\n"
		"   >>%s/reloads\"\"\"\n",
		s->root);
	struct confd_opts o = options(s);

	make_folder(s, "/confd");
	make_folder(s, "/confd/conf.d");
	make_folder(s, "/confd/conf.d/sub");
	make_folder(s, "/confd/templates");
	write_file(s, "/confd/conf.d/sub/app.toml", toml);
	write_file(s, "/confd/conf.d/bad.toml", "[template]\nsrc = 1\n");
	write_file(s, "/confd/templates/app.tmpl",
		   "{{range ls \"/app\"}}{{.}} {{end}}"
		   "{{getv \"/app/a\"}} {{exists \"/not\"}}");
	fake_put("/prod/app/a", "1");
	fake_put("/prod/app/b", "2");
	fake_put("/prod/not", "3");
	fake_sync();
	o.folder = folder;
	s->confd = confd_new(s->loop, s->keys, &o);
	wait_until(s, stats(s).reloads == 1);
	assert_true(has_content(s, "/app.conf", "a b 1 false"));
	assert_int_equal(stats(s).resources, 2);
	assert_int_equal(stats(s).failures, 1);

	write_file(s, "/confd/templates/app.tmpl", "new");
	confd_read_folder(s->confd);
	wait_until(s, has_content(s, "/app.conf", "new"));
}

static void answers_toml_mistakes_with_their_line(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{ "[template]\nsrc = \"a", "x.toml:2: a string has no end" },
		{ "[template]\nsrc \"a\"", "x.toml:2: \"=\" is missing" },
		{ "[template\nsrc = 1", "x.toml:1: a table's name needs" },
		{ "[[template]]\n", "x.toml:1: arrays of tables" },
		{ "[template]\nsrc = \"a\" b\n", "x.toml:2: unexpected text after" },
		{ "[template]\nuid = 1.5\n", "x.toml:2: a value is not a string" },
		{ "[template]\nkeys = [1]\n",
		  "x.toml:2: an array may contain only strings" },
		{ "[template]\nkeys = \"a\"\n", "x.toml:2: keys must be an array" },
		{ "[template]\nmode = 644\n", "x.toml:2: mode must be a string" },
		{ "[template]\nmode = \"9\"\n", "x.toml:2: mode '9' is not octal" },
		{ "[template]\nowner = \"nobody-here\"\n", "has no user 'nobody-here'" },
		{ "[template]\nmin_reload_interval = \"5\"\n", "x.toml:2:" },
		{ "[template]\nsrc = \"a\"\ndest = \"rel\"\n",
		  "dest must be the absolute" },
		{ "[template]\ndest = \"/a\"\n", "src is missing" },
		{ "[template]\nsrc = \"\\q\"\n", "x.toml:2: an unknown escape" },
		{ "= 3\n", "x.toml:1: a line is not a table" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct confd_spec *spec = NULL;
		struct err err = { 0 };

		assert_true(confd_spec_from_toml(wrong[i].text, "x.toml", &spec, &err) <
			    0);
		if (!strstr(err.msg, wrong[i].words))
			fail_msg("%s: %s", wrong[i].text, err.msg);
	}
}

static void joins_keys_and_leaves_out_what_others_cover(void **state)
{
	CLEANUP(confd_spec_free) struct confd_spec *spec = NULL;
	struct err err;

	(void)state;
	assert_ok(confd_spec_from_toml("[template]\nsrc='a'\ndest='/b'\nprefix='//p/q/'\n"
				       "keys=['/c/d','c','/e/','e-f']",
				       "x", &spec, &err),
		  &err);
	assert_string_equal(spec->prefix, "/p/q");
	assert_int_equal(spec->n_keys, 3);
	assert_string_equal(spec->keys[0], "/p/q/c");
	assert_string_equal(spec->keys[1], "/p/q/e");
	assert_string_equal(spec->keys[2], "/p/q/e-f");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(goes_on_with_the_old_resource_when_the_new_is_bad),
		TEST(tells_bad_resources),
		TEST(follows_tiers_and_resources),
		TEST(shares_copies_of_the_same_keys),
		TEST(sets_mode_and_knows_the_host),
		TEST(a_file_with_a_secret_is_for_its_owner_alone),
		TEST(asks_for_its_stacks_keys_and_no_others),
		TEST(says_what_the_store_refuses),
		TEST(reads_a_folder_as_confd_does),
		cmocka_unit_test(answers_toml_mistakes_with_their_line),
		cmocka_unit_test(joins_keys_and_leaves_out_what_others_cover),
	};

	return cmocka_run_group_tests_name("confd_resources", tests, NULL, NULL);
}
