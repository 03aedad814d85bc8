/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which address a host has to others, in networks of its own with IPv4, IPv6 or both. */
#include "test.h"

#include "address.h"
#include "check.h"
#include "cleanup.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BY_NAME "https://controller.example:7071"
#define FOUR "ip addr add 10.9.0.7/24 dev eth0\n"
#define FOUR_OUT "ip route add default via 10.9.0.1\n"
#define SIX "ip addr add 2001:db8:9::7/64 dev eth0 nodad\n"
#define SIX_OUT "ip route add default via 2001:db8:9::1\n"
#define BRIDGE                                               \
	"ip link add a-bridge type bridge\n"                 \
	"ip addr add 172.17.0.1/16 dev a-bridge\n"           \
	"ip addr add 2001:db8:17::1/64 dev a-bridge nodad\n" \
	"ip link set a-bridge up\n"
#define LINK_LOCAL "ip addr add 169.254.7.7/16 dev eth0\n"

/* What the agent finds there; ret is shared with a child, whose network is empty. */
static void find(const char *commands, const char *controller, char *ret, size_t size)
{
	CLEANUP(free)
	char *script = xasprintf(
		"set -e\nip link set lo up\nip link add eth0 type veth peer name cable\n"
		"ip link set cable up\nip link set eth0 up\n%s",
		commands);
	int way[2], status;
	ssize_t n;

	assert_int_equal(pipe(way), 0);
	if (fork() == 0) {
		char address[ADDRESS_TEXT];
		struct err e;

		if (unshare(CLONE_NEWNET | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ||
		    system(script) != 0)
			_exit(2);
		if (address_find(controller, address, &e) < 0)
			snprintf(address, sizeof(address), "%.60s", e.msg);
		(void)!write(way[1], address, strlen(address));
		_exit(0);
	}
	close(way[1]);
	n = read(way[0], ret, size - 1);
	close(way[0]);
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	assert_true(n > 0);
	ret[n] = '\0';
}

static void it_is_the_one_that_others_reach(void **state)
{
	static const struct {
		const char *commands, *controller, *found;
	} v[] = {
		{ FOUR FOUR_OUT, BY_NAME, "10.9.0.7" },
		{ SIX SIX_OUT, BY_NAME, "2001:db8:9::7" },
		{ FOUR FOUR_OUT SIX SIX_OUT, BY_NAME, "10.9.0.7" },
		/* The controller's family, when its address is known. */
		{ FOUR FOUR_OUT SIX SIX_OUT, "https://[2001:db8:9::1]:7071",
		  "2001:db8:9::7" },
		{ FOUR FOUR_OUT SIX SIX_OUT, "https://10.9.0.1:7071", "10.9.0.7" },
		/* Of another family than the host's it is of no use. */
		{ SIX SIX_OUT, "https://10.9.0.1:7071", "2001:db8:9::7" },
		{ FOUR FOUR_OUT, "https://[2001:db8:9::1]:7071", "10.9.0.7" },
		/* Containers' bridges lead to nobody. */
		{ BRIDGE FOUR FOUR_OUT, BY_NAME, "10.9.0.7" },
		{ BRIDGE SIX SIX_OUT, BY_NAME, "2001:db8:9::7" },
		{ LINK_LOCAL SIX SIX_OUT, BY_NAME, "2001:db8:9::7" },
		/* Without a route. */
		{ FOUR, BY_NAME, "10.9.0.7" },
		{ LINK_LOCAL SIX, BY_NAME, "2001:db8:9::7" },
		{ LINK_LOCAL, BY_NAME, "this host has no address but loopback" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		char found[128];

		find(v[i].commands, v[i].controller, found, sizeof(found));
		if (strcmp(found, v[i].found) != 0)
			fail_msg("%s towards %s: %s, not %s", v[i].commands,
				 v[i].controller, found, v[i].found);
	}
}

/* One of privacy, which is gone after a day, is not what others keep. */
static void of_ipv6_it_is_the_lasting_one(void **state)
{
	char found[128];

	(void)state;
	find("echo 2 >/proc/sys/net/ipv6/conf/eth0/use_tempaddr\n"
	     "ip addr add 2001:db8:9::7/64 dev eth0 nodad mngtmpaddr\n" SIX_OUT
	     "until ip -6 addr show temporary | grep -q inet6; do sleep 0.1; done\n",
	     BY_NAME, found, sizeof(found));
	assert_string_equal(found, "2001:db8:9::7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_one_that_others_reach),
		cmocka_unit_test(of_ipv6_it_is_the_lasting_one),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
