/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.c - foretide apply, delete and drain: a stack folder becomes what the controller
 * runs, a stack or a host goes.
 */
#include "buf.h"
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

/* What is sent, shown and asked for first, in the words of the command. */
static int change(const struct args *a, const struct change_request *q, const char *done,
		  struct err *err)
{
	CLEANUP(json_decref) json_t *answer = NULL;
	int rc = client_change(a, q, &answer, err);

	if (rc < 0 || !answer)
		return rc;
	if (a->json)
		client_print(answer);
	else
		puts(done);
	return 0;
}

static int apply(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *files = NULL;
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *name = NULL;
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *done = NULL;
	int rc = read_stack(a->position[0], &files, &name, err);

	if (rc < 0)
		return rc;
	body = json_pack("{s:O}", "files", files);
	path = client_path("/v1/stacks/%s", name);
	done = xasprintf("stack %s is applied; follow it with: foretide events --follow",
			 name);
	return change(
		a, &(struct change_request){ "PUT", path, body, "Apply these changes?" },
		done, err);
}

int cli_apply(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run yes force=", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, apply(&a, &err), &err);
}

static int delete_stack(const struct args *a, struct err *err)
{
	CLEANUP(free) char *path = client_path("/v1/stacks/%s", a->position[0]);
	CLEANUP(free)
	char *done = xasprintf("stack %s is deleted: its units are drained and its hosts "
			       "removed",
			       a->position[0]);

	return change(
		a,
		&(struct change_request){ "DELETE", path, NULL, "Remove all of this?" },
		done, err);
}

int cli_delete(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run yes force=", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_stack(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, delete_stack(&a, &err), &err);
}

static int drain(const struct args *a, struct err *err)
{
	CLEANUP(free) char *path = client_path("/v1/hosts/%s/drain", a->position[0]);

	return change(a,
		      &(struct change_request){ "POST", path, NULL,
						"Drain and remove this host?" },
		      "the host is draining: its units are replaced elsewhere, then "
		      "it is removed",
		      err);
}

int cli_drain(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run yes force=", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, drain(&a, &err), &err);
}
