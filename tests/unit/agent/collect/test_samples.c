/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samples.h"

#include "check.h"
#include "test.h"

#include <string.h>

static const struct sample_source web = { "web-1", "shop", "web", "web@1.service" };

static void labels_of_the_source_rename_those_of_the_exporter(void **state)
{
	const struct collect_label l[] = { { "host", "db.example" },
					   { "tier", "gold" },
					   { "exported_tier", "old" },
					   { "code", "200" },
					   { NULL, NULL } };
	CLEANUP(buf_done) struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_true(sample_add(&b, &web, 5, "x", l, true, 7));
	assert_string_equal(
		buf_str(&b),
		"{\"n\":\"x\",\"l\":{\"host\":\"web-1\",\"stack\":\"shop\",\"tier\":"
		"\"web\","
		"\"unit\":\"web@1.service\",\"exported_host\":\"db.example\","
		"\"exported_exported_tier\":\"gold\",\"exported_tier\":\"old\","
		"\"code\":\"200\"},\"k\":\"c\",\"t\":5,\"v\":7}");
}

static void one_that_cannot_be_sent_is_left_out_alone(void **state)
{
	const struct collect_label bytes[] = { { "path", "\xff" }, { NULL, NULL } };
	const struct collect_label cut[] = { { "path", "a\xc3" }, { NULL, NULL } };
	const struct collect_label twice[] = { { "a", "1" },
					       { "a", "2" },
					       { NULL, NULL } };
	const struct collect_label good[] = { { "path", "\xc3\xa9\xef\xbf\xbd" },
					      { NULL, NULL } };
	CLEANUP(buf_done) struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_false(sample_add(&b, &web, 5, "x", bytes, false, 1));
	assert_false(sample_add(&b, &web, 5, "x", cut, false, 1));
	assert_false(sample_add(&b, &web, 5, "x", twice, false, 1));
	assert_int_equal(b.len, 0);
	assert_true(sample_add(&b, &web, 5, "x", good, false, 1));
	assert_true(b.len > 0);
}

static void labels_that_are_too_many_or_long_lose_their_sample_alone(void **state)
{
	struct collect_label many[41] = { { NULL, NULL } };
	struct collect_label is_long[] = { { "query", NULL }, { NULL, NULL } };
	char names[40][16], text[3000];
	CLEANUP(buf_done) struct buf b;

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "l%02d", i);
		many[i] = (struct collect_label){ names[i], "x" };
	}
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	is_long[0].value = text;
	buf_init(&b, 1 << 20);
	assert_false(sample_add(&b, &web, 5, "many", many, false, 1));
	assert_false(sample_add(&b, &web, 5, "long", is_long, false, 1));
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_of_the_source_rename_those_of_the_exporter),
		cmocka_unit_test(one_that_cannot_be_sent_is_left_out_alone),
		cmocka_unit_test(
			labels_that_are_too_many_or_long_lose_their_sample_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
