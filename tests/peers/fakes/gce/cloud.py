# SPDX-License-Identifier: GPL-3.0-or-later
"""A Compute Engine in memory, at /compute/v1, with the server of its tokens at /token.

Source: https://cloud.google.com/compute/docs/reference/rest/v1, and what Google's own client
(@google-cloud/compute) sends and reads."""

import base64
import datetime
import json
import re
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fakes.cloud import Answer, Cloud as Base, route
from fakes.gce import catalog

API = "/compute/v1/projects/{project}"
NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
LABEL_VALUE = re.compile(r"[-_a-z0-9]{0,63}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EMAIL = "scaler@a-project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/compute"
VALUE_MAX = 256 * 1024
REFUSALS = {
    "throttle": (403, "rateLimitExceeded", "Rate Limit Exceeded"),
    "quota": (403, "quotaExceeded", "Quota 'CPUS' exceeded. Limit: 24.0 in region."),
    "auth": (401, "authError", "Invalid Credentials"),
    "unavailable": (503, "backendError", "Backend Error"),
}


def error(status, reason, message):
    return Answer(status, {"error": {
        "code": status, "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}]}})


def invalid(field, value):
    return error(400, "invalid", f"Invalid value for field 'resource.{field}': '{value}'.")


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def last(path):
    return path.rpartition("/")[2]


class Cloud(Base):
    SETTINGS = {**Base.SETTINGS,
                "op_polls": 1,       # how often an operation is waited for before it is done
                "fails": "",         # the code with which operations of launches fail
                "token_s": 3600,
                "may_launch": True,
                "unreachable": ""}   # a zone that lists lack

    def __init__(self, hosts=None, **settings):
        super().__init__(hosts, **settings)
        self.instances, self.operations, self.requests = {}, {}, {}
        self.tokens = {}
        self.last_id = 1000
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def key_file(self, url, **more):
        """What the file of the service account's key holds, with tokens from this url."""
        pem = self.key.private_bytes(serialization.Encoding.PEM,
                                     serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()).decode()
        return {"type": "service_account", "project_id": catalog.PROJECT,
                "private_key_id": "the-id", "private_key": pem, "client_email": EMAIL,
                "client_id": "1", "token_uri": f"{url}/token", **more}

    def new_id(self):
        self.last_id += 1
        return str(self.last_id)

    # ------------------------------------------------------------ tokens
    def claims(self, request):
        """Of a JWT that the account's key has signed; None when it is wrong."""
        form = request.form()
        parts = form.get("assertion", "").split(".")
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" or \
                len(parts) != 3:
            return None
        try:
            header, claims = (json.loads(unpadded(p)) for p in parts[:2])
            self.key.public_key().verify(unpadded(parts[2]), ".".join(parts[:2]).encode(),
                                         padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return None
        is_right = header == {"alg": "RS256", "typ": "JWT", "kid": "the-id"} and \
            claims["iss"] == EMAIL and claims["aud"].endswith("/token") and \
            claims["scope"] == SCOPE and claims["iat"] <= time.time() + 60 and \
            time.time() < claims["exp"] <= claims["iat"] + 3600
        return claims if is_right else None

    def new_token(self):
        token = f"token-{self.new_id()}"
        self.tokens[token] = time.time() + self.token_s
        return token

    @route("POST", "/token")
    def token(self, request):
        if not self.claims(request):
            return Answer(400, {"error": "invalid_grant",
                                "error_description": "Invalid JWT Signature."})
        return Answer(200, {"access_token": self.new_token(), "expires_in": self.token_s,
                            "token_type": "Bearer"})

    # ------------------------------------------------------------ of every call
    def refused(self, request):
        if request.path == "/token":
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= time.time():
            return self.refusal("auth", {})
        project, _, rest = request.path.removeprefix("/compute/v1/projects/").partition("/")
        is_public = project in catalog.IMAGES and rest.startswith("global/images/")
        if project != catalog.PROJECT and not is_public:
            return error(403, "forbidden", "The caller does not have permission")
        return None

    def refusal(self, what, fault):
        if what == "capacity":
            return error(400, "resourcePoolExhausted", "The zone does not have enough resources")
        status, reason, message = REFUSALS[what]
        if what == "throttle" and "retry_after" in fault:
            status = 429
        answer = error(status, reason, message)
        if "retry_after" in fault:
            answer.headers["Retry-After"] = fault["retry_after"]
        return answer

    def not_found(self, request):
        return error(404, "notFound", f"The resource '{request.path}' was not found")

    def vms(self):
        return list(self.instances.values())

    def link(self, *parts):
        return "/".join(("https://www.googleapis.com/compute/v1/projects", catalog.PROJECT,
                         *parts))

    # ------------------------------------------------------------ lists
    def page(self, request, items):
        """-> those of this page, and what names the next"""
        start = int(request.query.get("pageToken") or 0)
        count = min(self.settings["page"], int(request.query.get("maxResults", 500)))
        end = start + count
        return items[start:end], {"nextPageToken": str(end)} if end < len(items) else {}

    def selected(self, request, instances):
        name, _, value = request.query.get("filter", "").partition("=")
        key = name.strip().removeprefix("labels.")
        return [i for i in instances if not key or i["labels"].get(key) == value.strip()]

    def listed(self, request, instances):
        found = []
        for i in self.selected(request, instances):
            i["lists"] += 1
            if i["lists"] > self.hidden_polls:
                found.append(i)
        return self.page(request, found)

    @route("GET", API + "/aggregated/instances")
    def get_all(self, request, project):
        page, more = self.listed(request, self.instances.values())
        items = {f"zones/{z}": {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none"}}
                 for z in catalog.ZONES}
        for zone in {i["zone"] for i in page}:
            items[f"zones/{last(zone)}"] = {
                "instances": [self.shown(i) for i in page if i["zone"] == zone]}
        if self.unreachable:
            items[f"zones/{self.unreachable}"] = {
                "warning": {"code": "UNREACHABLE", "message": "it does not answer"}}
        return Answer(200, {"kind": "compute#instanceAggregatedList", "items": items, **more})

    @route("GET", API + "/zones/{zone}/instances")
    def get_zone_instances(self, request, project, zone):
        page, more = self.listed(request, [i for (z, _), i in self.instances.items()
                                           if z == zone])
        return Answer(200, {"kind": "compute#instanceList",
                            "items": [self.shown(i) for i in page], **more})

    # ------------------------------------------------------------ what is offered
    def machine(self, zone, name):
        cpus, memory = catalog.TYPES[name]
        return {"kind": "compute#machineType", "id": "1", "name": name, "guestCpus": cpus,
                "memoryMb": memory, "zone": zone, "creationTimestamp": catalog.CREATED,
                "selfLink": self.link("zones", zone, "machineTypes", name)}

    @route("GET", API + "/zones/{zone}/machineTypes")
    def get_types(self, request, project, zone):
        page, more = self.page(request, [self.machine(zone, t) for t in catalog.TYPES])
        return Answer(200, {"kind": "compute#machineTypeList", "items": page, **more})

    @route("GET", API + "/zones/{zone}/machineTypes/{name}")
    def get_type(self, request, project, zone, name):
        if zone not in catalog.ZONES or name not in catalog.TYPES:
            return self.not_found(request)
        return Answer(200, self.machine(zone, name))

    @route("GET", API + "/zones/{zone}")
    def get_zone(self, request, project, zone):
        if zone not in catalog.ZONES:
            return self.not_found(request)
        return Answer(200, {"kind": "compute#zone", "name": zone, "status": "UP",
                            "region": self.link("regions", catalog.REGION)})

    def used(self):
        cpus = sum(catalog.TYPES[last(i["machineType"])][0] for i in self.instances.values())
        count = float(len(self.instances))
        return {"CPUS": float(cpus), "INSTANCES": count, "IN_USE_ADDRESSES": count}

    @route("GET", API + "/regions/{region}")
    def get_region(self, request, project, region):
        if region != catalog.REGION:
            return self.not_found(request)
        used = self.used()
        limits = {**catalog.QUOTAS, "INSTANCES": float(self.limit)}
        return Answer(200, {
            "kind": "compute#region", "name": region, "status": "UP",
            "quotas": [{"metric": m, "limit": limit, "usage": used.get(m, 0.0)}
                       for m, limit in limits.items()]})

    @route("GET", API + "/global/images/{name}")
    def get_image(self, request, project, name):
        if name not in catalog.IMAGES[project].values():
            return self.not_found(request)
        return Answer(200, {"kind": "compute#image", "name": name, "status": "READY"})

    @route("GET", API + "/global/images/family/{name}")
    def get_family(self, request, project, name):
        if name not in catalog.IMAGES[project]:
            return self.not_found(request)
        return Answer(200, {"kind": "compute#image", "name": catalog.IMAGES[project][name],
                            "family": name, "status": "READY"})

    # ------------------------------------------------------------ operations
    def operation(self, kind, zone, name, failure=None):
        op = {"kind": "compute#operation", "id": self.new_id(), "operationType": kind,
              "name": f"operation-{self.last_id}", "status": "RUNNING", "progress": 0,
              "zone": self.link("zones", zone), "user": EMAIL, "insertTime": now(),
              "targetLink": self.link("zones", zone, "instances", name)}
        self.operations[op["name"]] = {"op": op, "polls": 0, "failure": failure}
        return op

    def polled(self, name):
        entry = self.operations[name]
        op = entry["op"]
        entry["polls"] += 1
        if op["status"] != "DONE" and entry["polls"] >= self.op_polls:
            op.update(status="DONE", progress=100, endTime=now())
            if entry["failure"]:
                op.update(httpErrorStatusCode=503, httpErrorMessage="SERVICE UNAVAILABLE",
                          error={"errors": [{"code": entry["failure"],
                                             "message": f"it failed: {entry['failure']}"}]})
        return op

    @route("GET", API + "/zones/{zone}/operations/{name}")
    def get_operation(self, request, project, zone, name):
        if name not in self.operations:
            return self.not_found(request)
        return Answer(200, self.polled(name))

    @route("POST", API + "/zones/{zone}/operations/{name}/wait")
    def wait_operation(self, request, project, zone, name):
        return self.get_operation(request, project=project, zone=zone, name=name)

    # ------------------------------------------------------------ instances
    def shown(self, instance):
        if instance["status"] in ("PROVISIONING", "STAGING"):
            instance["polls"] += 1
            if instance["polls"] > self.boot_polls:
                instance["status"] = "RUNNING"
        return {k: v for k, v in instance.items() if k not in ("polls", "lists")}

    def wrong_source(self, zone, disk):
        source = re.fullmatch(r"(?:https://[^/]+/compute/v1/)?projects/([^/]+)/global/images/"
                              r"(family/)?([^/]+)", disk.get("sourceImage", ""))
        images = catalog.IMAGES.get(source[1], {}) if source else {}
        if not source or source[3] not in (images if source[2] else images.values()):
            return invalid("disks[0].initializeParams.sourceImage", disk.get("sourceImage"))
        kind = disk.get("diskType", f"zones/{zone}/diskTypes/pd-standard")
        if kind.split("/")[-4:-1] != ["zones", zone, "diskTypes"] and \
                not kind.startswith(f"zones/{zone}/diskTypes/") or \
                last(kind) not in catalog.DISK_TYPES:
            return invalid("disks[0].initializeParams.diskType", kind)
        return None

    def wrong_scheduling(self, scheduling):
        seconds = int(scheduling.get("maxRunDuration", {}).get("seconds", 30))
        if not 30 <= seconds <= 120 * 86400:
            return invalid("scheduling.maxRunDuration", seconds)
        if "instanceTerminationAction" in scheduling and not (
                "maxRunDuration" in scheduling
                or scheduling.get("provisioningModel") == "SPOT"):
            return invalid("scheduling.instanceTerminationAction", "DELETE")
        return None

    def wrong_texts(self, vm):
        labels = vm.get("labels", {})
        if len(labels) > 64 or not all(LABEL_KEY.fullmatch(k) and LABEL_VALUE.fullmatch(v)
                                       for k, v in labels.items()):
            return invalid("labels", labels)
        for item in vm.get("metadata", {}).get("items", []):
            if len(item["value"].encode()) > VALUE_MAX:
                return invalid("metadata.items", item["key"])
        return None

    def wrong(self, zone, vm):
        """What is refused of a launch, or None."""
        machine = vm.get("machineType", "")
        disks, nics = vm.get("disks", []), vm.get("networkInterfaces", [])
        if not NAME.fullmatch(vm.get("name", "")):
            return invalid("name", vm.get("name"))
        if not machine.endswith(f"zones/{zone}/machineTypes/{last(machine)}") or \
                last(machine) not in catalog.TYPES:
            return invalid("machineType", machine)
        if not disks or not disks[0].get("boot"):
            return invalid("disks", disks)
        if not nics:
            return invalid("networkInterfaces", nics)
        return self.wrong_texts(vm) or self.wrong_scheduling(vm.get("scheduling", {})) or \
            self.wrong_source(zone, disks[0].get("initializeParams", {}))

    def interface(self, nic, number):
        nic = {"network": self.link("global/networks/default"), "name": "nic0",
               "networkIP": f"10.132.0.{number % 250 + 2}", **nic}
        if nic.get("accessConfigs"):
            nic["accessConfigs"] = [{**a, "natIP": f"203.0.113.{number % 250 + 2}"}
                                    for a in nic["accessConfigs"]]
        return nic

    def make(self, zone, vm):
        number = self.new_id()
        self.instances[zone, vm["name"]] = made = {
            **vm, "kind": "compute#instance", "id": number, "status": "PROVISIONING",
            "creationTimestamp": now(), "zone": self.link("zones", zone),
            "machineType": self.link("zones", zone, "machineTypes", last(vm["machineType"])),
            "networkInterfaces": [self.interface(n, int(number))
                                  for n in vm["networkInterfaces"]],
            "disks": [{"boot": True, "autoDelete": d.get("autoDelete", False), "index": 0,
                       "source": self.link("zones", zone, "disks", vm["name"])}
                      for d in vm["disks"]],
            "labels": vm.get("labels", {}), "polls": 0, "lists": 0}
        data = [i["value"] for i in vm.get("metadata", {}).get("items", [])]
        address = self.boot(vm["name"], data[0] if data else "")
        if address:
            made["networkInterfaces"][0]["networkIP"] = address

    @route("POST", API + "/zones/{zone}/instances")
    def insert(self, request, project, zone):
        vm, token = request.json(), request.query.get("requestId")
        if not self.may_launch:
            return error(403, "forbidden", "Required 'compute.instances.create' permission")
        if zone not in catalog.ZONES:
            return self.not_found(request)
        if token is not None and not (UUID.fullmatch(token) and token.strip("0-")):
            return invalid("requestId", token)
        if token in self.requests:
            return Answer(200, self.operations[self.requests[token]]["op"])
        wrong = self.wrong(zone, vm or {})
        if wrong:
            return wrong
        if (zone, vm["name"]) in self.instances:
            return error(409, "alreadyExists",
                         f"The resource 'projects/{project}/zones/{zone}/instances/"
                         f"{vm['name']}' already exists")
        failure = self.fails or ("QUOTA_EXCEEDED" if len(self.instances) >= self.limit else None)
        op = self.operation("insert", zone, vm["name"], failure)
        if token:
            self.requests[token] = op["name"]
        if not failure:
            self.make(zone, vm)
        return Answer(200, op)

    @route("GET", API + "/zones/{zone}/instances/{name}")
    def get_instance(self, request, project, zone, name):
        instance = self.instances.get((zone, name))
        return Answer(200, self.shown(instance)) if instance else self.not_found(request)

    @route("DELETE", API + "/zones/{zone}/instances/{name}")
    def delete(self, request, project, zone, name):
        if (zone, name) not in self.instances:
            return self.not_found(request)
        del self.instances[zone, name]
        self.halt(name)
        return Answer(200, self.operation("delete", zone, name))

    @route("GET", API + "/zones/{zone}/instances/{name}/serialPort")
    def console(self, request, project, zone, name):
        if (zone, name) not in self.instances:
            return self.not_found(request)
        text = f"the console of {name}\n"
        return Answer(200, {"kind": "compute#serialPortOutput", "contents": text,
                            "start": "0", "next": str(len(text))})
