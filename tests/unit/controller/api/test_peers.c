/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peers.h"

#include "acquainted.h"
#include "check.h"
#include "clock.h"
#include "networks.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

/* A connection and its other end. */
struct end {
	struct api_peer *peer;
	int ours, theirs;
};

static struct acquainted *acquainted;

static int set_up(void **state)
{
	(void)state;
	acquainted = acquainted_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	acquainted_free(acquainted);
	return 0;
}

static void woken(void *arg)
{
	++*(int *)arg;
}

static struct end come(struct peers *p, const char *address)
{
	int v[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, v), 0);
	return (struct end){ peers_add(p, v[0], address, address), v[0], v[1] };
}

/* Whether one more could come. */
static bool has_room(struct peers *p, const char *address, int64_t now_ms)
{
	const bool ok = peers_reserve(p, address, false, 1000, now_ms) == PEERS_PLACE;

	if (ok)
		peers_stays_away(p, address);
	return ok;
}

static void go(struct end *e)
{
	peers_remove(e->peer);
	close(e->ours);
	close(e->theirs);
}

static bool was_ended(const struct end *e)
{
	char byte;

	return recv(e->theirs, &byte, 1, MSG_PEEK) == 0;
}

static size_t ended(const struct end *v, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += was_ended(&v[i]);
	return sum;
}

static void strangers_have_few_places_and_known_ones_their_own(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_STRANGERS];
	const int64_t now = clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < PEERS_STRANGERS; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.0.0.%zu", i);
		assert_true(has_room(p, address, now));
		v[i] = come(p, address);
	}
	/* All have just come: nobody gives way. */
	assert_false(has_room(p, "10.1.0.1", now));
	assert_int_equal(ended(v, PEERS_STRANGERS), 0);
	/* A host that proves who it is leaves its place. */
	assert_true(peers_known(v[0].peer, "host web-1"));
	assert_int_equal(wakes, 1);
	assert_true(has_room(p, "10.1.0.1", now));
	assert_int_equal(peers_count(p).known, 1);
	for (size_t i = 0; i < PEERS_STRANGERS; i++)
		go(&v[i]);
	peers_free(p);
}

static void a_slow_or_idle_stranger_gives_way_and_nobody_else(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_STRANGERS + 1];
	const int64_t now = clock_mono_ms();

	(void)state;
	v[0] = come(p, "10.0.0.1");
	assert_true(peers_known(v[0].peer, "token 3"));
	peers_doing(v[0].peer, PEER_IDLE);
	for (size_t i = 1; i <= PEERS_STRANGERS; i++)
		v[i] = come(p, "10.0.0.2");
	peers_doing(v[7].peer, PEER_WAITING);
	assert_false(has_room(p, "10.0.0.3", now));
	assert_int_equal(ended(v, PEERS_STRANGERS + 1), 0);
	peers_doing(v[9].peer, PEER_IDLE);
	assert_false(has_room(p, "10.0.0.3", now));
	assert_true(was_ended(&v[9]));
	assert_int_equal(ended(v, PEERS_STRANGERS + 1), 1);
	for (size_t i = 0; i < 500; i++)
		(void)has_room(p, "10.0.0.3", now + 5000);
	assert_int_equal(ended(v, PEERS_STRANGERS + 1), PEERS_STRANGERS - 1);
	assert_false(was_ended(&v[0]));
	assert_false(was_ended(&v[7]));
	for (size_t i = 0; i <= PEERS_STRANGERS; i++)
		go(&v[i]);
	peers_free(p);
}

static void who_is_on_the_way_has_a_place(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	const int64_t now = clock_mono_ms();
	size_t n = 0;
	struct end one;

	(void)state;
	while (n < 1000 && peers_reserve(p, "10.0.0.1", false, 1, now) == PEERS_PLACE)
		n++;
	assert_int_equal(n, PEERS_STRANGERS / 2);
	peers_stays_away(p, "10.0.0.1");
	assert_int_equal(peers_reserve(p, "10.0.0.1", false, 1, now), PEERS_PLACE);
	one = come(p, "10.0.0.1");
	assert_int_equal(peers_reserve(p, "10.0.0.1", false, 1, now), PEERS_NETWORK_FULL);
	/* Others are not counted by those. */
	assert_int_equal(peers_reserve(p, "10.0.0.2", false, 1, now), PEERS_PLACE);
	/* Those that never came keep none for long. */
	(void)peers_sweep(p, now + 60000);
	assert_int_equal(peers_reserve(p, "10.0.0.1", false, 1, now), PEERS_PLACE);
	go(&one);
	peers_free(p);
}

