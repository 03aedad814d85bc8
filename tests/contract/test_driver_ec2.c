/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_driver_ec2.c - the ec2 driver against scripted answers: what a real cloud does
 * seldom, and faults between. tests/peers holds it to AWS' own signer, model and client.
 */
#include "scripted_driver.h"

#define INSTANCE "i-0123456789abcdef0"
#define SESSION "session+token/of=the=test"
#define EC2 "http://ec2.test/"

#define KEYS_ALONE                                            \
	"\"access_key_id\": \"AKIDTEST\", "                   \
	"\"secret_access_key\": \"" SECRET "\", \"region\": " \
	"\"eu-central-1\""
#define KEYS(more) "\"credentials\": {" KEYS_ALONE more "}"
#define HERE ", \"endpoint\": \"http://ec2.test\""
#define OPTIONS "\"type\": \"t3.micro\", \"image\": \"ami-1\", "

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define ANSWER(action, content)                                                 \
	XML_HEAD "<" action                                                     \
		 "Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">" \
		 "<requestId>req-1</requestId>" content "</" action "Response>"
#define FAULT(code, message)                                                       \
	XML_HEAD "<Response><Errors><Error><Code>" code "</Code><Message>" message \
		 "</Message></Error></Errors><RequestID>req-9</RequestID></Response>"
#define TAG(key, value) "<item><key>" key "</key><value>" value "</value></item>"
#define INSTANCE_OF(id, owner, state, more)                                              \
	"<item><instanceId>" id "</instanceId><instanceState><code>0</code><name>" state \
	"</name></instanceState><tagSet>" TAG("ft-owner", owner) TAG("ft-pool", "web")   \
		TAG("ft-launch", ID_A) TAG("Name", "web-1") "</tagSet>" more "</item>"
#define RESERVED(instances)                                                \
	"<item><reservationId>r-1</reservationId><instancesSet>" instances \
	"</instancesSet></item>"
#define PAGE(reservations, next)                                                         \
	{                                                                                \
		200, NULL,                                                               \
			ANSWER("DescribeInstances",                                      \
			       "<reservationSet>" reservations "</reservationSet>" next) \
	}
#define NEXT(token) "<nextToken>" token "</nextToken>"
#define NO_INSTANCES                                                        \
	{                                                                   \
		200, NULL, ANSWER("DescribeInstances", "<reservationSet/>") \
	}
#define LAUNCHED_ONE(content)                                              \
	{                                                                  \
		200, NULL,                                                 \
			ANSWER("RunInstances",                             \
			       "<reservationId>r-1</reservationId>"        \
			       "<instancesSet>" content "</instancesSet>") \
	}
#define LAUNCHED LAUNCHED_ONE(INSTANCE_OF(INSTANCE, OWNER, "pending", ""))
#define FAILS(status, code)                                    \
	{                                                      \
		status, NULL, FAULT(code, "it is so, " SECRET) \
	}

#define BEGIN(w, ...)                                              \
	const struct scripted_answer answers_[] = { __VA_ARGS__ }; \
	world_begin(w, "ec2", "{" OPTIONS KEYS(HERE) "}", answers_, ARRAY_SIZE(answers_))

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Whether the body of the request has the parameter, as it is encoded. */
static bool has(const struct world *w, size_t i, const char *parameter)
{
	CLEANUP(free) char *all = NULL;
	CLEANUP(free) char *wanted = xasprintf("&%s&", parameter);

	assert_true(i < w->host.n);
	all = xasprintf("&%s&", w->host.requests[i].body);
	return strstr(all, wanted);
}

#define assert_has(w, i, parameter)                            \
	do {                                                   \
		if (!has(w, i, parameter))                     \
			fail_msg("%s is not in %s", parameter, \
				 (w)->host.requests[i].body);  \
	} while (0)

/* ---------------------------------------------------------------- opening */

#define CREDENTIALS(text) "{\"credentials\": {" text "}}"

static void what_is_unknown_or_missing_is_named(void **state)
{
	(void)state;
	assert_not_opened("ec2", "{}", "aws_profile");
	assert_not_opened("ec2", "{\"colour\": \"red\", " KEYS("") "}", "colour");
	assert_not_opened("ec2",
			  "{\"volume_gb\": \"-1\", \"image\": \"ami-1\", " KEYS("") "}",
			  "volume_gb");
	assert_not_opened("ec2", "{\"volume_gb\": \"9\", " KEYS("") "}", "image");
	assert_not_opened("ec2", "{\"volume_type\": \"gp3\", " KEYS("") "}", "volume_gb");
	assert_not_opened("ec2", "{\"launch_template_version\": \"1\", " KEYS("") "}",
			  "launch_template");
	assert_not_opened("ec2", "{\"public_ip\": \"yes\", " KEYS("") "}", "subnet");
	assert_not_opened("ec2", "{\"public_ip\": \"maybe\", " KEYS("") "}", "public_ip");
	assert_not_opened("ec2", CREDENTIALS("\"secret_acces_key\": \"" SECRET "\""),
			  "secret_acces_key");
	assert_not_opened("ec2", CREDENTIALS("\"secret_access_key\": \"" SECRET "\""),
			  "access_key_id");
	assert_not_opened("ec2",
			  CREDENTIALS("\"access_key_id\": \"A\", \"region\": \"r\""),
			  "secret_access_key");
	assert_not_opened("ec2",
			  CREDENTIALS("\"access_key_id\": \"A\", "
				      "\"secret_access_key\": \"" SECRET "\""),
			  "region");
	assert_not_opened(
		"ec2",
		CREDENTIALS("\"access_key_id\": \"A:B\", \"secret_access_key\": "
			    "\"" SECRET "\", \"region\": \"r\""),
		"access_key_id");
	assert_not_opened("ec2",
			  CREDENTIALS("\"access_key_id\": \"A\", \"secret_access_key\": "
				      "\"" SECRET "\\n\", \"region\": \"r\""),
			  "secret_access_key");
	assert_not_opened("ec2",
			  CREDENTIALS("\"access_key_id\": \"A\", \"secret_access_key\": "
				      "\"" SECRET "\", \"region\": \"evil.test/\""),
			  "region");
	assert_not_opened("ec2", "{" KEYS(", \"endpoint\": \"ec2.test\"") "}",
			  "https://");
	assert_not_opened("ec2", "{" KEYS(", \"endpoint\": \"http://ec2.test/?a=b\"") "}",
			  "query");
	assert_not_opened("ec2",
			  "{" KEYS(", \"sts_endpoint\": \"http://u@sts.test\"") "}",
			  "sts_endpoint");
	assert_not_opened("ec2", "{" KEYS(", \"session_token\": \"a b\"") "}",
			  "session_token");
}

