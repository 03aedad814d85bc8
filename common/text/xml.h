/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xml.h - an XML document as JSON, for answers of services that speak no JSON.
 *
 * An element without elements in it is a string, its text as it stands. One with elements
 * in it is an object of them, and its own text is dropped; of several with one name the
 * first counts. One that has an element of the list items is the array of those. So
 * <a><b>1</b><set><item>2</item></set></a> is {"a": {"b": "1", "set": ["2"]}}, and an
 * empty list is a string. Attributes are dropped, prefixes of names are kept.
 *
 * Not taken, in words: a document type, thus entities of the document's own; more than 32
 * levels or 500,000 elements.
 */
#ifndef COMMON_TEXT_XML_H
#define COMMON_TEXT_XML_H

#include "err.h"

#include <jansson.h>
#include <stddef.h>

/*
 * items: names of elements of lists, NULL-ended. what names the text in errors, which
 * contain nothing of it. The caller owns *ret, an object with the root alone. ERR_INVAL
 * with the line; ERR_LIMIT.
 */
int xml_read(const char *text, size_t len, const char *const *items, const char *what,
	     json_t **ret, struct err *err) MUST_CHECK;

#endif
