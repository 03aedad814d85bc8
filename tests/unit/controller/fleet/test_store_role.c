/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rights as roles, and a role kept by what differs, at an etcd that is played. */
#include "role_rights.h"
#include "store_role.h"
#include "test.h"

#include "check.h"
#include "text.h"

#include <string.h>

struct etcd {
	struct store_direct direct;
	struct store_sync *s;
	struct buf asked;     /* "PATH BODY\n" */
	const char *fails_at; /* a part of a path */
	const char *role;     /* what role/get answers */
	bool has_user;
};

static unsigned refuse(struct buf *answer, const char *words)
{
	buf_printf(answer, "{\"error\":\"etcdserver: %s\",\"code\":9}", words);
	return 412;
}

static unsigned on_call(void *arg, const char *path, const char *body, size_t len,
			struct buf *answer)
{
	struct etcd *e = arg;

	buf_init(answer, 1 << 20);
	buf_printf(&e->asked, "%s %.*s\n", path + strlen("/v3/auth/"), (int)len, body);
	if (e->fails_at && strstr(path, e->fails_at)) {
		buf_puts(answer, "{\"error\":\"etcdserver: broken\",\"code\":13}");
		return 500;
	}
	if (e->has_user && strstr(path, "user/add"))
		return refuse(answer, "user name already exists");
	buf_puts(answer, strstr(path, "role/get") && e->role ? e->role : "{}");
	return 200;
}

static int set_up(void **state)
{
	struct etcd *e = xcalloc(1, sizeof(*e));
	struct err err;

	e->direct = (struct store_direct){ .arg = e, .call = on_call };
	buf_init(&e->asked, 1 << 20);
	assert_ok(store_sync_open(&(struct store_opts){ .direct = &e->direct }, &e->s,
				  &err),
		  &err);
	*state = e;
	return 0;
}

static int tear_down(void **state)
{
	struct etcd *e = *state;

	store_sync_close(e->s);
	buf_done(&e->asked);
	free(e);
	return 0;
}

static const char *const reads[] = { "/foretide/conf/a/", "/foretide/units/77", NULL };
static const char *const apps[] = { "/apps/a/", NULL };
static const char *const programs_read[] = { "/skydns/", "/apps/a/", NULL };
static const struct kv_record records[] = { { "/skydns/local/foretide/a/w/w-1", "{}" } };
static const struct kv_rights rights = {
	.host = "h1",
	.read = reads,
	.records = records,
	.n_records = 1,
	.programs_read = programs_read,
	.programs_write = apps,
};

static void is_permission(const struct store_permission *p, const char *key,
			  const char *end, bool may_read, bool may_write)
{
	assert_string_equal(p->key, key);
	if (end)
		assert_string_equal(p->end, end);
	else
		assert_null(p->end);
	assert_int_equal(p->may_read, may_read);
	assert_int_equal(p->may_write, may_write);
}

static void an_agents_role_is_its_rights_and_nothing_more(void **state)
{
	CLEANUP(store_permissions_done)
	struct store_permissions p = role_of_agent(&rights);

	(void)state;
	assert_int_equal(p.n, 7);
	is_permission(&p.v[0], "/foretide/conf/a/", "/foretide/conf/a0", true, false);
	is_permission(&p.v[1], "/foretide/hosts/h1", NULL, true, true);
	is_permission(&p.v[2], "/foretide/schedule/h1", NULL, true, false);
	is_permission(&p.v[3], "/foretide/states/h1", NULL, true, true);
	is_permission(&p.v[4], "/foretide/units/77", NULL, true, false);
	is_permission(&p.v[5], "/skydns/", "/skydns0", true, false);
	is_permission(&p.v[6], "/skydns/local/foretide/a/w/w-1", NULL, false, true);
}

static void what_programs_may_read_and_write_is_one_permission(void **state)
{
	CLEANUP(store_permissions_done)
	struct store_permissions p = role_of_programs(&rights);

	(void)state;
	assert_int_equal(p.n, 2);
	is_permission(&p.v[0], "/apps/a/", "/apps/a0", true, true);
	is_permission(&p.v[1], "/skydns/", "/skydns0", true, false);
}

static int follow(struct etcd *e, struct store_role *r, bool renew, struct err *err)
{
	buf_clear(&e->asked);
	return store_role_follow(r, e->s, "secret", renew, err);
}