static void a_stack_names_what_is_of_the_region_and_no_address_or_right(void **state)
{
	static const char *const may[] = {
		"type", "image",     "subnet",    "security_groups", "key",
		"zone", "public_ip", "volume_gb", "volume_type",     NULL
	};
	static const char *const never[] = {
		"ca", "endpoint", "region", "instance_profile", "launch_template", NULL
	};

	(void)state;
	assert_pool_options("ec2", may, true);
	assert_pool_options("ec2", never, false);
}

/* ---------------------------------------------------------------- calling */

static void calls_are_posts_that_are_signed_for_service_and_region(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w, NO_INSTANCES);
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 0);
	assert_string_equal(w.host.requests[0].method, "POST");
	assert_string_equal(w.host.requests[0].url, EC2);
	assert_string_equal(w.host.requests[0].sigv4, "aws:amz:eu-central-1:ec2");
	assert_string_equal(w.host.requests[0].userpwd, "AKIDTEST:" SECRET);
	assert_null(strstr(w.host.requests[0].headers, "X-Amz-Security-Token"));
	assert_string_equal(w.host.requests[0].body,
			    "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name="
			    "tag%3Aft-owner&Filter.1.Value.1=" OWNER "&MaxResults=500");
	end(&w);
}

static void keys_of_a_session_carry_its_token(void **state)
{
	const struct scripted_answer answers[] = {
		{ 403, NULL, FAULT("ExpiredToken", "The token " SESSION " expired") }
	};
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	world_begin(&w, "ec2", "{" KEYS(HERE ", \"session_token\": \"" SESSION "\"") "}",
		    answers, 1);
	assert_drv_fails(list_all(&w, &all, &e), DRV_AUTH, &e);
	assert_string_equal(e.code, "ExpiredToken");
	assert_null(strstr(e.msg, SESSION));
	assert_non_null(strstr(w.host.requests[0].headers,
			       "X-Amz-Security-Token: " SESSION "\n"));
	end(&w);
}

