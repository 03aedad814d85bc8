/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All parts of the controller started together and stopped again, over one
 * state folder. */
#include "life_fixture.h"

#include "clock.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static void it_keeps_who_it_is_and_shows_its_token_once(void **state)
{
	struct life *l = *state;
	CLEANUP(free) char *owner = NULL;
	CLEANUP(free) char *secret = NULL;
	struct err e;

	assert_ok(life_start(l, &e), &e);
	assert_non_null(strstr(l->said, "admin token, "));
	assert_non_null(strstr(l->said, "/admin-token\n"));
	assert_null(strstr(l->said, "ft_"));
	owner = xstrdup(l->d->owner);
	secret = xstrdup(l->d->join_secret);
	assert_int_equal(strlen(owner), 16);
	life_stop(l);
	assert_ok(life_start(l, &e), &e);
	assert_string_equal(l->said, "");
	assert_string_equal(l->d->owner, owner);
	assert_string_equal(l->d->join_secret, secret);
}

static void its_store_serves_its_view_and_its_tick_goes_round(void **state)
{
	struct life *l = *state;
	struct err e;
	int64_t rounds = 0;

	assert_ok(life_start(l, &e), &e);
	assert_non_null(l->d->kv);
	assert_ok(view_wait(l->d->view, 1, PATIENCE_MS, &e), &e);
	for (int64_t until = clock_mono_ms() + PATIENCE_MS;
	     rounds == 0 && clock_mono_ms() < until;) {
		CLEANUP(json_decref) json_t *tick = NULL;
		CLEANUP(json_decref) json_t *problems = NULL;

		tick_status(l->d->tick, &tick, &problems);
		rounds = json_integer_value(json_object_get(tick, "rounds"));
	}
	assert_true(rounds > 0);
}

static void a_round_of_a_held_calendar_is_of_its_time(void **state)
{
	struct life *l = *state;
	CLEANUP(json_decref) json_t *tick = NULL;
	CLEANUP(json_decref) json_t *problems = NULL;
	int64_t until = clock_mono_ms() + PATIENCE_MS, before = 0, after = 0;
	struct err e;

	clock_hold(1000000000000);
	assert_ok(life_start(l, &e), &e);
	assert_ok(view_wait(l->d->view, 1, PATIENCE_MS, &e), &e);
	while (!tick_is_idle(l->d->tick, &before) && clock_mono_ms() < until)
		(void)poll(NULL, 0, 1);
	clock_hold(1000000060000);
	tick_poke(l->d->tick, true);
	assert_false(tick_is_idle(l->d->tick, &after));
	while (!tick_is_idle(l->d->tick, &after) && clock_mono_ms() < until)
		(void)poll(NULL, 0, 1);
	assert_true(after > before);
	tick_status(l->d->tick, &tick, &problems);
	assert_string_equal(json_string_value(json_object_get(tick, "last")),
			    "2001-09-09T01:47:40.000Z");
	assert_true(clock_now_ms() == 1000000060000);
	clock_hold(-1);
	assert_true(clock_now_ms() > 1000000060000);
}

static void a_state_of_another_time_scale_is_refused_and_left_as_it_is(void **state)
{
	struct life *l = *state;
	struct err e;

	assert_ok(life_start(l, &e), &e);
	life_stop(l);
	assert_ok(options_set(&l->o, "controller.time_scale", "30", &e), &e);
	assert_int_equal(life_start(l, &e), ERR_CONFLICT);
	assert_null(l->d);
	assert_non_null(
		strstr(e.msg, "was created with time_scale 1 and cannot continue with"));
	assert_ok(options_set(&l->o, "controller.time_scale", "1", &e), &e);
	assert_ok(life_start(l, &e), &e);
}

static void its_store_needs_no_token(void **state)
{
	struct life *l = *state;
	CLEANUP(db_token_list_done) struct db_token_list all = { 0 };
	struct view_status s = { 0 };
	struct err e;

	assert_ok(life_start(l, &e), &e);
	for (int64_t until = clock_mono_ms() + 20000; !s.ok && clock_mono_ms() < until;) {
		view_status(l->d->view, &s);
		usleep(1000);
	}
	assert_true(s.ok);
	assert_string_equal(s.endpoint, "the built-in store");
	assert_ok(db_token_list(l->d->db, &all, &e), &e);
	assert_int_equal(all.n, 1); /* the first person's */
}

