/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli_fixture.h - a command run as its user runs it: what a scripted controller answers
 * and is asked, what is printed, and the exit status.
 */
#ifndef TESTS_UNIT_CLI_FIXTURE_H
#define TESTS_UNIT_CLI_FIXTURE_H

#include "check.h"
#include "client.h"
#include "file.h"
#include "http_script.h"
#include "test.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* An answer; a request that the controller refuses, in its words. */
#define ANSWER(body) SCRIPT_JSON(body)
#define REFUSAL(status, detail)                                         \
	"HTTP/1.1 " status "\r\nContent-Type: application/problem+json" \
	"\r\nConnection: close\r\n\r\n{\"detail\": \"" detail "\"}"

#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A command line, and what comes of it. Left out is: none, empty. */
struct cli_case {
	int (*run)(int argc, char **argv);
	char **argv;                /* WORDS() */
	const char *in;             /* standard input */
	const char *const *answers; /* LIST(); the controller's; none: nobody listens */
	/* "GET /v1/status", "POST /v1/holds {...}": LIST() of all that it is asked; the
	 * keys of documents are in order.
	 * Other headers come after the path: "DELETE /v1/x If-Match: \"p\"". */
	const char *const *asked;
	int status;
	const char *out, *err; /* the controller's URL is URL */
};

/* ---------------------------------------------------------------- a folder of its own */

static inline int cli_in_folder(void **state)
{
	char *dir = xstrdup("/tmp/foretide-cli-XXXXXX");

	CHECK(mkdtemp(dir) && chdir(dir) == 0);
	setenv("HOME", dir, 1);
	unsetenv("FORETIDE_TOKEN");
	unsetenv("FORETIDE_URL");
	*state = dir;
	return 0;
}

static inline int cli_out_of_folder(void **state)
{
	CLEANUP(free) char *command = xasprintf("rm -r %s", (char *)*state);

	CHECK(chdir("/") == 0 && system(command) == 0);
	free(*state);
	return 0;
}

/* In that folder. */
static inline void cli_write(const char *file, const char *text)
{
	assert_int_equal(file_write(file, text, strlen(text), 0600, NULL), 0);
}

/* ---------------------------------------------------------------- what is printed */

/* A file in memory that holds the text. */
static inline int cli_memory(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* Puts fd in the place of a stream's; what that was. */
static inline int cli_swap(FILE *stream, int fd)
{
	int was = dup(fileno(stream));

	CHECK(was >= 0 && dup2(fd, fileno(stream)) >= 0);
	close(fd);
	return was;
}

/* The reverse; what was written meanwhile, the caller's. */
static inline char *cli_swap_back(FILE *stream, int was)
{
	CLEANUP(buf_done) struct buf text;
	char piece[4096];
	int fd = dup(fileno(stream));
	struct stat st;
	off_t at = 0;
	ssize_t n;

	fflush(stream);
	__fpurge(stream);
	clearerr(stream);
	buf_init(&text, 16 << 20);
	/* A device is not read back. */
	CHECK(fstat(fd, &st) == 0);
	while (S_ISREG(st.st_mode) && (n = pread(fd, piece, sizeof(piece), at)) > 0) {
		buf_add(&text, piece, (size_t)n);
		at += n;
	}
	CHECK(dup2(was, fileno(stream)) >= 0);
	close(was);
	close(fd);
	return xstrdup(buf_str(&text));
}

struct cli_printed {
	int status;
	char *out, *err;
};

static inline void cli_printed_done(struct cli_printed *p)
{
	free(p->out);
	free(p->err);
}
DEFINE_CLEANUP_OBJECT(struct cli_printed, cli_printed_done);

/* Of a command line on an input; what it wrote is the caller's. out: where to, a file
 * in memory if negative. */
static inline void cli_run_to(int out, int (*run)(int, char **), char **argv,
			      const char *in, struct cli_printed *ret)
{
	int was_in, was_out, was_err, argc = 0;

	while (argv[argc])
		argc++;
	fflush(stdout);
	fflush(stderr);
	__fpurge(stdin);
	clearerr(stdin);
	was_in = cli_swap(stdin, cli_memory(in ? in : ""));
	was_out = cli_swap(stdout, out >= 0 ? out : cli_memory(""));
	was_err = cli_swap(stderr, cli_memory(""));
	optind = 0;
	opterr = 1;
	ret->status = run(argc, argv);
	free(cli_swap_back(stdin, was_in));
	ret->out = cli_swap_back(stdout, was_out);
	ret->err = cli_swap_back(stderr, was_err);
}

static inline void cli_run(int (*run)(int, char **), char **argv, const char *in,
			   struct cli_printed *ret)
{
	cli_run_to(-1, run, argv, in, ret);
}

/* ---------------------------------------------------------------- the controller */

/* The line of a header, with a blank before it. */
static inline void cli_add_header(struct buf *to, const char *request, const char *name)
{
	const char *p = strcasestr(request, name);

	if (p)
		buf_printf(to, " %.*s", (int)strcspn(p, "\r"), p);
}

/* A document in one line, its keys in order; other text as it is. The caller's. */
static inline char *cli_body(const char *text)
{
	CLEANUP(json_decref) json_t *doc = json_loads(text, 0, NULL);

	return doc ? json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS) : xstrdup(text);
}

