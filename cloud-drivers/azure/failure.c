/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failure.c - what the cloud's errors mean.
 *
 * Source:
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
 * and
 * https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/allocation-failure
 */
#include "cloud.h"

#include "check.h"

#include <string.h>

static const struct {
	const char *code; /* its beginning; in any case of letters */
	enum drv_class cls;
} classes[] = {
	{ "SkuNotAvailable", DRV_CAPACITY },
	{ "AllocationFailed", DRV_CAPACITY },
	{ "ZonalAllocationFailed", DRV_CAPACITY },
	{ "Overconstrained", DRV_CAPACITY }, /* also ...ZonalAllocationRequest */
	{ "NotAvailableForSubscription", DRV_CAPACITY },
	{ "ResourceSkuNotAvailable", DRV_CAPACITY },
	{ "QuotaExceeded", DRV_QUOTA },
	{ "ResourceQuotaExceeded", DRV_QUOTA },
	{ "PublicIPCountLimitReached", DRV_QUOTA },
	{ "PublicIPAddressCountLimitReached", DRV_QUOTA },
	{ "SubnetIsFull", DRV_QUOTA },
	{ "TooManyRequests", DRV_THROTTLED },
	{ "SubscriptionRequestsThrottled", DRV_THROTTLED },
	{ "OperationTimedOut", DRV_TRANSIENT },
	{ "RetryableError", DRV_TRANSIENT },
	{ "InternalServerError", DRV_TRANSIENT },
	{ "InternalExecutionError", DRV_TRANSIENT },
	{ "NetworkingInternalOperationError", DRV_TRANSIENT },
	{ "AuthorizationFailed", DRV_AUTH },
	{ "LinkedAuthorizationFailed", DRV_AUTH },
	/* There is one of the name. */
	{ "PreconditionFailed", DRV_CONFLICT },
	{ "ResourceNotFound", DRV_NOTFOUND },
	{ "NotFound", DRV_NOTFOUND },
};

static enum drv_class class_of(const char *code, enum drv_class fallback)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strncasecmp(code, classes[i].code, strlen(classes[i].code)) == 0)
			return classes[i].cls;
	/* That a VM's image, network or group is missing says nothing of the VM. */
	return fallback == DRV_NOTFOUND && *code ? DRV_BADREQ : fallback;
}

/* One code is of several failures, told apart by their words. */
enum drv_class azure_class(const char *code, const char *message, enum drv_class fallback)
{
	if (strcasecmp(code, "OperationNotAllowed") == 0)
		return strcasestr(message, "quota") ? DRV_QUOTA : DRV_CONFLICT;
	return class_of(code, fallback);
}

/*
 * {"error": {"code": "...", "message": "..."}}; the server of tokens has its own.
 */
void azure_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault)
{
	const char *message = rest_text(a->doc, "error.message");

	(void)arg;
	if (rest_oauth_explain(a, fault))
		return;
	if (*message)
		fault->message = message;
	fault->code = rest_text(a->doc, "error.code");
	/* A server's failure may have had an effect, whatever it calls it; and what there
	 * are too many calls for is told by the status. */
	if (a->status < 500 && a->status != 429)
		fault->cls = azure_class(fault->code, message, fault->cls);
}
