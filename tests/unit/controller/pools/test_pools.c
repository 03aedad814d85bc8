/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_pools.c - one pool against the scripted cloud: what is journalled before what is
 * asked for, and what becomes of answers that are lost.
 */
#include "pool_bench.h"

/* ---------------------------------------------------------------- launching */

static void a_launch_is_journalled_before_the_driver_is_called(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	char hash[TOKEN_HASH_TEXT];

	put_pool(b, "{}", 1);
	assert_true(once(b) > 0);
	assert_string_equal(b->seen_state, "intended");
	h = only_host(b);
	assert_int_equal(h.state, DB_HOST_BOOTING);
	assert_string_equal(h.vm_id, "vm-1");
	token_hash(b->seen_token, hash);
	assert_string_equal(h.join_token_hash, hash);
	assert_int_equal(n_vms(b), 1);
	assert_true(b->n_changed > 0);
	assert_pool(b, "ok", "");
}

static void no_more_is_launched_than_is_missing(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 3);
	for (int i = 0; i < 4; i++)
		once(b);
	assert_int_equal(n_vms(b), 3);
	assert_int_equal(n_calls(b, "launch"), 3);
}

static void a_wish_above_the_maximum_is_cut(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 30);
	once(b);
	once(b);
	assert_int_equal(n_vms(b), 8);
}

/* The launch id launches once: it is sent again, and it is the same. */
/* The pool of a program that does this; the file of its lives is the caller's to remove.
 */
static char *put_program(struct bench *b, const char *does, int64_t want)
{
	const struct db_pool p = {
		.name = (char *)(uintptr_t)POOL,
		.driver = (char *)(uintptr_t) "exec",
		.profile = (char *)(uintptr_t) "exec",
		.config_json = (char *)(uintptr_t) "{}",
		.max = 4,
	};

	json_object_set_new(b->options, "exec",
			    json_pack("{s:s, s:s, s:s, s:s}", "command",
				      "tests/contract/hostile_driver.py", "dir", b->cloud,
				      "does", does, "times", "1"));
	assert_ok(db_pool_put(b->f->db, &p, &b->f->e), &b->f->e);
	assert_ok(db_pool_want(b->f->db, POOL, want, &b->f->e), &b->f->e);
	return xasprintf("%s/lives", b->cloud);
}

/* It answers no launch before there is another: one after the other none would be. */
static void launches_do_not_wait_for_each_other(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *lives = put_program(b, "reverse_launches", 4);

	(void)once(b);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 4);
	(void)unlink(lives);
}

static void a_driver_that_ends_is_a_problem_of_its_pool_until_it_answers(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *lives = put_program(b, "garbage", 0);

	(void)once(b);
	assert_pool(b, "backoff", "not a JSON object");
	assert_true(is_told(b, "driver-ended", "not a JSON object"));
	assert_true(reconcile_until(b, !is_told(b, "driver-ended", "")));
	(void)unlink(lives);
}

static void a_lost_answer_is_asked_for_again_where_that_is_safe(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	char token[TOKEN_TEXT];

	write_script(b, "{\"hide\": \"60s\", \"faults\": [{\"op\": \"launch\", \"kind\": "
			"\"lost\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	assert_pool(b, "backoff", "");
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	memcpy(token, b->seen_token, sizeof(token));
	restart(b);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_vms(b), 1);
	/* The VM that was made by the first call can join. */
	assert_string_equal(b->seen_token, token);
	h = only_host(b);
	assert_string_equal(h.vm_id, "vm-1");
}

/* That the second call had no effect says nothing of the first. */
static void a_launch_that_is_asked_for_again_in_vain_stays_unknown(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	write_script(b, "{\"hide\": \"60s\", \"faults\": ["
			"{\"op\": \"launch\", \"kind\": \"lost\"}, "
			"{\"op\": \"launch\", \"kind\": \"error\"}, "
			"{\"op\": \"launch\", \"kind\": \"throttle\"}]}");
	put_pool(b, "{}", 1);
	for (int i = 1; i <= 3; i++) {
		assert_true(reconcile_until(b, n_calls(b, "launch") >= i));
		assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
		assert_int_equal(n_hosts(b, DB_HOST_FAILED), 0);
	}
	restart(b);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_calls(b, "launch"), 4);
	assert_int_equal(n_vms(b), 1);
	h = only_host(b);
	assert_string_equal(h.vm_id, "vm-1");
}

