/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaml.h"

#include "check.h"
#include "json.h"

#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 32
#define VALUES_MAX 20000

struct reading {
	yaml_document_t *doc;
	const char *what;
	size_t values;
};

static int convert(struct reading *r, yaml_node_t *node, int depth, json_t **ret,
		   struct err *err);

static unsigned long line_of(const yaml_node_t *node)
{
	return (unsigned long)node->start_mark.line + 1;
}

/* A scalar's text as JSON has it; NULL when it is none or not of one line of UTF-8. */
static json_t *text_of(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE)
		return NULL;
	return json_stringn((const char *)node->data.scalar.value,
			    node->data.scalar.length);
}

static int add_pair(struct reading *r, const yaml_node_pair_t *pair, int depth,
		    json_t *object, struct err *err)
{
	yaml_node_t *key = yaml_document_get_node(r->doc, pair->key);
	CLEANUP(json_decref) json_t *name = text_of(key);
	json_t *value = NULL;
	int rc;

	if (!name || strlen(json_string_value(name)) != json_string_length(name))
		return err_set(err, ERR_INVAL, "%s: line %lu: a key must be a text",
			       r->what, line_of(key));
	if (strcmp(json_string_value(name), "<<") == 0)
		return err_set(err, ERR_INVAL,
			       "%s: line %lu: merge keys (<<) are not taken: write what "
			       "they stand for",
			       r->what, line_of(key));
	if (json_object_get(object, json_string_value(name)))
		return err_set(err, ERR_INVAL, "%s: line %lu: the key comes twice",
			       r->what, line_of(key));
	rc = convert(r, yaml_document_get_node(r->doc, pair->value), depth + 1, &value,
		     err);
	if (rc == 0)
		json_object_set_new(object, json_string_value(name), value);
	return rc;
}

static int convert_mapping(struct reading *r, const yaml_node_t *node, int depth,
			   json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *object = json_object();
	int rc = 0;

	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start;
	     rc == 0 && p < node->data.mapping.pairs.top; p++)
		rc = add_pair(r, p, depth, object, err);
	if (rc == 0)
		*ret = TAKE(object);
	return rc;
}

static int convert_sequence(struct reading *r, const yaml_node_t *node, int depth,
			    json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *array = json_array();
	json_t *value = NULL;
	int rc = 0;

	for (const yaml_node_item_t *i = node->data.sequence.items.start;
	     rc == 0 && i < node->data.sequence.items.top; i++) {
		rc = convert(r, yaml_document_get_node(r->doc, *i), depth + 1, &value,
			     err);
		if (rc == 0)
			json_array_append_new(array, value);
	}
	if (rc == 0)
		*ret = TAKE(array);
	return rc;
}

/* An alias may stand in what it stands for, without end: the depth ends it. */
static int convert(struct reading *r, yaml_node_t *node, int depth, json_t **ret,
		   struct err *err)
{
	if (depth > DEPTH_MAX || ++r->values > VALUES_MAX)
		return err_set(err, ERR_LIMIT,
			       "%s: line %lu: more than %d levels or %d values", r->what,
			       line_of(node), DEPTH_MAX, VALUES_MAX);
	if (node->type == YAML_MAPPING_NODE)
		return convert_mapping(r, node, depth, ret, err);
	if (node->type == YAML_SEQUENCE_NODE)
		return convert_sequence(r, node, depth, ret, err);
	*ret = text_of(node);
	if (!*ret)
		return err_set(err, ERR_INVAL, "%s: line %lu: not UTF-8", r->what,
			       line_of(node));
	return 0;
}

static int read_document(yaml_parser_t *parser, const char *what, json_t **ret,
			 struct err *err)
{
	yaml_document_t doc;
	struct reading r = { .doc = &doc, .what = what };
	yaml_node_t *root;
	int rc = 0;

	if (!yaml_parser_load(parser, &doc))
		return err_set(err, ERR_INVAL, "%s: line %lu: %s", what,
			       (unsigned long)parser->problem_mark.line + 1,
			       parser->problem ? parser->problem : "not YAML");
	root = yaml_document_get_root_node(&doc);
	if (!root)
		*ret = json_object();
	else if (root->type != YAML_MAPPING_NODE)
		rc = err_set(err, ERR_INVAL, "%s: it is no mapping of keys to values",
			     what);
	else
		rc = convert(&r, root, 0, ret, err);
	yaml_document_delete(&doc);
	return rc;
}

int yaml_read(const char *text, size_t len, const char *what, json_t **ret,
	      struct err *err)
{
	yaml_parser_t parser;
	int rc;

	CHECK(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	rc = read_document(&parser, what, ret, err);
	yaml_parser_delete(&parser);
	return rc;
}