static void one_address_leaves_places_to_others(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_STRANGERS / 2];
	const int64_t now = clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = come(p, "10.0.0.1");
	assert_false(has_room(p, "10.0.0.1", now));
	assert_true(has_room(p, "10.0.0.2", now));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		go(&v[i]);
	peers_free(p);
}

static void of_an_owner_the_longest_idle_connection_ends(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_PER_TOKEN + 2], host = come(p, "10.0.0.1");

	(void)state;
	assert_true(peers_known(host.peer, "host web-1"));
	for (size_t i = 0; i < PEERS_PER_TOKEN; i++) {
		v[i] = come(p, "10.0.0.1");
		assert_true(peers_known(v[i].peer, "token 3"));
		peers_doing(v[i].peer, PEER_WAITING);
	}
	v[PEERS_PER_TOKEN] = come(p, "10.0.0.1");
	assert_false(peers_known(v[PEERS_PER_TOKEN].peer, "token 3"));
	assert_true(peers_known(v[PEERS_PER_TOKEN].peer, "token 4"));
	peers_doing(v[5].peer, PEER_IDLE);
	v[PEERS_PER_TOKEN + 1] = come(p, "10.0.0.1");
	assert_true(peers_known(v[PEERS_PER_TOKEN + 1].peer, "token 3"));
	assert_true(was_ended(&v[5]));
	assert_int_equal(ended(v, ARRAY_SIZE(v)), 1);
	assert_false(was_ended(&host));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		go(&v[i]);
	go(&host);
	peers_free(p);
}

static void who_is_too_slow_is_ended(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end idle = come(p, "a"), known = come(p, "a"), header = come(p, "a"),
		   slow = come(p, "a"), fast = come(p, "a"), waits = come(p, "a");
	const int64_t now = clock_mono_ms();

	(void)state;
	peers_doing(idle.peer, PEER_IDLE);
	assert_true(peers_known(known.peer, "host web-1"));
	peers_doing(known.peer, PEER_IDLE);
	peers_doing(slow.peer, PEER_SENDING);
	peers_got(slow.peer, 1000);
	peers_doing(fast.peer, PEER_SENDING);
	peers_got(fast.peer, 1000000);
	peers_doing(waits.peer, PEER_WAITING);
	(void)peers_sweep(p, now + 5000);
	assert_int_equal(peers_count(p).ended, 0);
	(void)peers_sweep(p, now + 30000);
	assert_true(was_ended(&idle));
	assert_true(was_ended(&header));
	assert_true(was_ended(&slow));
	assert_false(was_ended(&known));
	assert_false(was_ended(&fast));
	assert_false(was_ended(&waits));
	(void)peers_sweep(p, now + 200000);
	assert_true(was_ended(&known));
	assert_false(was_ended(&waits));
	go(&idle);
	go(&known);
	go(&header);
	go(&slow);
	go(&fast);
	go(&waits);
	assert_int_equal(peers_sweep(p, now), 6);
	peers_free(p);
}

/* Under a stream that never rests those that are lost leave their places as well. */
static void lost_ones_leave_their_places(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	const int64_t now = clock_mono_ms();
	size_t n = 0;

	(void)state;
	while (n < 1000 && peers_reserve(p, "10.0.0.1", false, 1, now) == PEERS_PLACE)
		n++;
	for (int64_t s = 1; s < 20; s++) {
		struct end one;

		assert_int_equal(peers_reserve(p, "10.0.0.2", false, 1, now + s * 1000),
				 PEERS_PLACE);
		one = come(p, "10.0.0.2");
		go(&one);
		(void)peers_sweep(p, now + s * 1000);
	}
	assert_int_equal(peers_reserve(p, "10.0.0.1", false, 1, now + 20000),
			 PEERS_PLACE);
	peers_free(p);
}

