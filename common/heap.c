/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "heap.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define AGAIN_MS 60000
#define GROWN_BYTES (32 << 20)

/* 0: it cannot be read. */
static int64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long long pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%*d %lld", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

bool heap_give_back(int64_t now_mono_ms)
{
	static _Atomic int64_t done_ms, left_bytes;
	int64_t last = done_ms;

	if ((last && now_mono_ms - last < AGAIN_MS) ||
	    resident_bytes() < left_bytes + GROWN_BYTES ||
	    !atomic_compare_exchange_strong(&done_ms, &last, now_mono_ms))
		return false;
	(void)malloc_trim(0);
	left_bytes = resident_bytes();
	return true;
}
