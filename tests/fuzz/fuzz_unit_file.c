/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_unit_file.c - unit text and all that is read from it. What was parsed once must
 * come out of its canonical text again, with the same hash.
 */
#include "check.h"
#include "unitfile.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_sections(const struct unit_file *u)
{
	const struct unit_context ctx = { .name = "web@3.service", .host = "h1" };
	CLEANUP(x_fleet_done) struct x_fleet fleet;
	CLEANUP(x_services_done) struct x_services services;
	CLEANUP(x_metrics_done) struct x_metrics metrics;
	CLEANUP(words_done) struct words warnings = { 0 };
	struct x_resources resources;
	struct err e;

	(void)!x_fleet_read(u, ctx.name, &fleet, &warnings, &e);
	(void)!x_services_read(u, &ctx, &services, &e);
	(void)!x_resources_read(u, &resources, &e);
	(void)!x_metrics_read(u, &ctx, &metrics, &e);
	for (size_t i = 0; i < fleet.conflicts.n; i++)
		(void)unit_glob(fleet.conflicts.v[i], ctx.name);
}

static void read_values(const struct unit_file *u)
{
	const struct unit_context ctx = { .name = "a-b@c\\x2d.service", .host = NULL };

	for (size_t i = 0; i < u->n; i++) {
		const struct unit_option *o = &u->options[i];
		CLEANUP(words_done) struct words words = { 0 };
		CLEANUP(free) char *expanded = NULL;
		char name[UNIT_NAME_TEXT];
		struct err e;

		(void)!words_split(&words, o->value, &e);
		(void)!unit_expand(o->value, &ctx, &expanded, &e);
		if (unit_name_check(o->value, &e) == 0) {
			unit_name_file(o->value, name);
			CHECK(unit_name_check(name, &e) == 0);
		}
		CHECK(unit_file_get(u, o->section, o->name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(unit_file_free) struct unit_file *u = NULL;
	CLEANUP(unit_file_free) struct unit_file *again = NULL;
	CLEANUP(buf_done) struct buf first;
	CLEANUP(buf_done) struct buf second;
	char a[UNIT_HASH_TEXT], b[UNIT_HASH_TEXT];
	struct err e;

	buf_init(&first, 16 << 20);
	buf_init(&second, 16 << 20);
	if (unit_file_parse((const char *)data, size, "fuzz", &u, &e) < 0) {
		CHECK(*e.msg);
		return 0;
	}
	unit_file_text(u, &first);
	if (first.len > UNIT_FILE_MAX)
		return 0;
	/* "Name=" before the value can make a line longer than it was with its blanks. */
	if (unit_file_parse(buf_str(&first), first.len, "again", &again, &e) < 0) {
		CHECK(e.code == ERR_LIMIT);
		return 0;
	}
	unit_file_text(again, &second);
	CHECK(strcmp(buf_str(&first), buf_str(&second)) == 0);
	unit_file_hash(u, a);
	unit_file_hash(again, b);
	CHECK(strcmp(a, b) == 0 && u->n == again->n);
	read_sections(u);
	read_values(u);
	return 0;
}
