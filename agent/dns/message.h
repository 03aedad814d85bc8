/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message.h - DNS messages that need no records: an error, a question.
 */
#ifndef AGENT_DNS_MESSAGE_H
#define AGENT_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_PACKET_MAX 65535

/* An answer to query that has only rcode (SERVFAIL when nameservers do not answer). */
bool dns_answer_error(const uint8_t *query, size_t len, int rcode, uint8_t *out,
		      size_t *ret_len);

/* A query for one name and type; returns its length. */
size_t dns_make_query(uint16_t id, const char *name, uint16_t type, uint8_t *out,
		      size_t size);

#endif
