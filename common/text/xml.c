/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xml.h"

#include "buf.h"
#include "check.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 32
#define ELEMENTS_MAX 500000

struct reading {
	XML_Parser parser;
	const char *const *items;
	json_t *open[DEPTH_MAX + 1]; /* what is in each open element so far; NULL: no
					element. The first is around the root */
	size_t depth, n;
	struct buf text;  /* since the last tag */
	bool is_too_much; /* of levels or elements */
};

DEFINE_CLEANUP(XML_Parser, XML_ParserFree);

static void refuse(struct reading *r)
{
	r->is_too_much = true;
	XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *r = arg;

	(void)name, (void)attributes;
	if (r->depth == DEPTH_MAX || ++r->n > ELEMENTS_MAX) {
		refuse(r);
		return;
	}
	r->open[++r->depth] = NULL;
	buf_clear(&r->text);
}

static bool is_item(const struct reading *r, const char *name)
{
	const char *const *i = r->items;

	while (*i && strcmp(*i, name) != 0)
		i++;
	return *i;
}

/* Into what is around it; takes the value. */
static void add(const struct reading *r, json_t **around, const char *name, json_t *value)
{
	const bool item = r->depth > 0 && is_item(r, name);

	if (!*around)
		*around = item ? json_array() : json_object();
	if (item && json_is_array(*around))
		json_array_append_new(*around, value);
	else if (!item && json_is_object(*around) && !json_object_get(*around, name))
		json_object_set_new(*around, name, value);
	else
		json_decref(value);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct reading *r = arg;
	json_t *value = TAKE(r->open[r->depth]);

	/* A tag is both ends of an empty element, also when its start was refused. */
	if (r->is_too_much) {
		json_decref(value);
		return;
	}
	if (!value)
		value = json_stringn(buf_str(&r->text), r->text.len);
	add(r, &r->open[--r->depth], name, value);
	buf_clear(&r->text);
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
	struct reading *r = arg;

	if (!r->open[r->depth])
		buf_add(&r->text, text, (size_t)len);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int has_subset)
{
	(void)name, (void)system_id, (void)public_id, (void)has_subset;
	XML_StopParser(((struct reading *)arg)->parser, XML_FALSE);
}

static int why(const struct reading *r, const char *what, struct err *err)
{
	const unsigned long line = XML_GetCurrentLineNumber(r->parser);
	const enum XML_Error code = XML_GetErrorCode(r->parser);

	if (r->is_too_much)
		return err_set(err, ERR_LIMIT,
			       "%s: line %lu: more than %d levels or %d elements", what,
			       line, DEPTH_MAX, ELEMENTS_MAX);
	if (code == XML_ERROR_ABORTED)
		return err_set(err, ERR_INVAL,
			       "%s: line %lu: a document type is not taken", what, line);
	return err_set(err, ERR_INVAL, "%s: line %lu: %s", what, line,
		       XML_ErrorString(code));
}

int xml_read(const char *text, size_t len, const char *const *items, const char *what,
	     json_t **ret, struct err *err)
{
	CLEANUP(XML_ParserFree) XML_Parser parser = XML_ParserCreate(NULL);
	struct reading r = { .parser = parser, .items = items };
	int rc = 0;

	CHECK(parser);
	if (len > INT_MAX)
		return err_set(err, ERR_LIMIT, "%s: more than %d bytes", what, INT_MAX);
	/* UTF-8 takes at most three bytes for one of Latin-1, and two of UTF-16. */
	buf_init(&r.text, 3 * len + 1);
	XML_SetUserData(parser, &r);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetStartDoctypeDeclHandler(parser, on_doctype);
	if (XML_Parse(parser, text, (int)len, 1) == XML_STATUS_OK)
		*ret = TAKE(r.open[0]);
	else
		rc = why(&r, what, err);
	for (size_t i = 0; i <= r.depth; i++)
		json_decref(r.open[i]);
	buf_done(&r.text);
	return rc;
}
