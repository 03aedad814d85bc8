/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heap.h - memory that was freed, given back to the system.
 */
#ifndef COMMON_HEAP_H
#define COMMON_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Gives it back, if the process has grown much since it last did, and at most once a
 * minute: every thread that allocates waits meanwhile. Whether it did. From any thread.
 */
bool heap_give_back(int64_t now_mono_ms);

#endif
