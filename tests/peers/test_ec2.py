# SPDX-License-Identifier: GPL-3.0-or-later
"""The ec2 driver, and a controller with a pool on it, against a fake that is judged by AWS: each
request by its description of the service, each signature by its own signer, each answer by its
own client (boto3), which sees what the driver made."""

import boto3
import botocore.config
import botocore.exceptions
import botocore.retries.standard
import pytest

from ec2.signer import Signer
from fakes.ec2 import catalog
from fakes.ec2.cloud import (KEY_ID, REFUSALS, SECRET, SESSION_KEY_ID, SESSION_TOKEN,
                             USER_DATA_MAX, Cloud)
from fakes.hosts import Hosts
from fakes.server import Server
from peer_tools import Driver, Peer, local_driver, only, wait_for

IMAGE = catalog.IMAGES[0]["imageId"]
POOL = {"type": "t3.micro", "image": IMAGE}
RUN, LIST, END = "/RunInstances$", "/DescribeInstances$", "/TerminateInstances$"


@pytest.fixture(name="signer", scope="module")
def fixture_signer():
    with Signer() as signer:
        yield signer


@pytest.fixture(name="fake")
def fixture_fake(signer):
    with Server(Cloud(verify=signer.verify)) as fake:
        yield fake
    assert fake.cloud.violations == []


def credentials(fake, **more):
    return {"access_key_id": KEY_ID, "secret_access_key": SECRET, "region": catalog.REGION,
            "endpoint": fake.url, **more}


def driver(fake, keys=None, **options):
    return Driver("ec2", {**POOL, **options, "credentials": credentials(fake, **keys or {})})


def client(fake, service="ec2", secret=SECRET):
    return boto3.client(
        service, endpoint_url=fake.url, region_name=catalog.REGION, aws_access_key_id=KEY_ID,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"max_attempts": 4, "mode": "standard"}))


def instances(c, **how):
    return [i for page in c.get_paginator("describe_instances").paginate(**how)
            for r in page["Reservations"] for i in r["Instances"]]


def tags(instance):
    return {t["Key"]: t["Value"] for t in instance["Tags"]}


# ---------------------------------------------------------------- judged by AWS' client
def test_the_fake_is_a_cloud_to_aws_own_client(fake):
    fake.cloud.set({"page": 2})
    c = client(fake)
    made = [only(c.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1,
                                 TagSpecifications=[{"ResourceType": "instance", "Tags": [
                                     {"Key": "by", "Value": f"boto-{n % 2}"}]}])["Instances"])
            for n in range(5)]
    c.get_waiter("instance_running").wait(InstanceIds=[made[0]["InstanceId"]],
                                          WaiterConfig={"Delay": 0})
    assert len(instances(c)) == 5
    assert len(instances(c, Filters=[{"Name": "tag:by", "Values": ["boto-0"]}])) == 3
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidAMIID.NotFound"):
        c.run_instances(ImageId="ami-none", MinCount=1, MaxCount=1)
    with pytest.raises(botocore.exceptions.ClientError, match="DryRunOperation"):
        c.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, DryRun=True)
    c.terminate_instances(InstanceIds=[i["InstanceId"] for i in made])
    c.get_waiter("instance_terminated").wait(InstanceIds=[made[0]["InstanceId"]],
                                             WaiterConfig={"Delay": 0})
    assert client(fake, "sts").get_caller_identity()["Arn"] == catalog.USER
    assert fake.cloud.vms() == []


def test_a_refused_launch_is_sent_again_with_its_token_by_aws_own_client(fake):
    fake.cloud.faults.add("POST", RUN, "throttle")
    fake.cloud.faults.add("POST", RUN, "lose")
    client(fake).run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)
    assert [c for c in fake.cloud.calls if c[1] == "/RunInstances"] == [
        ("POST", "/RunInstances")] * 3
    only(fake.cloud.vms())


def test_a_signature_with_another_secret_is_refused(fake):
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        client(fake, secret="another").describe_instances()
    with driver(fake, {"secret_access_key": "another"}) as d:
        answer = d.ask("list", owner="us")
        assert (answer["class"], answer["code"]) == ("AUTH", "SignatureDoesNotMatch")


