/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_schedule.c - the two documents of a host in the store. What was understood must
 * come out of its own text again.
 */
#include "check.h"
#include "schedule.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_schedule(const char *text, size_t len)
{
	CLEANUP(schedule_free) struct schedule *s = NULL;
	CLEANUP(schedule_free) struct schedule *again = NULL;
	CLEANUP(free) char *out = NULL;
	struct err e;

	if (schedule_parse(text, len, &s, &e) < 0)
		return;
	out = schedule_format(s);
	CHECK(schedule_parse(out, strlen(out), &again, &e) == 0);
	CHECK(schedule_is_equal(s, again) && s->epoch == again->epoch);
}

static void try_states(const char *text, size_t len)
{
	CLEANUP(states_free) struct states *s = NULL;
	CLEANUP(states_free) struct states *again = NULL;
	CLEANUP(free) char *out = NULL;
	struct err e;

	if (states_parse(text, len, &s, &e) < 0)
		return;
	out = states_format(s);
	CHECK(states_parse(out, strlen(out), &again, &e) == 0);
	CHECK(states_is_equal(s, again));
	for (size_t i = 0; i < s->n; i++)
		(void)unit_state_is_healthy(&s->units[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_schedule((const char *)data, size);
	try_states((const char *)data, size);
	return 0;
}
