/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * local.c - foretide local: the hosts that the local driver made on this machine.
 *
 * Works without a controller, from the driver's state folder.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"
#include "text.h"

#include "hosts.h"

#include <getopt.h>
#include <string.h>

static const struct table_column columns[] = {
	{ "HOST", "name", TABLE_TEXT },       { "STATE", "state", TABLE_TEXT },
	{ "ADDRESS", "address", TABLE_TEXT }, { "POOL", "pool", TABLE_TEXT },
	{ "TYPE", "type", TABLE_TEXT },       { "CPU", "cpu", TABLE_TEXT },
	{ "MEMORY", "memory", TABLE_BYTES },  { "PID", "pid", TABLE_TEXT },
	{ "AGE", "created", TABLE_AGE },      { "ID", "id", TABLE_TEXT },
	{ NULL, NULL, TABLE_TEXT },
};

static const char *state_name_of(enum drv_vm_state state)
{
	static const char *const names[] = {
		[DRV_VM_UNKNOWN] = "unknown", [DRV_VM_PENDING] = "pending",
		[DRV_VM_RUNNING] = "running", [DRV_VM_STOPPING] = "stopping",
		[DRV_VM_GONE] = "gone",       [DRV_VM_FAILED] = "failed",
	};

	return names[state];
}

static void add_host(void *rows, const struct meta *m, enum drv_vm_state state,
		     const char *message)
{
	json_t *row = json_pack("{ss ss ss ss ss ss sf sI sI ss so ss}", "id",
				m->launch_id, "name", m->name, "owner", m->owner, "pool",
				m->pool, "type", m->type, "address", m->address, "cpu",
				m->cpu, "memory", (json_int_t)m->memory_bytes, "pid",
				(json_int_t)m->pid, "state", state_name_of(state),
				"created", json_time(m->created_ms), "message", message);

	json_array_append_new(rows, row);
}

static int list(const char *state_dir, bool as_json)
{
	CLEANUP(json_decref) json_t *rows = json_array();
	struct state s;
	struct err e;
	int rc = state_open(state_dir, false, &s, &e);

	if (rc == 0)
		rc = inventory_each(&s, 10000, add_host, rows, &e);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return cli_fail(EXIT_FAILED, "local", "%s", e.msg);
	if (!as_json) {
		table_print(rows, columns, clock_wall_ms());
		return EXIT_OK;
	}
	json_dumpf(rows, stdout, JSON_INDENT(2));
	putchar('\n');
	return EXIT_OK;
}

static int clean(const char *state_dir)
{
	struct clean_count n = { .hosts = 0 };
	struct err e;
	int rc;

	if (geteuid() != 0)
		return cli_fail(EXIT_FAILED, "local",
				"only root can remove processes, links and cgroups");
	rc = local_clean(state_dir, &n, &e);
	printf("removed %zu hosts, %zu processes without a record, %zu links\n", n.hosts,
	       n.processes, n.links);
	return rc < 0 ? cli_fail(EXIT_FAILED, "local", "%s", e.msg) : EXIT_OK;
}

int cli_local(int argc, char **argv)
{
	static const struct option options[] = {
		{ "state-dir", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const char *state_dir = LOCAL_STATE_DIR;
	bool as_json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's')
			state_dir = optarg;
		else if (opt == 'j')
			as_json = true;
		else
			return EXIT_USAGE;
	}
	if (optind + 1 == argc && strcmp(argv[optind], "list") == 0)
		return list(state_dir, as_json);
	if (optind + 1 == argc && strcmp(argv[optind], "clean") == 0 && !as_json)
		return clean(state_dir);
	return cli_fail(EXIT_USAGE, "local", "takes list or clean");
}
