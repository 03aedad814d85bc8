/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_azure.c - the azure driver against scripted answers: what a cloud does
 * seldom, and faults between. tests/peers holds it to the contract of Microsoft's client.
 */

#include "scripted_driver.h"

#define SUB "/subscriptions/0a-1b"
#define GROUP SUB "/resourceGroups/g"
#define HOST "https://azure.test"
#define VMS HOST GROUP "/providers/Microsoft.Compute/virtualMachines"
#define VERSION "api-version=2024-07-01"
#define VM_URL VMS "/web-1?" VERSION
#define VM_VIEW VMS "/web-1?$expand=instanceView&" VERSION
#define KEY "ssh-ed25519 AAAA somebody"
#define OPTIONS                                                                 \
	"\"type\": \"Standard_B2s\", \"location\": \"westeurope\", \"image\": " \
	"\"Debian:debian-12:12-gen2:latest\", \"subnet\": \"net/hosts\", "      \
	"\"ssh_key\": \"" KEY "\""
#define CREDENTIALS                                                              \
	"\"tenant_id\": \"t.test\", \"client_id\": \"c&1\", \"client_secret\": " \
	"\"" SECRET "\", \"subscription_id\": \"0a-1b\", \"authority\": "        \
	"\"https://login.test/\", \"endpoint\": \"" HOST "/\""
#define CONFIG \
	"{" OPTIONS ", \"credentials\": {" CREDENTIALS ", \"resource_group\": \"g\"}}"

#define LOGIN                                                               \
	{                                                                   \
		200, NULL,                                                  \
			"{\"access_token\": \"token-of-the-test\", "        \
			"\"expires_in\": 3599, \"token_type\": \"Bearer\"}" \
	}
#define TAGS(owner, launch)                                              \
	"\"tags\": {\"ft-owner\": \"" owner "\", \"ft-pool\": \"web\", " \
	"\"ft-launch\": \"" launch "\"}"
#define MACHINE(name, owner, launch, state)                                \
	"{\"name\": \"" name                                               \
	"\", " TAGS(owner, launch) ", \"properties\": {"                   \
				   "\"provisioningState\": \"" state       \
				   "\", \"hardwareProfile\": {\"vmSize\":" \
				   " \"Standard_B2s\"}}}"
#define MINE MACHINE("web-1", OWNER, ID_A, "Succeeded")
#define GO_ON                                                       \
	"Azure-AsyncOperation: https://azure.test/op/1?t=2&c=3\r\n" \
	"Retry-After: 0\r\n"
#define ACCEPTED(headers)                                               \
	{                                                               \
		201, headers, MACHINE("web-1", OWNER, ID_A, "Creating") \
	}
#define RUNNING                                                           \
	{                                                                 \
		200, "Retry-After: 0\r\n", "{\"status\": \"InProgress\"}" \
	}
#define DONE                                             \
	{                                                \
		200, NULL, "{\"status\": \"Succeeded\"}" \
	}
#define FAILED_OP(code)                                                     \
	{                                                                   \
		200, NULL,                                                  \
			"{\"name\": \"op-1\", \"status\": \"Failed\", "     \
			"\"error\": {\"code\": \"" code "\", \"message\": " \
			"\"why\"}}"                                         \
	}
#define REFUSED_FOR(status, code, why)                                             \
	{                                                                          \
		status, NULL,                                                      \
			"{\"error\": {\"code\": \"" code "\", \"message\": \"" why \
			"\"}}"                                                     \
	}
#define REFUSED(status, code) REFUSED_FOR(status, code, "no")
#define NOT_FOUND REFUSED(404, "ResourceNotFound")
#define LIST(items, more)                                     \
	{                                                     \
		200, NULL, "{\"value\": [" items "]" more "}" \
	}
#define NEXT(path) ", \"nextLink\": \"https://elsewhere.test" path "\""

#define BEGIN(w, ...)                                              \
	const struct scripted_answer answers_[] = { __VA_ARGS__ }; \
	world_begin(w, "azure", CONFIG, answers_, ARRAY_SIZE(answers_))

/* Other options than those above, with the same credentials. */
static char *config_of(const char *options)
{
	return xasprintf("{%s%s\"credentials\": {" CREDENTIALS
			 ", \"resource_group\": \"g\"}}",
			 options, *options ? ", " : "");
}

/* ---------------------------------------------------------------- opening */

