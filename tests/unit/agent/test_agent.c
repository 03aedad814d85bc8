/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's modules together: a host that joins, runs what is scheduled and tells of
 * it, with the built-in store over HTTP and processes that run. */
#include "db_fixture.h"
#include "fake_controller.h"
#include "loop_until.h"

#include "agent.h"
#include "clock.h"
#include "net.h"
#include "schedule.h"
#include "store.h"
#include "units.h"

#define UNIT "a.service"
#define HOST "/foretide/hosts/h1"
#define STATES "/foretide/states/h1"
#define NAME "/skydns/local/foretide/hosts/h1"
#define RECORD "/skydns/local/foretide/shop/web/a-h1-8080"
#define SLEEPS                                                                     \
	"[Service]\nExecStart=/bin/sleep 1000\n[X-Service]\nName=web\nPort=8080\n" \
	"DrainSec=100ms\n"

struct bench {
	struct fixture *db;
	struct fake_controller c;
	char dir[40], store[96];
	struct loop *loop;
	struct unit_log *log;
	struct agent_conf conf;
	struct agent *agent;
	int64_t epoch;
};

#define UNTIL(b, condition) LOOP_UNTIL((b)->loop, condition)

/* ---------------------------------------------------------------- the store */

static json_t *call(struct bench *b, const char *path, const char *body)
{
	CLEANUP(buf_done) struct buf answer = { 0 };

	assert_int_equal(kv_call(b->c.kv, path, body, strlen(body), &fake_all, &answer),
			 200);
	return json_loads(buf_str(&answer), 0, NULL);
}

/* value NULL: of a call that has none; lease 0: none. */
static json_t *call_key(struct bench *b, const char *path, const char *key,
			const char *value, int64_t lease)
{
	CLEANUP(buf_done) struct buf body;

	buf_init(&body, 100000);
	ejson_open(&body, NULL, '{');
	ejson_add_bytes(&body, "key", key, strlen(key));
	if (value)
		ejson_add_bytes(&body, "value", value, strlen(value));
	if (lease)
		ejson_add_int(&body, "lease", lease);
	ejson_close(&body, '}');
	return call(b, path, buf_str(&body));
}

static void put(struct bench *b, const char *key, const char *value)
{
	json_decref(call_key(b, "/v3/kv/put", key, value, 0));
}

/* Whether the key's value has these words. */
static bool has(struct bench *b, const char *key, const char *words)
{
	CLEANUP(json_decref) json_t *doc = call_key(b, "/v3/kv/range", key, NULL, 0);
	CLEANUP(free) char *value = NULL;
	size_t n;

	assert_int_equal(ejson_read_bytes(json_array_get(json_object_get(doc, "kvs"), 0),
					  "value", &value, &n, NULL),
			 0);
	return strstr(value, words);
}

/* hash NULL: nothing is scheduled. */
static void schedule(struct bench *b, const char *hash, const char *text)
{
	static char name[] = UNIT, stack[] = "shop", tier[] = "web";
	CLEANUP(schedule_free) struct schedule *s = schedule_new(++b->epoch);
	CLEANUP(free) char *key = xasprintf("/foretide/units/%s", hash ? hash : "");
	CLEANUP(free) char *copy = xstrdup(hash ? hash : "");
	CLEANUP(free) char *doc = NULL;
	const struct schedule_unit u = { .name = name,
					 .hash = copy,
					 .state = SCHEDULE_LAUNCHED,
					 .stack = stack,
					 .tier = tier };

	if (hash) {
		put(b, key, text);
		assert_int_equal(schedule_add(s, &u, NULL), 0);
	}
	doc = schedule_format(s);
	put(b, "/foretide/schedule/h1", doc);
}

/* ---------------------------------------------------------------- the agent */

static void set(struct bench *b, const char *section, const char *name, const char *value)
{
	struct err e;

	assert_ok(conf_set(agent_conf_table, &b->conf, section, name, value, &e), &e);
}

static void begin(struct bench *b)
{
	struct err e;

	assert_ok(agent_open(b->loop, &b->conf, b->log, &b->agent, &e), &e);
}

