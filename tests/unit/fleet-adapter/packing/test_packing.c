/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "packing.h"

#include <math.h>
#include <string.h>

#define GB (INT64_C(1) << 30)

struct question {
	struct packing_type types[3];
	size_t n_types;
	struct packing_kind kinds[3];
	size_t n_kinds;
};

static struct packing answer(const struct question *q)
{
	struct packing p;
	struct err e;

	assert_ok(packing_find(q->types, q->n_types, q->kinds, q->n_kinds, &p, &e), &e);
	return p;
}

/* ---------------------------------------------------------------- brute force */

struct brute {
	const struct question *q;
	double best;
};

static bool is_empty(const size_t *left, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (left[k] > 0)
			return false;
	return true;
}

static void try_hosts(struct brute *b, size_t *left, double price);

/* All ways to fill one host of a type, kind by kind. */
static void try_fill(struct brute *b, size_t type, size_t k, double cpu, int64_t memory,
		     size_t *left, double price)
{
	const struct packing_type *t = &b->q->types[type];
	const struct packing_kind *kind = &b->q->kinds[k];
	const size_t had = left[k];

	if (k == b->q->n_kinds) {
		try_hosts(b, left, price);
		return;
	}
	for (size_t n = 0; n <= had; n++) {
		if (t->cpu > 0 && (double)n * kind->cpu > cpu + 1e-9)
			break;
		if (t->memory_bytes > 0 && (int64_t)n * kind->memory_bytes > memory)
			break;
		left[k] = had - n;
		try_fill(b, type, k + 1, cpu - (double)n * kind->cpu,
			 memory - (int64_t)n * kind->memory_bytes, left, price);
	}
	left[k] = had;
}

static void try_hosts(struct brute *b, size_t *left, double price)
{
	if (price >= b->best - 1e-9)
		return;
	if (is_empty(left, b->q->n_kinds)) {
		b->best = price;
		return;
	}
	for (size_t i = 0; i < b->q->n_types; i++)
		if (price + b->q->types[i].price < b->best - 1e-9)
			try_fill(b, i, 0, b->q->types[i].cpu, b->q->types[i].memory_bytes,
				 left, price + b->q->types[i].price);
}

static double brute_force(const struct question *q, double at_most)
{
	struct brute b = { q, at_most + 1e-6 };
	size_t left[4] = { 0 };

	for (size_t k = 0; k < q->n_kinds; k++)
		left[k] = q->kinds[k].n;
	try_hosts(&b, left, 0);
	return b.best;
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static struct question random_question(uint32_t *seed)
{
	struct question q = { .n_types = 1 + next(seed) % 3,
			      .n_kinds = 1 + next(seed) % 2 };

	for (size_t i = 0; i < q.n_types; i++)
		q.types[i] = (struct packing_type){
			.cpu = 2 + next(seed) % 4,
			.memory_bytes = (2 + (int64_t)(next(seed) % 7)) * GB,
			.price = 1 + next(seed) % 9,
		};
	for (size_t k = 0; k < q.n_kinds; k++)
		q.kinds[k] = (struct packing_kind){
			.cpu = 0.5 * (1 + next(seed) % 4),
			.memory_bytes = (int64_t)(next(seed) % 3) * GB,
			.n = 1 + next(seed) % 4,
		};
	return q;
}

static void no_plan_is_cheaper_than_the_one_that_is_found(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 300; i++) {
		const struct question q = random_question(&seed);
		const struct packing p = answer(&q);
		double sum = 0;

		for (size_t t = 0; t < q.n_types; t++)
			sum += (double)p.hosts[t] * q.types[t].price;
		assert_close(sum, p.price, 1e-9);
		assert_true(p.is_best);
		if (fabs(brute_force(&q, p.price) - p.price) > 1e-5)
			fail_msg("question %d: %g, brute force %g", i, p.price,
				 brute_force(&q, p.price));
	}
}

/* ---------------------------------------------------------------- by hand */

