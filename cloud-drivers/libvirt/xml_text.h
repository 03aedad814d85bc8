/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xml_text.h - texts in XML that is written, and attributes of XML that libvirt wrote.
 */
#ifndef LIBVIRT_XML_TEXT_H
#define LIBVIRT_XML_TEXT_H

#include "buf.h"

#include <stdbool.h>

/* "<name>value</name>" with the value escaped, also for an attribute. */
void xml_put(struct buf *b, const char *name, const char *value);
void xml_put_text(struct buf *b, const char *value);

/* Whether XML can hold the bytes as they are: UTF-8 without control characters. */
bool xml_can_hold(const char *text, size_t len);

/*
 * What follows begin, up to the next quote, in text of size bytes: of
 * "<format type='qcow2'/>" with "<format type='" it is qcow2. False when begin is not in
 * the document or it does not fit. libvirt always writes attributes in this form; the
 * reader of XML in common/text drops them.
 */
bool xml_attribute(const char *doc, const char *begin, char *ret, size_t size);

#endif