/* Those of another network do not give way to a network that has its half. */
static void as_many_give_way_as_are_wanted(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_STRANGERS / 2], other = come(p, "10.0.0.2");
	const int64_t later = clock_mono_ms() + 5000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = come(p, "10.0.0.1");
	peers_doing(other.peer, PEER_IDLE);
	for (int i = 0; i < 50; i++)
		assert_int_equal(peers_reserve(p, "10.0.0.1", false, 3, later),
				 PEERS_NETWORK_FULL);
	assert_false(was_ended(&other));
	assert_int_equal(ended(v, ARRAY_SIZE(v)), 3);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		go(&v[i]);
	go(&other);
	peers_free(p);
}

/* Else a token that follows much could not even ask who holds its places. */
static void streams_leave_places_to_requests(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_PER_TOKEN];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		v[i] = come(p, "10.0.0.1");
		assert_true(peers_known(v[i].peer, "token 3"));
		peers_doing(v[i].peer, PEER_WAITING);
		n += peers_stream(v[i].peer);
	}
	assert_int_equal(n, PEERS_PER_TOKEN / 4 * 3);
	/* One that ended leaves its place. */
	peers_doing(v[0].peer, PEER_IDLE);
	assert_true(peers_stream(v[n].peer));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		go(&v[i]);
	peers_free(p);
}

/* What came at first counts for its time alone. */
static void a_fast_start_buys_no_slow_body(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end start = come(p, "a"), steady = come(p, "a");
	const int64_t now = clock_mono_ms();

	(void)state;
	peers_doing(start.peer, PEER_SENDING);
	peers_doing(steady.peer, PEER_SENDING);
	peers_got(start.peer, 8000000);
	for (int64_t s = 1; s <= 595; s++) {
		peers_got(steady.peer, 2048);
		(void)peers_sweep(p, now + s * 1000);
	}
	assert_true(was_ended(&start));
	assert_false(was_ended(&steady));
	/* All has an end. */
	for (int64_t s = 596; s <= 610; s++) {
		peers_got(steady.peer, 2048);
		(void)peers_sweep(p, now + s * 1000);
	}
	assert_true(was_ended(&steady));
	go(&start);
	go(&steady);
	peers_free(p);
}

static void an_ipv6_caller_has_a_whole_network(void **state)
{
	static const char *const v[][2] = {
		{ "[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2::" },
		{ "[2001:db8:1:2::7]:1", "2001:db8:1:2::" },
		{ "[::1]:1", "::1" },
		{ "[::ffff:10.0.0.1]:1", "10.0.0.1" },
		{ "10.0.0.1:1", "10.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct sockaddr_storage a;
		char text[API_ADDRESS_TEXT];
		struct err e;

		assert_ok(api_address_parse(v[i][0], &a, &e), &e);
		api_address_network((struct sockaddr *)&a, text);
		assert_string_equal(text, v[i][1]);
	}
}

/* The flood is from hundreds of networks, each of which has few connections. */
static void no_crowd_of_strangers_keeps_out_who_is_acquainted(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_STRANGERS], first, again;
	const int64_t now = clock_mono_ms();

	(void)state;
	first = come(p, "10.9.9.9");
	assert_false(acquainted_has(acquainted, networks_id("10.9.9.9")));
	assert_true(peers_known(first.peer, "host web-1"));
	assert_true(acquainted_has(acquainted, networks_id("10.9.9.9")));
	for (size_t i = 0; i < PEERS_STRANGERS; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.%zu.0.1", i);
		assert_int_equal(peers_reserve(p, address, false, 1, now), PEERS_PLACE);
		v[i] = come(p, address);
	}
	assert_int_equal(peers_reserve(p, "10.1.1.1", false, 1, now), PEERS_FULL);
	assert_int_equal(peers_reserve(p, "10.9.9.9", true, 1, now), PEERS_PLACE);
	again = come(p, "10.9.9.9");
	/* Of those places a stranger has none, also when one of theirs is left. */
	assert_int_equal(peers_reserve(p, "10.1.1.1", false, 1, now), PEERS_FULL);
	assert_true(peers_known(again.peer, "host web-1"));
	assert_int_equal(ended(v, PEERS_STRANGERS), 0);
	for (size_t i = 0; i < PEERS_STRANGERS; i++)
		go(&v[i]);
	go(&first);
	go(&again);
	peers_free(p);
}

