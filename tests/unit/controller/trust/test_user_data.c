/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hosts are started with: scripts that every shell reads, and Ignition's documents.
 * What they do is tried in tests/system/test_user_data.py. */
#include "test.h"

#include "ca.h"
#include "check.h"
#include "file.h"
#include "ignition.h"
#include "text.h"
#include "user_data.h"

#include <stdlib.h>
#include <string.h>

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WORD_60 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789a"
#define TOKEN "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

struct world {
	char *dir;
	struct ca *ca;
};

static char *shell(const char *command)
{
	FILE *p = popen(command, "r");
	char *text = calloc(1, 65536);

	assert_non_null(p);
	assert_non_null(text);
	(void)!fread(text, 1, 65535, p);
	if (pclose(p) != 0)
		fail_msg("%s: %s", command, text);
	return text;
}

static void run(const char *command)
{
	free(shell(command));
}

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e;

	w->dir = xstrdup("/tmp/foretide-user-data-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_ok(ca_open(w->dir, &w->ca, &e), &e);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	CLEANUP(free) char *command = xasprintf("rm -rf %s", w->dir);

	ca_close(w->ca);
	run(command);
	free(w->dir);
	free(w);
	return 0;
}

/* As long as it gets. */
static struct user_data longest(const struct world *w)
{
	return (struct user_data){
		.host = WORD_60,
		.pool = WORD_60,
		.token = TOKEN,
		.controller = "https://[2001:db8:1234:5678:9abc:def0:1234:5678]:65535",
		.ca_pem = ca_pem(w->ca),
		.agent_sha256 = SUM,
		.portable_sha256 = SUM,
		.domain = WORD_60 "." WORD_60 "." WORD_60,
		.time_scale = 1.0000000000000002,
		.time_epoch_ms = 1700000000000,
		.give_up_ms = 31 * 86400000LL,
	};
}

static char *make(const struct user_data *in)
{
	char *text = NULL;
	struct err e;

	assert_ok(user_data_make(in, &text, &e), &e);
	return text;
}

static char *save(const struct world *w, const char *text)
{
	char *path = xasprintf("%s/user-data", w->dir);
	struct err e;

	assert_ok(file_write(path, text, strlen(text), 0600, &e), &e);
	return path;
}

static void every_shell_reads_it(void **state)
{
	static const char *const shells[] = { "sh -n",         "dash -n",
					      "busybox sh -n", "bash --posix -n",
					      "bash -n",       "shellcheck -s sh" };
	const struct world *w = *state;
	const struct user_data in = longest(w);
	CLEANUP(free) char *text = make(&in);
	CLEANUP(free) char *path = save(w, text);

	assert_int_equal(strncmp(text, "#!/bin/sh\n", 10), 0);
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		CLEANUP(free) char *command = xasprintf("%s %s 2>&1", shells[i], path);

		run(command);
	}
}

/* EC2 takes 16 KiB; what is plain ASCII is the same in all encodings. */
static void it_is_ascii_under_12_kb(void **state)
{
	const struct world *w = *state;

	for (int ignition = 0; ignition < 2; ignition++) {
		struct user_data in = longest(w);
		CLEANUP(free) char *text = NULL;

		in.ignition = ignition;
		text = make(&in);
		assert_true(strlen(text) < 12 << 10);
		for (const char *c = text; *c; c++)
			assert_true((*c >= ' ' && *c < 127) || *c == '\n' || *c == '\t');
	}
}

static void what_would_be_longer_is_refused(void **state)
{
	const struct world *w = *state;
	struct user_data in = longest(w);
	CLEANUP(free) char *pem = xcalloc(1, 12 << 10);
	char *text = NULL;
	struct err e;

	memset(pem, 'A', (12 << 10) - 1);
	in.ca_pem = pem;
	assert_int_equal(user_data_make(&in, &text, &e), ERR_LIMIT);
	assert_null(text);
}

static void its_places_are_filled(void **state)
{
	const struct world *w = *state;
	const struct user_data in = longest(w);
	CLEANUP(free) char *text = make(&in);

	assert_non_null(strstr(text, "\nid = " WORD_60 "\npool = " WORD_60 "\n"));
	assert_non_null(strstr(text, "\ntoken = " TOKEN "\n"));
	assert_non_null(strstr(text, "want='" SUM "'\nportable='" SUM "'\n"));
	assert_non_null(strstr(text, "\n\tsleep 2678400\n"));
	assert_non_null(strstr(text, ca_pem(w->ca)));
	assert_null(strstr(text, "@controller@"));
}

