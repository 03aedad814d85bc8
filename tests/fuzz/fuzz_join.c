/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_join.c - what a host sends before anybody knows it: the body of a join, and in it
 * a request for a certificate. Also its records in the store, as people are shown them.
 */
#include "check.h"
#include "text.h"
#include "trust.h"
#include "utf8.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_body(const json_t *doc)
{
	const char *host = "", *token = "", *csr = "", *version = "";
	char hash[TOKEN_HASH_TEXT];
	struct err err = { 0 };

	if (jread_line(doc, "host", 64, &host, &err) < 0)
		CHECK(*err.msg);
	else
		CHECK(*host && strlen(host) <= 64);
	if (jread_line_opt(doc, "agent_version", 64, &version, &err) == 0)
		CHECK(strlen(version) <= 64);
	if (jread_str(doc, "token", &token, NULL) == 0)
		token_hash(token, hash);
	if (jread_str(doc, "csr", &csr, NULL) == 0)
		CHECK(!ca_serial_is_of("01", csr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(json_decref) json_t *doc = NULL;

	if (json_parse((const char *)data, size, "the body", &doc, NULL) == 0) {
		read_body(doc);
		(void)json_is_plain(doc, 256);
	}
	utf8_make_plain(text, 300);
	CHECK(utf8_is_plain(text, 300));
	return 0;
}