/* A host that was taken over floods: it has few of those places, and then a stranger's.
 */
static void of_those_who_are_acquainted_none_keeps_out_others(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	const int64_t now = clock_mono_ms();
	size_t n = 0;

	(void)state;
	while (n < 1000 && peers_reserve(p, "10.0.0.1", true, 1, now) == PEERS_PLACE)
		n++;
	assert_int_equal(n, PEERS_ACQUAINTED / 8 + PEERS_STRANGERS / 2);
	assert_int_equal(peers_reserve(p, "10.0.0.1", true, 1, now), PEERS_NETWORK_FULL);
	for (n = 0; n < PEERS_ACQUAINTED - PEERS_ACQUAINTED / 8; n++) {
		char address[32];

		snprintf(address, sizeof(address), "10.1.0.%zu", n);
		assert_int_equal(peers_reserve(p, address, true, 1, now), PEERS_PLACE);
	}
	/* From here on they are strangers among others. */
	for (n = 0; n < PEERS_STRANGERS / 2; n++)
		assert_int_equal(peers_reserve(p, "10.2.0.1", true, 1, now), PEERS_PLACE);
	assert_int_equal(peers_reserve(p, "10.3.0.1", true, 1, now), PEERS_FULL);
	(void)peers_sweep(p, now + 60000);
	assert_int_equal(peers_reserve(p, "10.3.0.1", true, 1, now), PEERS_PLACE);
	peers_free(p);
}

/* One that is slow ends for another of the same kind, never for one of the other. */
static void each_kind_gives_way_to_its_own(void **state)
{
	int wakes = 0;
	struct peers *p = peers_new(acquainted, woken, &wakes);
	struct end v[PEERS_STRANGERS], friendly;
	const int64_t later = clock_mono_ms() + 5000;

	(void)state;
	assert_int_equal(peers_reserve(p, "10.9.9.9", true, 1, later), PEERS_PLACE);
	friendly = come(p, "10.9.9.9");
	for (size_t i = 0; i < PEERS_STRANGERS; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.0.0.%zu", i);
		v[i] = come(p, address);
	}
	assert_int_equal(peers_reserve(p, "10.1.1.1", false, 1000, later), PEERS_FULL);
	assert_int_equal(ended(v, PEERS_STRANGERS), 1);
	for (size_t i = 0; i < 500; i++)
		(void)peers_reserve(p, "10.1.1.1", false, 1000, later);
	assert_int_equal(ended(v, PEERS_STRANGERS), PEERS_STRANGERS);
	assert_false(was_ended(&friendly));
	for (size_t i = 0; i < PEERS_STRANGERS; i++)
		go(&v[i]);
	go(&friendly);
	peers_free(p);
}

#define PEERS(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PEERS(strangers_have_few_places_and_known_ones_their_own),
		PEERS(a_slow_or_idle_stranger_gives_way_and_nobody_else),
		PEERS(who_is_on_the_way_has_a_place),
		PEERS(one_address_leaves_places_to_others),
		PEERS(of_an_owner_the_longest_idle_connection_ends),
		PEERS(who_is_too_slow_is_ended),
		PEERS(lost_ones_leave_their_places),
		PEERS(as_many_give_way_as_are_wanted),
		PEERS(streams_leave_places_to_requests),
		PEERS(a_fast_start_buys_no_slow_body),
		PEERS(no_crowd_of_strangers_keeps_out_who_is_acquainted),
		PEERS(of_those_who_are_acquainted_none_keeps_out_others),
		PEERS(each_kind_gives_way_to_its_own),
		PEERS(an_ipv6_caller_has_a_whole_network),
	};

	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