static size_t times_in(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

/* Only where the shell's own printf writes it. */
static void the_token_is_there_once(void **state)
{
	const struct world *w = *state;
	const struct user_data in = longest(w);
	CLEANUP(free) char *text = make(&in);

	assert_int_equal(times_in(text, TOKEN), 1);
}

static void hosts_that_are_launched_run_the_agent_as_the_packaged_one_runs(void **state)
{
	const struct world *w = *state;
	const struct user_data in = longest(w);
	CLEANUP(free) char *text = make(&in);
	CLEANUP(free) char *unit = NULL;
	char *rest, *line;
	struct err e;

	assert_ok(conf_read_file("debian/foretide-agent.service", 65536, &unit, NULL, &e),
		  &e);
	for (line = strtok_r(unit, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (*line != '#' && !strstr(text, line))
			fail_msg("user data does not have: %s", line);
}

static void what_could_break_out_of_it_is_refused(void **state)
{
	const struct world *w = *state;
	struct user_data in[] = { longest(w), longest(w), longest(w),
				  longest(w), longest(w), longest(w) };
	struct err e;

	in[0].controller = "https://x/'; reboot; '";
	in[1].host = "web\nEND\nreboot";
	in[2].agent_sha256 = "";
	in[3].ca_pem = "END\n$(reboot)\n";
	in[4].token = "@host@";
	in[5].domain = "a'b";
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		char *text = NULL;

		in[i].ignition = i % 2;
		assert_int_equal(user_data_make(&in[i], &text, &e), ERR_INVAL);
		assert_null(text);
	}
}

/* ---------------------------------------------------------------- Ignition */

static const json_t *only(const json_t *doc, const char *folder, const char *list)
{
	const json_t *a = json_object_get(json_object_get(doc, folder), list);

	assert_int_equal(json_array_size(a), 1);
	return json_array_get(a, 0);
}

static const char *text_of(const json_t *doc, const char *name)
{
	return json_string_value(json_object_get(doc, name));
}

static void an_ignition_document_carries_the_script_for_root_alone(void **state)
{
	static const char data[] = "data:;base64,";
	const struct world *w = *state;
	struct user_data in = longest(w);
	CLEANUP(free) char *script = make(&in);
	CLEANUP(free) char *text = NULL;
	CLEANUP(free) char *carried = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *file;
	const char *source;
	size_t len;
	struct err e;

	in.ignition = true;
	text = make(&in);
	assert_ok(json_parse(text, strlen(text), "document", &doc, &e), &e);
	file = only(doc, "storage", "files");
	assert_int_equal(json_integer_value(json_object_get(file, "mode")), 0600);
	source = text_of(json_object_get(file, "contents"), "source");
	assert_int_equal(strncmp(source, data, strlen(data)), 0);
	source += strlen(data);
	assert_ok(base64_decode(source, strlen(source), &carried, &len, &e), &e);
	assert_int_equal(len, strlen(script));
	assert_memory_equal(carried, script, len);
}

static void its_unit_runs_that_script_and_systemd_reads_it(void **state)
{
	const struct world *w = *state;
	CLEANUP(free) char *text = ignition_document("#!/bin/sh\n");
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = xasprintf("%s/foretide-join.service", w->dir);
	CLEANUP(free) char *command = xasprintf("systemd-analyze verify %s 2>&1", path);
	CLEANUP(free) char *start = NULL;
	const json_t *unit;
	struct err e;

	assert_ok(json_parse(text, strlen(text), "document", &doc, &e), &e);
	unit = only(doc, "systemd", "units");
	assert_true(json_is_true(json_object_get(unit, "enabled")));
	assert_string_equal(text_of(unit, "name"), "foretide-join.service");
	start = xasprintf("\nExecStart=/bin/sh %s\n",
			  text_of(only(doc, "storage", "files"), "path"));
	assert_non_null(strstr(text_of(unit, "contents"), start));
	assert_ok(file_write(path, text_of(unit, "contents"),
			     strlen(text_of(unit, "contents")), 0644, &e),
		  &e);
	run(command);
}

/* Flatcar's and CoreOS' own check, of every version from 3.0.0 on. */
static void ignition_itself_finds_it_valid(void **state)
{
	const struct world *w = *state;
	struct user_data in = longest(w);
	CLEANUP(free) char *text = NULL;
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *command = NULL;
	CLEANUP(free) char *said = NULL;

	in.ignition = true;
	text = make(&in);
	path = save(w, text);
	command = xasprintf("ignition-validate %s 2>&1", path);
	said = shell(command);
	assert_string_equal(said, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_shell_reads_it),
		TEST(it_is_ascii_under_12_kb),
		TEST(what_would_be_longer_is_refused),
		TEST(its_places_are_filled),
		TEST(the_token_is_there_once),
		TEST(hosts_that_are_launched_run_the_agent_as_the_packaged_one_runs),
		TEST(what_could_break_out_of_it_is_refused),
		TEST(an_ignition_document_carries_the_script_for_root_alone),
		TEST(its_unit_runs_that_script_and_systemd_reads_it),
		TEST(ignition_itself_finds_it_valid),
	};

	return cmocka_run_group_tests_name("user_data", tests, NULL, NULL);
}