def test_aws_own_client_sees_what_the_driver_launched(fake):
    with driver(fake, subnet="subnet-0a", security_groups="sg-0a", key="admin", volume_gb="20",
                volume_type="gp3", public_ip="yes", instance_profile="web",
                launch_template="web", launch_template_version="$Latest") as d:
        assert d.launch(1, user_data="#!/bin/sh\n# ä&=+ \n", expires_ms=1700000000000
                        )["class"] == "OK"
        instance = only(instances(client(fake), Filters=[
            {"Name": "tag:ft-owner", "Values": ["us"]}]))
        want = {"Name": "web-1", "ft-owner": "us", "ft-pool": "web", "ft-launch": f"{1:032x}",
                "ft-expires": "1700000000"}
        vm = only(fake.cloud.vms())
        assert tags(instance) == vm["volume_tags"] == want
        assert instance["InstanceType"] == "t3.micro"
        assert vm["user_data"] == "#!/bin/sh\n# ä&=+ \n"
        assert instance["ClientToken"] == f"{1:032x}"
        client(fake).terminate_instances(InstanceIds=[instance["InstanceId"]])
        assert only(d.vms())["state"] == "GONE"


# ---------------------------------------------------------------- the driver
def test_keys_of_a_session_are_signed_with_its_token(fake):
    keys = {"access_key_id": SESSION_KEY_ID, "session_token": SESSION_TOKEN}
    with driver(fake, keys) as d:
        assert d.launch(1)["class"] == "OK"
    with driver(fake, {**keys, "session_token": "of-yesterday"}) as d:
        answer = d.ask("list", owner="us")
        assert (answer["class"], answer["code"]) == ("AUTH", "ExpiredToken")
        assert "of-yesterday" not in str(answer)


def test_the_check_says_what_is_wrong_and_creates_nothing(fake):
    with driver(fake, subnet="subnet-0a", security_groups="sg-0a", key="admin") as d:
        findings = d.ok("validate")["findings"]
        assert not [f for f in findings if f[0]], findings
        assert catalog.USER in findings[0][1]
        assert any("is there: debian-12-x86_64" in f[1] for f in findings)
        assert "a launch is allowed" in findings[-1][1]
    with driver(fake, type="t9.none", image="ami-none", subnet="subnet-none",
                security_groups="sg-none", key="none", launch_template="none") as d:
        answer = d.ask("validate")
        fatal = " ".join(f[1] for f in answer["findings"] if f[0])
        assert answer["class"] == "BADREQ"
        for word in ("t9.none", "ami-none", "subnet-none", "sg-none", "'none'"):
            assert word in fatal
    with driver(fake, image=catalog.IMAGES[1]["imageId"]) as d:
        assert "is for arm64" in d.ask("validate")["message"]
    assert fake.cloud.vms() == []


def test_a_cloud_that_knows_no_dry_run_is_told(fake):
    fake.cloud.set({"dry_run": False})
    with driver(fake) as d:
        answer = d.ask("validate")
        assert answer["class"] == "BUG" and "dry run" in answer["message"]
    assert fake.cloud.vms() == []


def test_types_have_cores_and_memory(fake):
    with driver(fake) as d:
        types = {t["name"]: t for t in d.ok("types")["types"]}
        assert types["m5.large"]["cpu"] == 2 and types["m5.large"]["memory_bytes"] == 8 << 30


def test_one_launch_id_is_one_instance(fake):
    with driver(fake) as d:
        first = d.launch(1)["vm"]["id"]
        assert d.launch(1)["vm"]["id"] == first
        fake.cloud.faults.add("POST", RUN, "lose")
        assert d.launch(2)["class"] == "AMBIGUOUS"
        second = d.launch(2)["vm"]["id"]
        assert sorted(v["id"] for v in fake.cloud.vms()) == sorted([first, second])
    # The options changed between: EC2 refuses, and the instance is the same.
    with driver(fake, type="t3.small") as d:
        assert d.launch(2)["vm"]["id"] == second
        d.ok("terminate", owner="us", id=second)
        d.vms()
        assert d.launch(2)["vm"]["state"] == "GONE"
    assert only(fake.cloud.vms())["id"] == first


def test_failures_have_their_class(fake):
    faults = {"throttle": "THROTTLED", "capacity": "CAPACITY", "quota": "QUOTA", "auth": "AUTH",
              "unavailable": "AMBIGUOUS", "garbage": "AMBIGUOUS", "cut": "AMBIGUOUS",
              "lose": "AMBIGUOUS", "drop": "AMBIGUOUS"}
    with driver(fake) as d:
        for n, (what, cls) in enumerate(faults.items()):
            fake.cloud.faults.add("POST", RUN, what)
            answer = d.launch(n)
            assert answer["class"] == cls, (what, answer)
            if what in REFUSALS:
                assert answer["code"] == REFUSALS[what][1]
                assert answer["request_id"] == "f6b0-fake"
        fake.cloud.faults.add("POST", LIST, "huge", bytes=9 << 20)
        for what in ("huge", "garbage", "cut", "unavailable"):
            if what != "huge":
                fake.cloud.faults.add("POST", LIST, what)
            assert d.ask("list", owner="us")["class"] == "TRANSIENT", what
        assert fake.cloud.faults.left() == []
    with driver(fake, type="t3.micro") as d:
        fake.cloud.set({"limit": 0})
        assert d.launch(99)["class"] == "QUOTA"


