/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "fleet_section.h"
#include "metrics_section.h"
#include "parse.h"
#include "resources_section.h"
#include "service_section.h"

#include <string.h>

static struct unit_file *parse(const char *text)
{
	struct unit_file *u = NULL;
	struct err e;

	assert_ok(unit_file_parse(text, strlen(text), "web@.service", &u, &e), &e);
	return u;
}

static void assert_says(const struct err *e, const char *words)
{
	if (!strstr(e->msg, words))
		fail_msg("'%s' does not say '%s'", e->msg, words);
}

static void fleet_options_are_read_under_both_names(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u = parse("[X-Fleet]\nX-ConditionMachineOf=db@%i.service\n"
				    "MachineMetadata=\"disk=ssd\" \"zone=a\"\n"
				    "X-ConditionMachineMetadata=zone=b\n"
				    "X-Conflicts=%p@*\nConflicts=lb@* cache@*\n");
	CLEANUP(x_fleet_done) struct x_fleet x;
	CLEANUP(words_done) struct words warnings = { 0 };
	struct err e;

	(void)state;
	assert_ok(x_fleet_read(u, "web@3.service", &x, &warnings, &e), &e);
	assert_int_equal(warnings.n, 0);
	assert_null(x.machine_id);
	assert_false(x.global);
	assert_int_equal(x.machine_of.n, 1);
	assert_string_equal(x.machine_of.v[0], "db@3.service");
	assert_int_equal(x.metadata.n, 3);
	assert_string_equal(x.metadata.v[2], "zone=b");
	assert_int_equal(x.conflicts.n, 3);
	assert_string_equal(x.conflicts.v[0], "web@*");
	assert_string_equal(x.conflicts.v[2], "cache@*");
}

static void first_machine_id_and_last_global_win(void **state)
{
	static const struct {
		const char *value;
		bool is_true;
	} cases[] = { { "true", true }, { "YES", true }, { "1", true },
		      { "On", true },   { "t", true },   { "false", false },
		      { "2", false },   { "", false } };
	CLEANUP(unit_file_free)
	struct unit_file *u = parse("[X-Fleet]\nMachineID=aaaa\nMachineID=bbbb\n");
	CLEANUP(x_fleet_done) struct x_fleet x;
	struct err e;

	(void)state;
	assert_ok(x_fleet_read(u, "a.service", &x, NULL, &e), &e);
	assert_string_equal(x.machine_id, "aaaa");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(unit_file_free) struct unit_file *g = unit_file_new("g");
		CLEANUP(x_fleet_done) struct x_fleet y;

		assert_ok(unit_file_add(g, "X-Fleet", "Global", "true", &e), &e);
		assert_ok(unit_file_add(g, "X-Fleet", "Global", cases[i].value, &e), &e);
		assert_ok(x_fleet_read(g, "a.service", &y, NULL, &e), &e);
		assert_int_equal(y.global, cases[i].is_true);
	}
}

static void unknown_fleet_keys_and_bad_metadata_only_warn(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u =
		parse("[X-Fleet]\nNonsense=1\nMachineMetadata=noequals =x y=\n");
	CLEANUP(words_done) struct words warnings = { 0 };
	CLEANUP(x_fleet_done) struct x_fleet x;
	struct err e;

	(void)state;
	assert_ok(x_fleet_read(u, "a.service", &x, &warnings, &e), &e);
	assert_int_equal(x.metadata.n, 0);
	assert_int_equal(warnings.n, 4);
	assert_string_equal(
		warnings.v[0],
		"web@.service:2: [X-Fleet] Nonsense is unknown and is ignored");
}