static void a_launch_whose_vm_was_ended_by_others_meanwhile_is_replaced(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);
	CLEANUP(json_decref) json_t *doc = NULL;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"lost\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	doc = cloud_doc(b);
	json_object_set_new(json_array_get(json_object_get(doc, "vms"), 0), "gone_ms",
			    json_integer(1));
	assert_int_equal(json_dump_file(doc, path, 0), 0);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_hosts(b, DB_HOST_FAILED), 1);
	assert_int_equal(n_vms(b), 1);
}

static void a_lost_answer_is_looked_for_in_lists_where_it_is_not(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"lost\"}]}");
	put_pool(b, "{\"idempotent\": \"no\", \"visible\": \"60s\"}", 1);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_calls(b, "launch"), 1);
	assert_int_equal(n_vms(b), 1);
}

static void a_launch_that_never_shows_up_is_given_up_and_replaced(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"drop\"}]}");
	put_pool(b, "{\"idempotent\": \"no\", \"visible\": \"30ms\"}", 1);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_hosts(b, DB_HOST_FAILED), 1);
	assert_int_equal(n_vms(b), 1);
}

/* Two lists must lack it, though its cloud shows VMs at once. */
static void one_list_does_not_give_a_launch_up(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"drop\"}]}");
	put_pool(b, "{\"idempotent\": \"no\"}", 1);
	once(b);
	/* The round that launches another looks at the open launches twice. */
	put_pool(b, "{\"idempotent\": \"no\"}", 2);
	assert_true(reconcile_until(b, n_calls(b, "list") == 2));
	assert_int_equal(n_hosts(b, DB_HOST_FAILED), 0);
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 1);
}

static void a_host_that_joined_before_the_answer_keeps_its_vm(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	CLEANUP(db_host_done) struct db_host after = { 0 };
	char hash[TOKEN_HASH_TEXT];

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"lost\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	h = only_host(b);
	token_hash(b->seen_token, hash);
	assert_ok(db_host_join(b->f->db, h.id, hash, "10.0.0.1", "01", clock_now_ms(),
			       &b->f->e),
		  &b->f->e);
	assert_true(reconcile_until(b, n_calls(b, "list") == 2));
	after = only_host(b);
	assert_int_equal(after.state, DB_HOST_UP);
	assert_string_equal(after.vm_id, "vm-1");
	/* So it can be ended. */
	put_pool(b, "{}", 0);
	let_go(b, h.id);
	assert_true(reconcile_until(b, n_vms(b) == 0));
}

static bool is_launched(const struct bench *b)
{
	return n_vms(b) == 1;
}

/* A real end, in the middle of the call: the VM is there, its answer is not. */
static void killed_in_a_launch_nothing_is_lost_or_doubled(void **state)
{
	struct bench *b = *state;
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	int status;
	pid_t child;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"timeout\"}]}");
	put_pool(b, "{}", 1);
	pools_free(TAKE(b->pools));
	db_close(TAKE(b->f->db));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (db_open(b->f->path, &b->opts.db, NULL) < 0)
			_exit(2);
		b->events.db = b->opts.db;
		pool_reconcile(pools_new(&b->opts), POOL);
		_exit(3);
	}
	while (!is_launched(b) && clock_mono_ms() < until)
		(void)poll(NULL, 0, 2);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_ok(db_open(b->f->path, &b->f->db, &b->f->e), &b->f->e);
	b->opts.db = b->events.db = b->f->db;
	b->pools = pools_new(&b->opts);
	assert_int_equal(n_hosts(b, DB_HOST_REQUESTED), 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_vms(b), 1);
}

static void a_host_that_is_not_wanted_any_more_is_never_launched(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"drop\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	h = only_host(b);
	let_go(b, h.id);
	put_pool(b, "{}", 0);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	assert_int_equal(n_calls(b, "launch"), 1);
	assert_int_equal(n_vms(b), 0);
}

/* ---------------------------------------------------------------- joining */

static void a_host_that_does_not_join_in_time_is_replaced(void **state)
{
	struct bench *b = *state;

	b->opts.join_timeout_ms = 20;
	put_pool(b, "{}", 1);
	once(b);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	assert_true(reconcile_until(b, n_vms(b) == 1));
}

static void a_host_that_is_up_has_no_time_to_join(void **state)
{
	struct bench *b = *state;
	int64_t until;

	stand(b, "{}", 1);
	b->opts.join_timeout_ms = 20;
	until = clock_mono_ms() + 40;
	assert_true(reconcile_until(b, clock_mono_ms() > until));
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
}