static void what_is_unknown_or_missing_is_named(void **state)
{
	static const char *const options[][2] = {
		{ "\"colour\": \"red\"", "colour" },
		{ "\"location\": \"../one\"", "location" },
		{ "\"zone\": \"a/b\"", "zone" },
		{ "\"type\": \"a b\"", "type" },
		{ "\"subnet\": \"hosts\"", "NETWORK/SUBNET" },
		{ "\"disk_gb\": \"-1\"", "disk_gb" },
		{ "\"plan\": \"maybe\"", "plan" },
		{ "\"endpoint\": \"ftp://x\"", "endpoint" },
	};
	static const char *const credentials[][2] = {
		{ "", "resource_group" },
		{ ", \"resource_group\": \"a/b\"", "resource_group" },
		{ ", \"resource_group\": \"g\", \"pasword\": \"" SECRET "\"", "pasword" },
	};

	(void)state;
	assert_not_opened("azure", "{}", "azure_auth_file");
	assert_not_opened("azure", "{\"credentials\": {\"client_id\": \"c\"}}",
			  "tenant_id");
	assert_not_opened(
		"azure",
		"{\"credentials\": {\"tenant_id\": \"../t\", \"client_secret\": "
		"\"" SECRET "\"}}",
		"tenant_id");
	for (size_t i = 0; i < ARRAY_SIZE(credentials); i++) {
		CLEANUP(free)
		char *config = xasprintf("{\"credentials\": {" CREDENTIALS "%s}}",
					 credentials[i][0]);

		assert_not_opened("azure", config, credentials[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		CLEANUP(free) char *config = config_of(options[i][0]);

		assert_not_opened("azure", config, options[i][1]);
	}
}

static void a_stack_names_what_is_of_the_group_and_not_where_to_log_in(void **state)
{
	static const char *const may[] = { "type",   "image", "location", "zone",
					   "subnet", "plan",  "ssh_key",  NULL };
	static const char *const never[] = { "ca", "endpoint", "authority", "identity",
					     NULL };

	(void)state;
	assert_pool_options("azure", may, true);
	assert_pool_options("azure", never, false);
}

/* ---------------------------------------------------------------- logging in */

static void logs_in_by_the_secret(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, LIST("", ""));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_sent(&w, 0, "POST", "https://login.test/t.test/oauth2/v2.0/token");
	assert_null(strstr(w.host.requests[0].headers, "Authorization"));
	assert_string_equal(
		w.host.requests[0].body,
		"grant_type=client_credentials&client_id=c%261&client_secret=" SECRET
		"&scope=https%3A%2F%2Fazure.test%2F.default");
	assert_sent(&w, 1, "GET", VMS "?" VERSION);
	assert_non_null(strstr(w.host.requests[1].headers,
			       "Authorization: Bearer token-of-the-test\n"));
	end(&w);
}

static void a_token_that_expired_or_was_refused_is_renewed(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, LIST("", ""), REFUSED(401, "ExpiredAuthenticationToken"), LOGIN,
	      LIST("", ""), LOGIN, LIST("", ""));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	w.host.mono_ms += 3600000;
	assert_drv_ok(list_all(&w, &all, &e), &e);
	end(&w);
}

static void logins_that_cannot_be_used_fail_in_words(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
		const char *word;
	} cases[] = {
		{ { 401, NULL,
		    "{\"error\": \"invalid_client\", \"error_description\": "
		    "\"AADSTS7000215: " SECRET " is invalid\"}" },
		  DRV_AUTH,
		  "AADSTS7000215: ***" },
		{ { 400, NULL, "{\"error\": \"invalid_scope\"}" },
		  DRV_BADREQ,
		  "invalid_scope" },
		{ { 200, NULL, "{\"expires_in\": 3600}" },
		  DRV_TRANSIENT,
		  "access_token" },
		{ { 200, NULL, "{\"access_token\": \"a\"}" },
		  DRV_TRANSIENT,
		  "expires_in" },
		{ { 200, NULL, "<html>" }, DRV_TRANSIENT, "JSON" },
		{ { .status = DRV_AMBIGUOUS }, DRV_TRANSIENT, "lost" },
		{ { 404, NULL, "" }, DRV_BADREQ, "login.test" },
		{ { 503, NULL, "" }, DRV_TRANSIENT, "503" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_non_null(strstr(e.msg, cases[i].word));
		assert_null(strstr(e.msg, SECRET));
		end(&w);
	}
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_one_call_and_waits_for_its_operation(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, ACCEPTED(GO_ON), RUNNING, DONE);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_string_equal(vm.id, "web-1");
	assert_string_equal(vm.launch_id, ID_A);
	assert_int_equal(vm.state, DRV_VM_PENDING);
	assert_sent(&w, 1, "PUT", VM_URL);
	assert_non_null(strstr(w.host.requests[1].headers, "If-None-Match: *\n"));
	assert_string_equal(
		w.host.requests[1].body,
		"{\"properties\":{\"hardwareProfile\":{\"vmSize\":\"Standard_B2s\"},"
		"\"storageProfile\":{\"imageReference\":{\"publisher\":\"Debian\","
		"\"offer\":\"debian-12\",\"sku\":\"12-gen2\",\"version\":\"latest\"},"
		"\"osDisk\":{\"createOption\":\"FromImage\",\"deleteOption\":\"Delete\"}}"
		",\"networkProfile\":{\"networkApiVersion\":\"2022-11-01\","
		"\"networkInterfaceConfigurations\":[{\"name\":\"first\",\"properties\":{"
		"\"primary\":true,\"deleteOption\":\"Delete\",\"ipConfigurations\":[{"
		"\"name\":\"first\",\"properties\":{\"primary\":true,\"subnet\":{\"id\":"
		"\"" GROUP "/providers/Microsoft.Network/virtualNetworks/net/subnets/"
		"hosts\"},\"publicIPAddressConfiguration\":{\"name\":\"public\",\"sku\":{"
		"\"name\":\"Standard\"},\"properties\":{\"deleteOption\":\"Delete\","
		"\"publicIPAllocationMethod\":\"Static\"}}}}]}}]},\"diagnosticsProfile\":"
		"{\"bootDiagnostics\":{\"enabled\":true}},\"osProfile\":{"
		"\"computerName\":\"web-1\",\"adminUsername\":\"foretide\","
		"\"linuxConfiguration\":{\"disablePasswordAuthentication\":true,\"ssh\":{"
		"\"publicKeys\":[{\"path\":\"/home/foretide/.ssh/authorized_keys\","
		"\"keyData\":\"" KEY "\"}]}},\"customData\":\"IyEvYmluL3NoCg==\"}},"
		"\"location\":\"westeurope\",\"tags\":{\"ft-owner\":\"" OWNER
		"\",\"ft-pool\":\"web\",\"ft-launch\":\"" ID_A "\"}}");
	assert_sent(&w, 3, "GET", HOST "/op/1?t=2&c=3");
	end(&w);
}

