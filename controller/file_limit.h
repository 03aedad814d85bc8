/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file_limit.h - how many files the controller may have open.
 */
#ifndef CONTROLLER_FILE_LIMIT_H
#define CONTROLLER_FILE_LIMIT_H

/* Each host holds some connections, and the soft limit is often 1024. Not the
 * hard limit: hosts of the local driver inherit it, and programs size tables by it. */
void file_limit_raise(void);

#endif
