/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bound of an execution's work. */
#include "function.h"

int trun_work(struct trun *x, size_t steps, struct err *err)
{
	x->steps += (int64_t)steps;
	return x->steps <= x->steps_max
		       ? 0
		       : err_set(err, ERR_LIMIT, "the template runs too long");
}
