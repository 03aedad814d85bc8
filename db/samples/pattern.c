/* SPDX-License-Identifier: GPL-3.0-or-later */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern.h"

#include "check.h"
#include "pattern_syntax.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define PARENS_MAX 50u
#define DEPTH_MAX 1000u
#define HEAP_MAX_KIB 1024u

/*
 * All states at once: what is compared for one text is the states, squared, for each of
 * its bytes. So a longer text has fewer of them. One is three numbers.
 */
#define STATES_COMPARED_MAX 4000000u
#define STATES_MAX 1000u
#define STATE_INTS 3u

struct pattern {
	pcre2_code *code;
	pcre2_match_data *found;
	pcre2_match_context *limits, *once;
};

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_context_free(p->once);
	pcre2_match_data_free(p->found);
	pcre2_code_free(p->code);
	free(p);
}

static int compile(struct pattern *p, const char *text, struct err *err)
{
	/* As Prometheus: all of the value, and . is a line's end as well. */
	const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
				 PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C |
				 PCRE2_NO_AUTO_CAPTURE;
	pcre2_compile_context *limits = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR why[128];
	PCRE2_SIZE at = 0, size = 0;
	int code = 0;

	CHECK(limits);
	pcre2_set_parens_nest_limit(limits, PARENS_MAX);
	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code,
				&at, limits);
	pcre2_compile_context_free(limits);
	if (!p->code) {
		pcre2_get_error_message(code, why, sizeof(why));
		return err_set(err, ERR_INVAL, "column %zu: %s", (size_t)at + 1,
			       (const char *)why);
	}
	CHECK(pcre2_pattern_info(p->code, PCRE2_INFO_SIZE, &size) == 0);
	if (size > PATTERN_COMPILED_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
			       "it is too large: %zu bytes compiled, at most %u are "
			       "allowed; repeat less",
			       (size_t)size, PATTERN_COMPILED_MAX_BYTES);
	return 0;
}

int pattern_new(const char *text, struct pattern **ret, struct err *err)
{
	CLEANUP(pattern_free) struct pattern *p = xcalloc(1, sizeof(*p));
	int rc;

	if (strlen(text) > PATTERN_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "it is longer than %u bytes",
			       PATTERN_MAX_BYTES);
	rc = pattern_syntax_check(text, PATTERN_REPEAT_MAX, err);
	if (rc == 0)
		rc = compile(p, text, err);
	if (rc < 0)
		return rc;
	p->found = pcre2_match_data_create(1, NULL);
	p->limits = pcre2_match_context_create(NULL);
	p->once = pcre2_match_context_create(NULL);
	CHECK(p->found && p->limits && p->once);
	pcre2_set_match_limit(p->limits, PATTERN_STEPS_MAX);
	pcre2_set_depth_limit(p->limits, DEPTH_MAX);
	pcre2_set_heap_limit(p->limits, HEAP_MAX_KIB);
	/* Its own call; a further one would be for a group apart. */
	pcre2_set_match_limit(p->once, 1);
	*ret = TAKE(p);
	return 0;
}

static bool is_over(int rc)
{
	return rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
	       rc == PCRE2_ERROR_HEAPLIMIT || rc == PCRE2_ERROR_DFA_WSSIZE;
}

/* Without going back, as RE2 does. The longest match is found. */
static int match_at_once(const struct pattern *p, const char *text, size_t len)
{
	/* As many states again are those of the next byte. */
	int work[2 + 2 * STATE_INTS * STATES_MAX];
	size_t n = 1;
	int rc;

	while (n < STATES_MAX && (n + 1) * (n + 1) * len <= STATES_COMPARED_MAX)
		n++;
	rc = pcre2_dfa_match(p->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_UTF_CHECK,
			     p->found, p->once, work, 2 + 2 * STATE_INTS * n);
	if (rc >= 0 && pcre2_get_ovector_pointer(p->found)[1] != len)
		return PCRE2_ERROR_NOMATCH;
	return rc;
}

int pattern_match(const struct pattern *p, const char *text, size_t len, bool *ret,
		  struct err *err)
{
	int rc = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, 0, p->found, p->limits);

	if (is_over(rc))
		rc = match_at_once(p, text, len);
	if (is_over(rc))
		return err_set(err, ERR_LIMIT,
			       "it takes more than %u steps to match '%.60s'; nest fewer "
			       "repeats",
			       PATTERN_STEPS_MAX, text);
	*ret = rc >= 0;
	return 0;
}
