/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "op.h"
#include "test.h"

#include <string.h>

static void nesting_has_an_end(void **state)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(kv_op_done) struct kv_op op = { 0 };
	json_t *o;
	struct err err;

	(void)state;
	buf_init(&b, 100000);
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "{\"success\":[{\"request_txn\":");
	buf_puts(&b, "{}");
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "}]}");
	o = json_loads(buf_str(&b), 0, NULL);
	assert_non_null(o);
	assert_int_equal(kv_parse_op(o, KV_TXN, &op, &err), ERR_INVAL);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