static void every_option_is_in_the_launch(void **state)
{
	static const char options[] =
		"\"location\": \"one\", \"zone\": \"1\", \"plan\": \"yes\", \"image\": "
		"\"a:b:c:1.2\", \"subnet\": \"/subscriptions/x/subnets/s\", "
		"\"security_group\": \"sg\", \"public_address\": \"no\", \"disk_gb\": "
		"\"40\", \"disk_type\": \"Premium_LRS\", \"user\": \"me\", \"ssh_key\": "
		"\"k\", \"identity\": \"/subscriptions/x/id\"";
	static const char *const wanted[] = {
		"\"l-azure-1\":\"v\"",
		"\"a-label\":\"\"",
		"\"ft-expires\":\"1767229200\"",
		"\"vmSize\":\"Standard_D4s_v5\"",
		"\"zones\":[\"3\"]",
		"\"plan\":{\"publisher\":\"a\",\"product\":\"b\",\"name\":\"c\"}",
		"\"subnet\":{\"id\":\"/subscriptions/x/subnets/s\"}",
		"\"networkSecurityGroup\":{\"id\":\"" GROUP
		"/providers/Microsoft.Network/networkSecurityGroups/sg\"}",
		"\"diskSizeGB\":40,\"managedDisk\":{\"storageAccountType\":"
		"\"Premium_LRS\"}",
		"\"path\":\"/home/me/.ssh/authorized_keys\",\"keyData\":\"k\"",
		"\"identity\":{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{"
		"\"/subscriptions/x/id\":{}}}",
		"\"priority\":\"Spot\",\"evictionPolicy\":\"Delete\",\"billingProfile\":"
		"{\"maxPrice\":0.5}",
	};
	static const struct drv_label labels[] = { { "a-label", "" },
						   { "azure-1", "v" } };
	const struct scripted_answer answers[] = { LOGIN, ACCEPTED(NULL) };
	const char *const types[] = { "Standard_D4s_v5", NULL };
	CLEANUP(free) char *config = config_of(options);
	struct drv_launch l = a_launch(ID_A, "x");
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	l.types = types;
	l.zone = "3";
	l.labels = labels;
	l.n_labels = 2;
	l.spot = true;
	l.spot_price_max = 0.5;
	l.expires_ms = INT64_C(1767225600000) + 3600000;
	world_begin(&w, "azure", config, answers, ARRAY_SIZE(answers));
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strstr(w.host.requests[1].body, wanted[i]))
			fail_msg("%s: %s", wanted[i], w.host.requests[1].body);
	assert_null(strstr(w.host.requests[1].body, "publicIPAddressConfiguration"));
	end(&w);
}

