/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file_limit.h - how many files the controller may have open.
 */
#ifndef CONTROLLER_FILE_LIMIT_H
#define CONTROLLER_FILE_LIMIT_H

/* Each host holds six to fifteen connections, by its stacks and programs, and the soft
 * limit is often 1024: raised to what 10,000 hosts need, if the hard limit lets it. */
void file_limit_raise(void);

#endif