static void a_vm_that_fails_is_replaced(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"fail\"}]}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	assert_int_equal(n_vms(b), 1);
}

/* Killed before the answer, with a VM that is only half made: mark says how it looks. */
static void is_sent_again(struct bench *b, const char *mark)
{
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);
	CLEANUP(json_decref) json_t *doc = NULL;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"lost\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	doc = cloud_doc(b);
	json_object_set_new(json_array_get(json_object_get(doc, "vms"), 0), mark,
			    json_true());
	assert_int_equal(json_dump_file(doc, path, 0), 0);
	restart(b);
	assert_true(reconcile_until(b, n_calls(b, "launch") == 2));
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 0);
	assert_int_equal(n_vms(b), 1);
}

static void a_launch_broken_off_in_the_middle_is_sent_again_before_it_counts_as_failed(
	void **state)
{
	is_sent_again(*state, "fails");
}

/* As when another pool's list is just removing what was left. */
static void a_launch_whose_rest_is_being_removed_is_sent_again(void **state)
{
	is_sent_again(*state, "stopping");
}

/* ---------------------------------------------------------------- lists */

/* A VM with our tag and in that pool that no record knows. */
static void plant_orphan_in(struct bench *b, const char *pool)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);
	json_t *vms, *twin;

	stand(b, "{}", 1);
	doc = cloud_doc(b);
	vms = json_object_get(doc, "vms");
	twin = json_deep_copy(json_array_get(vms, 0));
	json_object_set_new(twin, "id", json_string("vm-orphan"));
	json_object_set_new(twin, "launch_id", json_string(ORPHAN));
	json_object_set_new(twin, "pool", json_string(pool));
	json_array_append_new(vms, twin);
	assert_int_equal(json_dump_file(doc, path, 0), 0);
	assert_int_equal(n_vms(b), 2);
}

static void plant_orphan(struct bench *b)
{
	plant_orphan_in(b, POOL);
}

static void an_orphan_is_ended_after_a_grace_and_no_sooner(void **state)
{
	struct bench *b = *state;

	b->opts.orphan_grace_ms = 50;
	plant_orphan(b);
	once(b);
	assert_int_equal(n_vms(b), 2);
	assert_true(reconcile_until(b, n_vms(b) == 1));
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	/* People see it go, as a host. */
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
}

static void a_vm_of_a_pool_that_is_no_more_is_ended_by_another_of_its_driver(void **state)
{
	struct bench *b = *state;
	struct db_pool other = { .name = (char *)(uintptr_t) "other",
				 .driver = (char *)(uintptr_t) "fake",
				 .config_json = (char *)(uintptr_t) "{}",
				 .max = 1 };
	int64_t until;

	assert_ok(db_pool_put(b->f->db, &other, &b->f->e), &b->f->e);
	plant_orphan_in(b, "other");
	/* While it is there, it looks after its own. */
	until = clock_mono_ms() + 50;
	assert_true(reconcile_until(b, clock_mono_ms() > until));
	assert_int_equal(n_vms(b), 2);
	assert_ok(db_pool_delete(b->f->db, "other", &b->f->e), &b->f->e);
	assert_true(reconcile_until(b, n_vms(b) == 1));
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
}

static void orphans_count_against_the_limit_of_terminations(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	int64_t until;

	b->opts.terminate_per_hour = 1;
	plant_orphan(b);
	h = only_host(b);
	put_pool(b, "{}", 0);
	let_go(b, h.id);
	assert_true(reconcile_until(b, n_vms(b) == 1));
	until = clock_mono_ms() + 20;
	assert_true(reconcile_until(b, clock_mono_ms() > until));
	assert_int_equal(n_vms(b), 1);
}

static void an_empty_list_must_repeat_itself(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 3);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"empty\", "
			"\"times\": 4}]}");
	once(b);
	assert_pool(b, "backoff", "listed no VM");
	assert_true(reconcile_until(b, n_calls(b, "list") >= 7));
	assert_int_equal(n_hosts(b, DB_HOST_UP), 3);
	assert_int_equal(n_vms(b), 3);
	assert_pool(b, "ok", "");
}

static void an_empty_list_is_believed_in_the_end(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 2);
	put_pool(b, "{}", 0);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"empty\", "
			"\"times\": -1}]}");
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 2));
}

