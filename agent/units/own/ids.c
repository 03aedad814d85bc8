/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ids.h"

#include "check.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

void ids_done(struct ids *i)
{
	free(i->home);
	free(i->user);
	free(i->shell);
}

static int find_group(const char *name, gid_t *ret, struct err *err)
{
	char *end;
	long n = strtol(name, &end, 10);
	const struct group *g;

	if (end != name && !*end) {
		*ret = (gid_t)n;
		return 0;
	}
	g = getgrnam(name);
	if (!g)
		return err_set(err, ERR_NOT_FOUND, "there is no group %s", name);
	*ret = g->gr_gid;
	return 0;
}

int unit_find_ids(const struct unit_spec *s, struct ids *i, struct err *err)
{
	const struct passwd *pw = NULL;
	char *end;
	long n;

	*i = (struct ids){ .set = s->user || s->group };
	if (s->user) {
		n = strtol(s->user, &end, 10);
		pw = *end ? getpwnam(s->user) : getpwuid((uid_t)n);
		if (!pw && *end)
			return err_set(err, ERR_NOT_FOUND, "there is no user %s",
				       s->user);
		i->uid = pw ? pw->pw_uid : (uid_t)n;
		i->gid = pw ? pw->pw_gid : (gid_t)n;
	}
	if (pw) {
		i->home = xstrdup(pw->pw_dir);
		i->user = xstrdup(pw->pw_name);
		i->shell = xstrdup(pw->pw_shell);
		i->n_groups = GROUPS_MAX;
		if (getgrouplist(i->user, i->gid, i->groups, &i->n_groups) < 0)
			i->n_groups = GROUPS_MAX;
	}
	return s->group ? find_group(s->group, &i->gid, err) : 0;
}
