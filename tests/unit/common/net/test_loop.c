/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the loop is held, and by what. */
#include "check.h"
#include "clock.h"
#include "loop.h"
#include "test.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t hold_ms;
	bool says;
	int told;
	int64_t ms;
	char what[200];
};

static void busy(int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;

	while (clock_mono_ms() < end)
		;
}

static void on_timer(void *arg)
{
	struct fixture *f = arg;

	if (f->says)
		loop_doing(f->loop, "rendering %s", "haproxy.cfg");
	busy(f->hold_ms);
}

static void on_held(void *arg, int64_t ms, const char *what)
{
	struct fixture *f = arg;

	f->told++;
	f->ms = ms;
	snprintf(f->what, sizeof(f->what), "%s", what);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	CHECK(loop_new(&f->loop, NULL) == 0);
	f->timer = loop_timer_new(f->loop, on_timer, f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	loop_timer_free(f->timer);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void hold_once(struct fixture *f, int64_t ms)
{
	f->hold_ms = ms;
	loop_timer_in(f->timer, 0);
	loop_once(f->loop, 0);
}

static void tells_who_held_it_and_how_long(void **state)
{
	struct fixture *f = *state;

	loop_on_held(f->loop, 50, on_held, f);
	f->says = true;
	hold_once(f, 60);
	assert_true(f->told >= 1);
	assert_in_range(f->ms, 50, PATIENCE_MS);
	assert_string_equal(f->what, "rendering haproxy.cfg");
	assert_in_range(loop_longest_us(f->loop), 50000, PATIENCE_MS * 1000);
}

static void names_the_file_of_a_callback_that_says_nothing(void **state)
{
	struct fixture *f = *state;

	loop_on_held(f->loop, 50, on_held, f);
	hold_once(f, 60);
	assert_non_null(strstr(f->what, "test_loop.c"));
}

static void what_one_callback_says_is_not_the_next_ones(void **state)
{
	struct fixture *f = *state;

	loop_on_held(f->loop, 50, on_held, f);
	f->says = true;
	hold_once(f, 0);
	f->says = false;
	hold_once(f, 60);
	assert_non_null(strstr(f->what, "test_loop.c"));
}

static void a_stop_of_the_process_is_a_pause(void **state)
{
	struct fixture *f = *state;
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	void *page =
		mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	_Atomic bool *enough = page;
	pid_t stopper;

	/* Until it hits us in the wait, where we nearly always are. */
	assert_true(page != MAP_FAILED);
	stopper = fork();
	while (stopper == 0 && !*enough && getppid() > 1) {
		usleep(30000);
		kill(getppid(), SIGSTOP);
		usleep(150000);
		kill(getppid(), SIGCONT);
	}
	if (stopper == 0)
		_exit(0);
	loop_on_held(f->loop, 100, on_held, f);
	while (!strstr(f->what, "did not run") && clock_mono_ms() < end) {
		loop_timer_in(f->timer, 20);
		loop_once(f->loop, -1);
	}
	*enough = true;
	waitpid(stopper, NULL, 0);
	munmap(page, 1);
	assert_non_null(strstr(f->what, "did not run"));
	assert_in_range(f->ms, 100, PATIENCE_MS);
}

struct busy_fd {
	int fd, served;
	int64_t hold_ms;
};

static void on_busy(void *arg, int fd, uint32_t events)
{
	struct busy_fd *b = arg;

	(void)fd;
	(void)events;
	b->served++;
	busy(b->hold_ms);
}

static void watch_busy(struct loop *l, struct busy_fd *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		b[i] = (struct busy_fd){ .fd = eventfd(1, EFD_CLOEXEC), .hold_ms = 7 };
		CHECK(b[i].fd >= 0);
		CHECK(loop_io_add(l, b[i].fd, EPOLLIN, on_busy, &b[i], NULL) == 0);
	}
}

static void end_busy(struct loop *l, const struct busy_fd *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		loop_io_del(l, b[i].fd);
		close(b[i].fd);
	}
}

static void descriptors_that_are_always_ready_take_turns(void **state)
{
	struct fixture *f = *state;
	struct busy_fd b[3];

	watch_busy(f->loop, b, ARRAY_SIZE(b));
	for (int i = 0; i < 6; i++) {
		loop_wait(f->loop, -1);
		loop_once(f->loop, -1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(b); i++)
		assert_int_equal(b[i].served, 2);
	end_busy(f->loop, b, ARRAY_SIZE(b));
}

static void what_was_left_is_not_served_when_it_has_changed(void **state)
{
	struct fixture *f = *state;
	struct busy_fd b[3];
	size_t first = 0;

	watch_busy(f->loop, b, ARRAY_SIZE(b));
	loop_once(f->loop, -1);
	while (!b[first].served)
		first++;
	/* The first's turn is over: of the others one is gone, one waits for nothing. */
	loop_io_del(f->loop, b[(first + 1) % 3].fd);
	loop_io_mod(f->loop, b[(first + 2) % 3].fd, 0);
	b[first].hold_ms = 0;
	for (int i = 0; i < 3; i++)
		loop_once(f->loop, 0);
	assert_true(b[first].served > 1);
	assert_int_equal(b[(first + 1) % 3].served + b[(first + 2) % 3].served, 0);
	end_busy(f->loop, b, ARRAY_SIZE(b));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_who_held_it_and_how_long),
		TEST(names_the_file_of_a_callback_that_says_nothing),
		TEST(what_one_callback_says_is_not_the_next_ones),
		TEST(descriptors_that_are_always_ready_take_turns),
		TEST(what_was_left_is_not_served_when_it_has_changed),
		TEST(a_stop_of_the_process_is_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
