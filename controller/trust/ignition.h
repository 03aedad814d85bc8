/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ignition.h - a script as the document that Ignition runs at a host's first boot, on
 * Flatcar and on Fedora CoreOS.
 */
#ifndef CONTROLLER_TRUST_IGNITION_H
#define CONTROLLER_TRUST_IGNITION_H

/* Of specification 3.0.0, which every Ignition since 2.0 reads. The caller frees it. */
char *ignition_document(const char *script);

#endif