def test_all_that_aws_own_clients_wait_for_is_throttling(fake):
    codes = botocore.retries.standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES
    assert len(codes) > 8
    with driver(fake) as d:
        for n, code in enumerate(codes):
            fake.cloud.faults.add(
                "POST", RUN, "answer", status=400,
                body=f"<Response><Errors><Error><Code>{code}</Code><Message>x</Message></Error>"
                     "</Errors><RequestID>r</RequestID></Response>")
            answer = d.launch(n)
            assert answer["class"] == "THROTTLED", answer


def test_three_pages_and_one_that_changes(fake):
    fake.cloud.set({"page": 2, "boot_polls": 0})
    with driver(fake) as d:
        ids = [d.launch(n)["vm"]["id"] for n in range(5)]
        d.launch(9, owner="somebody")
        assert sorted(v["id"] for v in d.vms()) == sorted(ids)
        calls = [f for f in fake.cloud.forms if f["Action"] == "DescribeInstances"]
        assert len(calls) == 3 and "NextToken" in calls[2]
        fake.cloud.faults.add("POST", LIST, "answer", times=0, status=200,
                              body='<DescribeInstancesResponse><reservationSet/>'
                                   '<nextToken>again</nextToken></DescribeInstancesResponse>')
        assert d.ask("list", owner="us")["class"] == "BUG"


def test_an_instance_that_is_not_yet_shown_is_ended_when_it_is(fake):
    fake.cloud.set({"hidden_polls": 2})
    with driver(fake) as d:
        vm_id = d.launch(1)["vm"]["id"]
        assert d.vms() == []
        assert d.ask("terminate", owner="us", id=vm_id)["class"] == "OK"
        wait_for("it is shown", d.vms)
        d.ok("terminate", owner="us", id=vm_id)
        d.ok("terminate", owner="us", id=vm_id)
        wait_for("it is gone", lambda: d.vms() == [])
        d.ok("terminate", owner="us", id=vm_id)


def test_a_strangers_instance_is_left_alone(fake):
    mine = only(client(fake).run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"])
    with driver(fake) as d:
        other = d.launch(1, owner="somebody")["vm"]["id"]
        assert d.vms() == []
        for vm_id in (mine["InstanceId"], other):
            assert d.ask("terminate", owner="us", id=vm_id)["class"] == "CONFLICT"
    assert len(fake.cloud.vms()) == 2


def test_user_data_at_and_over_the_limit(fake):
    with driver(fake) as d:
        assert d.launch(1, user_data="#" * USER_DATA_MAX)["class"] == "OK"
        assert d.launch(2, user_data="#" * (USER_DATA_MAX + 1))["class"] == "BADREQ"
    assert len(only(fake.cloud.vms())["user_data"]) == USER_DATA_MAX


def test_the_console_is_shown(fake):
    with driver(fake) as d:
        assert d.ok("console", id=d.launch(1)["vm"]["id"])["text"] == "web-1 login: "


def test_over_tls_with_its_own_ca_and_not_of_another_name(fake):
    with Server(fake.cloud, tls=True) as secure:
        with driver(secure, {"ca_bundle": secure.ca}) as d:
            assert d.launch(1)["class"] == "OK"
        with driver(secure) as d:
            assert d.ask("list", owner="us")["class"] == "TRANSIENT"
    with Server(fake.cloud, tls=True, name="elsewhere.test") as other:
        with driver(other, ca=other.ca) as d:
            assert d.ask("list", owner="us")["class"] == "TRANSIENT"


# ---------------------------------------------------------------- a controller
def test_agents_join_and_a_pool_scales_out_and_in(fake):
    with Peer("ec2", credentials(fake), POOL, lambda: len(fake.cloud.vms())) as p, \
            local_driver(p) as local:
        fake.cloud.hosts = Hosts(local)
        p.start()
        # The answer to one launch is lost, and the launch is sent again with its id.
        fake.cloud.faults.add("POST", RUN, "lose")
        p.scale(2)
        wait_for("both are up", lambda: len(
            [h for h in p.hosts("peer") if h["state"] == "up"]) == 2)
        wait_for("their units run", lambda: p.healthy("peer"))
        assert fake.cloud.faults.left() == []
        assert len(fake.cloud.vms()) == 2
        p.scale(1)
        p.ends(1)
        p.api("/v1/stacks/peer", "DELETE")
        p.ends(0)
        assert not fake.cloud.hosts.ids
