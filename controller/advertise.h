/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * advertise.h - the URL at which hosts reach this controller.
 */
#ifndef CONTROLLER_ADVERTISE_H
#define CONTROLLER_ADVERTISE_H

#include "options.h"

/* The operator's, else one with an address of this machine; *ret is the caller's. */
int advertised_url(const struct options *o, uint16_t port, char **ret,
		   struct err *err) MUST_CHECK;

#endif
