/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * withdrawal.h - the value by which an owner announces that it deletes a record.
 *
 * A record that is deleted may have been withdrawn by its owner, or its lease may have
 * ended, or somebody may have deleted it by hand. The store does not tell which, so an
 * owner puts the record once more with "withdrawn":true before it deletes it: whoever
 * watches lets it go at once, and doubts a deletion that nothing announced
 * (vanished.h). Other readers of SkyDNS records ignore the member. Pure.
 */
#ifndef AGENT_HOST_WITHDRAWAL_H
#define AGENT_HOST_WITHDRAWAL_H

#include <stdbool.h>
#include <stddef.h>

/* Records that are announced are those under this. */
#define WITHDRAWAL_ROOT "/skydns/"

/* The record's last value; the caller frees. */
char *withdrawal_of(const char *value);
bool is_withdrawal(const char *value, size_t len);

#endif
