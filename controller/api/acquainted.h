/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * acquainted.h - networks from which a host or a token proved who it is: connections from
 * there find a place when strangers have taken all of theirs.
 *
 * Of so many networks those that proved it longest ago are forgotten; the rest stays
 * until the controller ends. Safe from any thread; no other lock is taken.
 */
#ifndef CONTROLLER_API_ACQUAINTED_H
#define CONTROLLER_API_ACQUAINTED_H

#include <stdbool.h>
#include <stdint.h>

struct acquainted;

struct acquainted *acquainted_new(void); /* half a MiB */
void acquainted_free(struct acquainted *a);
/* network: networks_id(). */
void acquainted_note(struct acquainted *a, uint64_t network);
bool acquainted_has(struct acquainted *a, uint64_t network);

#endif
