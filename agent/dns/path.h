/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - names as paths, by which records are ordered: the labels in reverse, lower
 * case,
 * "/" between ("local/foretide/shop/web").
 *
 * Labels of keys that are not valid in host names ("vm:web:80") are made so: whatever
 * is not a letter, digit, "-" or "_" becomes "-". Pure.
 */
#ifndef AGENT_DNS_PATH_H
#define AGENT_DNS_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_PATH_MAX 256 /* with the NUL; also of names in text form */
#define DNS_KEY_ROOT "/skydns/"

/* Text form to path and back. false when it is not a name or too long. */
bool dns_path_from_name(const char *name, char path[DNS_PATH_MAX]);
/* strip: how many leftmost labels to leave out; ignored when that would leave none. */
void dns_name_from_path(const char *path, size_t strip, char name[DNS_PATH_MAX]);
/* An uncompressed name in wire form; false when a label cannot be used in a key. */
bool dns_path_from_wire(const uint8_t *wire, char path[DNS_PATH_MAX]);
/* A key below DNS_KEY_ROOT. */
bool dns_path_from_key(const char *key, char path[DNS_PATH_MAX]);

#endif