static void contradicting_fleet_options_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "MachineID=a\nMachineOf=b.service", "MachineID and MachineOf" },
		{ "MachineID=a\nConflicts=b", "MachineID and Conflicts" },
		{ "MachineID=a\nGlobal=yes", "MachineID and Global" },
		{ "MachineID=a\nReplaces=b", "MachineID and Replaces" },
		{ "Global=1\nMachineOf=b.service", "Global and MachineOf" },
		{ "Global=1\nReplaces=b", "Global and Replaces" },
		{ "Conflicts=a\nReplaces=b", "Conflicts and Replaces" },
		{ "MachineOf=b@1.service\nConflicts=b@*", "MachineOf=b@1.service" },
		{ "MachineOf=b@1.service\nReplaces=b@*", "MachineOf=b@1.service" },
		{ "MachineOf=no/name", "'no/name' is not a unit name" },
		{ "Conflicts=\"a", "a quote is not closed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_done) struct buf text;
		CLEANUP(unit_file_free) struct unit_file *u = NULL;
		CLEANUP(x_fleet_done) struct x_fleet x;
		struct err e;

		buf_init(&text, 1000);
		buf_printf(&text, "[X-Fleet]\n%s\n", cases[i].text);
		u = parse(buf_str(&text));
		assert_int_equal(x_fleet_read(u, "a.service", &x, NULL, &e), ERR_INVAL);
		assert_says(&e, cases[i].words);
	}
}

static void global_goes_with_conflicts_and_metadata(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u =
		parse("[X-Fleet]\nGlobal=yes\nConflicts=a\nMachineMetadata=k=v\n");
	CLEANUP(x_fleet_done) struct x_fleet x;
	struct err e;

	(void)state;
	assert_ok(x_fleet_read(u, "a.service", &x, NULL, &e), &e);
	assert_true(x.global);
}

static void metadata_values_are_ored_and_keys_anded(void **state)
{
	CLEANUP(words_done) struct words host = { 0 };
	CLEANUP(x_fleet_done) struct x_fleet x = { 0 };

	(void)state;
	words_add(&host, "zone=b");
	words_add(&host, "disk=ssd");
	assert_true(x_fleet_metadata_fits(&x, &host));
	words_add(&x.metadata, "zone=a");
	assert_false(x_fleet_metadata_fits(&x, &host));
	words_add(&x.metadata, "zone=b");
	assert_true(x_fleet_metadata_fits(&x, &host));
	words_add(&x.metadata, "zonetype=b");
	assert_false(x_fleet_metadata_fits(&x, &host));
}

static void machines_are_known_by_their_short_ids(void **state)
{
	struct x_fleet x = { 0 };

	(void)state;
	assert_true(x_fleet_is_machine(&x, "web-0123abcd"));
	x.machine_id = (char[]){ "0123abcd" };
	assert_true(x_fleet_is_machine(&x, "web-0123abcd"));
	assert_true(x_fleet_is_machine(&x, "0123abcd4567"));
	assert_false(x_fleet_is_machine(&x, "web-0123abce"));
	x.machine_id = (char[]){ "0123" };
	assert_false(x_fleet_is_machine(&x, "01234567"));
}

static void services_are_split_at_each_name(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u =
		parse("[X-Service]\nName=web\nPort=80%i\nCheck=http\nCheckPath=/health\n"
		      "CheckInterval=500ms\nCheckTimeout=2s\nRise=2\nFall=3\nDrainSec="
		      "5s\nWeight=10\n"
		      "[X-Service]\nName=admin\nPort=9000\nProtocol=udp\nCheck=command\n"
		      "CheckCommand=/bin/check %H\nPriority=5\n");
	struct unit_context ctx = { .name = "web@3.service", .host = "h1" };
	CLEANUP(x_services_done) struct x_services s;
	struct err e;

	(void)state;
	assert_ok(x_services_read(u, &ctx, &s, &e), &e);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name, "web");
	assert_int_equal(s.v[0].port, 803);
	assert_int_equal(s.v[0].check, X_CHECK_HTTP);
	assert_string_equal(s.v[0].check_path, "/health");
	assert_int_equal(s.v[0].check_interval_ms, 500);
	assert_int_equal(s.v[0].check_timeout_ms, 2000);
	assert_int_equal(s.v[0].rise, 2);
	assert_int_equal(s.v[0].fall, 3);
	assert_int_equal(s.v[0].drain_ms, 5000);
	assert_int_equal(s.v[0].weight, 10);
	assert_false(s.v[0].udp);
	assert_true(s.v[1].udp);
	assert_int_equal(s.v[1].check, X_CHECK_COMMAND);
	assert_string_equal(s.v[1].check_command, "/bin/check h1");
	assert_int_equal(s.v[1].priority, 5);
	assert_int_equal(s.v[1].check_interval_ms, 1000);
	assert_int_equal(s.v[1].fall, 2);
	assert_int_equal(s.v[1].drain_ms, 3000);
}

