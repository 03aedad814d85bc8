/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ssh_key.h - a key that lets nobody in.
 */
#ifndef AZURE_SSH_KEY_H
#define AZURE_SSH_KEY_H

#include "err.h"

/*
 * The public part of a new RSA key, as in authorized_keys; the private one is not kept.
 * The caller frees *ret. Takes about 0.1 s.
 */
int ssh_key_make(char **ret, struct err *err) MUST_CHECK;

#endif
