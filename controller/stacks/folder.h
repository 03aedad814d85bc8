/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder.h - a stack as its author wrote it: files by name in, checked structs out.
 *
 *	stack.conf                [stack], [pool NAME], [tier NAME], [event NAME],
 *	                          [secret NAME]
 *	units/NAME.service        unit files, one per tier
 *	conf.d/TIER/NAME.toml     confd template resources of a tier's hosts
 *	templates/TIER/NAME       their templates
 *	events/NAME.ics           calendars of events
 *
 * Pure, except that the time zone is looked up on this machine. Errors name file and
 * line: "units/web@.service:12: ...".
 */
#ifndef CONTROLLER_STACKS_FOLDER_H
#define CONTROLLER_STACKS_FOLDER_H

#include "db.h"
#include "event_list.h"
#include "text.h"
#include "unitfile.h"

struct stack_unit {
	char *name; /* "web@.service" */
	char *text; /* canonical: stored under its hash */
	char hash[UNIT_HASH_TEXT];
	struct unit_file *file;
	bool is_template;
};

/* One template resource with its template. */
struct stack_conf {
	char *tier;
	char *name;  /* "haproxy", of conf.d/TIER/haproxy.toml */
	json_t *doc; /* as stored: {"src","dest","keys",..} */
};

struct stack_file {
	char *name;
	char *timezone;
	char *domain;
	char *drill_window;        /* "": none is stated */
	char *budget;              /* "300 USD/month"; "": none */
	struct db_pool_list pools; /* in the order of stack.conf; only what is declared */
	struct db_tier_list tiers; /* the same; with cpu and memory of their units */
	bool *rolls_back;          /* [tiers.n] by itself, when a roll-out stops */
	struct stack_unit *units;  /* units[i] belongs to tiers.v[i] */
	size_t n_units;
	struct stack_conf *confs; /* by tier and name */
	size_t n_confs;
	char **secrets; /* names: the controller generates their values */
	size_t n_secrets;
	struct stack_events events; /* as announced */
	bool is_stored;             /* it was applied: what is refused since is not */
	json_t *lines;              /* see stack_file_place() */
};

/*
 * Where the option of a section ("stack", "tier web") is given, else where that begins:
 * "stack.conf:12". For errors; text holds STACK_PLACE.
 */
#define STACK_PLACE 32
const char *stack_file_place(const struct stack_file *s, const char *section,
			     const char *option, char text[STACK_PLACE]);
/* The same of a tier. */
const char *stack_tier_place(const struct stack_file *s, const char *tier,
			     const char *option, char text[STACK_PLACE]);

/*
 * Reads a stack from an object of file names and texts. ERR_INVAL with the place of the
 * error; the caller owns *ret.
 */
int stack_file_read(const json_t *files, struct stack_file **ret,
		    struct err *err) MUST_CHECK;
/* The same from the database's text, as made by stack_file_canonical(): what an earlier
 * version took is taken. */
int stack_file_parse(const char *text_json, struct stack_file **ret,
		     struct err *err) MUST_CHECK;
void stack_file_free(struct stack_file *s);
DEFINE_CLEANUP(struct stack_file *, stack_file_free);

/* Equal stacks have equal texts; the caller frees it. */
char *stack_file_canonical(const json_t *files);

/* NULL when there is none. */
const struct stack_unit *stack_file_unit(const struct stack_file *s, const char *name);

/*
 * Sets one option of a tier as stack.conf would; the error message starts with its name.
 */
int stack_tier_set(struct db_tier *t, const char *name, const char *value,
		   struct err *err) MUST_CHECK;

/* The options of stack.conf's sections, for the manual's check. */
extern const struct conf_option stack_head_options[];
extern const struct conf_option stack_pool_options[];
extern const struct conf_option stack_tier_options[];

#endif
