/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "units.h"

int units_systemd_open(struct loop *loop, const struct units_opts *opts,
		       struct units **ret, struct err *err)
{
	(void)loop;
	(void)opts;
	(void)ret;
	return err_set(err, ERR_UNAVAIL, "built without systemd");
}
