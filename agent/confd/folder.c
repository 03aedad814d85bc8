/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "folder.h"

#include "check.h"
#include "log.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_MAX ((size_t)1 << 20)
#define FOLDER_DEEP 8

static struct confd_group *folder_group(struct confd *c)
{
	for (struct confd_group *g = c->groups; g; g = g->next)
		if (!g->stack)
			return g;
	return confd_group_new(c, NULL, NULL);
}

static int load_file(struct confd_group *g, const char *path, struct err *err)
{
	CLEANUP(confd_spec_free) struct confd_spec *spec = NULL;
	CLEANUP(free) char *toml = NULL;
	CLEANUP(free) char *template = NULL;
	char *text = NULL;
	int rc = conf_read_file(path, TEXT_MAX, &toml, NULL, err);

	if (rc == 0)
		rc = confd_spec_from_toml(toml, path, &spec, err);
	if (rc < 0)
		return rc;
	template = xasprintf("%s/templates/%s", g->confd->opts.folder, spec->src);
	rc = conf_read_file(template, TEXT_MAX, &text, NULL, err);
	if (rc < 0)
		return rc;
	confd_group_put(g, path, TAKE(spec), text);
	return 0;
}

static bool ends_in_toml(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".toml") == 0;
}

static void load_folder(struct confd_group *g, const char *path, int depth)
{
	struct dirent **names;
	int n = depth > FOLDER_DEEP ? 0 : scandir(path, &names, NULL, alphasort);

	if (n < 0) {
		log_warn("confd-no-folder", STR("path", path),
			 STR("error", strerror(errno)));
		return;
	}
	for (int i = 0; i < n; i++) {
		CLEANUP(free) char *child = xasprintf("%s/%s", path, names[i]->d_name);
		struct stat st;
		struct err err;

		if (names[i]->d_name[0] != '.' && stat(child, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				load_folder(g, child, depth + 1);
			else if (ends_in_toml(child) && load_file(g, child, &err) < 0)
				confd_group_put_bad(g, child, &err);
		}
		free(names[i]);
	}
	if (depth <= FOLDER_DEEP)
		free(names);
}

/* A resource whose file no longer exists is dropped. */
static void drop_missing(struct confd_group *g)
{
	for (struct confd_resource **at = &g->resources; *at;) {
		struct confd_resource *r = *at;

		if (access(r->key, F_OK) == 0) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		confd_resource_free(r);
	}
}

void confd_folder_read(struct confd *c)
{
	CLEANUP(free) char *path = NULL;
	struct confd_group *g;

	if (!c->opts.folder)
		return;
	g = folder_group(c);
	g->active = true;
	g->listed = true;
	drop_missing(g);
	path = xasprintf("%s/conf.d", c->opts.folder);
	load_folder(g, path, 0);
}
