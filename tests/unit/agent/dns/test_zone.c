/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a zone holds at most, and what that costs. */
#include "zone.h"

#include "buf.h"
#include "check.h"
#include "srv.h"
#include "test.h"

#include <malloc.h>
#include <string.h>

#define NAME_MAX_RECORDS 100000 /* below one name */
#define ALL_MAX_RECORDS 200000
#define HOST "{\"host\":\"10.9.9.9\",\"port\":80}"

static struct dns_zone *new_zone(void)
{
	struct dns_zone *z = NULL;
	struct err e = { 0 };

	assert_ok(dns_zone_new("foretide.local", &z, &e), &e);
	return z;
}

static int put(struct dns_zone *z, const char *service, int i, struct err *e)
{
	CLEANUP(free)
	char *key = xasprintf("/skydns/local/foretide/shop/%s/x-%06d", service, i);

	return dns_zone_put(z, key, HOST, strlen(HOST), e);
}

static void one_name_has_no_more_than_its_share(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	struct err e = { 0 };
	int n = 0, rc;

	(void)state;
	while ((rc = put(z, "web", n, &e)) == 0)
		n++;
	assert_int_equal(rc, ERR_LIMIT);
	assert_int_equal(n, NAME_MAX_RECORDS);
	assert_non_null(strstr(e.msg, "below the same name"));
	/* What is there can be changed, and others have their own. */
	assert_ok(put(z, "web", 5, &e), &e);
	assert_ok(put(z, "web-2", 0, &e), &e);
	assert_ok(put(z, "we", 0, &e), &e);
	dns_zone_delete(z, "/skydns/local/foretide/shop/web/x-000000");
	assert_ok(put(z, "web", NAME_MAX_RECORDS, &e), &e);
	assert_int_equal(dns_zone_count(z), NAME_MAX_RECORDS + 2);
}

static void what_had_no_room_waits_for_it(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	const char *waiting;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < NAME_MAX_RECORDS; i++)
		assert_ok(put(z, "web", i, &e), &e);
	for (int i = 0; i < 3; i++)
		assert_int_equal(put(z, "web", NAME_MAX_RECORDS + i, &e), ERR_LIMIT);
	assert_int_equal(dns_zone_put(z, "/skydns/local/other/a/b", "{", 1, &e),
			 ERR_INVAL);
	assert_int_equal(dns_zone_refused(z), 4);
	assert_null(dns_zone_waiting(z, ""));
	dns_zone_delete(z, "/skydns/local/foretide/shop/web/x-100000");
	assert_null(dns_zone_waiting(z, ""));
	dns_zone_delete(z, "/skydns/local/foretide/shop/web/x-000000");
	waiting = dns_zone_waiting(z, "");
	assert_string_equal(waiting, "/skydns/local/foretide/shop/web/x-100001");
	assert_string_equal(dns_zone_waiting(z, waiting),
			    "/skydns/local/foretide/shop/web/x-100002");
	assert_ok(put(z, "web", NAME_MAX_RECORDS + 2, &e), &e);
	assert_null(dns_zone_waiting(z, ""));
	assert_int_equal(dns_zone_refused(z), 2);
	dns_zone_delete(z, "/skydns/local/foretide/shop/web/x-100001");
	assert_ok(dns_zone_put(z, "/skydns/local/other/a/b", HOST, strlen(HOST), &e), &e);
	assert_int_equal(dns_zone_refused(z), 0);
}

static size_t allocated(void)
{
	return mallinfo2().uordblks;
}

/*
 * Names as they are registered: 237 bytes each were seen, 2.4 MB of 10,000 and 22 MB of
 * 100,000. Sanitizers have allocators of their own, which tell nothing here.
 */
static void a_record_costs_little(void **state)
{
	const size_t before = allocated(), n = 10000;
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	const char *value = "{\"host\":\"10.1.2.3\",\"port\":8080,\"priority\":10,"
			    "\"weight\":100}";
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < n; i++) {
		CLEANUP(free)
		char *key = xasprintf("/skydns/local/foretide/shop/web/"
				      "web-%zu-pool-0badcafe-8080",
				      i);

		assert_ok(dns_zone_put(z, key, value, strlen(value), &e), &e);
	}
	assert_int_equal(dns_zone_count(z), n);
	assert_true(allocated() - before <= 300 * n);
}

