/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admit.h - what a request must be, and its sender, before its body is read.
 */
#ifndef CONTROLLER_API_ADMIT_H
#define CONTROLLER_API_ADMIT_H

#include "request.h"

/* Once, with the headers: its form, who sends it, and what the route takes. */
int admit(struct request *r, struct err *err) MUST_CHECK;
bool admit_announces_body(struct request *r);
/* Also at the body's end: who sends it in chunks announces no size. */
int admit_size(struct request *r, struct err *err) MUST_CHECK;

/* Streams leave places to other requests of their owner. When all has come. */
int admit_stream(struct request *r, struct err *err) MUST_CHECK;

/* A place for its body of n bytes in all; without one it becomes crowded. */
void admit_room(struct request *r, size_t n);
void admit_room_done(struct request *r);
/* What a host sends is read by the threads of all hosts, and has its price before; the
 * store has prices of its own. */
int admit_pay(struct request *r, struct err *err) MUST_CHECK;

#endif