static void an_image_is_of_the_marketplace_a_gallery_or_the_group(void **state)
{
	static const char *const cases[][2] = {
		{ "own",
		  "{\"id\":\"" GROUP "/providers/Microsoft.Compute/images/own\"}" },
		{ "/subscriptions/x/images/i", "{\"id\":\"/subscriptions/x/images/i\"}" },
		{ "/CommunityGalleries/a/Images/b",
		  "{\"communityGalleryImageId\":\"/CommunityGalleries/a/Images/b\"}" },
		{ "/SharedGalleries/a/Images/b",
		  "{\"sharedGalleryImageId\":\"/SharedGalleries/a/Images/b\"}" },
		{ "a:b:c",
		  "{\"id\":\"" GROUP "/providers/Microsoft.Compute/images/a:b:c\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *wanted = xasprintf("\"imageReference\":%s", cases[i][1]);
		struct drv_launch l = a_launch(ID_A, "x");
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, ACCEPTED(NULL));
		l.image = cases[i][0];
		assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
		assert_non_null(strstr(w.host.requests[1].body, wanted));
		end(&w);
	}
}

/* The cloud wants one; an RSA key's blob begins with its type's name. */
static void without_a_key_one_is_made_that_nobody_has(void **state)
{
	static const char options[] = "\"type\": \"a\", \"image\": \"b\", "
				      "\"location\": \"c\", \"subnet\": \"d/e\"";
	static const char start[] = "\"keyData\":\"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB";
	const struct scripted_answer answers[] = { LOGIN, ACCEPTED(NULL),
						   ACCEPTED(NULL) };
	CLEANUP(free) char *config = config_of(options);
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	world_begin(&w, "azure", config, answers, ARRAY_SIZE(answers));
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_non_null(strstr(w.host.requests[1].body, start));
	assert_string_equal(w.host.requests[1].body, w.host.requests[2].body);
	end(&w);
}

static void what_a_launch_lacks_is_named_and_nothing_is_sent(void **state)
{
	static const char *const cases[][2] = {
		{ "", "'type'" },
		{ "\"type\": \"a\"", "'image'" },
		{ "\"type\": \"a\", \"image\": \"b\"", "'location'" },
		{ "\"type\": \"a\", \"image\": \"b\", \"location\": \"c\"", "'subnet'" },
		{ "\"type\": \"a\", \"image\": \"b\", \"location\": \"c\", \"subnet\": "
		  "\"d/e\", \"plan\": \"yes\"",
		  "'plan'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free) char *config = config_of(cases[i][0]);
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		world_begin(&w, "azure", config, NULL, 0);
		assert_drv_fails(launch_once(&w, &vm, &e), DRV_BADREQ, &e);
		assert_non_null(strstr(e.msg, cases[i][1]));
		end(&w);
	}
}

static void user_data_may_have_what_the_cloud_takes_and_no_byte_more(void **state)
{
	struct world w;

	(void)state;
	BEGIN(&w, LOGIN, ACCEPTED(NULL));
	assert_user_data_max(&w, 65535);
	end(&w);
}

/* 409 is also what is answered while another thing of the group is being changed. */
static void a_name_that_is_taken_is_the_launch_sent_before_or_another(void **state)
{
	static const struct {
		struct scripted_answer shown;
		int cls;
	} cases[] = {
		{ { 200, NULL, MINE }, 0 },
		{ { 200, NULL, MACHINE("web-1", OWNER, "another", "Succeeded") },
		  DRV_CONFLICT },
		{ { 200, NULL, MACHINE("web-1", "somebody-else", ID_A, "Succeeded") },
		  DRV_CONFLICT },
		{ NOT_FOUND, DRV_TRANSIENT },
		{ REFUSED(403, "AuthorizationFailed"), DRV_AMBIGUOUS },
		{ REFUSED(503, "ServerBusy"), DRV_AMBIGUOUS },
		{ REFUSED(429, "TooManyRequests"), DRV_AMBIGUOUS },
		{ { 404, NULL, "<html>" }, DRV_AMBIGUOUS },
	};
	static const struct scripted_answer taken[] = {
		REFUSED(412, "PreconditionFailed"),
		REFUSED(409, "AnotherOperationInProgress"),
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, taken[i % 2], cases[i / 2].shown);
		assert_int_equal(launch_once(&w, &vm, &e), cases[i / 2].cls);
		assert_sent(&w, 2, "GET", VM_VIEW);
		if (cases[i / 2].cls == 0)
			assert_int_equal(vm.state, DRV_VM_RUNNING);
		end(&w);
	}
}

