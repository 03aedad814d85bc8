/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine.h - a virtual machine of the API as a VM of the ABI.
 */
#ifndef AZURE_MACHINE_H
#define AZURE_MACHINE_H

#include "cloud.h"

#include <jansson.h>

/* Ids of VMs are their names, which become parts of paths. */
bool azure_is_id(const char *id);

/* An element of a list, or the answer of a call; what is not there stays "". */
void azure_machine_read(const json_t *vm, struct drv_vm *ret);

/*
 * The VM of that name, with what it does and why it failed; as azure_call(). A failure of
 * what was changed on it later does not stop a VM.
 */
int azure_machine_get(struct drv *d, const char *name, int64_t deadline,
		      struct drv_vm *ret, struct drv_err *err);

#endif