static size_t count(const struct etcd *e, const char *part)
{
	size_t n = 0;

	for (const char *at = buf_str(&e->asked); (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void only_what_differs_is_sent(void **state)
{
	struct etcd *e = *state;
	CLEANUP(store_role_free) struct store_role *r = store_role_new("u1");
	struct err err;

	r->want = role_of_programs(&rights);
	assert_ok(follow(e, r, false, &err), &err);
	assert_int_equal(count(e, "user/add {\"name\":\"u1\",\"password\":\"ft_"), 1);
	assert_int_equal(count(e, "user/grant {\"user\":\"u1\",\"role\":\"u1\"}"), 1);
	assert_int_equal(count(e, "role/grant"), 2);
	assert_int_equal(count(e, "\"permType\":\"READWRITE\",\"key\":\"L2FwcHMvYS8=\","
				  "\"range_end\":\"L2FwcHMvYTA=\""),
			 1);
	assert_false(r->is_dirty);
	assert_ok(follow(e, r, false, &err), &err);
	assert_int_equal(e->asked.len, 0);
	/* The stack leaves: its range is revoked, the other stays. */
	free(r->want.v[0].key);
	free(r->want.v[0].end);
	r->want.v[0] = r->want.v[--r->want.n];
	assert_ok(follow(e, r, false, &err), &err);
	assert_string_equal(buf_str(&e->asked),
			    "role/revoke {\"role\":\"u1\",\"key\":\"L2FwcHMvYS8=\","
			    "\"range_end\":\"L2FwcHMvYTA=\"}\n");
}

static void a_user_that_is_there_is_read_before_it_is_changed(void **state)
{
	struct etcd *e = *state;
	CLEANUP(store_role_free) struct store_role *r = store_role_new("u1");
	struct err err;

	/* /apps/a/ for reading, and one key that it should not have. */
	e->role = "{\"perm\":[{\"key\":\"L2FwcHMvYS8=\",\"range_end\":\"L2FwcHMvYTA=\"},"
		  "{\"permType\":\"WRITE\",\"key\":\"L2I=\"}]}";
	r->is_there = true;
	r->want = role_of_programs(&rights);
	assert_ok(follow(e, r, false, &err), &err);
	assert_int_equal(count(e, "user/add"), 0);
	assert_int_equal(count(e, "changepw"), 0);
	assert_int_equal(count(e, "role/grant"), 2);
	assert_int_equal(count(e, "role/revoke {\"role\":\"u1\",\"key\":\"L2I=\"}"), 1);
	assert_true(strstr(buf_str(&e->asked), "role/grant") <
		    strstr(buf_str(&e->asked), "role/revoke"));
}

static void another_installations_password_is_replaced(void **state)
{
	struct etcd *e = *state;
	CLEANUP(store_role_free) struct store_role *r = store_role_new("u1");
	CLEANUP(store_role_free) struct store_role *known = store_role_new("u2");
	struct err err;

	e->has_user = true;
	assert_ok(follow(e, r, false, &err), &err);
	assert_int_equal(count(e, "user/changepw {\"name\":\"u1\",\"password\":\"ft_"),
			 1);
	known->is_there = true;
	assert_ok(follow(e, known, true, &err), &err);
	assert_int_equal(count(e, "user/add"), 0);
	assert_int_equal(count(e, "user/changepw {\"name\":\"u2\""), 1);
}

static void after_an_error_the_role_is_read_again(void **state)
{
	struct etcd *e = *state;
	CLEANUP(store_role_free) struct store_role *r = store_role_new("u1");
	struct err err;

	r->want = role_of_programs(&rights);
	e->fails_at = "role/grant";
	assert_true(follow(e, r, false, &err) < 0);
	assert_non_null(strstr(err.msg, "role u1"));
	assert_true(r->is_dirty && !r->is_read);
	e->fails_at = NULL;
	assert_ok(follow(e, r, false, &err), &err);
	assert_int_equal(count(e, "role/get"), 1);
	assert_int_equal(count(e, "role/grant"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agents_role_is_its_rights_and_nothing_more),
		cmocka_unit_test(what_programs_may_read_and_write_is_one_permission),
		cmocka_unit_test_setup_teardown(only_what_differs_is_sent, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_user_that_is_there_is_read_before_it_is_changed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			another_installations_password_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(after_an_error_the_role_is_read_again,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
