/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "pack.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static uint64_t seed = 88172645463325252u;

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static size_t round_trip_doubles(const double *v, size_t n)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(free) double *back = xcalloc(n + 1, sizeof(*back));
	struct unpack u;

	buf_init(&b, 1 << 20);
	pack_doubles(&b, v, n);
	u.p = (const uint8_t *)buf_str(&b);
	u.end = u.p + b.len;
	assert_true(unpack_doubles(&u, back, n));
	assert_ptr_equal(u.p, u.end);
	assert_memory_equal(v, back, n * sizeof(*v));
	return b.len;
}

static size_t round_trip_ints(const int64_t *v, size_t n)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(free) int64_t *back = xcalloc(n + 1, sizeof(*back));
	struct unpack u;

	buf_init(&b, 1 << 20);
	pack_ints(&b, v, n);
	u.p = (const uint8_t *)buf_str(&b);
	u.end = u.p + b.len;
	assert_true(unpack_ints(&u, back, n));
	assert_ptr_equal(u.p, u.end);
	assert_memory_equal(v, back, n * sizeof(*v));
	return b.len;
}

static void integers_of_every_size_come_back(void **state)
{
	int64_t v[300];

	(void)state;
	for (int round = 0; round < 400; round++) {
		size_t n = draw() % 300;

		for (size_t i = 0; i < n; i++)
			v[i] = (int64_t)(draw() >> (draw() % 64)) * (draw() & 1 ? 1 : -1);
		round_trip_ints(v, n);
	}
	v[0] = INT64_MIN;
	v[1] = INT64_MAX;
	v[2] = INT64_MIN;
	v[3] = 0;
	round_trip_ints(v, 4);
	round_trip_ints(v, 1);
}

static void doubles_of_every_kind_come_back_bit_by_bit(void **state)
{
	double v[300];

	(void)state;
	for (int round = 0; round < 400; round++) {
		size_t n = draw() % 300;
		int kind = round % 4;

		for (size_t i = 0; i < n; i++) {
			uint64_t bits = draw();

			if (kind == 0)
				memcpy(&v[i], &bits, sizeof(bits));
			else if (kind == 1)
				v[i] = (double)(int64_t)(bits % 2000000) / 100.0 - 500;
			else if (kind == 2)
				v[i] = (double)(bits % 1000) * 1e-9;
			else
				v[i] = (double)(bits >> 10);
		}
		round_trip_doubles(v, n);
	}
	v[0] = -0.0;
	v[1] = 0.0;
	v[2] = 1e308;
	v[3] = -5e-324;
	round_trip_doubles(v, 4);
}

static void a_straight_line_costs_next_to_nothing(void **state)
{
	int64_t t[1000];
	double flat[1000];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		t[i] = 1700000000000 + 10000 * (int64_t)i;
		flat[i] = 0.25;
	}
	assert_true(round_trip_ints(t, 1000) <= 12);
	assert_true(round_trip_doubles(flat, 1000) <= 8);
}

static void a_counter_with_noise_costs_about_a_byte_a_sample(void **state)
{
	double v[1000];

	(void)state;
	v[0] = 1e6;
	for (int i = 1; i < 1000; i++)
		v[i] = v[i - 1] + 50 + (double)(draw() % 10);
	assert_true(round_trip_doubles(v, 1000) < 1000);
}

static void broken_bytes_are_refused_not_overrun(void **state)
{
	unsigned char junk[64];
	int64_t ints[200];
	double doubles[200];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = draw() % sizeof(junk);
		struct unpack u = { junk, junk + len };

		for (size_t i = 0; i < len; i++)
			junk[i] = (unsigned char)draw();
		if (unpack_ints(&u, ints, 200))
			assert_true(u.p <= u.end);
		u.p = junk;
		if (unpack_doubles(&u, doubles, 200))
			assert_true(u.p <= u.end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_of_every_size_come_back),
		cmocka_unit_test(doubles_of_every_kind_come_back_bit_by_bit),
		cmocka_unit_test(a_straight_line_costs_next_to_nothing),
		cmocka_unit_test(a_counter_with_noise_costs_about_a_byte_a_sample),
		cmocka_unit_test(broken_bytes_are_refused_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
