# SPDX-License-Identifier: GPL-3.0-or-later
"""An EC2 in memory, with as much of STS as says who calls. Every request is held to AWS' own
description (model.py), and its signature to what "verify" says, if a test gives it.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/, and what AWS' clients read."""

import base64
import datetime
import re
import urllib.parse
from xml.sax.saxutils import escape

from fakes.cloud import Answer, Cloud as Base, route
from fakes.ec2 import catalog
from fakes.ec2.model import violations

KEY_ID, SECRET = "AKIDFAKEOFTHETEST", "a/secret+of/the/fake"
SESSION_KEY_ID, SESSION_TOKEN = "ASIAFAKEOFTHETEST", "a+token/of=the=fake"
SECRETS = {KEY_ID: SECRET, SESSION_KEY_ID: SECRET}
USER_DATA_MAX = 16384
REFUSALS = {
    "throttle": (503, "RequestLimitExceeded", "Request limit exceeded."),
    "capacity": (500, "InsufficientInstanceCapacity",
                 "We currently do not have sufficient t3.micro capacity."),
    "quota": (400, "VcpuLimitExceeded",
              "You have requested more vCPU capacity than your current vCPU limit of 32 allows."),
    "auth": (401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
    "unavailable": (503, "Unavailable", "The service is unavailable."),
}
STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}