static void what_cannot_be_listened_on_ends_the_start_and_names_it(void **state)
{
	struct life *l = *state;
	struct err e;

	assert_ok(options_set(&l->o, "controller.listen", "10.255.255.1:80", &e), &e);
	assert_true(life_start(l, &e) < 0);
	assert_null(l->d);
	assert_non_null(strstr(e.msg, "10.255.255.1"));
}

/* Of a host with a sample a second, of 40 requests each; sent_ms is what it says. */
static void push_seconds(struct life *l, int64_t sent_ms, int64_t from_ms, int64_t to_ms)
{
	CLEANUP(buf_done) struct buf body = { 0 };
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *refused = NULL;
	struct api_hooks hooks;
	struct err e;

	buf_init(&body, 1 << 16);
	buf_printf(&body, "{\"now\":%lld,\"samples\":[", (long long)sent_ms);
	for (int64_t t = from_ms; t <= to_ms; t += 1000)
		buf_printf(&body, "%s{\"n\":\"asked\",\"k\":\"c\",\"t\":%lld,\"v\":%lld}",
			   t > from_ms ? "," : "", (long long)t, (long long)(t / 25));
	buf_puts(&body, "]}");
	doc = json_loads(buf_str(&body), 0, NULL);
	assert_non_null(doc);
	daemon_hooks(l->d, &hooks);
	assert_ok(hooks.agent_metrics(l->d, "web-1", doc, &refused, &e), &e);
}

static void what_lay_in_a_socket_and_comes_again_is_no_demand(void **state)
{
	struct life *l = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	struct api_hooks hooks;
	const json_t *points;
	int64_t now;
	struct err e;

	assert_ok(life_start(l, &e), &e);
	now = clock_now_ms();
	push_seconds(l, now, now - 90000, now - 30000);
	push_seconds(l, now - 20000, now - 29000, now - 20000);
	push_seconds(l, now, now - 29000, now);
	/* Twice of a clock that is behind: the second time it is corrected. */
	push_seconds(l, now - 15000, now - 29000, now - 10000);
	push_seconds(l, now - 15000, now - 29000, now - 10000);
	daemon_hooks(l->d, &hooks);
	assert_ok(hooks.eval(l->d, "sum(rate(asked))", now - 60000, now, 10000, &doc, &e),
		  &e);
	points = json_object_get(doc, "points");
	assert_int_equal(json_array_size(points), 6);
	for (size_t i = 0; i < 6; i++)
		assert_close(
			json_number_value(json_array_get(json_array_get(points, i), 1)),
			40, 4);
}

static int backup_of(struct life *l, struct err *e)
{
	struct api_hooks hooks;
	int fd = -1, rc;

	daemon_hooks(l->d, &hooks);
	rc = hooks.backup(l->d, &fd, e);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* In a child with mounts of its own. */
static int back_up_on_small_disk(struct life *l)
{
	struct err e;

	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", l->dir, "tmpfs", 0, "size=12m") < 0 || life_start(l, &e) < 0)
		return 2;
	if (backup_of(l, &e) != ERR_STORE || !strstr(e.msg, "make room first"))
		return 3;
	if (mount("none", l->dir, "tmpfs", MS_REMOUNT, "size=64m") < 0)
		return 4;
	if (backup_of(l, &e) < 0)
		return 5;
	life_stop(l);
	return 0;
}

static void a_backup_does_not_fill_the_disk(void **state)
{
	struct life *l = *state;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(back_up_on_small_disk(l));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(it_keeps_who_it_is_and_shows_its_token_once),
		LIFE_TEST(its_store_serves_its_view_and_its_tick_goes_round),
		LIFE_TEST(a_round_of_a_held_calendar_is_of_its_time),
		LIFE_TEST(a_state_of_another_time_scale_is_refused_and_left_as_it_is),
		LIFE_TEST(its_store_needs_no_token),
		LIFE_TEST(what_cannot_be_listened_on_ends_the_start_and_names_it),
		LIFE_TEST(a_backup_does_not_fill_the_disk),
		LIFE_TEST(what_lay_in_a_socket_and_comes_again_is_no_demand),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