static void one_list_that_lacks_a_host_does_not_end_it(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 2);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"omit\", \"id\": "
			"\"a\"}, {\"op\": \"list\", \"kind\": \"omit\", \"id\": \"b\", "
			"\"after\": 1}]}");
	once(b);
	once(b);
	write_script(b, "{}");
	once(b);
	assert_int_equal(n_vms(b), 2);
	assert_int_equal(n_hosts(b, DB_HOST_UP) + n_hosts(b, DB_HOST_GONE), 2);
}

static void a_list_that_fails_changes_nothing(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 2);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"partial\", "
			"\"times\": 5}]}");
	once(b);
	assert_pool(b, "backoff", "");
	assert_true(reconcile_until(b, n_calls(b, "list") >= 8));
	assert_int_equal(n_hosts(b, DB_HOST_UP), 2);
	assert_int_equal(n_calls(b, "launch"), 2);
}

/* ---------------------------------------------------------------- terminating */

static void the_limit_of_terminations_holds_and_is_no_failure(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.terminate_per_hour = 2;
	stand(b, "{}", 4);
	assert_ok(db_host_list(b->f->db, NULL, &l, &b->f->e), &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		let_go(b, l.v[i].id);
	/* They are ended, and the new ones launched all the same. */
	put_pool(b, "{}", 1);
	for (int i = 0; i < 5; i++)
		once(b);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 2);
	assert_int_equal(n_hosts(b, DB_HOST_TERMINATING), 2);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 1);
	assert_pool(b, "limited", "within the hour");
}

static void another_life_does_not_begin_the_limit_anew(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.terminate_per_hour = 2;
	stand(b, "{}", 4);
	put_pool(b, "{}", 0);
	assert_ok(db_host_list(b->f->db, NULL, &l, &b->f->e), &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		let_go(b, l.v[i].id);
	for (int i = 0; i < 5; i++) {
		restart(b);
		once(b);
	}
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 2);
	assert_int_equal(n_vms(b), 2);
	/* An hour later the others may go. */
	for (size_t i = 0; i < l.n; i++)
		assert_ok(db_host_ending(b->f->db, l.v[i].id, clock_now_ms() - 3600001,
					 &b->f->e),
			  &b->f->e);
	restart(b);
	once(b);
	assert_int_equal(n_vms(b), 0);
}

static void a_clock_that_was_set_back_keeps_no_host(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.terminate_per_hour = 2;
	stand(b, "{}", 4);
	put_pool(b, "{}", 0);
	assert_ok(db_host_list(b->f->db, NULL, &l, &b->f->e), &b->f->e);
	let_go(b, l.v[0].id);
	let_go(b, l.v[1].id);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 2);
	for (size_t i = 0; i < 2; i++)
		assert_ok(db_host_ending(b->f->db, l.v[i].id,
					 clock_now_ms() + INT64_C(365) * 86400000,
					 &b->f->e),
			  &b->f->e);
	let_go(b, l.v[2].id);
	let_go(b, l.v[3].id);
	/* This run knows better what it has done. */
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 2);
	restart(b);
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 4);
}

static void one_that_was_asked_for_before_a_kill_is_counted_once(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.terminate_per_hour = 1;
	stand(b, "{}", 2);
	put_pool(b, "{}", 0);
	assert_ok(db_host_list(b->f->db, NULL, &l, &b->f->e), &b->f->e);
	let_go(b, l.v[0].id);
	let_go(b, l.v[1].id);
	/* The second was being ended when the controller died. */
	assert_ok(db_host_ending(b->f->db, l.v[1].id, clock_now_ms(), &b->f->e),
		  &b->f->e);
	restart(b);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	for (int i = 0; i < 3; i++)
		once(b);
	assert_int_equal(n_vms(b), 1);
	assert_int_equal(n_hosts(b, DB_HOST_TERMINATING), 1);
}

static void a_vm_that_went_by_itself_does_not_count(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);

	b->opts.terminate_per_hour = 1;
	stand(b, "{}", 3);
	put_pool(b, "{}", 0);
	doc = cloud_doc(b);
	json_array_remove(json_object_get(doc, "vms"), 0);
	assert_int_equal(json_dump_file(doc, path, 0), 0);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .present = true }, &l,
			       &b->f->e),
		  &b->f->e);
	let_go(b, l.v[0].id);
	restart(b);
	once(b);
	assert_int_equal(n_vms(b), 1);
}

