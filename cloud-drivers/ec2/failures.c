/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failures.c - what EC2's codes of errors mean to the controller.
 *
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html;
 * for throttling also the retry rules of AWS' own clients, to which tests/peers holds it.
 */
#include "cloud.h"

#include "check.h"

#include <string.h>

static const struct {
	const char *code;
	enum drv_class cls;
} classes[] = {
	{ "AccessDenied", DRV_AUTH },
	{ "AccessDeniedException", DRV_AUTH },
	{ "AuthFailure", DRV_AUTH },
	{ "Blocked", DRV_AUTH },
	{ "ExpiredToken", DRV_AUTH },
	{ "ExpiredTokenException", DRV_AUTH },
	{ "IncompleteSignature", DRV_AUTH },
	{ "InvalidClientTokenId", DRV_AUTH },
	{ "MissingAuthenticationToken", DRV_AUTH },
	{ "OptInRequired", DRV_AUTH },
	{ "PendingVerification", DRV_AUTH },
	{ "RequestExpired", DRV_AUTH },
	{ "SignatureDoesNotMatch", DRV_AUTH },
	{ "UnauthorizedOperation", DRV_AUTH },
	{ "UnrecognizedClientException", DRV_AUTH },

	{ "BandwidthLimitExceeded", DRV_THROTTLED },
	{ "EC2ThrottledException", DRV_THROTTLED },
	{ "LimitExceededException", DRV_THROTTLED },
	{ "PriorRequestNotComplete", DRV_THROTTLED },
	{ "ProvisionedThroughputExceededException", DRV_THROTTLED },
	{ "RequestLimitExceeded", DRV_THROTTLED },
	{ "RequestThrottled", DRV_THROTTLED },
	{ "RequestThrottledException", DRV_THROTTLED },
	{ "SlowDown", DRV_THROTTLED },
	{ "ThrottledException", DRV_THROTTLED },
	{ "Throttling", DRV_THROTTLED },
	{ "ThrottlingException", DRV_THROTTLED },
	{ "TooManyRequestsException", DRV_THROTTLED },
	{ "TransactionInProgressException", DRV_THROTTLED },

	{ "InsufficientFreeAddressesInSubnet", DRV_CAPACITY },
	{ "SpotMaxPriceTooLow", DRV_CAPACITY },
	{ "UnfulfillableCapacity", DRV_CAPACITY },
	{ "Unsupported", DRV_CAPACITY }, /* the type, in that zone */

	{ "MaxSpotInstanceCountExceeded", DRV_QUOTA },
	{ "MaxSpotFleetRequestCountExceeded", DRV_QUOTA },

	{ "IdempotentParameterMismatch", DRV_CONFLICT },
	{ "IdempotentInstanceTerminated", DRV_CONFLICT },
	{ "IncorrectInstanceState", DRV_CONFLICT },
	{ "IncorrectState", DRV_CONFLICT },

	/* Of pages that were read too slowly. */
	{ "InvalidNextToken", DRV_TRANSIENT },
	{ "InvalidPaginationToken", DRV_TRANSIENT },

	{ "InvalidAction", DRV_NOTSUP },
	{ "UnsupportedOperation", DRV_NOTSUP },
	{ "InvalidInstanceID.NotFound", DRV_NOTFOUND },
};

static bool ends_in(const char *text, const char *end)
{
	const size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

enum drv_class ec2_class(const char *code, enum drv_class cls)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strcmp(classes[i].code, code) == 0)
			return classes[i].cls;
	/* InstanceLimitExceeded, VcpuLimitExceeded, AddressLimitExceeded, ... */
	if (ends_in(code, "LimitExceeded"))
		return DRV_QUOTA;
	/* InsufficientInstanceCapacity, InsufficientHostCapacity, ... */
	if (strncmp(code, "Insufficient", 12) == 0 && strstr(code, "Capacity"))
		return DRV_CAPACITY;
	/* Of an instance that is none it says so by its code, never by the status. */
	return cls == DRV_NOTFOUND ? DRV_BADREQ : cls;
}