static void a_launch_fails_in_the_class_that_it_failed_in(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
		int64_t retry_after_ms;
	} cases[] = {
		{ { .status = DRV_AMBIGUOUS }, DRV_AMBIGUOUS, -1 },
		{ { 201, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 201, NULL, MACHINE("web-1", OWNER, "another", "x") },
		  DRV_AMBIGUOUS,
		  -1 },
		{ { 500, NULL, "" }, DRV_AMBIGUOUS, -1 },
		{ REFUSED(503, "SkuNotAvailable"), DRV_AMBIGUOUS, -1 },
		{ { 429, "Retry-After: 7\r\n", "" }, DRV_THROTTLED, 7000 },
		{ REFUSED(429, "OperationNotAllowed"), DRV_THROTTLED, -1 },
		{ REFUSED(409, "SkuNotAvailable"), DRV_CAPACITY, -1 },
		{ REFUSED(400, "OverconstrainedZonalAllocationRequest"), DRV_CAPACITY,
		  -1 },
		{ REFUSED(403, "QuotaExceeded"), DRV_QUOTA, -1 },
		{ REFUSED_FOR(409, "OperationNotAllowed", "exceeding approved Quota"),
		  DRV_QUOTA, -1 },
		{ REFUSED(403, "AuthorizationFailed"), DRV_AUTH, -1 },
		{ REFUSED(400, "InvalidParameter"), DRV_BADREQ, -1 },
		{ REFUSED(404, "PlatformImageNotFound"), DRV_BADREQ, -1 },
		{ NOT_FOUND, DRV_BADREQ, -1 },
		{ { 404, NULL, "<html>" }, DRV_BADREQ, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_int_equal(e.retry_after_ms, cases[i].retry_after_ms);
		end(&w);
	}
}

static void a_launch_that_fails_later_is_told_so_and_what_is_left_deleted(void **state)
{
	static const struct {
		struct scripted_answer op, deleted;
		int cls;
	} cases[] = {
		{ FAILED_OP("AllocationFailed"), { 202, NULL, "" }, DRV_CAPACITY },
		{ FAILED_OP("ZonalAllocationFailed"), { 204, NULL, "" }, DRV_CAPACITY },
		{ FAILED_OP("QuotaExceeded"), { .status = DRV_AMBIGUOUS }, DRV_QUOTA },
		{ FAILED_OP("UnknownToUs"), REFUSED(409, "Conflict"), DRV_TRANSIENT },
		{ FAILED_OP("NotFound"), { 204, NULL, "" }, DRV_BADREQ },
		{ { 200, NULL,
		    "{\"status\": \"Failed\", \"error\": {\"code\": \"Conflict\", "
		    "\"message\": \"x\", \"details\": [{\"code\": \"SkuNotAvailable\", "
		    "\"message\": \"why\"}]}}" },
		  { 202, NULL, "" },
		  DRV_CAPACITY },
		{ { 200, NULL, "{\"status\": \"Canceled\"}" },
		  { 202, NULL, "" },
		  DRV_TRANSIENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, LOGIN, ACCEPTED(GO_ON), cases[i].op, cases[i].deleted);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_sent(&w, 3, "DELETE", VM_URL);
		end(&w);
	}
}

static void an_operation_that_cannot_be_followed_was_accepted(void **state)
{
	static const struct scripted_answer cases[] = {
		{ .status = DRV_AMBIGUOUS },
		REFUSED(403, "AuthorizationFailed"),
		NOT_FOUND,
		{ 200, NULL, "<html>" },
		{ 200, "Retry-After: 30\r\n", "{\"status\": \"InProgress\"}" },
	};
	static const char *const links[] = {
		NULL,
		"Azure-AsyncOperation: nowhere\r\nRetry-After: 0\r\n",
		"Azure-AsyncOperation: https://azure.test/a b\r\nRetry-After: 0\r\n",
		"Azure-AsyncOperation: https://azure.test/a\r\nRetry-After: 30\r\n",
	};
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		BEGIN(&w, LOGIN, ACCEPTED(GO_ON), cases[i]);
		assert_drv_ok(launch_once(&w, &vm, &e), &e);
		assert_int_equal(vm.state, DRV_VM_PENDING);
		end(&w);
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		BEGIN(&w, LOGIN, ACCEPTED(links[i]));
		assert_drv_ok(launch_once(&w, &vm, &e), &e);
		end(&w);
	}
}

/* The token is for the endpoint alone, whatever host an answer names. */
static void what_an_answer_links_to_is_asked_at_the_endpoint(void **state)
{
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN,
	      ACCEPTED("Azure-AsyncOperation: https://elsewhere.test/op/1\r\n"
		       "Retry-After: 0\r\n"),
	      DONE);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_sent(&w, 2, "GET", HOST "/op/1");
	end(&w);
}

/* ---------------------------------------------------------------- listing */

static void a_list_is_read_page_after_page(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN,
	      LIST(MACHINE("a", OWNER, "1", "Succeeded") "," MACHINE("b", OWNER, "2",
								     "Succeeded"),
		   NEXT("/p?$skiptoken=2")),
	      LIST(MACHINE("b", OWNER, "2", "Succeeded") "," MACHINE("c", "other", "3",
								     "Failed"),
		   NEXT("/p?$skiptoken=3")),
	      LIST(MACHINE("d", OWNER, "4", "Succeeded"), ", \"nextLink\": null"));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.vm[0].id, "a");
	assert_string_equal(all.vm[2].id, "d");
	assert_sent(&w, 2, "GET", HOST "/p?$skiptoken=2");
	end(&w);
}

