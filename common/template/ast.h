/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ast.h - a parsed template. Inside the template engine only.
 */
#ifndef COMMON_TEMPLATE_AST_H
#define COMMON_TEMPLATE_AST_H

#include "function.h"
#include "template.h"
#include "value.h"

enum tnode_kind {
	/* in a list */
	TN_TEXT,     /* str */
	TN_ACTION,   /* pipe */
	TN_IF,       /* pipe, body, other */
	TN_RANGE,    /* pipe, body, other */
	TN_WITH,     /* pipe, body, other */
	TN_TEMPLATE, /* str, pipe or NULL */
	TN_BREAK,
	TN_CONTINUE,
	/* in a command */
	TN_DOT,    /* fields */
	TN_VAR,    /* str, fields */
	TN_PAREN,  /* pipe, fields */
	TN_CALL,   /* function */
	TN_VALUE,  /* value: a literal */
	TN_NOTHING /* nil */
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

#endif