/* Else most instances of a large service would never be asked. */
static void each_of_many_records_has_its_turn(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	CLEANUP(free) bool *seen = xcalloc(5000, sizeof(*seen));
	const struct dns_record *found[100];
	struct err e = { 0 };
	size_t n_seen = 0;

	(void)state;
	for (int i = 0; i < 5000; i++)
		assert_ok(put(z, "web", i, &e), &e);
	for (uint64_t random = 1; random < 5000; random += 37) {
		assert_int_equal(
			dns_zone_find(z, "local/foretide/shop/web", found, 100, random),
			100);
		for (size_t i = 0; i < 100; i++) {
			const size_t at =
				strtoul(strrchr(found[i]->path, '-') + 1, NULL, 10);

			assert_true(i == 0 || found[i] != found[0]);
			n_seen += !seen[at];
			seen[at] = true;
		}
	}
	assert_int_equal(n_seen, 5000);
	/* Few enough are all there, in their order, whatever chance says. */
	assert_ok(put(z, "db", 7, &e), &e);
	assert_ok(put(z, "db", 8, &e), &e);
	assert_int_equal(dns_zone_find(z, "local/foretide/shop/db", found, 100, 4711), 2);
	assert_string_equal(found[0]->path, "local/foretide/shop/db/x-000007");
}

static void a_zone_has_a_size_and_its_answers_a_bounded_cost(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	const struct dns_record *found[16];
	struct err e = { 0 };
	int rc = 0, n = 0;
	double before;

	(void)state;
	for (int s = 0; s <= 200 && rc == 0; s++) {
		CLEANUP(free) char *service = xasprintf("s%03d", s);

		for (int i = 0; i < 1000 && rc == 0; i++, n += rc == 0)
			rc = put(z, service, i, &e);
	}
	assert_int_equal(rc, ERR_LIMIT);
	assert_int_equal(n, ALL_MAX_RECORDS);
	before = cpu_ms();
	for (int i = 0; i < 32; i++)
		assert_int_equal(
			dns_zone_find(z, "local/foretide/*/none/x-1", found, 16, 0), 0);
	assert_true(cpu_ms() - before < 1000);
	assert_int_equal(dns_zone_find(z, "local/foretide/shop/s000/any", found, 16, 0),
			 16);
}

/* Its members would cost the agent's loop a tenth of a second each time it is written. */
static void a_large_record_is_not_even_parsed(void **state)
{
	CLEANUP(dns_zone_free) struct dns_zone *z = new_zone();
	CLEANUP(buf_done) struct buf value;
	struct err e = { 0 };
	double before;

	(void)state;
	buf_init(&value, 4 << 20);
	buf_puts(&value, "{\"host\":\"10.9.9.9\"");
	for (int i = 100000; i > 0; i--)
		buf_printf(&value, ",\"%05x\":0", i);
	buf_putc(&value, '}');
	before = cpu_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(dns_zone_put(z, "/skydns/local/foretide/shop/web/x",
					      buf_str(&value), value.len, &e),
				 ERR_LIMIT);
	assert_true(cpu_ms() - before < 500);
	assert_non_null(strstr(e.msg, "at most 16384"));
	assert_int_equal(dns_zone_count(z), 0);
}

static void a_weight_is_never_0(void **state)
{
	static struct dns_record r[150];
	const struct dns_record *p[150];

	(void)state;
	for (size_t i = 0; i < 150; i++)
		p[i] = &r[i];
	assert_int_equal(dns_srv_weight(p, 150, p[0]), 1);
	assert_int_equal(dns_srv_weight(p, 3, p[0]), 33);
	r[0].weight = 1;
	r[1].weight = 1000;
	assert_int_equal(dns_srv_weight(p, 2, p[0]), 1);
	assert_int_equal(dns_srv_weight(p, 2, p[1]), 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_name_has_no_more_than_its_share),
		cmocka_unit_test(what_had_no_room_waits_for_it),
		cmocka_unit_test(a_record_costs_little),
		cmocka_unit_test(each_of_many_records_has_its_turn),
		cmocka_unit_test(a_zone_has_a_size_and_its_answers_a_bounded_cost),
		cmocka_unit_test(a_large_record_is_not_even_parsed),
		cmocka_unit_test(a_weight_is_never_0),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
