/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "script.h"

#include "check.h"
#include "driver_util.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define SCRIPT_MAX_BYTES (256 * 1024)

static const struct {
	const char *name;
	enum fault_kind kind;
	bool acts;
	int cls; /* 0: the call succeeds */
	int http_status;
	const char *code;
	const char *msg;
} kinds[] = {
	{ "throttle", FAULT_THROTTLE, false, DRV_THROTTLED, 429, "TooManyRequests",
	  "too many requests" },
	{ "error", FAULT_ERROR, false, DRV_TRANSIENT, 503, "ServiceUnavailable",
	  "the service is unavailable" },
	{ "auth", FAULT_AUTH, false, DRV_AUTH, 401, "Unauthorized",
	  "the token is not valid" },
	{ "quota", FAULT_QUOTA, false, DRV_QUOTA, 403, "QuotaExceeded",
	  "the account's quota is used up" },
	{ "capacity", FAULT_CAPACITY, false, DRV_CAPACITY, 503, "OutOfCapacity",
	  "there is no capacity for this type now" },
	{ "timeout", FAULT_TIMEOUT, true, DRV_AMBIGUOUS, 0, "",
	  "no answer before the deadline" },
	{ "lost", FAULT_LOST, true, DRV_AMBIGUOUS, 0, "",
	  "the connection broke before the answer" },
	{ "drop", FAULT_DROP, false, DRV_AMBIGUOUS, 0, "",
	  "the connection broke before the answer" },
	{ "garbage", FAULT_GARBAGE, true, DRV_BUG, 200, "",
	  "the answer is not a JSON document" },
	{ "hang", FAULT_HANG, true, 0, 0, "", "" },
	{ "crash", FAULT_CRASH, true, 0, 0, "", "" },
	{ "delay", FAULT_DELAY, true, 0, 0, "", "" },
	{ "partial", FAULT_PARTIAL, true, DRV_TRANSIENT, 502, "BadGateway",
	  "the second page of the list could not be read" },
	{ "omit", FAULT_OMIT, true, 0, 0, "", "" },
	{ "empty", FAULT_EMPTY, true, 0, 0, "", "" },
	{ "ghost", FAULT_GHOST, true, 0, 0, "", "" },
	{ "kill", FAULT_KILL, true, 0, 0, "", "" },
	{ "slow", FAULT_SLOW, true, 0, 0, "", "" },
	{ "never", FAULT_NEVER, true, 0, 0, "", "" },
	{ "fail", FAULT_FAIL, true, 0, 0, "", "" },
};

static size_t kind_index(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(kinds) && strcmp(kinds[i].name, name) != 0)
		i++;
	return i;
}

/* ---------------------------------------------------------------- reading */

/* Known members of the right type only: a misspelt fault would never strike. */
static int check_fault(const json_t *f, struct err *err)
{
	static const char *const known[] = { "id",    "op",    "kind",        "pool",
					     "times", "after", "retry_after", "delay",
					     "boot",  "n",     "vm",          "type",
					     "zone",  NULL };
	const char *op = NULL, *kind = NULL, *text = NULL;
	int64_t number;
	int rc = json_only(f, known, err);

	if (rc == 0)
		rc = jread_str(f, "op", &op, err);
	if (rc == 0)
		rc = jread_str(f, "kind", &kind, err);
	if (rc == 0 && kind_index(kind) == ARRAY_SIZE(kinds))
		rc = err_set(err, ERR_INVAL, "unknown kind of fault '%s'", kind);
	if (rc == 0)
		rc = jread_str_opt(f, "id", &text, err);
	if (rc == 0)
		rc = jread_str_opt(f, "pool", &text, err);
	if (rc == 0)
		rc = jread_str_opt(f, "type", &text, err);
	if (rc == 0)
		rc = jread_str_opt(f, "zone", &text, err);
	if (rc == 0)
		rc = jread_str_opt(f, "vm", &text, err);
	if (rc == 0)
		rc = jread_int_opt(f, "times", &number, err);
	if (rc == 0)
		rc = jread_int_opt(f, "after", &number, err);
	if (rc == 0)
		rc = jread_int_opt(f, "n", &number, err);
	if (rc == 0)
		rc = jread_duration_opt(f, "retry_after", &number, err);
	if (rc == 0)
		rc = jread_duration_opt(f, "delay", &number, err);
	if (rc == 0)
		rc = jread_duration_opt(f, "boot", &number, err);
	return rc;
}

static int check_faults(const json_t *doc, struct err *err)
{
	const json_t *faults = json_object_get(doc, "faults");
	size_t i;
	json_t *f;

	if (faults && !json_is_array(faults))
		return err_set(err, ERR_INVAL, "'faults' must be an array");
	json_array_foreach(faults, i, f)
	{
		int rc = check_fault(f, err);

		if (rc < 0)
			return err_wrap(err, rc, "fault %zu", i + 1);
	}
	return 0;
}

