/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which functions there are, and what arguments each takes. */
#include "function.h"

#include "check.h"

const struct tfunc *tfunc_find(struct tstr name)
{
	static const struct tfunc *const tables[] = { tfuncs_go,   tfuncs_print,
						      tfuncs_text, tfuncs_data,
						      tfuncs_keys, tfuncs_host };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct tfunc *f = tables[i]; f->name; f++)
			if (tstr_is(name, f->name))
				return f;
	return NULL;
}

static bool list_has_only(const struct tval *v, enum tkind kind)
{
	for (size_t i = 0; i < v->list->n; i++)
		if (v->list->v[i].kind != kind)
			return false;
	return true;
}

static bool has_type(const struct tval *v, char type)
{
	switch (type) {
	case 's':
		return v->kind == TV_STRING;
	case 'i':
		return v->kind == TV_INT;
	case 'b':
		return v->kind == TV_BOOL;
	case 'k':
		return v->kind == TV_LIST;
	case 'l':
		return v->kind == TV_LIST && list_has_only(v, TV_STRING);
	default:
		return true;
	}
}

static const char *type_word(char type)
{
	switch (type) {
	case 's':
		return "string";
	case 'i':
		return "int";
	case 'b':
		return "bool";
	case 'k':
		return "a list";
	case 'l':
		return "[]string";
	default:
		return "any value";
	}
}

int tfunc_check(const struct tfunc *f, const struct tval *args, size_t n, struct err *err)
{
	const char *t = f->types;
	bool optional = false;
	char type = 'v', text[64];

	for (size_t i = 0; i < n; i++) {
		if (*t == '?') {
			optional = true;
			t++;
		}
		if (*t && *t != '*')
			type = *t++;
		else if (*t != '*')
			return err_set(err, ERR_INVAL, "too many arguments for %s",
				       f->name);
		if (!has_type(&args[i], type))
			return err_set(
				err, ERR_INVAL,
				"wrong type for argument %zu of %s: expected %s, got "
				"%s",
				i + 1, f->name, type_word(type),
				tval_type(&args[i], text));
	}
	if (*t && *t != '?' && *t != '*' && !optional)
		return err_set(err, ERR_INVAL, "not enough arguments for %s", f->name);
	return 0;
}