static void configure(struct bench *b)
{
	CLEANUP(free) char *ca = xasprintf("%s/ca.pem", b->c.dir);

	conf_defaults(agent_conf_table, &b->conf);
	set(b, "agent", "id", "h1");
	set(b, "agent", "pool", "p");
	set(b, "agent", "ca", ca);
	set(b, "agent", "controller", b->c.url);
	set(b, "agent", "token", "secret");
	set(b, "agent", "state_dir", b->dir);
	set(b, "agent", "metadata", "zone=a, =b,c");
	set(b, "units", "backend", "own");
	set(b, "units", "cgroup", "");
	set(b, "metrics", "interval", "100ms");
	set(b, "confd", "folder", "/none");
	set(b, "dns", "listen", "127.0.0.1:0");
	set(b, "etcd_proxy", "listen", "127.0.0.1:0");
}

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	CLEANUP(free) char *logs = NULL;
	struct err e;

	fixture_setup((void **)&b->db);
	fake_open(&b->c);
	assert_ok(kv_open(b->db->db, NULL, &b->c.kv, &e), &e);
	snprintf(b->store, sizeof(b->store), "[\"%s\"]", b->c.url);
	b->c.store = b->store;
	strcpy(b->dir, "/tmp/foretide-ag-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	assert_ok(loop_new(&b->loop, &e), &e);
	logs = xasprintf("%s/logs", b->dir);
	assert_ok(unit_log_open(b->loop, logs, 65536, &b->log, &e), &e);
	configure(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *command = xasprintf("rm -r %s", b->dir);

	agent_close(b->agent);
	unit_log_close(b->log);
	loop_free(b->loop);
	conf_done(agent_conf_table, &b->conf);
	kv_end_watches(b->c.kv);
	fake_close(&b->c);
	kv_close(b->c.kv);
	fixture_teardown((void **)&b->db);
	free(b);
	return system(command);
}

/* Nothing runs on when the test is over. */
static void end_units(struct bench *b)
{
	schedule(b, NULL, NULL);
	UNTIL(b, has(b, STATES, "\"units\":{}"));
}

/* ---------------------------------------------------------------- tests */

/* A record under the lease 77 is in its copy, which is on the disk. */
static bool is_known(const struct bench *b)
{
	CLEANUP(free) char *command = xasprintf("grep -rqs ' 77 ' %s/copies", b->dir);

	return system(command) == 0;
}

static void a_host_joins_and_runs_what_is_scheduled(void **state)
{
	struct bench *b = *state;

	schedule(b, "aa", SLEEPS);
	begin(b);
	UNTIL(b, has(b, HOST, "\"address\":\"127.0.0.1\""));
	assert_true(has(b, HOST, "\"pool\":\"p\""));
	assert_true(has(b, HOST, "\"metadata\":{\"zone\":\"a\"}"));
	assert_true(fake_was_told(&b->c, "/v1/join", "\"token\":\"secret\""));
	UNTIL(b, has(b, NAME, "127.0.0.1"));
	UNTIL(b, has(b, STATES, "\"sub\":\"running\""));
	UNTIL(b, has(b, RECORD, "8080"));
	UNTIL(b, fake_was_told(&b->c, "/v1/agent/metrics", UNIT));
	UNTIL(b, fake_asked(&b->c, "/v1/agent/programs"));
	end_units(b);
	assert_false(has(b, RECORD, "8080"));
}

static void a_unit_runs_on_while_its_agent_is_away(void **state)
{
	struct bench *b = *state;

	schedule(b, "aa", SLEEPS);
	begin(b);
	UNTIL(b, has(b, STATES, "\"sub\":\"running\""));
	UNTIL(b, has(b, RECORD, "8080"));
	agent_close(TAKE(b->agent));
	begin(b);
	schedule(b, "aa", SLEEPS);
	UNTIL(b, has(b, STATES, "\"epoch\":2"));
	assert_true(has(b, STATES, "\"sub\":\"running\""));
	assert_true(has(b, STATES, "\"restarts\":0"));
	assert_int_equal(fake_asked(&b->c, "/v1/join"), 1);
	end_units(b);
}

static void what_others_did_in_the_store_is_put_right_and_told(void **state)
{
	struct bench *b = *state;

	schedule(b, "aa", SLEEPS);
	begin(b);
	UNTIL(b, has(b, RECORD, "127.0.0.1"));
	put(b, RECORD, "{\"host\":\"10.6.6.6\"}");
	UNTIL(b, has(b, HOST, "\"put_right\":\"" RECORD));
	UNTIL(b, has(b, RECORD, "127.0.0.1"));
	end_units(b);
}

/* Records of other hosts, whose lease is over. */
static void services_that_vanish_are_told(void **state)
{
	static const char *const records[] = { "/skydns/local/foretide/shop/db/x-1",
					       "/skydns/local/foretide/shop/db/y-1" };
	static const char value[] = "{\"host\":\"10.0.0.9\",\"port\":1}";
	struct bench *b = *state;

	json_decref(call(b, "/v3/lease/grant", "{\"ID\":\"77\",\"TTL\":\"600\"}"));
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		json_decref(call_key(b, "/v3/kv/put", records[i], value, 77));
	begin(b);
	UNTIL(b, has(b, NAME, "127.0.0.1"));
	UNTIL(b, is_known(b));
	json_decref(call(b, "/v3/lease/revoke", "{\"ID\":\"77\"}"));
	UNTIL(b, has(b, HOST, "\"vanished\":[\"/skydns/local/foretide/shop/db/\"]"));
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		put(b, records[i], value);
	UNTIL(b, !has(b, HOST, "vanished"));
}

/* Its start mends what its check looks for. */
static void a_unit_whose_check_fails_is_restarted(void **state)
{
	struct bench *b = *state;
	CLEANUP(free) char *flag = xasprintf("%s/flag", b->dir);
	CLEANUP(free)
	char *text = xasprintf(
		"[Service]\nExecStart=/bin/sh -c \"touch %s; exec sleep 1000\"\n"
		"[X-Service]\nName=web\nPort=8080\nCheck=command\n"
		"CheckCommand=test -e %s\nCheckInterval=100ms\nFall=1\n"
		"CheckTimeout=60s\nCheckRestartSec=1s\nDrainSec=100ms\n",
		flag, flag);

	schedule(b, "aa", text);
	begin(b);
	UNTIL(b, has(b, STATES, "\"health\":\"passing\""));
	unlink(flag);
	UNTIL(b, has(b, STATES, "\"health\":\"failing\""));
	UNTIL(b, has(b, STATES, "\"health\":\"passing\""));
	end_units(b);
}

static void hold(void *arg)
{
	const int64_t until = clock_mono_ms() + 1100;

	(void)arg;
	while (clock_mono_ms() < until)
		;
}

static void that_the_loop_was_held_is_told(void **state)
{
	struct bench *b = *state;
	CLEANUP(loop_timer_free)
	struct loop_timer *t = loop_timer_new(b->loop, hold, NULL);

	begin(b);
	UNTIL(b, fake_asked(&b->c, "/v1/agent/metrics"));
	loop_timer_in(t, 0);
	UNTIL(b, fake_was_told(&b->c, "/v1/agent/metrics", "\"held\":"));
}

static void what_is_off_is_not_there(void **state)
{
	static const char *const parts[] = { "units", "registrator", "metrics",
					     "confd", "dns",         "etcd_proxy" };
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		set(b, parts[i], "enabled", "no");
	set(b, "agent", "address", "10.1.2.3");
	schedule(b, "aa", SLEEPS);
	begin(b);
	UNTIL(b, has(b, NAME, "10.1.2.3"));
	assert_false(has(b, STATES, "epoch"));
	assert_int_equal(fake_asked(&b->c, "/v1/agent/metrics"), 0);
	assert_int_equal(fake_asked(&b->c, "/v1/agent/programs"), 0);
}

static void a_host_whose_units_cannot_be_run_does_not_start(void **state)
{
	struct bench *b = *state;
	struct err e;

	set(b, "units", "backend", "systemd");
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/none", 1), 0);
	assert_int_equal(agent_open(b->loop, &b->conf, b->log, &b->agent, &e),
			 ERR_UNAVAIL);
	assert_non_null(strstr(e.msg, "units: "));
	assert_null(b->agent);
}

/* A store that is no address: nothing can be done, and a restart may find another. */
static void a_store_that_is_no_address_stops_the_agent(void **state)
{
	struct bench *b = *state;

	b->c.store = "[\"nowhere\"]";
	begin(b);
	loop_run(b->loop);
	assert_int_equal(fake_asked(&b->c, "/v1/join"), 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_joins_and_runs_what_is_scheduled),
		TEST(a_unit_runs_on_while_its_agent_is_away),
		TEST(what_others_did_in_the_store_is_put_right_and_told),
		TEST(services_that_vanish_are_told),
		TEST(a_unit_whose_check_fails_is_restarted),
		TEST(that_the_loop_was_held_is_told),
		TEST(what_is_off_is_not_there),
		TEST(a_host_whose_units_cannot_be_run_does_not_start),
		TEST(a_store_that_is_no_address_stops_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