static int read_members(struct script *s, struct err *err)
{
	static const char *const known[] = { "boot",     "hide",  "linger", "quota",
					     "capacity", "token", "faults", NULL };
	int rc = json_only(s->doc, known, err);

	if (rc == 0)
		rc = jread_duration_opt(s->doc, "boot", &s->boot_ms, err);
	if (rc == 0)
		rc = jread_duration_opt(s->doc, "hide", &s->hide_ms, err);
	if (rc == 0)
		rc = jread_duration_opt(s->doc, "linger", &s->linger_ms, err);
	if (rc == 0)
		rc = jread_int_opt(s->doc, "quota", &s->quota, err);
	if (rc == 0)
		rc = jread_int_opt(s->doc, "capacity", &s->capacity, err);
	if (rc == 0)
		rc = jread_str_opt(s->doc, "token", &s->token, err);
	if (rc == 0)
		rc = check_faults(s->doc, err);
	return rc;
}

int script_read(const char *dir, struct script *ret, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/script.json", dir);
	CLEANUP(free) char *text = NULL;
	CLEANUP(script_done)
	struct script s = { .quota = -1, .capacity = -1 };
	size_t len = 0;
	int rc = conf_read_file(path, SCRIPT_MAX_BYTES, &text, &len, err);

	if (rc == ERR_NOT_FOUND) {
		*ret = s;
		return 0;
	}
	if (rc == 0)
		rc = json_parse(text, len, path, &s.doc, err);
	if (rc == 0) {
		rc = read_members(&s, err);
		if (rc < 0)
			(void)err_wrap(err, rc, "%s", path);
	}
	if (rc < 0)
		return rc;
	*ret = s;
	s.doc = NULL;
	return 0;
}

void script_done(struct script *s)
{
	json_decref(s->doc);
	s->doc = NULL;
}

/* ---------------------------------------------------------------- striking */

static int64_t int_of(const json_t *o, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static bool wants(const json_t *f, const char *member, const char *is)
{
	const char *want = json_string_value(json_object_get(f, member));

	return !want || (is && strcmp(want, is) == 0);
}

static bool fits(const json_t *f, const char *op, const struct drv_launch *l)
{
	const char *want_op = json_string_value(json_object_get(f, "op"));

	return (strcmp(want_op, "any") == 0 || strcmp(want_op, op) == 0) &&
	       wants(f, "pool", l ? l->pool : NULL) &&
	       wants(f, "type", l && l->types ? l->types[0] : NULL) &&
	       wants(f, "zone", l ? l->zone : NULL);
}

/* Counts the call; true while the fault has strikes left. */
static bool count(const json_t *f, json_t *used)
{
	const char *id = json_string_value(json_object_get(f, "id"));
	CLEANUP(free) char *key = id ? xstrdup(id) : json_dumps(f, JSON_SORT_KEYS);
	int64_t seen = int_of(used, key, 0);
	int64_t after = int_of(f, "after", 0), times = int_of(f, "times", 1);

	json_object_set_new(used, key, json_integer(seen + 1));
	return seen >= after && (times < 0 || seen < after + times);
}

static void fill(struct fault *ret, const json_t *f)
{
	const char *kind = json_string_value(json_object_get(f, "kind"));
	const char *vm = json_string_value(json_object_get(f, "vm"));

	*ret = (struct fault){ .kind = kinds[kind_index(kind)].kind,
			       .retry_after_ms = -1,
			       .n = int_of(f, "n", 1) };
	/* checked when the script was read */
	CHECK(jread_duration_opt(f, "retry_after", &ret->retry_after_ms, NULL) == 0 &&
	      jread_duration_opt(f, "delay", &ret->delay_ms, NULL) == 0 &&
	      jread_duration_opt(f, "boot", &ret->boot_ms, NULL) == 0);
	snprintf(ret->vm, sizeof(ret->vm), "%s", vm ? vm : "");
}

void script_strike(const struct script *s, const char *op, const struct drv_launch *l,
		   json_t *used, struct fault *ret)
{
	size_t i;
	json_t *f;

	*ret = (struct fault){ .kind = FAULT_NONE };
	json_array_foreach(json_object_get(s->doc, "faults"), i, f)
	{
		if (fits(f, op, l) && count(f, used)) {
			fill(ret, f);
			return;
		}
	}
}

/* ---------------------------------------------------------------- what it means */

bool fault_acts(enum fault_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].acts;
	return true;
}

int fault_fail(const struct fault *f, struct drv_err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].kind != f->kind || kinds[i].cls == 0)
			continue;
		(void)drv_fail(err, kinds[i].cls, "%s", kinds[i].msg);
		err->http_status = kinds[i].http_status;
		err->retry_after_ms = f->retry_after_ms;
		snprintf(err->code, sizeof(err->code), "%s", kinds[i].code);
		snprintf(err->request_id, sizeof(err->request_id), "fake-request");
		return err->cls;
	}
	return 0;
}
