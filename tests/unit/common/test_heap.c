/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Freed memory goes back to the system after much was used, and rarely. */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "heap.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000
#define PIECES 20000
#define PIECE_BYTES 4000
#define MORE_BYTES ((size_t)64 << 20)

static char *top;

/* So much is used for a moment; pieces too small to be mapped one by one. */
static void use_much(void)
{
	char **pieces = xcalloc(PIECES, sizeof(*pieces));

	for (int i = 0; i < PIECES; i++) {
		pieces[i] = malloc(PIECE_BYTES);
		assert_non_null(pieces[i]);
		memset(pieces[i], i, PIECE_BYTES);
	}
	/* The last is on top: what is below is not given back by itself. */
	for (int i = 0; i < PIECES - 1; i++)
		free(pieces[i]);
	free(top);
	top = pieces[PIECES - 1];
	free(pieces);
}

static void much_is_given_back_once_a_minute(void **state)
{
	int64_t now = clock_mono_ms();
	char *more;

	(void)state;
	use_much();
	assert_true(heap_give_back(now));
	use_much();
	assert_false(heap_give_back(now + 1000));
	assert_false(heap_give_back(now + MINUTE_MS - 1));
	now += MINUTE_MS;
	/* In use still, as a sanitizer's allocator gives nothing back. */
	more = malloc(MORE_BYTES);
	assert_non_null(more);
	memset(more, 1, MORE_BYTES);
	assert_true(heap_give_back(now));
	free(more);
	/* Nothing was used since. */
	assert_false(heap_give_back(now + 2 * MINUTE_MS));
	free(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(much_is_given_back_once_a_minute),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
