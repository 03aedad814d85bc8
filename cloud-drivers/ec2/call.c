/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.c - calls to EC2 and STS, answered in XML.
 *
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

#include <string.h>

#define PAGES_MAX 1000

int ec2_parse(const char *text, size_t len, json_t **ret, struct err *err)
{
	/* EC2's lists have the one, STS' the other. */
	static const char *const items[] = { "item", "member", NULL };

	return xml_read(text, len, items, "the answer", ret, err);
}

/* EC2 has <Response><Errors><Error>, other services <ErrorResponse><Error>. */
void ec2_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault)
{
	const json_t *error = rest_at(a->doc, "Response.Errors.Error");
	const char *request_id = rest_text(a->doc, "Response.RequestID");

	(void)arg;
	if (!error) {
		error = rest_at(a->doc, "ErrorResponse.Error");
		request_id = rest_text(a->doc, "ErrorResponse.RequestId");
	}
	if (*rest_text(error, "Message"))
		fault->message = rest_text(error, "Message");
	if (*request_id)
		fault->request_id = request_id;
	fault->code = rest_text(error, "Code");
	fault->cls = ec2_class(fault->code, fault->cls);
}

int ec2_call(struct drv *d, const struct ec2_call *c, struct rest_answer *ret,
	     const json_t **ret_doc, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *root = xasprintf("%sResponse", c->action);
	const struct rest_call call = {
		.method = "POST",
		.url = c->is_sts ? d->cred.sts_endpoint : d->cred.endpoint,
		.name = c->action,
		.form = c->form,
		.sigv4 = c->is_sts ? d->sts_sigv4 : d->sigv4,
		.want_doc = true,
		.only_reads = c->only_reads,
		.deadline_mono_ms = c->deadline,
	};
	int rc = rest_call(&d->rest, &call, &a, err);

	if (rc < 0)
		return rc;
	if (!json_is_object(json_object_get(a.doc, root)))
		return rest_unreadable(&call, "it is the answer to something else", err);
	*ret_doc = json_object_get(a.doc, root);
	*ret = a;
	a = (struct rest_answer){ .status = 0 };
	return 0;
}

/* *ret_next: the token of the next page, the caller's; NULL: this was the last. */
static int read_page(struct drv *d, const char *action, const char *form,
		     int64_t deadline, char **ret_next, ec2_page_fn *page, void *arg,
		     struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const struct ec2_call c = {
		.action = action, .form = form, .only_reads = true, .deadline = deadline
	};
	const json_t *doc = NULL;
	const char *next;
	int rc = ec2_call(d, &c, &a, &doc, err);

	if (rc == 0)
		rc = page(arg, doc, err);
	if (rc < 0)
		return rc;
	next = rest_text(doc, "nextToken");
	*ret_next = *next ? xstrdup(next) : NULL;
	return 0;
}

int ec2_each_page(struct drv *d, const char *action, const char *form, int64_t deadline,
		  ec2_page_fn *page, void *arg, struct drv_err *err)
{
	CLEANUP(rest_pages_done) struct rest_pages pages = { .max_pages = PAGES_MAX };
	CLEANUP(buf_done) struct buf more;
	int rc;

	buf_init(&more, EC2_FORM_MAX);
	buf_puts(&more, form);
	for (;;) {
		CLEANUP(free) char *next = NULL;

		rc = read_page(d, action, buf_str(&more), deadline, &next, page, arg,
			       err);
		if (rc == 0 && next)
			rc = rest_pages_turn(&pages, next, err);
		if (rc < 0 || !next)
			return rc;
		buf_clear(&more);
		buf_puts(&more, form);
		ec2_add(&more, next, "NextToken");
	}
}
