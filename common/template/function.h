/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * function.h - the functions that templates call. Inside the template engine only.
 */
#ifndef COMMON_TEMPLATE_FUNCTION_H
#define COMMON_TEMPLATE_FUNCTION_H

#include "template.h"
#include "value.h"

/* What a function may see of an execution. */
struct trun {
	struct tpool pool;
	const struct template_source *source;
	int64_t steps; /* of work so far, about a microsecond each */
	int64_t steps_max;
};

/* In work.c. Counts work that a function is about to do: ERR_LIMIT when it passes the
 * bound. */
int trun_work(struct trun *x, size_t steps, struct err *err) MUST_CHECK;

typedef int tfunc_fn(struct trun *x, const struct tval *args, size_t n, struct tval *ret,
		     struct err *err);

/* A function's definition; x, a, n, ret and err are its arguments. */
#define TFUNC(name)                                                     \
	static int name(struct trun *x, const struct tval *a, size_t n, \
			struct tval *ret, struct err *err)

/*
 * types has a letter per argument: s string, i int, b bool, v any, l list of strings,
 * k list; after "?" they are optional; a last "*" repeats the one before it for ever.
 */
struct tfunc {
	const char *name;
	const char *types;
	tfunc_fn *fn;
};

extern const struct tfunc tfuncs_go[]; /* each ends with a NULL name */
extern const struct tfunc tfuncs_print[];
extern const struct tfunc tfuncs_text[];
extern const struct tfunc tfuncs_data[];
extern const struct tfunc tfuncs_keys[];
extern const struct tfunc tfuncs_host[];

/* NULL when there is none of that name. */
const struct tfunc *tfunc_find(struct tstr name);
/* Whether f takes these arguments: ERR_INVAL says why not. */
int tfunc_check(const struct tfunc *f, const struct tval *args, size_t n,
		struct err *err) MUST_CHECK;

#endif