static void addresses_are_those_of_the_region_unless_others_are_given(void **state)
{
	static const struct {
		const char *config, *ec2, *sts;
	} cases[] = {
		{ "{" OPTIONS KEYS("") "}", "https://ec2.eu-central-1.amazonaws.com/",
		  "https://sts.eu-central-1.amazonaws.com/" },
		{ CREDENTIALS("\"access_key_id\": \"a\", \"secret_access_key\": "
			      "\"b\", \"region\": \"cn-north-1\""),
		  "https://ec2.cn-north-1.amazonaws.com.cn/",
		  "https://sts.cn-north-1.amazonaws.com.cn/" },
		{ "{" OPTIONS KEYS(
			  ", \"endpoint\": \"https://c.test:8773/services\"") "}",
		  "https://c.test:8773/services", "https://c.test:8773/services" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scripted_answer answers[] = {
			NO_INSTANCES, FAILS(403, "InvalidClientTokenId")
		};
		struct world w;
		struct vm_list all;
		struct drv_err e;
		CLEANUP(free) char *f = NULL;

		world_begin(&w, "ec2", cases[i].config, answers, 2);
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_string_equal(w.host.requests[0].url, cases[i].ec2);
		assert_drv_fails(check_all(&w, &f, &e), DRV_AUTH, &e);
		assert_int_equal(lines_of(f), 1);
		assert_string_equal(w.host.requests[1].url, cases[i].sts);
		end(&w);
	}
}

/* ---------------------------------------------------------------- launching */

static void a_launch_is_one_call_with_tags_and_user_data(void **state)
{
	static const char *const wanted[] = {
		"Action=RunInstances",
		"MinCount=1",
		"MaxCount=1",
		"ClientToken=" ID_A,
		"ImageId=ami-1",
		"InstanceType=t3.micro",
		"InstanceInitiatedShutdownBehavior=terminate",
		"MetadataOptions.HttpTokens=required",
		"UserData=IyEvYmluL3NoCg%3D%3D",
		"TagSpecification.1.ResourceType=instance",
		"TagSpecification.1.Tag.1.Key=Name",
		"TagSpecification.1.Tag.1.Value=web-1",
		"TagSpecification.1.Tag.2.Key=ft-owner",
		"TagSpecification.1.Tag.2.Value=" OWNER,
		"TagSpecification.1.Tag.3.Value=web",
		"TagSpecification.1.Tag.4.Key=ft-launch",
		"TagSpecification.1.Tag.4.Value=" ID_A,
		"TagSpecification.2.ResourceType=volume",
		"TagSpecification.2.Tag.4.Value=" ID_A,
	};
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	BEGIN(&w, LAUNCHED);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	assert_string_equal(vm.id, INSTANCE);
	assert_string_equal(vm.launch_id, ID_A);
	assert_int_equal(vm.state, DRV_VM_PENDING);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_has(&w, 0, wanted[i]);
	assert_null(strstr(w.host.requests[0].body, "Spot"));
	assert_null(strstr(w.host.requests[0].body, "SubnetId"));
	end(&w);
}

static const char *const every_option[] = {
	"SubnetId=subnet-1",
	"SecurityGroupId.1=sg-1",
	"SecurityGroupId.2=sg-2",
	"KeyName=a%20key",
	"Placement.AvailabilityZone=eu-central-1b",
	"IamInstanceProfile.Arn=arn%3Aaws%3Aiam%3A%3A1%3Ainstance-profile%2Fx",
	"LaunchTemplate.LaunchTemplateId=lt-1",
	"LaunchTemplate.Version=%24Latest",
	"InstanceType=m7g.large",
	"InstanceMarketOptions.MarketType=spot",
	"InstanceMarketOptions.SpotOptions.SpotInstanceType=one-time",
	"InstanceMarketOptions.SpotOptions.MaxPrice=0.031250",
	"BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda",
	"BlockDeviceMapping.1.Ebs.VolumeSize=20",
	"BlockDeviceMapping.1.Ebs.VolumeType=gp3",
	"BlockDeviceMapping.1.Ebs.DeleteOnTermination=true",
	"TagSpecification.1.Tag.5.Key=ft-expires",
	"TagSpecification.1.Tag.5.Value=1700000000",
	"TagSpecification.1.Tag.6.Key=abcdefghijklmnopqrstuvwxyz-0123456789",
	"TagSpecification.1.Tag.6.Value=v",
	"TagSpecification.1.Tag.7.Key=empty",
};

static void every_option_is_in_the_launch(void **state)
{
	static const char config[] =
		"{" OPTIONS
		"\"subnet\": \"subnet-1\", \"security_groups\": \"sg-1, sg-2,\", "
		"\"key\": \"a key\", \"zone\": \"eu-central-1a\", \"instance_profile\": "
		"\"arn:aws:iam::1:instance-profile/x\", \"launch_template\": \"lt-1\", "
		"\"launch_template_version\": \"$Latest\", \"volume_gb\": \"20\", "
		"\"volume_type\": \"gp3\", " KEYS(HERE) "}";
	static const struct scripted_answer answers[] = {
		{ 200, NULL,
		  ANSWER("DescribeImages",
			 "<imagesSet><item><rootDeviceName>/dev/xvda</rootDeviceName>"
			 "</item></imagesSet>") },
		LAUNCHED,
		LAUNCHED,
	};
	static const struct drv_label labels[] = {
		{ "abcdefghijklmnopqrstuvwxyz-0123456789", "v" },
		{ "ft-owner", "somebody" },
		{ "empty", "" },
	};
	static const char *const types[] = { "m7g.large", "m6g.large", NULL };
	struct drv_launch l = a_launch(ID_A, "");
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	l.labels = labels;
	l.n_labels = ARRAY_SIZE(labels);
	l.types = types;
	l.zone = "eu-central-1b";
	l.spot = true;
	l.spot_price_max = 0.03125;
	l.expires_ms = INT64_C(1700000000000);
	world_begin(&w, "ec2", config, answers, ARRAY_SIZE(answers));
	assert_drv_ok(w.d->ops->launch(w.d->drv, &l, INT64_MAX, &vm, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(every_option); i++)
		assert_has(&w, 1, every_option[i]);
	assert_null(strstr(w.host.requests[1].body, "UserData"));
	assert_null(strstr(w.host.requests[1].body, "somebody"));
	/* What the image's root volume is called is asked for once. */
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	end(&w);
}

static void a_public_address_is_asked_for_of_the_interface(void **state)
{
	static const char config[] =
		"{" OPTIONS "\"subnet\": \"subnet-1\", \"security_groups\": \"sg-1\", "
		"\"public_ip\": \"no\", \"instance_profile\": \"web\", "
		"\"launch_template\": \"mine\", " KEYS(HERE) "}";
	static const struct scripted_answer answers[] = { LAUNCHED };
	static const char *const wanted[] = {
		"NetworkInterface.1.DeviceIndex=0",
		"NetworkInterface.1.SubnetId=subnet-1",
		"NetworkInterface.1.SecurityGroupId.1=sg-1",
		"NetworkInterface.1.AssociatePublicIpAddress=false",
		"IamInstanceProfile.Name=web",
		"LaunchTemplate.LaunchTemplateName=mine",
	};
	struct world w;
	struct drv_vm vm;
	struct drv_err e;

	(void)state;
	world_begin(&w, "ec2", config, answers, 1);
	assert_drv_ok(launch_once(&w, &vm, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_has(&w, 0, wanted[i]);
	assert_false(has(&w, 0, "SubnetId=subnet-1"));
	end(&w);
}

static void a_launch_that_lacks_something_is_not_sent(void **state)
{
	static const struct {
		const char *config, *word;
	} cases[] = {
		{ "{\"type\": \"x\", " KEYS(HERE) "}", "'image'" },
		{ "{\"image\": \"ami-1\", " KEYS(HERE) "}", "no type" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		world_begin(&w, "ec2", cases[i].config, NULL, 0);
		assert_drv_fails(launch_once(&w, &vm, &e), DRV_BADREQ, &e);
		assert_non_null(strstr(e.msg, cases[i].word));
		end(&w);
	}
}

static void user_data_may_have_what_ec2_takes_and_no_byte_more(void **state)
{
	const size_t max = 16384;
	struct world w;

	(void)state;
	BEGIN(&w, LAUNCHED);
	assert_user_data_max(&w, max);
	assert_true(strlen(w.host.requests[0].body) > max * 4 / 3);
	end(&w);
}

static void a_launch_fails_in_the_class_that_it_failed_in(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
		int64_t retry_after_ms;
	} cases[] = {
		{ { .status = DRV_AMBIGUOUS }, DRV_AMBIGUOUS, -1 },
		{ { 200, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ { 200, NULL, "<html><body/></html>" }, DRV_AMBIGUOUS, -1 },
		{ { 200, NULL, "" }, DRV_AMBIGUOUS, -1 },
		{ LAUNCHED_ONE(""), DRV_AMBIGUOUS, -1 },
		{ LAUNCHED_ONE(INSTANCE_OF("../7", OWNER, "pending", "")), DRV_AMBIGUOUS,
		  -1 },
		{ FAILS(500, "InternalError"), DRV_AMBIGUOUS, -1 },
		{ FAILS(503, "Unavailable"), DRV_AMBIGUOUS, -1 },
		{ { 502, NULL, "<html>" }, DRV_AMBIGUOUS, -1 },
		{ FAILS(503, "RequestLimitExceeded"), DRV_THROTTLED, -1 },
		{ { 503, "Retry-After: 7\r\n", FAULT("RequestLimitExceeded", "x") },
		  DRV_THROTTLED,
		  7000 },
		{ FAILS(400, "Throttling"), DRV_THROTTLED, -1 },
		{ { 429, NULL, "" }, DRV_THROTTLED, -1 },
		{ FAILS(400, "InstanceLimitExceeded"), DRV_QUOTA, -1 },
		{ FAILS(400, "VcpuLimitExceeded"), DRV_QUOTA, -1 },
		{ FAILS(400, "MaxSpotInstanceCountExceeded"), DRV_QUOTA, -1 },
		{ FAILS(500, "InsufficientInstanceCapacity"), DRV_CAPACITY, -1 },
		{ FAILS(400, "InsufficientFreeAddressesInSubnet"), DRV_CAPACITY, -1 },
		{ FAILS(400, "SpotMaxPriceTooLow"), DRV_CAPACITY, -1 },
		{ FAILS(400, "Unsupported"), DRV_CAPACITY, -1 },
		{ FAILS(401, "AuthFailure"), DRV_AUTH, -1 },
		{ FAILS(400, "RequestExpired"), DRV_AUTH, -1 },
		{ FAILS(403, "UnauthorizedOperation"), DRV_AUTH, -1 },
		{ FAILS(400, "InvalidAMIID.NotFound"), DRV_BADREQ, -1 },
		{ FAILS(400, "InvalidParameterValue"), DRV_BADREQ, -1 },
		{ { 404, NULL, "" }, DRV_BADREQ, -1 },
		{ FAILS(400, "UnsupportedOperation"), DRV_NOTSUP, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, cases[i].answer);
		assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		assert_int_equal(e.retry_after_ms, cases[i].retry_after_ms);
		assert_null(strstr(e.msg, SECRET));
		if (*e.code) {
			assert_string_equal(e.request_id, "req-9");
			assert_non_null(strstr(e.msg, "RunInstances http://ec2.test/"));
		}
		end(&w);
	}
}

static void a_launch_id_that_ec2_had_before_is_the_vm_that_it_launched(void **state)
{
	static const struct {
		struct scripted_answer first, second;
		int cls;
		enum drv_vm_state state;
	} cases[] = {
		{ FAILS(400, "IdempotentParameterMismatch"),
		  PAGE(RESERVED(INSTANCE_OF(INSTANCE, OWNER, "running", "")), ""), 0,
		  DRV_VM_RUNNING },
		{ FAILS(400, "IdempotentInstanceTerminated"),
		  PAGE(RESERVED(INSTANCE_OF(INSTANCE, OWNER, "terminated", "")), ""), 0,
		  DRV_VM_GONE },
		{ FAILS(400, "IdempotentParameterMismatch"),
		  PAGE(RESERVED(INSTANCE_OF(INSTANCE, "somebody", "running", "")), ""),
		  DRV_CONFLICT, 0 },
		/* It launched one, which is not shown yet. */
		{ FAILS(400, "IdempotentParameterMismatch"), NO_INSTANCES, DRV_AMBIGUOUS,
		  0 },
		{ FAILS(400, "IdempotentInstanceTerminated"), NO_INSTANCES, DRV_NOTFOUND,
		  0 },
		{ FAILS(400, "IdempotentParameterMismatch"),
		  FAILS(503, "RequestLimitExceeded"), DRV_AMBIGUOUS, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_vm vm;
		struct drv_err e;

		BEGIN(&w, cases[i].first, cases[i].second);
		if (cases[i].cls) {
			assert_drv_fails(launch_once(&w, &vm, &e), cases[i].cls, &e);
		} else {
			assert_drv_ok(launch_once(&w, &vm, &e), &e);
			assert_string_equal(vm.id, INSTANCE);
			assert_int_equal(vm.state, cases[i].state);
		}
		assert_has(&w, 1, "Filter.1.Name=client-token");
		assert_has(&w, 1, "Filter.1.Value.1=" ID_A);
		end(&w);
	}
}

/* ---------------------------------------------------------------- listing */

#define ONE(id) RESERVED(INSTANCE_OF(id, OWNER, "running", ""))

static void a_list_is_read_page_after_page(void **state)
{
	struct world w;
	struct vm_list all;
	struct drv_err e;

	(void)state;
	BEGIN(&w,
	      PAGE(RESERVED(INSTANCE_OF("i-a", OWNER, "running", "")
				    INSTANCE_OF("i-b", OWNER, "pending", "")),
		   NEXT("to/ken=")),
	      /* One comes again, as lists change, and one is somebody else's. */
	      PAGE(ONE("i-b")
			   RESERVED(INSTANCE_OF("i-c", "somebody-else", "running", "")),
		   NEXT("third")),
	      PAGE(ONE("i-d"), "<nextToken/>"));
	assert_drv_ok(list_all(&w, &all, &e), &e);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.vm[0].id, "i-a");
	assert_string_equal(all.vm[1].id, "i-b");
	assert_string_equal(all.vm[2].id, "i-d");
	assert_null(strstr(w.host.requests[0].body, "NextToken"));
	assert_has(&w, 1, "NextToken=to%2Fken%3D");
	assert_has(&w, 2, "NextToken=third");
	assert_false(has(&w, 2, "NextToken=to%2Fken%3D"));
	end(&w);
}

static void a_list_that_does_not_end_or_cannot_be_read_fails(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		/* The same page for ever. */
		{ PAGE(ONE("i-a"), NEXT("again")), DRV_BUG },
		{ { 200, NULL, ANSWER("DescribeInstances", "") }, DRV_TRANSIENT },
		{ { 200, NULL, ANSWER("RunInstances", "") }, DRV_TRANSIENT },
		{ { 200, NULL, "<html><body/></html>" }, DRV_TRANSIENT },
		{ { 200, NULL, "<!DOCTYPE x [<!ENTITY y \"z\">]><x>&y;</x>" },
		  DRV_TRANSIENT },
		{ { 200, NULL, "{\"reservationSet\": []}" }, DRV_TRANSIENT },
		{ { 200, NULL, "" }, DRV_TRANSIENT },
		{ FAILS(400, "InvalidNextToken"), DRV_TRANSIENT },
		{ FAILS(500, "InternalError"), DRV_TRANSIENT },
		{ FAILS(503, "RequestLimitExceeded"), DRV_THROTTLED },
		{ FAILS(403, "UnauthorizedOperation"), DRV_AUTH },
		{ { .status = DRV_AMBIGUOUS }, DRV_TRANSIENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, PAGE(ONE("i-a"), NEXT("again")), cases[i].answer);
		assert_drv_fails(list_all(&w, &all, &e), cases[i].cls, &e);
		end(&w);
	}
}

static void instances_are_read_as_they_are(void **state)
{
	static const struct {
		const char *name;
		enum drv_vm_state state;
		const char *message;
	} cases[] = {
		{ "pending", DRV_VM_PENDING, "" },
		{ "running", DRV_VM_RUNNING, "" },
		{ "shutting-down", DRV_VM_STOPPING, "" },
		{ "terminated", DRV_VM_GONE, "Client.VolumeLimitExceeded" },
		{ "stopping", DRV_VM_FAILED, "Client.VolumeLimitExceeded" },
		{ "stopped", DRV_VM_FAILED, "Client.VolumeLimitExceeded" },
		{ "dreaming", DRV_VM_UNKNOWN, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free)
		char *page = xasprintf(
			ANSWER("DescribeInstances",
			       "<reservationSet>" RESERVED(INSTANCE_OF(
				       INSTANCE, OWNER, "%s",
				       "<instanceType>t3.micro</instanceType><placement>"
				       "<availabilityZone>eu-central-1a</"
				       "availabilityZone>"
				       "</placement><launchTime>2026-01-01T00:00:00.000Z"
				       "</launchTime><privateIpAddress>10.0.0.1"
				       "</privateIpAddress><ipAddress>203.0.113.1"
				       "</ipAddress><instanceLifecycle>spot"
				       "</instanceLifecycle><stateReason><message>"
				       "Client.VolumeLimitExceeded</message>"
				       "</stateReason>")) "</reservationSet>"),
			cases[i].name);
		struct world w;
		struct vm_list all;
		struct drv_err e;

		BEGIN(&w, { 200, NULL, page });
		assert_drv_ok(list_all(&w, &all, &e), &e);
		assert_int_equal(all.n, 1);
		assert_int_equal(all.vm[0].state, cases[i].state);
		assert_string_equal(all.vm[0].message, cases[i].message);
		assert_string_equal(all.vm[0].name, "web-1");
		assert_string_equal(all.vm[0].pool, "web");
		assert_string_equal(all.vm[0].launch_id, ID_A);
		assert_string_equal(all.vm[0].type, "t3.micro");
		assert_string_equal(all.vm[0].zone, "eu-central-1a");
		assert_string_equal(all.vm[0].address, "10.0.0.1");
		assert_string_equal(all.vm[0].public_address, "203.0.113.1");
		assert_true(all.vm[0].spot);
		assert_int_equal(all.vm[0].created_ms, INT64_C(1767225600000));
		end(&w);
	}
}

/* ---------------------------------------------------------------- ending */

#define TERMINATED                                                         \
	{                                                                  \
		200, NULL,                                                 \
			ANSWER("TerminateInstances",                       \
			       "<instancesSet><item><instanceId>" INSTANCE \
			       "</instanceId></item></instancesSet>")      \
	}
#define NOT_FOUND FAILS(400, "InvalidInstanceID.NotFound")

static void ends_its_own_instance_and_one_that_is_gone(void **state)
{
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, PAGE(ONE(INSTANCE), ""), TERMINATED, /* it was there */
	      NOT_FOUND,                               /* it is not shown any more */
	      PAGE(RESERVED(INSTANCE_OF(INSTANCE, OWNER, "terminated", "")), ""),
	      PAGE(ONE(INSTANCE), ""), NOT_FOUND); /* it went between */
	assert_drv_ok(end_vm(&w, INSTANCE, &e), &e);
	assert_has(&w, 0, "Action=DescribeInstances");
	assert_has(&w, 1, "Action=TerminateInstances");
	assert_has(&w, 1, "InstanceId.1=" INSTANCE);
	assert_drv_ok(end_vm(&w, INSTANCE, &e), &e);
	assert_drv_ok(end_vm(&w, INSTANCE, &e), &e);
	assert_drv_ok(end_vm(&w, INSTANCE, &e), &e);
	end(&w);
}

static void never_ends_what_has_not_its_tag(void **state)
{
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w,
	      PAGE(RESERVED(INSTANCE_OF(INSTANCE, "somebody-else", "running", "")), ""),
	      PAGE(RESERVED("<item><instanceId>" INSTANCE "</instanceId></item>"), ""),
	      PAGE(ONE("i-0fedcba98765432100"), ""), NO_INSTANCES,
	      { 200, NULL, "<html/>" });
	assert_drv_fails(end_vm(&w, INSTANCE, &e), DRV_CONFLICT, &e);
	assert_non_null(strstr(e.msg, "somebody-else"));
	assert_drv_fails(end_vm(&w, INSTANCE, &e), DRV_CONFLICT, &e);
	/* Nothing is concluded from an answer about something else. */
	assert_drv_fails(end_vm(&w, INSTANCE, &e), DRV_TRANSIENT, &e);
	assert_drv_fails(end_vm(&w, INSTANCE, &e), DRV_TRANSIENT, &e);
	assert_drv_fails(end_vm(&w, INSTANCE, &e), DRV_TRANSIENT, &e);
	assert_drv_fails(w.d->ops->terminate(w.d->drv, OWNER, "i-1&InstanceId.2=i-2",
					     INT64_MAX, &e),
			 DRV_BADREQ, &e);
	assert_drv_fails(w.d->ops->terminate(w.d->drv, OWNER, "", INT64_MAX, &e),
			 DRV_BADREQ, &e);
	for (size_t i = 0; i < w.host.n; i++)
		assert_false(has(&w, i, "Action=TerminateInstances"));
	end(&w);
}

static void the_end_of_a_vm_may_be_lost_or_refused(void **state)
{
	static const struct {
		struct scripted_answer answer;
		int cls;
	} cases[] = {
		{ { .status = DRV_AMBIGUOUS }, DRV_AMBIGUOUS },
		{ FAILS(500, "InternalError"), DRV_AMBIGUOUS },
		{ FAILS(503, "RequestLimitExceeded"), DRV_THROTTLED },
		{ FAILS(400, "OperationNotPermitted"), DRV_BADREQ },
		{ FAILS(403, "UnauthorizedOperation"), DRV_AUTH },
		/* Not by EC2: it says nothing of the instance. */
		{ { 404, NULL, "<html/>" }, DRV_BADREQ },
		{ FAILS(404, "NoSuchBucket"), DRV_BADREQ },
		{ FAILS(410, "Gone"), DRV_BADREQ },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		struct drv_err e;

		BEGIN(&w, PAGE(ONE(INSTANCE), ""), cases[i].answer);
		assert_drv_fails(end_vm(&w, INSTANCE, &e), cases[i].cls, &e);
		end(&w);
	}
}

static void the_console_is_decoded(void **state)
{
	struct world w;
	struct drv_err e;
	char *text = NULL;

	(void)state;
	BEGIN(&w,
	      { 200, NULL,
		ANSWER("GetConsoleOutput", "<output>\nTGlu\n dXgg\n</output>") },
	      { 200, NULL, ANSWER("GetConsoleOutput", "<output/>") },
	      { 200, NULL, ANSWER("GetConsoleOutput", "<output>***</output>") });
	assert_drv_ok(
		w.d->ops->console(w.d->drv, INSTANCE, INT64_MAX, keep_text, &text, &e),
		&e);
	assert_string_equal(text, "Linux ");
	free(text);
	assert_drv_ok(
		w.d->ops->console(w.d->drv, INSTANCE, INT64_MAX, keep_text, &text, &e),
		&e);
	assert_string_equal(text, "");
	free(text);
	assert_drv_fails(
		w.d->ops->console(w.d->drv, INSTANCE, INT64_MAX, keep_text, &text, &e),
		DRV_TRANSIENT, &e);
	end(&w);
}

/* ---------------------------------------------------------------- the account */

#define TYPE(name, cpu, mib)                                                        \
	"<item><instanceType>" name "</instanceType><processorInfo>"                \
	"<supportedArchitectures><item>x86_64</item></supportedArchitectures>"      \
	"</processorInfo><vCpuInfo><defaultVCpus>" cpu "</defaultVCpus></vCpuInfo>" \
	"<memoryInfo><sizeInMiB>" mib "</sizeInMiB></memoryInfo></item>"
#define TYPES(types, next)                                                          \
	{                                                                           \
		200, NULL,                                                          \
			ANSWER("DescribeInstanceTypes",                             \
			       "<instanceTypeSet>" types "</instanceTypeSet>" next) \
	}
#define IMAGE(state, architecture)                                        \
	{                                                                 \
		200, NULL,                                                \
			ANSWER("DescribeImages",                          \
			       "<imagesSet><item><name>debian</name>"     \
			       "<imageState>" state                       \
			       "</imageState><architecture>" architecture \
			       "</architecture></item></imagesSet>")      \
	}
#define IDENTITY                                                                       \
	{                                                                              \
		200, NULL,                                                             \
			ANSWER("GetCallerIdentity",                                    \
			       "<GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</" \
			       "Arn>"                                                  \
			       "<Account>1</Account></GetCallerIdentityResult>")       \
	}
#define MICRO TYPES(TYPE("t3.micro", "2", "1024"), "")
#define DRY_RUN FAILS(412, "DryRunOperation")

static void keep_type(void *arg, const struct drv_type *type)
{
	char *all = arg;

	snprintf(all + strlen(all), 256 - strlen(all), "%s %g %lld;", type->name,
		 type->cpu, (long long)type->memory_bytes >> 20);
}

static void types_are_read_page_after_page(void **state)
{
	char all[256] = "";
	struct world w;
	struct drv_err e;

	(void)state;
	BEGIN(&w, TYPES(TYPE("t3.micro", "2", "1024"), NEXT("x")),
	      TYPES(TYPE("m5.large", "2", "8192") "<item/>", ""));
	assert_drv_ok(w.d->ops->types(w.d->drv, INT64_MAX, keep_type, all, &e), &e);
	assert_string_equal(all, "t3.micro 2 1024;m5.large 2 8192;");
	end(&w);
}

static void a_check_launches_nothing_and_says_what_it_found(void **state)
{
	struct world w;
	CLEANUP(free) char *f = NULL;
	struct drv_err e;

	(void)state;
	BEGIN(&w, IDENTITY, MICRO, IMAGE("available", "x86_64"), NO_INSTANCES, DRY_RUN);
	assert_drv_ok(check_all(&w, &f, &e), &e);
	assert_string_equal(w.host.requests[0].sigv4, "aws:amz:eu-central-1:sts");
	assert_has(&w, 4, "Action=RunInstances");
	assert_has(&w, 4, "DryRun=true");
	assert_int_equal(lines_of(f), 4);
	assert_null(strchr(f, '!'));
	assert_non_null(strstr(f, "is there: debian\n"));
	assert_non_null(strstr(f, "arn:aws:iam::1:user/u of account 1"));
	assert_non_null(strstr(f, "2 cores and 1024 MB"));
	assert_non_null(strstr(f, "a launch is allowed"));
	end(&w);
}

static void what_would_hinder_a_launch_is_found(void **state)
{
	static const struct {
		struct scripted_answer type, image, list, dry_run;
		int cls;
		const char *word;
	} cases[] = {
		{ FAILS(400, "InvalidInstanceType"), IMAGE("available", "x86_64"),
		  NO_INSTANCES, DRY_RUN, DRV_BADREQ, "InvalidInstanceType" },
		{ MICRO, FAILS(400, "InvalidAMIID.NotFound"), NO_INSTANCES, DRY_RUN,
		  DRV_BADREQ, "InvalidAMIID.NotFound" },
		{ MICRO,
		  { 200, NULL, ANSWER("DescribeImages", "<imagesSet/>") },
		  NO_INSTANCES,
		  DRY_RUN,
		  DRV_BADREQ,
		  "the option image" },
		{ MICRO, IMAGE("pending", "x86_64"), NO_INSTANCES, DRY_RUN, DRV_BADREQ,
		  "it is pending" },
		{ MICRO, IMAGE("available", "arm64"), NO_INSTANCES, DRY_RUN, DRV_BADREQ,
		  "is for arm64" },
		{ MICRO, IMAGE("available", "x86_64"),
		  FAILS(403, "UnauthorizedOperation"), DRY_RUN, DRV_AUTH,
		  "DescribeInstances" },
		{ MICRO, IMAGE("available", "x86_64"), NO_INSTANCES,
		  FAILS(403, "UnauthorizedOperation"), DRV_AUTH, "RunInstances" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		CLEANUP(free) char *f = NULL;
		struct drv_err e;

		BEGIN(&w, IDENTITY, cases[i].type, cases[i].image, cases[i].list,
		      cases[i].dry_run);
		assert_drv_fails(check_all(&w, &f, &e), cases[i].cls, &e);
		assert_true(strchr(f, '!') && !strstr(strchr(f, '!') + 1, "\n!"));
		if (!strstr(e.msg, cases[i].word))
			fail_msg("%s", e.msg);
		end(&w);
	}
}

static void rights_that_are_not_needed_may_be_missing(void **state)
{
	static const struct scripted_answer answers[] = {
		{ 404, NULL, "no STS here" },
		FAILS(403, "UnauthorizedOperation"),
		FAILS(403, "UnauthorizedOperation"),
		NO_INSTANCES,
		DRY_RUN,
	};
	struct world w;
	CLEANUP(free) char *f = NULL;
	struct drv_err e;

	(void)state;
	world_begin(&w, "ec2", "{" OPTIONS KEYS(HERE) "}", answers, ARRAY_SIZE(answers));
	assert_drv_ok(check_all(&w, &f, &e), &e);
	assert_int_equal(lines_of(f), 4);
	assert_null(strchr(f, '!'));
	end(&w);
}

static void all_that_options_name_is_looked_at(void **state)
{
	static const char config[] =
		"{" OPTIONS
		"\"subnet\": \"subnet-1\", \"security_groups\": \"sg-1,sg-2\", "
		"\"key\": \"k\", \"launch_template\": \"mine\", " KEYS(HERE) "}";
	static const struct scripted_answer answers[] = {
		IDENTITY,
		MICRO,
		IMAGE("available", "x86_64"),
		{ 200, NULL,
		  ANSWER("DescribeSubnets",
			 "<subnetSet><item><availabilityZone>eu-central-1a"
			 "</availabilityZone><availableIpAddressCount>250"
			 "</availableIpAddressCount></item></subnetSet>") },
		{ 200, NULL,
		  ANSWER("DescribeSecurityGroups",
			 "<securityGroupInfo><item/></securityGroupInfo>") },
		{ 200, NULL, ANSWER("DescribeKeyPairs", "<keySet><item/></keySet>") },
		{ 200, NULL,
		  ANSWER("DescribeLaunchTemplates",
			 "<launchTemplates><item/></launchTemplates>") },
		NO_INSTANCES,
		DRY_RUN,
	};
	static const char *const asked[] = {
		"InstanceType.1=t3.micro", "ImageId.1=ami-1", "SubnetId.1=subnet-1",
		"GroupId.2=sg-2",          "KeyName.1=k",     "LaunchTemplateName.1=mine"
	};
	struct world w;
	CLEANUP(free) char *f = NULL;
	struct drv_err e;

	(void)state;
	world_begin(&w, "ec2", config, answers, ARRAY_SIZE(answers));
	assert_drv_ok(check_all(&w, &f, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		assert_has(&w, i + 1, asked[i]);
	assert_non_null(strstr(f, "250 free addresses"));
	end(&w);
}

static void a_cloud_that_launches_in_a_dry_run_is_told_and_that_is_ended(void **state)
{
	static const struct scripted_answer answers[] = {
		IDENTITY,
		MICRO,
		IMAGE("available", "x86_64"),
		NO_INSTANCES,
		LAUNCHED,
		PAGE(RESERVED(INSTANCE_OF(INSTANCE, "foretide-check", "pending", "")),
		     ""),
		TERMINATED,
	};
	struct world w;
	CLEANUP(free) char *f = NULL;
	struct drv_err e;

	(void)state;
	world_begin(&w, "ec2", "{" OPTIONS KEYS(HERE) "}", answers, ARRAY_SIZE(answers));
	assert_drv_fails(check_all(&w, &f, &e), DRV_BUG, &e);
	assert_has(&w, 6, "Action=TerminateInstances");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unknown_or_missing_is_named),
		cmocka_unit_test(
			a_stack_names_what_is_of_the_region_and_no_address_or_right),
		cmocka_unit_test(calls_are_posts_that_are_signed_for_service_and_region),
		cmocka_unit_test(keys_of_a_session_carry_its_token),
		cmocka_unit_test(
			addresses_are_those_of_the_region_unless_others_are_given),
		cmocka_unit_test(a_launch_is_one_call_with_tags_and_user_data),
		cmocka_unit_test(every_option_is_in_the_launch),
		cmocka_unit_test(a_public_address_is_asked_for_of_the_interface),
		cmocka_unit_test(a_launch_that_lacks_something_is_not_sent),
		cmocka_unit_test(user_data_may_have_what_ec2_takes_and_no_byte_more),
		cmocka_unit_test(a_launch_fails_in_the_class_that_it_failed_in),
		cmocka_unit_test(
			a_launch_id_that_ec2_had_before_is_the_vm_that_it_launched),
		cmocka_unit_test(a_list_is_read_page_after_page),
		cmocka_unit_test(a_list_that_does_not_end_or_cannot_be_read_fails),
		cmocka_unit_test(instances_are_read_as_they_are),
		cmocka_unit_test(ends_its_own_instance_and_one_that_is_gone),
		cmocka_unit_test(never_ends_what_has_not_its_tag),
		cmocka_unit_test(the_end_of_a_vm_may_be_lost_or_refused),
		cmocka_unit_test(the_console_is_decoded),
		cmocka_unit_test(types_are_read_page_after_page),
		cmocka_unit_test(a_check_launches_nothing_and_says_what_it_found),
		cmocka_unit_test(what_would_hinder_a_launch_is_found),
		cmocka_unit_test(rights_that_are_not_needed_may_be_missing),
		cmocka_unit_test(all_that_options_name_is_looked_at),
		cmocka_unit_test(
			a_cloud_that_launches_in_a_dry_run_is_told_and_that_is_ended),
	};

	return cmocka_run_group_tests_name("ec2", tests, NULL, NULL);
}