/* "POST /v1/holds {...}", the caller's. */
static inline char *cli_request(const struct buf *request)
{
	CLEANUP(buf_done) struct buf line;
	const char *text = buf_str(request), *body = strstr(text, "\r\n\r\n");
	const char *version = strstr(text, " HTTP/1.1");

	buf_init(&line, 16 << 20);
	assert_non_null(version);
	assert_non_null(body);
	buf_add(&line, text, (size_t)(version - text));
	cli_add_header(&line, text, "Authorization:");
	cli_add_header(&line, text, "If-Match:");
	if (body[4]) {
		CLEANUP(free) char *sent = cli_body(body + 4);

		buf_printf(&line, " %s", sent);
	}
	return xstrdup(buf_str(&line));
}

/* The text with "URL" for each url, the caller's. */
static inline char *cli_without_url(const char *text, const char *url)
{
	CLEANUP(buf_done) struct buf out;
	const char *p;

	buf_init(&out, 16 << 20);
	for (; (p = strstr(text, url)); text = p + strlen(url)) {
		buf_add(&out, text, (size_t)(p - text));
		buf_puts(&out, "URL");
	}
	buf_puts(&out, text);
	return xstrdup(buf_str(&out));
}

static inline void cli_check_asked(const struct script *s, const char *const *asked)
{
	size_t n = 0;

	for (; asked && asked[n]; n++) {
		CLEANUP(free) char *request = NULL;

		if (n >= s->served)
			fail_msg("was not asked: %s", asked[n]);
		request = cli_request(&s->requests[n]);
		assert_string_equal(request, asked[n]);
	}
	assert_int_equal(s->served, n);
	assert_int_equal(s->n, n);
}

static inline void cli_expect(const struct cli_case *c)
{
	static const char *const none[] = { NULL };
	CLEANUP(cli_printed_done) struct cli_printed p = { 0 };
	CLEANUP(free) char *out = NULL;
	CLEANUP(free) char *err = NULL;
	struct script s;

	script_start(&s, c->answers ? c->answers : none);
	setenv("FORETIDE_URL", c->answers ? s.url : "http://127.0.0.1:1", 1);
	cli_run(c->run, c->argv, c->in, &p);
	script_done(&s);
	out = cli_without_url(p.out, s.url);
	err = cli_without_url(p.err, s.url);
	assert_string_equal(err, c->err ? c->err : "");
	assert_string_equal(out, c->out ? c->out : "");
	assert_int_equal(p.status, c->status);
	cli_check_asked(&s, c->asked);
	script_free(&s);
}

#define CLI_EXPECT(...) cli_expect(&(struct cli_case){ __VA_ARGS__ })

#endif
