/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c - the main of a fuzz target without the fuzzer: runs it on every file named,
 * so that kept corpora are part of the ordinary tests. The fuzzer itself is linked by the
 * make target fuzz.
 */
#include "buf.h"

#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(fclose) FILE *f = fopen(path, "re");
	char chunk[4096];
	size_t n;

	buf_init(&b, 16 << 20);
	if (!f) {
		fprintf(stderr, "%s: cannot be opened\n", path);
		return 1;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	if (ferror(f) || buf_is_full(&b)) {
		fprintf(stderr, "%s: cannot be read\n", path);
		return 1;
	}
	(void)LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&b), b.len);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	if (failed)
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed;
}
