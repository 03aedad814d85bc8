/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder.h - the template resources of a folder laid out as confd's: conf.d/ and
 * templates/.
 */
#ifndef AGENT_CONFD_FOLDER_H
#define AGENT_CONFD_FOLDER_H

#include "group.h"

/* Reads it again; a resource whose file no longer exists is dropped. */
void confd_folder_read(struct confd *c);

#endif