static void wrong_services_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "Port=80",
		  "web@.service:2: [X-Service] Port: a service begins with Name=" },
		{ "Name=web", "service 'web' has no Port=" },
		{ "Name=web\nPort=80\nName=b\nPort=x",
		  "5: [X-Service] Port: 'x' is not an int" },
		{ "Name=Web\nPort=80", "not a DNS label" },
		{ "Name=-a\nPort=80", "not a DNS label" },
		{ "Name=web\nPort=0", "from 1 to 65535" },
		{ "Name=web\nPort=65536", "from 1 to 65535" },
		{ "Name=web\nPort=80\nProtocol=sctp", "neither tcp nor udp" },
		{ "Name=web\nPort=80\nCheck=ping", "not one of none, tcp" },
		{ "Name=web\nPort=80\nCheck=http", "needs a CheckPath" },
		{ "Name=web\nPort=80\nCheck=command", "needs a CheckCommand" },
		{ "Name=web\nPort=80\nCheck=tcp\nProtocol=udp", "by command only" },
		{ "Name=web\nPort=80\nCheckInterval=5", "not a duration" },
		{ "Name=web\nPort=80\nCheckInterval=0", "from 10ms to 1h" },
		{ "Name=web\nPort=80\nDrainSec=2h", "from 0ms to 1h" },
		{ "Name=web\nPort=80\nCheckPath=health", "not a path" },
		{ "Name=web\nPort=80\nColour=red", "unknown key" },
		{ "Name=web\nPort=%q", "%q is an unknown specifier" },
	};
	struct unit_context ctx = { .name = "web@3.service", .host = "h1" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_done) struct buf text;
		CLEANUP(unit_file_free) struct unit_file *u = NULL;
		CLEANUP(x_services_done) struct x_services s;
		struct err e;

		buf_init(&text, 1000);
		buf_printf(&text, "[X-Service]\n%s\n", cases[i].text);
		u = parse(buf_str(&text));
		assert_int_equal(x_services_read(u, &ctx, &s, &e), ERR_INVAL);
		assert_says(&e, cases[i].words);
	}
}

static void sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* -1: refused */
	} cases[] = {
		{ "256M", 268435456 },
		{ "1.5G", 1610612736 },
		{ "1024", 1024 },
		{ "2K", 2048 },
		{ "1MiB", 1048576 },
		{ "1TB", 1099511627776 },
		{ "0", 0 },
		{ "-1", -1 },
		{ "M", -1 },
		{ "1X", -1 },
		{ "1MM", -1 },
		{ "", -1 },
		{ "inf", -1 },
		{ "9e99", -1 },
		{ " 1", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t got = -1;
		struct err e;
		int rc = x_parse_bytes(cases[i].text, &got, &e);

		if ((rc == 0) != (cases[i].bytes >= 0) || got != cases[i].bytes)
			fail_msg("'%s': %d, %lld", cases[i].text, rc, (long long)got);
	}
}

