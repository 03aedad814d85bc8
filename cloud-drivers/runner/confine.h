/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confine.h - what this process may take from the machine.
 */
#ifndef RUNNER_CONFINE_H
#define RUNNER_CONFINE_H

#include <stdint.h>

/*
 * Bounds open files, writes no core, hides the memory from other processes of the user,
 * closes what was inherited but the first three descriptors, and ends with the
 * controller's thread that has started it. The limits are soft ones: a driver that starts
 * what is not its own can set them back.
 */
void confine(void);

/* Bounds the memory of a driver that this process loads, if no sanitizer is in it; and of
 * the program that it is about to become. */
void confine_memory_here(uint64_t bytes);
void confine_memory_at_exec(uint64_t bytes);

#endif