static void a_list_that_does_not_end_or_is_not_whole_fails(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		{ { 200, NULL, "{}" }, DRV_TRANSIENT },
		{ { 200, NULL, "{\"value\": {}}" }, DRV_TRANSIENT },
		{ { 200, NULL, "" }, DRV_TRANSIENT },
		{ { 500, NULL, "" }, DRV_TRANSIENT },
		{ { .status = DRV_TRANSIENT }, DRV_TRANSIENT },
		{ REFUSED(400, "InvalidSkipToken"), DRV_TRANSIENT },
		{ LIST("", NEXT("/p")), DRV_BUG },
		{ LIST("", ", \"nextLink\": 7"), DRV_BUG },
		{ LIST("", ", \"nextLink\": \"nowhere\""), DRV_BUG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, LOGIN, LIST(MINE, NEXT("/p")), cases[i].answer);
		assert_drv_fails(list_all(&w, &all, &e), cases[i].cls, &e);
		end(&w);
	}
}

static void vms_are_read_as_they_are(void **state)
{
	static const struct {
		const char *status;
		enum drv_vm_state state;
	} cases[] = {
		{ "\"Creating\"", DRV_VM_PENDING },   { "\"Succeeded\"", DRV_VM_RUNNING },
		{ "\"Updating\"", DRV_VM_RUNNING },   { "\"Deleting\"", DRV_VM_STOPPING },
		{ "\"Rethinking\"", DRV_VM_UNKNOWN }, { "7", DRV_VM_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *page = xasprintf(
			"{\"value\": [{\"name\": \"web-1\", \"zones\": [\"2\"], "
			"\"tags\": {\"FT-Owner\": \"" OWNER "\", \"ft-pool\": \"web\"}, "
			"\"properties\": {\"provisioningState\": %s, \"priority\": "
			"\"Spot\", \"timeCreated\": "
			"\"2026-01-01T00:00:00.1234567+00:00\","
			" \"hardwareProfile\": {\"vmSize\": \"Standard_B2s\"}}}, "
			"{\"name\": \"../x\", \"tags\": {\"ft-owner\": \"" OWNER
			"\"}}, {\"name\": \"other\"}]}",
			cases[i].status);
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, LOGIN, { 200, NULL, page });
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, 1);
		assert_int_equal(all.vm[0].state, cases[i].state);
		assert_string_equal(all.vm[0].name, "web-1");
		assert_string_equal(all.vm[0].type, "Standard_B2s");
		assert_string_equal(all.vm[0].zone, "2");
		assert_int_equal(all.vm[0].created_ms / 1000, INT64_C(1767225600));
		assert_true(all.vm[0].spot);
		end(&w);
	}
}

#define VIEW(statuses)                                                               \
	"{\"name\": \"web-1\", " TAGS(                                               \
		OWNER, ID_A) ", \"properties\": {"                                   \
			     "\"provisioningState\": \"Failed\", \"instanceView\": " \
			     "{\"statuses\": [" statuses "]}}}"
#define STATUS(code) "{\"code\": \"" code "\", \"message\": \"why\"}"

/* What was added to a VM later may fail, and it runs nevertheless. */
static void a_vm_that_failed_is_looked_at(void **state)
{
	static const struct {
		struct scripted_answer answer;
		size_t n;
		enum drv_vm_state state;
		const char *message;
	} cases[] = {
		{ { 200, NULL,
		    VIEW(STATUS("ProvisioningState/failed/AllocationFailed")) },
		  1,
		  DRV_VM_FAILED,
		  "AllocationFailed: why" },
		{ { 200, NULL,
		    VIEW(STATUS("ProvisioningState/failed/VMExtensionError") "," STATUS(
			    "PowerState/running")) },
		  1,
		  DRV_VM_RUNNING,
		  "" },
		{ { 200, NULL,
		    VIEW(STATUS("ProvisioningState/failed") "," STATUS(
			    "PowerState/deallocated")) },
		  1,
		  DRV_VM_FAILED,
		  "its provisioning has failed: why" },
		{ NOT_FOUND, 0, DRV_VM_GONE, "" },
	};
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		BEGIN(&w, LOGIN, LIST(MACHINE("web-1", OWNER, ID_A, "Failed"), ""),
		      cases[i].answer);
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_sent(&w, 2, "GET", VM_VIEW);
		assert_int_equal(all.n, cases[i].n);
		if (all.n > 0) {
			assert_int_equal(all.vm[0].state, cases[i].state);
			assert_string_equal(all.vm[0].message, cases[i].message);
		}
		end(&w);
	}
	{
		BEGIN(&w, LOGIN, LIST(MACHINE("web-1", OWNER, ID_A, "Failed"), ""),
		      REFUSED(503, "ServerBusy"));
		assert_drv_fails(list_all(&w, &all, &e), DRV_TRANSIENT, &e);
		end(&w);
	}
}

/* ---------------------------------------------------------------- ending */

