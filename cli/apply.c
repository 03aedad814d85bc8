/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.c - foretide apply and delete: a stack folder becomes what the controller runs.
 */
#include "buf.h"
#include "changes.h"
#include "check.h"
#include "cli.h"
#include "client.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES (1 << 20)
#define DEPTH_MAX 4

/* ---------------------------------------------------------------- reading the folder */

static int add_file(json_t *files, const char *path, const char *name, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	size_t len;
	json_t *value;
	int rc = conf_read_file(path, FILE_MAX_BYTES, &text, &len, err);

	if (rc < 0)
		return rc;
	value = json_stringn(text, len);
	if (!value)
		return err_set(err, ERR_INVAL, "%s is not UTF-8 text", path);
	json_object_set_new(files, name, value);
	return 0;
}

static int add_folder(json_t *files, const char *root, const char *below, int depth,
		      struct err *err);

static int add_entry(json_t *files, const char *root, const char *name, int depth,
		     struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", root, name);
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, ERR_INVAL, "%s", path);
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? add_folder(files, root, name, depth + 1, err)
					 : 0;
	return S_ISREG(st.st_mode) ? add_file(files, path, name, err) : 0;
}

static bool is_left_out(const char *name)
{
	size_t n = strlen(name);

	return name[0] == '.' || (n > 0 && name[n - 1] == '~');
}

/* Names in files are relative to root, with slashes. */
static int add_folder(json_t *files, const char *root, const char *below, int depth,
		      struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", root, below);
	DIR *dir = opendir(path);
	struct dirent *e;
	int rc = 0;

	if (!dir)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INVAL, "%s",
				 path);
	while (rc == 0 && (e = readdir(dir))) {
		CLEANUP(free) char *name = NULL;

		if (is_left_out(e->d_name))
			continue;
		name = *below ? xasprintf("%s/%s", below, e->d_name) : xstrdup(e->d_name);
		rc = add_entry(files, root, name, depth, err);
	}
	closedir(dir);
	return rc;
}

struct stack_name {
	char *name;
};

static int find_name(void *arg, const char *section, const char *name, const char *value,
		     int line, struct err *err)
{
	struct stack_name *s = arg;

	(void)line;
	(void)err;
	if (strcmp(section, "stack") == 0 && strcmp(name, "name") == 0 && !s->name)
		s->name = xstrdup(value);
	return 0;
}

static int read_stack(const char *folder, json_t **ret_files, char **ret_name,
		      struct err *err)
{
	CLEANUP(json_decref) json_t *files = json_object();
	struct stack_name s = { NULL };
	const char *conf = NULL;
	int rc = add_folder(files, folder, "", 0, err);

	if (rc < 0)
		return rc;
	if (jread_str(files, "stack.conf", &conf, NULL) < 0)
		return err_set(err, ERR_INVAL, "%s holds no stack.conf", folder);
	rc = conf_each(conf, "stack.conf", find_name, &s, err);
	if (rc == 0 && !s.name)
		rc = err_set(err, ERR_INVAL, "stack.conf has no name in [stack]");
	if (rc < 0) {
		free(s.name);
		return rc;
	}
	*ret_name = s.name;
	*ret_files = TAKE(files);
	return 0;
}

/* ---------------------------------------------------------------- the commands */

static bool is_confirmed(const struct args *a, const json_t *doc)
{
	return json_array_size(json_object_get(doc, "changes")) == 0 ||
	       cli_confirm(a->yes, "Apply these changes?");
}

static int put_stack(const struct client *c, const char *name, const json_t *body,
		     bool dry, json_t **ret, struct err *err)
{
	CLEANUP(free)
	char *path = xasprintf("/v1/stacks/%s%s", name, dry ? "?dry_run=true" : "");

	return client_send(c, "PUT", path, body, ret, err);
}

static int apply(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *files = NULL;
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(json_decref) json_t *plan = NULL;
	CLEANUP(json_decref) json_t *done = NULL;
	CLEANUP(free) char *name = NULL;
	int rc = read_stack(a->position[0], &files, &name, err);

	if (rc == 0)
		rc = client_init(&c, a, err);
	if (rc < 0)
		return rc;
	body = json_pack("{s:O}", "files", files);
	rc = put_stack(&c, name, body, true, &plan, err);
	if (rc < 0)
		return rc;
	if (a->json && a->dry_run)
		client_print(plan);
	else if (!a->json)
		changes_print(plan);
	if (a->dry_run)
		return 0;
	if (!is_confirmed(a, plan))
		return err_set(err, ERR_CONFLICT, "nothing was changed");
	rc = put_stack(&c, name, body, false, &done, err);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(done);
	else
		printf("stack %s is applied; follow it with: foretide events --follow\n",
		       name);
	return 0;
}

int cli_apply(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run yes", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, apply(&a, &err), &err);
}

static int delete_stack(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *done = NULL;
	CLEANUP(free)
	char *path = xasprintf("/v1/stacks/%s%s", a->position[0],
			       a->dry_run ? "?dry_run=true" : "");
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = client_send(&c, "DELETE", path, NULL, &done, err);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(done);
	else if (a->dry_run)
		changes_print(done);
	else
		printf("stack %s is deleted: its units are drained and its hosts "
		       "removed\n",
		       a->position[0]);
	return 0;
}

int cli_delete(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_stack(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, delete_stack(&a, &err), &err);
}