static void types_are_mixed_where_that_is_cheaper(void **state)
{
	/* Nine cores: two large and a small one cost 9, three large 12. */
	const struct question q = {
		.types = { { 4, 8 * GB, 4 }, { 1, 2 * GB, 1.2 } },
		.n_types = 2,
		.kinds = { { 1, GB, 9 } },
		.n_kinds = 1,
	};
	const struct packing p = answer(&q);

	(void)state;
	assert_int_equal(p.hosts[0], 2);
	assert_int_equal(p.hosts[1], 1);
	assert_close(p.price, 9.2, 1e-9);
}

static void thousands_of_units_are_planned_as_well(void **state)
{
	const struct question q = {
		.types = { { 8, 32 * GB, 4.1 }, { 16, 32 * GB, 7 }, { 2, 4 * GB, 1 } },
		.n_types = 3,
		.kinds = { { 0.5, 3 * GB, 3000 }, { 1.5, GB, 2000 }, { 0.25, GB, 1000 } },
		.n_kinds = 3,
	};
	const struct packing p = answer(&q);

	(void)state;
	/* 4,750 cores; no type has one below 0.4375. */
	assert_true(p.price >= 4750 * 0.4375);
	assert_true(p.price < 1.1 * 4750 * 0.5125);
}

static void with_too_many_patterns_it_is_first_fit(void **state)
{
	struct packing_kind kinds[PACKING_KINDS_MAX];
	const struct packing_type types[] = { { 64, 0, 2 }, { 64, 0, 3 } };
	struct packing p;
	struct err e;

	(void)state;
	for (size_t k = 0; k < PACKING_KINDS_MAX; k++)
		kinds[k] = (struct packing_kind){ 0.5 + 0.1 * (double)k, 0, 1000 };
	assert_ok(packing_find(types, 2, kinds, PACKING_KINDS_MAX, &p, &e), &e);
	assert_false(p.is_best);
	/* 6,800 cores of 64. */
	assert_in_range(p.hosts[0], 107, 125);
	assert_int_equal(p.hosts[1], 0);
}

static void what_fits_no_type_is_refused(void **state)
{
	const struct packing_type small = { 1, GB, 1 };
	const struct packing_kind large = { 2, GB, 1 };
	struct packing p;
	struct err e;

	(void)state;
	assert_int_equal(packing_find(&small, 1, &large, 1, &p, &e), ERR_LIMIT);
	assert_int_equal(packing_find(&small, 0, &large, 1, &p, &e), ERR_INVAL);
	assert_int_equal(
		packing_find(&(struct packing_type){ 1, GB, 0 }, 1, &large, 1, &p, &e),
		ERR_INVAL);
	assert_int_equal(
		packing_find(&small, 1, &(struct packing_kind){ NAN, GB, 1 }, 1, &p, &e),
		ERR_INVAL);
}

static void no_units_need_no_hosts(void **state)
{
	const struct question q = { .types = { { 1, GB, 1 } },
				    .n_types = 1,
				    .kinds = { { 9, GB, 0 } },
				    .n_kinds = 1 };
	const struct packing p = answer(&q);

	(void)state;
	assert_int_equal(p.hosts[0], 0);
	assert_close(p.price, 0, 0);
	assert_true(p.is_best);
}

static void types_are_tried_as_planned_then_by_price(void **state)
{
	const struct packing_type types[] = {
		{ 1, GB, 0.1 }, { 8, 8 * GB, 5 }, { 4, 8 * GB, 3 }, { 4, 8 * GB, 2 }
	};
	const struct packing_kind kinds[] = { { 2, GB, 4 } };
	const struct packing p = { .hosts = { 0, 1 } };
	size_t order[4];

	(void)state;
	packing_order(types, 4, kinds, 1, &p, order);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 3);
	assert_int_equal(order[2], 2);
	assert_int_equal(order[3], 0);
	packing_order(types, 4, kinds, 1, NULL, order);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[3], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_plan_is_cheaper_than_the_one_that_is_found),
		cmocka_unit_test(types_are_mixed_where_that_is_cheaper),
		cmocka_unit_test(thousands_of_units_are_planned_as_well),
		cmocka_unit_test(with_too_many_patterns_it_is_first_fit),
		cmocka_unit_test(what_fits_no_type_is_refused),
		cmocka_unit_test(no_units_need_no_hosts),
		cmocka_unit_test(types_are_tried_as_planned_then_by_price),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