static void ends_its_own_vm_and_one_that_is_gone(void **state)
{
	const struct scripted_answer mine = { 200, NULL, MINE };
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, mine, { 202, NULL, "" }, NOT_FOUND, mine, { 204, NULL, "" },
	      { 404, NULL, "<html>" }, mine, REFUSED(409, "Conflict"),
	      REFUSED(404, "ResourceGroupNotFound"));
	assert_drv_ok(end_vm(&w, "web-1", &e), &e);
	assert_sent(&w, 2, "DELETE", VM_URL);
	assert_drv_ok(end_vm(&w, "web-1", &e), &e);
	assert_drv_ok(end_vm(&w, "web-1", &e), &e);
	/* What is not found by another than the cloud, or elsewhere, may be there. */
	assert_drv_fails(end_vm(&w, "web-1", &e), DRV_BADREQ, &e);
	assert_drv_fails(end_vm(&w, "web-1", &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_vm(&w, "web-1", &e), DRV_BADREQ, &e);
	end(&w);
}

static void never_ends_what_has_not_its_tag(void **state)
{
	static const char *const bad[] = { "../x", "a/b", "a?b", ".", "" };
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, { 200, NULL, MACHINE("web-1", "other", ID_A, "Succeeded") },
	      { 200, NULL, "{\"name\": \"web-1\"}" }, { 200, NULL, "<html>" });
	assert_drv_fails(end_vm(&w, "web-1", &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_vm(&w, "web-1", &e), DRV_CONFLICT, &e);
	assert_drv_fails(end_vm(&w, "web-1", &e), DRV_TRANSIENT, &e);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_drv_fails(end_vm(&w, bad[i], &e), DRV_BADREQ, &e);
	assert_nothing_deleted(&w);
	end(&w);
}

/* ---------------------------------------------------------------- the account */

#define SIZE(name, family, more)                                                   \
	"{\"resourceType\": \"virtualMachines\", \"name\": \"" name                \
	"\", \"family\": \"" family "\", \"capabilities\": [{\"name\": \"vCPUs\"," \
	" \"value\": \"2\"}, {\"name\": \"MemoryGB\", \"value\": \"0.5\"}]" more "}"
#define WITHHELD ", \"restrictions\": [{\"type\": \"Location\"}]"
#define USAGE(name, used, limit)                                         \
	"{\"name\": {\"value\": \"" name "\"}, \"currentValue\": " #used \
	", \"limit\": " #limit "}"

static void the_quota_is_of_whole_vms(void **state)
{
	struct world w;
	struct drv_quota q;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, LIST(SIZE("Standard_B2s", "familyB", ""), ""),
	      LIST(USAGE("cores", 7, 24) "," USAGE("familyB", 3, 10) "," USAGE(
			   "familyD", 8, 8) "," USAGE("virtualMachines", 3, 100),
		   ""),
	      LIST("", ""));
	assert_drv_ok(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), &e);
	assert_sent(&w, 1, "GET",
		    HOST SUB "/providers/Microsoft.Compute/skus?api-version=2021-07-01&"
			     "$filter=location%20eq%20%27westeurope%27");
	assert_sent(&w, 2, "GET",
		    HOST SUB
		    "/providers/Microsoft.Compute/locations/westeurope/usages?" VERSION);
	assert_int_equal(q.used, 3);
	assert_int_equal(q.limit, 6);
	/* The size is asked for once. */
	assert_drv_ok(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), &e);
	assert_int_equal(q.limit, -1);
	end(&w);
}

static void a_size_that_there_is_not_has_no_quota(void **state)
{
	struct world w;
	struct drv_quota q;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN, LIST("", ""), LIST(SIZE("Standard_B2s", "f", WITHHELD), ""));
	assert_drv_fails(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), DRV_BADREQ, &e);
	assert_drv_fails(w.d->ops->quota(w.d->drv, INT64_MAX, &q, &e), DRV_CAPACITY, &e);
	end(&w);
}

static void keep_type(void *arg, const struct drv_type *type)
{
	char **all = arg;
	char *more = xasprintf("%s%s %g %lld;", *all, type->name, type->cpu,
			       (long long)(type->memory_bytes >> 20));

	free(*all);
	*all = more;
}

static void types_are_the_sizes_that_may_be_had(void **state)
{
	CLEANUP(free) char *all = xstrdup("");
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN,
	      LIST("{\"resourceType\": \"disks\", \"name\": \"x\"}," SIZE(
			   "a", "f", "") "," SIZE("b", "f", WITHHELD),
		   NEXT("/p")),
	      LIST(SIZE("c", "f",
			", \"restrictions\": [{\"type\": \"Zone\", "
			"\"restrictionInfo\": {\"zones\": [\"1\"]}}]"),
		   ""));
	assert_drv_ok(w.d->ops->types(w.d->drv, INT64_MAX, keep_type, &all, &e), &e);
	assert_string_equal(all, "a 2 512;c 2 512;");
	end(&w);
}