class Refused(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(code)
        self.answer = failure(status, code, message)


def failure(status, code, message, headers=None):
    return Answer(status, f"<Response><Errors><Error><Code>{code}</Code><Message>"
                          f"{escape(message)}</Message></Error></Errors>"
                          "<RequestID>f6b0-fake</RequestID></Response>", headers, "text/xml")


def xml(name, value):
    if value is None:
        return ""
    if isinstance(value, dict):
        inside = "".join(xml(k, v) for k, v in value.items())
    elif isinstance(value, list):
        inside = "".join(xml("item", v) for v in value)
    elif isinstance(value, bool):
        inside = str(value).lower()
    else:
        inside = escape(str(value))
    return f"<{name}>{inside}</{name}>"


def listed(form, name):
    """NAME.1, NAME.2 ... in order"""
    found, n = [], 1
    while f"{name}.{n}" in form:
        found.append(form[f"{name}.{n}"])
        n += 1
    return found


def tags_of(form, resource):
    for spec in range(1, 10):
        prefix = f"TagSpecification.{spec}."
        if form.get(prefix + "ResourceType") == resource:
            keys, n = {}, 1
            while f"{prefix}Tag.{n}.Key" in form:
                keys[form[f"{prefix}Tag.{n}.Key"]] = form.get(f"{prefix}Tag.{n}.Value", "")
                n += 1
            if n > 51:
                raise Refused("TagLimitExceeded", "more than 50 tags")
            return keys
    return {}


class Cloud(Base):
    SETTINGS = {**Base.SETTINGS, "page": 1000, "linger_polls": 2, "dry_run": True}

    def __init__(self, hosts=None, verify=None, **settings):
        """verify: of a request -> None, or why its signature is refused"""
        super().__init__(hosts, **settings)
        self.verify = verify
        self.instances = {}
        self.tokens = {}  # client token -> (parameters, id)
        self.violations = []
        self.forms = []   # of each request that was let in
        self.last_id = 0

    def called(self, request, path):
        return "/" + request.form().get("Action", "")

    # ------------------------------------------------------------ what is let in
    def refused(self, request):
        authorization = request.headers.get("Authorization", "")
        found = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/",
                         authorization)
        if request.method != "POST" or "?" in request.path or not found:
            return failure(400, "MissingAuthenticationToken", "the request is not signed")
        key_id, region, service = found.groups()
        token = request.headers.get("X-Amz-Security-Token")
        if key_id not in SECRETS or region != catalog.REGION:
            return self.refusal("auth", {})
        if (SESSION_TOKEN if key_id == SESSION_KEY_ID else None) != token:
            return failure(400, "ExpiredToken", "The provided token has expired.")
        reason = self.verify and self.verify(request)
        if reason:
            return failure(403, "SignatureDoesNotMatch", reason)
        form = urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True)
        wrong = violations(service, form)
        self.violations += wrong
        self.forms.append(dict(form))
        return failure(400, "InvalidParameter", "; ".join(wrong)) if wrong else None

    def refusal(self, what, fault):
        after = fault.get("retry_after")
        return failure(*REFUSALS[what], {"Retry-After": str(after)} if after else None)

    def not_found(self, request):
        return failure(404, "InvalidAction", f"there is nothing at {request.path}")

    @route("POST", "/")
    def act_on_form(self, request):
        form = request.form()
        action = form["Action"]
        try:
            if action in catalog.LOOKUPS:
                content = self.look_up(form, *catalog.LOOKUPS[action])
            else:
                content = getattr(self, action, self.unknown)(form)
        except Refused as e:
            return e.answer
        return Answer(200, '<?xml version="1.0" encoding="UTF-8"?>\n'
                      f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
                      + "".join(xml(k, v) for k, v in content.items()) +
                      f"</{action}Response>", media_type="text/xml;charset=UTF-8")

    def unknown(self, form):
        raise Refused("InvalidAction", f"{form['Action']} is not known here")

    # ------------------------------------------------------------ launching
    def RunInstances(self, form):
        token = form.get("ClientToken")
        same = {k: v for k, v in form.items() if k != "DryRun"}
        known = self.tokens.get(token)
        if known and form.get("DryRun") != "true":
            return self.launched_before(*known, same)
        self.check_launch(form)
        if form.get("DryRun") == "true" and self.dry_run:
            raise Refused("DryRunOperation", "Request would have succeeded, but DryRun flag "
                          "is set.", 412)
        made = [self.launch(form) for _ in range(int(form["MaxCount"]))]
        if token:
            self.tokens[token] = (same, made[0]["id"])
        return self.reservation(made)

    def launched_before(self, parameters, vm_id, same):
        if parameters != same:
            raise Refused("IdempotentParameterMismatch", "Arguments on this idempotent request "
                          "are inconsistent with arguments used in previous request(s).")
        if vm_id not in self.instances or self.instances[vm_id]["state"] == "terminated":
            raise Refused("IdempotentInstanceTerminated", "The instance is terminated.")
        return self.reservation([self.instances[vm_id]])

    def check_launch(self, form):
        alive = [v for v in self.instances.values() if v["state"] != "terminated"]
        if len(alive) + int(form["MaxCount"]) > self.limit:
            raise Refused(*REFUSALS["quota"][1:])
        if len(base64.b64decode(form.get("UserData", ""), validate=True)) > USER_DATA_MAX:
            raise Refused("InvalidParameterValue", "User data is limited to 16384 bytes")
        if "NetworkInterface.1.DeviceIndex" in form and "SubnetId" in form:
            raise Refused("InvalidParameterCombination", "Network interfaces and an "
                          "instance-level subnet ID may not be specified on the same request")
        names = {"ImageId": "DescribeImages", "InstanceType": "DescribeInstanceTypes",
                 "SubnetId": "DescribeSubnets", "KeyName": "DescribeKeyPairs",
                 "LaunchTemplate.LaunchTemplateName": "DescribeLaunchTemplates"}
        for name, lookup in names.items():
            _, everything, member, _, code = catalog.LOOKUPS[lookup]
            if name in form and form[name] not in [o[member] for o in everything]:
                raise Refused(code, f"'{form[name]}' does not exist")
        if "LaunchTemplate.LaunchTemplateName" not in form and "ImageId" not in form:
            raise Refused("MissingParameter", "The request must contain the parameter ImageId")

    def launch(self, form):
        self.last_id += 1
        vm_id = f"i-{self.last_id:017x}"
        tags = tags_of(form, "instance")
        user_data = base64.b64decode(form.get("UserData", "")).decode()
        spot = form.get("InstanceMarketOptions.MarketType") == "spot"
        vm = {"id": vm_id, "state": "pending", "polls": 0, "tags": tags,
              "volume_tags": tags_of(form, "volume"), "user_data": user_data,
              "token": form.get("ClientToken"), "type": form.get("InstanceType", "t3.micro"),
              "zone": form.get("Placement.AvailabilityZone", f"{catalog.REGION}a"),
              "spot": spot, "created": datetime.datetime.now(datetime.timezone.utc),
              "name": tags.get("Name", vm_id)}
        vm["address"] = self.boot(vm["name"], user_data) or f"10.0.0.{self.last_id % 250 + 4}"
        self.instances[vm_id] = vm
        return vm

    @staticmethod
    def shown(vm):
        reason = {"code": "Client.UserInitiatedShutdown",
                  "message": "Client.UserInitiatedShutdown: User initiated shutdown"}
        is_over = vm["state"] in ("shutting-down", "terminated")
        return {"instanceId": vm["id"], "imageId": catalog.IMAGES[0]["imageId"],
                "instanceState": {"code": STATES[vm["state"]], "name": vm["state"]},
                "stateReason": reason if is_over else None,
                "amiLaunchIndex": 0, "instanceType": vm["type"],
                "launchTime": vm["created"].strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "placement": {"availabilityZone": vm["zone"], "tenancy": "default"},
                "privateIpAddress": None if is_over else vm["address"],
                "clientToken": vm["token"],
                "instanceLifecycle": "spot" if vm["spot"] else None,
                "tagSet": [{"key": k, "value": v} for k, v in vm["tags"].items()]}

    def reservation(self, made):
        return {"requestId": "f6b0-fake", "reservationId": f"r-{made[0]['id'][2:]}",
                "ownerId": catalog.ACCOUNT, "groupSet": [],
                "instancesSet": [self.shown(vm) for vm in made]}

    # ------------------------------------------------------------ lists
    def poll(self):
        for vm in list(self.instances.values()):
            vm["polls"] += 1
            if vm["state"] == "pending" and vm["polls"] > self.boot_polls:
                vm["state"] = "running"
            elif vm["state"] == "shutting-down":
                vm["state"], vm["polls"] = "terminated", 0
            elif vm["state"] == "terminated" and vm["polls"] > self.linger_polls:
                del self.instances[vm["id"]]

    def is_shown(self, vm):
        return not self.hidden_polls or vm["state"] != "pending" or vm["polls"] > self.hidden_polls

    def passes(self, vm, form):
        n = 1
        while f"Filter.{n}.Name" in form:
            name, wanted = form[f"Filter.{n}.Name"], listed(form, f"Filter.{n}.Value")
            if name.startswith("tag:"):
                value = vm["tags"].get(name[4:])
            else:
                value = {"client-token": vm["token"],
                         "instance-state-name": vm["state"]}[name]
            if value not in wanted:
                return False
            n += 1
        return True

    def one(self, vm_id):
        if not re.fullmatch(r"i-[0-9a-f]{8,17}", vm_id):
            raise Refused("InvalidInstanceID.Malformed", f"Invalid id: \"{vm_id}\"")
        vm = self.instances.get(vm_id)
        if not vm or not self.is_shown(vm):
            raise Refused("InvalidInstanceID.NotFound",
                          f"The instance ID '{vm_id}' does not exist")
        return vm

    def DescribeInstances(self, form):
        after = base64.b64decode(form.get("NextToken", "")).decode()
        if not after:
            self.poll()
        ids = listed(form, "InstanceId")
        if ids and "MaxResults" in form:
            raise Refused("InvalidParameterCombination", "The parameter instancesSet cannot be "
                          "used with the parameter maxResults")
        vms = [self.one(i) for i in ids] or [v for v in self.instances.values()
                                             if self.is_shown(v)]
        found = [v for v in sorted(vms, key=lambda v: v["id"])
                 if v["id"] > after and self.passes(v, form)]
        size = min(self.page, int(form.get("MaxResults", self.page)))
        page = found[:size]
        more = len(found) > size
        return {"requestId": "f6b0-fake",
                "reservationSet": [self.reservation([v]) for v in page],
                "nextToken": base64.b64encode(page[-1]["id"].encode()).decode() if more else None}

    # ------------------------------------------------------------ one by one
    def TerminateInstances(self, form):
        vms = [self.one(i) for i in listed(form, "InstanceId")]
        changes = []
        for vm in vms:
            before = vm["state"]
            if before not in ("terminated", "shutting-down"):
                vm["state"] = "shutting-down"
                self.halt(vm["name"])
            changes.append({"instanceId": vm["id"],
                            "currentState": {"code": STATES[vm["state"]], "name": vm["state"]},
                            "previousState": {"code": STATES[before], "name": before}})
        return {"requestId": "f6b0-fake", "instancesSet": changes}

    def GetConsoleOutput(self, form):
        vm = self.one(form["InstanceId"])
        text = base64.b64encode(f"{vm['name']} login: ".encode()).decode()
        return {"requestId": "f6b0-fake", "instanceId": vm["id"],
                "timestamp": "2026-01-01T00:00:00.000Z", "output": f"{text}\n"}

    def look_up(self, form, element, everything, member, parameter, code):
        wanted = listed(form, parameter)
        for name in wanted:
            if name not in [o[member] for o in everything]:
                raise Refused(code, f"'{name}' does not exist")
        return {"requestId": "f6b0-fake",
                element: [o for o in everything if not wanted or o[member] in wanted]}

    def GetCallerIdentity(self, _):
        return {"GetCallerIdentityResult": {"Arn": catalog.USER, "UserId": "AIDAFAKE",
                                            "Account": catalog.ACCOUNT},
                "ResponseMetadata": {"RequestId": "f6b0-fake"}}

    # ------------------------------------------------------------ for tests
    def vms(self):
        return [{k: v for k, v in vm.items() if k != "created"}
                for vm in self.instances.values()
                if vm["state"] not in ("shutting-down", "terminated")]