static void a_termination_that_fails_is_tried_again_and_keeps_no_other(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	stand(b, "{}", 2);
	assert_ok(db_host_list(b->f->db, NULL, &l, &b->f->e), &b->f->e);
	put_pool(b, "{}", 0);
	let_go(b, l.v[0].id);
	let_go(b, l.v[1].id);
	write_script(b, "{\"faults\": [{\"op\": \"terminate\", \"kind\": \"error\"}]}");
	once(b);
	assert_int_equal(n_vms(b), 1);
	assert_pool(b, "backoff", "");
	assert_true(reconcile_until(b, n_vms(b) == 0));
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 2));
}

/* ---------------------------------------------------------------- the end of a pool */

/* No stack has it any more, and the tick lets its hosts go. */
static void retire(struct bench *b)
{
	CLEANUP(db_pool_done) struct db_pool p = { 0 };
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	assert_ok(db_pool_get(b->f->db, POOL, &p, &b->f->e), &b->f->e);
	p.max = 0;
	assert_ok(db_pool_put(b->f->db, &p, &b->f->e), &b->f->e);
	assert_ok(db_pool_want(b->f->db, POOL, 0, &b->f->e), &b->f->e);
	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .present = true }, &l,
			       &b->f->e),
		  &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		let_go(b, l.v[i].id);
}

static bool is_empty(const struct bench *b)
{
	CLEANUP(db_pool_done) struct db_pool p = { 0 };

	assert_ok(db_pool_get(b->f->db, POOL, &p, &b->f->e), &b->f->e);
	return strcmp(p.state, POOL_STATE_EMPTY) == 0;
}

static void a_retired_pool_is_empty_when_the_cloud_says_so_for_a_while(void **state)
{
	struct bench *b = *state;
	int64_t began;

	b->opts.orphan_grace_ms = 500;
	stand(b, "{}", 2);
	once(b);
	assert_false(is_empty(b));
	began = clock_mono_ms();
	retire(b);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 2));
	assert_true(reconcile_until(b, is_empty(b)));
	assert_true(clock_mono_ms() - began >= 500);
	assert_int_equal(n_vms(b), 0);
}

static void a_pool_is_not_empty_before_its_orphans_are_ended(void **state)
{
	struct bench *b = *state;

	b->opts.orphan_grace_ms = 30;
	plant_orphan(b);
	retire(b);
	assert_true(reconcile_until(b, is_empty(b)));
	assert_int_equal(n_vms(b), 0);
}

static void a_pool_whose_driver_fails_is_not_empty_however_long_that_takes(void **state)
{
	struct bench *b = *state;
	int64_t until;

	stand(b, "{}", 1);
	write_script(b, "{\"faults\": [{\"op\": \"any\", \"kind\": \"error\", "
			"\"times\": -1}]}");
	retire(b);
	restart(b);
	until = clock_mono_ms() + 50;
	assert_true(reconcile_until(b, clock_mono_ms() > until));
	assert_false(is_empty(b));
	assert_int_equal(n_hosts(b, DB_HOST_TERMINATING), 1);
	assert_pool(b, "backoff", "driver fake");
	write_script(b, "{}");
	assert_true(reconcile_until(b, is_empty(b)));
	assert_int_equal(n_vms(b), 0);
}

/* ---------------------------------------------------------------- backing off */

static void waits_grow_and_end_with_the_first_success(void **state)
{
	struct bench *b = *state;
	int64_t waits[4];

	b->opts.backoff_first_ms = 200;
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"error\", "
			"\"times\": 4}]}");
	put_pool(b, "{}", 0);
	for (int i = 0; i < 4; i++) {
		waits[i] = once(b);
		/* Full jitter. */
		assert_in_range(waits[i], 1, 200 << i);
		assert_int_equal(n_calls(b, "list"), i + 1);
		assert_pool(b, "backoff", "driver fake");
		if (i == 3) /* a poke does not shorten it */
			assert_in_range(once(b), 1, waits[i]);
		assert_int_equal(n_calls(b, "list"), i + 1);
		(void)poll(NULL, 0, (int)waits[i] + 2);
	}
	assert_true(once(b) >= 1000);
	assert_pool(b, "ok", "");
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"error\", \"id\": "
			"\"again\"}]}");
	assert_in_range(once(b), 1, 200);
}

static void a_throttling_cloud_is_given_the_time_that_it_asks_for(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"throttle\", "
			"\"retry_after\": \"7s\"}]}");
	put_pool(b, "{}", 1);
	assert_int_equal(once(b), 7000);
}

