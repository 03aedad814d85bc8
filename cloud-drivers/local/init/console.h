/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * console.h - output of the host's processes, in a file of limited size.
 */
#ifndef CLOUD_DRIVERS_LOCAL_INIT_CONSOLE_H
#define CLOUD_DRIVERS_LOCAL_INIT_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#define CONSOLE_MAX_BYTES (512 * 1024) /* then the first half is deleted */

/* Appends; fd is open for reading and writing. What cannot be written is dropped. */
void console_write(int fd, const char *text, size_t len);

/* Moves what is readable on the pipe now, up to some KiB; whether there was anything. */
bool console_copy(int pipe_fd, int fd);

#endif