/* Where the console is kept is told with its key: the token stays here. */
static void the_console_is_fetched_without_the_token(void **state)
{
	CLEANUP(free) char *text = NULL;
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LOGIN,
	      { 200, NULL,
		"{\"serialConsoleLogBlobUri\": \"https://kept.test/x?sig=y\"}" },
	      { 200, NULL, "boot" }, { 200, NULL, "{}" },
	      { 200, NULL, "{\"serialConsoleLogBlobUri\": \"https://kept.test/x\"}" },
	      { 404, NULL, "<Error>" });
	assert_drv_ok(
		w.d->ops->console(w.d->drv, "web-1", INT64_MAX, keep_text, &text, &e),
		&e);
	assert_string_equal(text, "boot");
	assert_sent(&w, 2, "GET", "https://kept.test/x?sig=y");
	assert_null(strstr(w.host.requests[2].headers, "Authorization"));
	for (int i = 0; i < 2; i++)
		assert_drv_fails(w.d->ops->console(w.d->drv, "web-1", INT64_MAX,
						   keep_text, &text, &e),
				 DRV_NOTFOUND, &e);
	assert_drv_fails(
		w.d->ops->console(w.d->drv, "../x", INT64_MAX, keep_text, &text, &e),
		DRV_BADREQ, &e);
	end(&w);
}

/* What it sends for a launch can be none: under a condition, and of no image. */
static void the_check_asks_for_the_right_without_a_launch(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		{ REFUSED(412, "PreconditionFailed"), 0 },
		{ REFUSED(404, "PlatformImageNotFound"), 0 },
		{ REFUSED(403, "AuthorizationFailed"), DRV_AUTH },
		{ REFUSED(403, "LinkedAuthorizationFailed"), DRV_AUTH },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free) char *text = NULL;
		struct world w;
		struct drv_err e;

		BEGIN(&w, LOGIN, LIST(SIZE("Standard_B2s", "f", ""), ""), LIST("", ""),
		      { 200, NULL, "[{\"name\": \"1\"}]" }, cases[i].answer);
		assert_int_equal(check_all(&w, &text, &e), cases[i].cls);
		assert_sent(&w, 4, "PUT",
			    VMS "/ft-07070707070707070707070707070707?" VERSION);
		assert_non_null(strstr(w.host.requests[4].headers, "If-Match: \"none\""));
		assert_non_null(strstr(w.host.requests[4].body, "foretide-check"));
		end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unknown_or_missing_is_named),
		cmocka_unit_test(
			a_stack_names_what_is_of_the_group_and_not_where_to_log_in),
		cmocka_unit_test(logs_in_by_the_secret),
		cmocka_unit_test(a_token_that_expired_or_was_refused_is_renewed),
		cmocka_unit_test(logins_that_cannot_be_used_fail_in_words),
		cmocka_unit_test(a_launch_is_one_call_and_waits_for_its_operation),
		cmocka_unit_test(every_option_is_in_the_launch),
		cmocka_unit_test(an_image_is_of_the_marketplace_a_gallery_or_the_group),
		cmocka_unit_test(without_a_key_one_is_made_that_nobody_has),
		cmocka_unit_test(what_a_launch_lacks_is_named_and_nothing_is_sent),
		cmocka_unit_test(
			user_data_may_have_what_the_cloud_takes_and_no_byte_more),
		cmocka_unit_test(
			a_name_that_is_taken_is_the_launch_sent_before_or_another),
		cmocka_unit_test(a_launch_fails_in_the_class_that_it_failed_in),
		cmocka_unit_test(
			a_launch_that_fails_later_is_told_so_and_what_is_left_deleted),
		cmocka_unit_test(an_operation_that_cannot_be_followed_was_accepted),
		cmocka_unit_test(what_an_answer_links_to_is_asked_at_the_endpoint),
		cmocka_unit_test(a_list_is_read_page_after_page),
		cmocka_unit_test(a_list_that_does_not_end_or_is_not_whole_fails),
		cmocka_unit_test(vms_are_read_as_they_are),
		cmocka_unit_test(a_vm_that_failed_is_looked_at),
		cmocka_unit_test(ends_its_own_vm_and_one_that_is_gone),
		cmocka_unit_test(never_ends_what_has_not_its_tag),
		cmocka_unit_test(the_quota_is_of_whole_vms),
		cmocka_unit_test(a_size_that_there_is_not_has_no_quota),
		cmocka_unit_test(types_are_the_sizes_that_may_be_had),
		cmocka_unit_test(the_console_is_fetched_without_the_token),
		cmocka_unit_test(the_check_asks_for_the_right_without_a_launch),
	};

	return cmocka_run_group_tests_name("azure", tests, NULL, NULL);
}
