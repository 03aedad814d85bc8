/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_hosts.c - parts of the local driver that need no root: options, names, status,
 * and the files that it writes on a machine with cgroup v2 alone.
 */
#include "test.h"

#include "bridge.h"
#include "cgroup.h"
#include "check.h"
#include "cleanup.h"
#include "files.h"
#include "meta.h"
#include "options.h"
#include "state_folder.h"
#include "text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char dir[64];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ft-local-unit-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int teardown(void **state)
{
	struct err e;

	(void)state;
	assert_ok(remove_tree(AT_FDCWD, dir, &e), &e);
	return 0;
}

static void sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {
		{ "0", 0 },        { "65536", 65536 },
		{ "4K", 4096 },    { "128M", 128LL << 20 },
		{ "1G", 1 << 30 }, { "1.5G", 3LL << 29 },
	};
	static const char *const bad[] = { "", "M", "1m", "12MB", "-1", "1e30", "nan" };
	int64_t bytes;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_ok(conf_parse_size(good[i].text, &bytes, &e), &e);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(conf_parse_size(bad[i], &bytes, &e), ERR_INVAL);
}

static void the_first_address_of_the_subnet_is_the_gateway(void **state)
{
	struct local_conf c;
	struct err e;

	(void)state;
	assert_ok(local_conf_read("{\"subnet\": \"172.20.16.0/20\"}", &c, &e), &e);
	assert_int_equal(c.prefix, 20);
	assert_int_equal(c.gateway.s_addr, inet_addr("172.20.16.1"));
	local_conf_done(&c);
}

static void names_of_links_fit_and_differ_by_folder(void **state)
{
	struct state a, b;
	char veth_a[16], veth_b[16];
	struct err e;

	(void)state;
	assert_ok(state_name("/var/lib/no-such-a", &a, &e), &e);
	assert_ok(state_name("/var/lib/no-such-b/", &b, &e), &e);
	assert_string_equal(b.dir, "/var/lib/no-such-b");
	network_veth_name(&a, 65534, veth_a);
	network_veth_name(&b, 65534, veth_b);
	assert_true(strlen(veth_a) <= NL_NAME_MAX);
	assert_string_not_equal(veth_a, veth_b);
	assert_int_equal(state_name("relative", &a, &e), ERR_INVAL);
}

static void an_address_keeps_its_mac(void **state)
{
	static const uint8_t want[6] = { 0x02, 0xf7, 10, 90, 0, 7 };
	struct in_addr address = { .s_addr = inet_addr("10.90.0.7") };
	uint8_t mac[6];

	(void)state;
	nl_mac_of(address, mac);
	assert_memory_equal(mac, want, 6);
}

static void write_text(const char *name, const char *text)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void the_status_is_a_word_and_what_it_says(void **state)
{
	static const struct {
		const char *line;
		enum host_status status;
		const char *text;
	} lines[] = {
		{ "", HOST_UNMADE, "" },
		{ "pending          \n", HOST_PENDING, "" },
		{ "running          \n", HOST_RUNNING, "" },
		{ "failed no eth0   \n", HOST_FAILED, "no eth0" },
		{ "otherwise\n", HOST_UNMADE, "" },
	};
	CLEANUP(close_fd) int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[HOST_STATUS_BYTES];

	(void)state;
	assert_int_equal(host_status(dirfd, text), HOST_UNMADE);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		write_text("status", lines[i].line);
		assert_int_equal(host_status(dirfd, text), lines[i].status);
		assert_string_equal(text, lines[i].text);
	}
}

