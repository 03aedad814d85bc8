/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ast.h - a parsed template. Inside the template engine only.
 */
#ifndef COMMON_TEMPLATE_AST_H
#define COMMON_TEMPLATE_AST_H

#include "template.h"
#include "value.h"

enum tnode_kind {
	/* what stands in a list */
	TN_TEXT,     /* str */
	TN_ACTION,   /* pipe */
	TN_IF,       /* pipe, body, other */
	TN_RANGE,    /* pipe, body, other */
	TN_WITH,     /* pipe, body, other */
	TN_TEMPLATE, /* str, pipe or NULL */
	TN_BREAK,
	TN_CONTINUE,
	/* what stands in a command */
	TN_DOT,    /* fields */
	TN_VAR,    /* str, fields */
	TN_PAREN,  /* pipe, fields */
	TN_CALL,   /* function */
	TN_VALUE,  /* value: a literal */
	TN_NOTHING /* the word nil */
};

struct tnode {
	enum tnode_kind kind;
	int line;
	struct tnode *next; /* in a list or a command */
	struct tstr str;
	struct tpipe *pipe;
	struct tnode *body, *other;
	const struct tfunc *function;
	struct tval value;
	size_t n_fields;
	struct tfield *fields; /* first, linked */
};

struct tfield {
	struct tfield *next;
	struct tstr name;
};

struct tcommand {
	struct tcommand *next;
	int line;
	size_t n_args;      /* with the first */
	struct tnode *args; /* linked */
};

struct tpipe {
	int line;
	bool assigns; /* "=" instead of ":=" */
	size_t n_vars;
	struct tstr vars[2];
	struct tcommand *commands;
};

struct tdefine {
	struct tdefine *next;
	struct tstr name;
	struct tnode *body;
};

struct template
{
	struct tpool pool;
	char *name;
	struct tnode *body;
	struct tdefine *defines;
};

/* ---------------------------------------------------------------- functions */

struct texec;

typedef int tfunc_fn(struct texec *x, const struct tval *args, size_t n, struct tval *ret,
		     struct err *err);

/*
 * types has a letter an argument: s string, i int, b bool, v any, l list of strings,
 * k list; behind "?" they may be missing; a last "*" repeats the one before it for ever.
 */
struct tfunc {
	const char *name;
	const char *types;
	tfunc_fn *fn;
};

extern const struct tfunc tfuncs_builtin[]; /* each ends with a NULL name */
extern const struct tfunc tfuncs_text[];
extern const struct tfunc tfuncs_store[];

const struct tfunc *tfunc_find(struct tstr name);

/* What a function may see of the execution. */
struct tpool *texec_pool(struct texec *x);
const struct template_source *texec_source(const struct texec *x);
/* Counts work (about a microsecond each) towards the bound of an execution. */
void texec_charge(struct texec *x, size_t work);

#endif