static void resources_are_read_or_refused(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *good = parse("[X-Resources]\nCPU=0.5\nMemory=256M\n");
	CLEANUP(unit_file_free) struct unit_file *none = parse("[Unit]\na=b\n");
	CLEANUP(unit_file_free) struct unit_file *bad = parse("[X-Resources]\nCPU=-1\n");
	CLEANUP(unit_file_free) struct unit_file *odd = parse("[X-Resources]\nDisk=1G\n");
	struct x_resources r;
	struct err e;

	(void)state;
	assert_ok(x_resources_read(good, &r, &e), &e);
	assert_close(r.cpu, 0.5, 0);
	assert_int_equal(r.memory_bytes, 268435456);
	assert_ok(x_resources_read(none, &r, &e), &e);
	assert_close(r.cpu, 0, 0);
	assert_int_equal(r.memory_bytes, 0);
	assert_int_equal(x_resources_read(bad, &r, &e), ERR_INVAL);
	assert_says(&e, "web@.service:2: [X-Resources] CPU: must be from 0");
	assert_int_equal(x_resources_read(odd, &r, &e), ERR_INVAL);
	assert_says(&e, "Disk: unknown key");
}

static void metric_sources_are_split_at_each_collect(void **state)
{
	CLEANUP(unit_file_free)
	struct unit_file *u =
		parse("[X-Metrics]\nCollect=haproxy\nSocket=/run/haproxy/%i.sock\n"
		      "Collect=prometheus\nUrl=http://127.0.0.1:9100/metrics\n");
	struct unit_context ctx = { .name = "lb@1.service", .host = "h1" };
	CLEANUP(x_metrics_done) struct x_metrics m;
	struct err e;

	(void)state;
	assert_ok(x_metrics_read(u, &ctx, &m, &e), &e);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.v[0].collector, X_COLLECT_HAPROXY);
	assert_string_equal(m.v[0].socket, "/run/haproxy/1.sock");
	assert_null(m.v[0].url);
	assert_int_equal(m.v[1].collector, X_COLLECT_PROMETHEUS);
	assert_string_equal(m.v[1].url, "http://127.0.0.1:9100/metrics");
}

static void wrong_metric_sources_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "Url=http://a", "a source begins with Collect=" },
		{ "Collect=oracle", "there is no collector 'oracle'" },
		{ "Collect=prometheus", "needs a Url=" },
		{ "Collect=nginx\nUrl=ftp://a", "not an http URL" },
		{ "Collect=haproxy\nSocket=a.sock", "not an absolute path" },
		{ "Collect=haproxy\nPort=1", "unknown key" },
	};
	struct unit_context ctx = { .name = "web@3.service", .host = "h1" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_done) struct buf text;
		CLEANUP(unit_file_free) struct unit_file *u = NULL;
		CLEANUP(x_metrics_done) struct x_metrics m;
		struct err e;

		buf_init(&text, 1000);
		buf_printf(&text, "[X-Metrics]\n%s\n", cases[i].text);
		u = parse(buf_str(&text));
		assert_int_equal(x_metrics_read(u, &ctx, &m, &e), ERR_INVAL);
		assert_says(&e, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fleet_options_are_read_under_both_names),
		cmocka_unit_test(first_machine_id_and_last_global_win),
		cmocka_unit_test(unknown_fleet_keys_and_bad_metadata_only_warn),
		cmocka_unit_test(contradicting_fleet_options_are_refused),
		cmocka_unit_test(global_goes_with_conflicts_and_metadata),
		cmocka_unit_test(metadata_values_are_ored_and_keys_anded),
		cmocka_unit_test(machines_are_known_by_their_short_ids),
		cmocka_unit_test(services_are_split_at_each_name),
		cmocka_unit_test(wrong_services_are_refused_with_their_line),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(resources_are_read_or_refused),
		cmocka_unit_test(metric_sources_are_split_at_each_collect),
		cmocka_unit_test(wrong_metric_sources_are_refused),
	};

	return cmocka_run_group_tests_name("x_sections", tests, NULL, NULL);
}