static void a_record_is_read_as_it_was_written(void **state)
{
	CLEANUP(close_fd) int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct meta m = { .launch_id = "abc",
			  .owner = "me",
			  .address = "10.90.0.7",
			  .mask = "/home:/root",
			  .cpu = 0.25,
			  .memory_bytes = 1LL << 33,
			  .created_ms = 1795362078753,
			  .spot = true,
			  .pid = 417,
			  .pid_start = 1ULL << 40,
			  .prefix = 16,
			  .boot_delay_ms = 6000 };
	struct meta back;
	struct err e;

	(void)state;
	assert_ok(meta_write(dirfd, &m, &e), &e);
	assert_ok(meta_read(dirfd, &back, &e), &e);
	assert_string_equal(back.launch_id, m.launch_id);
	assert_string_equal(back.owner, m.owner);
	assert_string_equal(back.address, m.address);
	assert_string_equal(back.mask, m.mask);
	assert_close(back.cpu, m.cpu, 0);
	assert_int_equal(back.memory_bytes, m.memory_bytes);
	assert_int_equal(back.created_ms, m.created_ms);
	assert_true(back.spot);
	assert_int_equal(back.pid, m.pid);
	assert_int_equal(back.pid_start, m.pid_start);
	assert_int_equal(back.prefix, m.prefix);
	assert_int_equal(back.boot_delay_ms, m.boot_delay_ms);
}

static void a_damaged_record_is_an_error(void **state)
{
	CLEANUP(close_fd) int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	static const char *const bad[] = { "", "{", "{}", "[]", "{\"launch_id\": 5}" };
	struct meta m;
	struct err e;

	(void)state;
	assert_int_equal(meta_read(dirfd, &m, &e), ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		write_text("meta.json", bad[i]);
		assert_true(meta_read(dirfd, &m, &e) < 0);
	}
}

static void assert_file(const char *name, const char *want)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", dir, name);
	CLEANUP(free) char *text = NULL;
	struct err e;

	assert_ok(conf_read_file(path, 4096, &text, NULL, &e), &e);
	assert_string_equal(text, want);
}

/* A folder stands for the mount: the kernel makes these files, here the test does. */
static void cgroup_v2_gets_its_own_files(void **state)
{
	struct cgroups c = { .n = 1 };
	CLEANUP(free) char *host = xasprintf("%s/foretide-x", dir);
	CLEANUP(free) char *group = xasprintf("%s/foretide-x/host", dir);
	struct err e;

	(void)state;
	c.at[0] = (struct cgroup_mount){ .has = CGROUP_CPU | CGROUP_MEMORY | CGROUP_PIDS,
					 .v2 = true };
	snprintf(c.at[0].path, sizeof(c.at[0].path), "%s", dir);
	assert_int_equal(mkdir(host, 0755), 0);
	assert_int_equal(mkdir(group, 0755), 0);
	write_text("cgroup.subtree_control", "");
	write_text("foretide-x/cgroup.subtree_control", "");
	write_text("foretide-x/host/cpu.max", "");
	write_text("foretide-x/host/memory.max", "");
	write_text("foretide-x/host/pids.max", "");
	write_text("foretide-x/host/cgroup.procs", "");

	assert_ok(cgroups_make(&c, "foretide-x/host", 0.5, 64 << 20, &e), &e);
	assert_ok(cgroups_enter(&c, "foretide-x/host", 4711, &e), &e);
	assert_file("foretide-x/host/cpu.max", "10000 20000");
	assert_file("foretide-x/host/memory.max", "67108864");
	assert_file("foretide-x/host/pids.max", "8192");
	assert_file("foretide-x/host/cgroup.procs", "4711");
	/* each word of these is one write; a plain file keeps what the last left over */
	assert_file("cgroup.subtree_control", "+pidsry");
	assert_file("foretide-x/cgroup.subtree_control", "+pidsry");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sizes_have_units),
		TEST(the_first_address_of_the_subnet_is_the_gateway),
		TEST(names_of_links_fit_and_differ_by_folder),
		TEST(an_address_keeps_its_mac),
		TEST(the_status_is_a_word_and_what_it_says),
		TEST(a_record_is_read_as_it_was_written),
		TEST(a_damaged_record_is_an_error),
		TEST(cgroup_v2_gets_its_own_files),
	};

	return cmocka_run_group_tests_name("parts of the local driver", tests, NULL,
					   NULL);
}
