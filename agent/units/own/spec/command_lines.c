/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Exec options: command lines with their prefixes. */
#include "directives.h"

#include "check.h"
#include "strv.h"
#include "words.h"

#include <string.h>

void unit_cmds_clear(struct unit_cmds *c)
{
	for (size_t i = 0; i < c->n; i++) {
		strv_free(c->v[i].words);
		free(c->v[i].argv0);
	}
	free(c->v);
	*c = (struct unit_cmds){ 0 };
}

/* Cuts the prefixes off a command's first word. */
static int take_prefixes(struct unit_cmd *c, bool *ret_argv0, struct err *err)
{
	char *p = c->words[0];
	size_t n = strspn(p, "-@:+!");

	for (size_t i = 0; i < n; i++) {
		c->ignore_failure |= p[i] == '-';
		*ret_argv0 |= p[i] == '@';
		c->no_substitute |= p[i] == ':';
		c->privileged |= p[i] == '+' || p[i] == '!';
	}
	memmove(p, p + n, strlen(p + n) + 1);
	if (!*p)
		return err_set(err, ERR_INVAL, "the command is empty");
	return 0;
}

static int add_cmd(const struct assignment *a, struct unit_cmds *list, char **take_words)
{
	struct unit_cmd c = { .words = take_words };
	bool argv0 = false;
	int rc = take_prefixes(&c, &argv0, a->err);

	if (rc == 0 && argv0) {
		size_t n = strv_len(c.words);

		if (n < 2)
			rc = err_set(a->err, ERR_INVAL, "@ needs a second word");
		else {
			c.argv0 = c.words[1];
			memmove(&c.words[1], &c.words[2], (n - 1) * sizeof(*c.words));
		}
	}
	if (rc < 0) {
		strv_free(c.words);
		return rc;
	}
	list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
	list->v[list->n++] = c;
	return 0;
}

/* Several commands in a line are separated by a word ";"; \; is the word itself. */
int unit_spec_set_cmds(const struct assignment *a, void *place)
{
	struct unit_cmds *list = place;
	CLEANUP(strv_free) char **words = NULL;
	const char *p = a->value;
	int rc;

	if (!*p) {
		unit_cmds_clear(list);
		return 0;
	}
	for (;;) {
		const char *start = p + strspn(p, " \t\n");
		bool literal = strncmp(start, "\\;", 2) == 0 &&
			       (!start[2] || strchr(" \t\n", start[2]));
		bool end = *start == ';' && (!start[1] || strchr(" \t\n", start[1]));
		char *word = NULL, *text;

		if (literal || end)
			p = start + (literal ? 2 : 1);
		else if ((rc = unit_word_next(&p, &word, a->err)) < 0)
			return rc;
		if (literal)
			word = xstrdup(";");
		if (!word) {
			rc = words ? add_cmd(a, list, TAKE(words)) : 0;
			if (rc < 0 || !end)
				return rc;
			continue;
		}
		rc = unit_specifiers_expand(word, a->spec, &text, a->err);
		free(word);
		if (rc < 0)
			return rc;
		strv_push(&words, text);
	}
}