static void a_launch_that_fails_does_not_keep_hosts_that_are_to_go(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	stand(b, "{}", 1);
	h = only_host(b);
	let_go(b, h.id);
	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"quota\", "
			"\"times\": -1}]}");
	once(b);
	assert_int_equal(n_vms(b), 0);
	assert_pool(b, "backoff", "");
	assert_int_equal(n_hosts(b, DB_HOST_FAILED), 1);
}

static void with_other_credentials_it_is_tried_at_once(void **state)
{
	struct bench *b = *state;

	/* Of that a part, by chance. */
	b->opts.backoff_first_ms = 3600000;
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"auth\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	once(b);
	assert_int_equal(n_calls(b, "list"), 1);
	pools_renew(b->pools, "another");
	once(b);
	assert_int_equal(n_calls(b, "list"), 1);
	pools_renew(b->pools, POOL);
	once(b);
	assert_int_equal(n_calls(b, "list"), 2);
	assert_pool(b, "ok", "");
}

static void a_pool_that_is_no_more_is_forgotten(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 0);
	assert_true(once(b) > 0);
	assert_ok(db_pool_delete(b->f->db, POOL, &b->f->e), &b->f->e);
	assert_int_equal(once(b), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(a_launch_is_journalled_before_the_driver_is_called),
		POOL_TEST(no_more_is_launched_than_is_missing),
		POOL_TEST(a_wish_above_the_maximum_is_cut),
		POOL_TEST(launches_do_not_wait_for_each_other),
		POOL_TEST(a_driver_that_ends_is_a_problem_of_its_pool_until_it_answers),
		POOL_TEST(a_lost_answer_is_asked_for_again_where_that_is_safe),
		POOL_TEST(a_launch_that_is_asked_for_again_in_vain_stays_unknown),
		POOL_TEST(a_launch_whose_vm_was_ended_by_others_meanwhile_is_replaced),
		POOL_TEST(a_lost_answer_is_looked_for_in_lists_where_it_is_not),
		POOL_TEST(a_launch_that_never_shows_up_is_given_up_and_replaced),
		POOL_TEST(one_list_does_not_give_a_launch_up),
		POOL_TEST(a_host_that_joined_before_the_answer_keeps_its_vm),
		POOL_TEST(killed_in_a_launch_nothing_is_lost_or_doubled),
		POOL_TEST(a_host_that_is_not_wanted_any_more_is_never_launched),
		POOL_TEST(a_host_that_does_not_join_in_time_is_replaced),
		POOL_TEST(a_host_that_is_up_has_no_time_to_join),
		POOL_TEST(a_vm_that_fails_is_replaced),
		POOL_TEST(
			a_launch_broken_off_in_the_middle_is_sent_again_before_it_counts_as_failed),
		POOL_TEST(a_launch_whose_rest_is_being_removed_is_sent_again),
		POOL_TEST(an_orphan_is_ended_after_a_grace_and_no_sooner),
		POOL_TEST(
			a_vm_of_a_pool_that_is_no_more_is_ended_by_another_of_its_driver),
		POOL_TEST(a_retired_pool_is_empty_when_the_cloud_says_so_for_a_while),
		POOL_TEST(a_pool_is_not_empty_before_its_orphans_are_ended),
		POOL_TEST(a_pool_whose_driver_fails_is_not_empty_however_long_that_takes),
		POOL_TEST(orphans_count_against_the_limit_of_terminations),
		POOL_TEST(an_empty_list_must_repeat_itself),
		POOL_TEST(an_empty_list_is_believed_in_the_end),
		POOL_TEST(one_list_that_lacks_a_host_does_not_end_it),
		POOL_TEST(a_list_that_fails_changes_nothing),
		POOL_TEST(the_limit_of_terminations_holds_and_is_no_failure),
		POOL_TEST(another_life_does_not_begin_the_limit_anew),
		POOL_TEST(a_clock_that_was_set_back_keeps_no_host),
		POOL_TEST(one_that_was_asked_for_before_a_kill_is_counted_once),
		POOL_TEST(a_vm_that_went_by_itself_does_not_count),
		POOL_TEST(a_termination_that_fails_is_tried_again_and_keeps_no_other),
		POOL_TEST(waits_grow_and_end_with_the_first_success),
		POOL_TEST(a_throttling_cloud_is_given_the_time_that_it_asks_for),
		POOL_TEST(a_launch_that_fails_does_not_keep_hosts_that_are_to_go),
		POOL_TEST(with_other_credentials_it_is_tried_at_once),
		POOL_TEST(a_pool_that_is_no_more_is_forgotten),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
