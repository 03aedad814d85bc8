# SPDX-License-Identifier: GPL-3.0-or-later
"""An Azure in memory: the resource manager's compute, with the server of its tokens at
/TENANT/oauth2 and the consoles of VMs at /consoles.

Source: https://learn.microsoft.com/rest/api/compute/virtual-machines, and what Microsoft's own
client (@azure/arm-compute) sends and reads."""

import base64
import binascii
import datetime
import re
import time

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from fakes.azure import catalog
from fakes.cloud import Answer, Cloud as Base, route

ROOT = "/subscriptions/{subscription}"
COMPUTE = "/providers/Microsoft.Compute"
VMS = ROOT + "/resourceGroups/{group}" + COMPUTE + "/virtualMachines"
OF_IMAGES = ROOT + COMPUTE + "/locations/{location}/publishers/{publisher}/artifacttypes/" \
    "vmimage/offers/{offer}/skus/{sku}/versions"
NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9.]{0,62}[A-Za-z0-9])?")
TAG = re.compile(r"[^<>%&\\?/]{1,512}")
DATA_MAX = 65535
REFUSALS = {
    "throttle": (429, "TooManyRequests", "The number of requests is over the limit."),
    "quota": (409, "OperationNotAllowed", "Operation could not be completed as it results in "
              "exceeding approved Total Regional Cores quota."),
    "capacity": (409, "SkuNotAvailable", "The requested size is currently not available."),
    "auth": (401, "ExpiredAuthenticationToken", "The access token expiry time has passed."),
    "unavailable": (503, "ServerBusy", "The server is busy."),
}


def error(status, code, message):
    return Answer(status, {"error": {"code": code, "message": message}})


def invalid(target, value):
    return error(400, "InvalidParameter", f"The value '{value}' of '{target}' is invalid.")


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def last(path):
    return path.rpartition("/")[2]


class Cloud(Base):
    SETTINGS = {**Base.SETTINGS,
                "op_polls": 1,       # how often an operation is looked at before it is done
                "fails": "",         # the code with which operations of launches fail
                "token_s": 3600,
                "may_launch": True}

    def __init__(self, hosts=None, **settings):
        super().__init__(hosts, **settings)
        self.machines, self.operations = {}, {}
        self.parts = {}  # of each VM: disk, interface, address; those that stay, too
        self.tokens = {}
        self.last_id = 1000

    def new_id(self):
        self.last_id += 1
        return str(self.last_id)

    def act(self, request):
        answer = super().act(request)
        answer.headers["x-ms-request-id"] = f"request-{self.new_id()}"
        return answer

    # ------------------------------------------------------------ tokens
    def new_token(self):
        token = f"token-{self.new_id()}"
        self.tokens[token] = time.time() + self.token_s
        return token

    @route("POST", "/{tenant}/oauth2/v2.0/token")
    def token(self, request, tenant):
        form = request.form()
        wanted = {"grant_type": "client_credentials", "client_id": catalog.CLIENT}
        if tenant != catalog.TENANT or any(form.get(k) != v for k, v in wanted.items()):
            return Answer(400, {"error": "unauthorized_client", "error_codes": [700016],
                                "error_description": "AADSTS700016: Application not found"})
        if form.get("client_secret") != catalog.SECRET:
            return Answer(401, {"error": "invalid_client", "error_codes": [7000215],
                                "error_description": "AADSTS7000215: Invalid client secret"})
        if not form.get("scope", "").endswith("/.default"):
            return Answer(400, {"error": "invalid_scope", "error_codes": [70011],
                                "error_description": "AADSTS70011: The scope is not valid"})
        return Answer(200, {"token_type": "Bearer", "expires_in": self.token_s,
                            "ext_expires_in": self.token_s, "access_token": self.new_token()})

    # ------------------------------------------------------------ of every call
    def refused(self, request):
        parts = request.path.split("/")
        if parts[1] != "subscriptions":
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= time.time():
            return self.refusal("auth", {})
        if "api-version" not in request.query:
            return error(400, "MissingApiVersionParameter", "api-version is required")
        if parts[2] != catalog.SUBSCRIPTION:
            return error(404, "SubscriptionNotFound", f"'{parts[2]}' could not be found.")
        if parts[3] == "resourceGroups" and parts[4] != catalog.GROUP:
            return error(404, "ResourceGroupNotFound", f"'{parts[4]}' could not be found.")
        return None

    def refusal(self, what, fault):
        answer = error(*REFUSALS[what])
        if "retry_after" in fault:
            answer.headers["Retry-After"] = fault["retry_after"]
        return answer

    def not_found(self, request):
        return error(404, "ResourceNotFound", f"The Resource '{request.path}' was not found.")

    def vms(self):
        return list(self.machines.values())

    def url(self, request, path):
        return f"http://{request.headers['Host']}{path}"

    def page(self, request, items):
        """A list's answer, with the link to what follows."""
        start = int(request.query.get("$skiptoken", 0))
        end = start + self.settings["page"]
        query = f"api-version={request.query['api-version']}&%24skiptoken={end}"
        more = {"nextLink": self.url(request, f"{request.path}?{query}")}
        return Answer(200, {"value": items[start:end], **(more if end < len(items) else {})})

    # ------------------------------------------------------------ what is offered
    def sku(self, name, cpus, memory, family, restrictions):
        return {"resourceType": "virtualMachines", "name": name, "family": family,
                "locations": [catalog.LOCATION], "restrictions": restrictions,
                "capabilities": [{"name": "vCPUs", "value": str(cpus)},
                                 {"name": "MemoryGB", "value": str(memory)}]}

    @route("GET", ROOT + COMPUTE + "/skus")
    def get_skus(self, request, subscription):
        withheld = {"type": "Location", "values": [catalog.LOCATION],
                    "reasonCode": "NotAvailableForSubscription"}
        skus = [{"resourceType": "disks", "name": "Premium_LRS", "locations": [catalog.LOCATION]},
                self.sku(catalog.WITHHELD, 128, 2048, "standardMSFamily", [withheld])]
        skus += [self.sku(name, *what, []) for name, what in catalog.SIZES.items()]
        asked = request.query.get("$filter", f"location eq '{catalog.LOCATION}'")
        return self.page(request, skus if asked == f"location eq '{catalog.LOCATION}'" else [])

    def used(self):
        used = {"cores": 0, "virtualMachines": len(self.machines)}
        for vm in self.machines.values():
            cpus, _, family = catalog.SIZES[vm["properties"]["hardwareProfile"]["vmSize"]]
            used["cores"] += cpus
            used[family] = used.get(family, 0) + cpus
        return used

    @route("GET", ROOT + COMPUTE + "/locations/{location}/usages")
    def get_usages(self, request, subscription, location):
        used = self.used()
        limits = {**catalog.USAGES, "virtualMachines": self.limit}
        return self.page(request, [
            {"unit": "Count", "currentValue": used.get(name, 0), "limit": limit,
             "name": {"value": name, "localizedValue": name}} for name, limit in limits.items()])

    def image_versions(self, location, publisher, offer, sku):
        return catalog.IMAGES.get((publisher, offer, sku), []) \
            if location == catalog.LOCATION else []

    @route("GET", OF_IMAGES)
    def get_versions(self, request, subscription, **of):
        versions = self.image_versions(**of)
        if not versions:
            return error(404, "NotFound", f"Artifact: VMImage was not found: {of}")
        return Answer(200, [{"name": v, "location": catalog.LOCATION}
                            for v in versions[:int(request.query.get("$top", 100))]])

    @route("GET", OF_IMAGES + "/{version}")
    def get_version(self, request, subscription, version, **of):
        if version not in self.image_versions(**of):
            return error(404, "NotFound", f"Artifact: VMImage was not found: {version}")
        return Answer(200, {"name": version, "location": catalog.LOCATION})

    # ------------------------------------------------------------ operations
    def started(self, request, failure=None):
        """-> an operation, and headers that name it"""
        name = f"operation-{self.new_id()}"
        op = self.operations[name] = {"polls": 0, "failure": failure, "begun": now()}
        path = f"/subscriptions/{catalog.SUBSCRIPTION}{COMPUTE}/locations/{catalog.LOCATION}" \
            f"/operations/{name}?api-version=2024-07-01"
        return op, {"Azure-AsyncOperation": self.url(request, path), "Retry-After": "0"}

    def is_over(self, op):
        return op["polls"] >= self.op_polls

    @route("GET", ROOT + COMPUTE + "/locations/{location}/operations/{name}")
    def get_operation(self, request, subscription, location, name):
        op = self.operations.get(name)
        if not op:
            return self.not_found(request)
        op["polls"] += 1
        shown = {"name": name, "startTime": op["begun"], "status": "InProgress"}
        if self.is_over(op):
            shown.update(status="Failed" if op["failure"] else "Succeeded", endTime=now())
        if self.is_over(op) and op["failure"]:
            shown["error"] = {"code": op["failure"], "message": f"it failed: {op['failure']}"}
        return Answer(200, shown, {"Retry-After": "0"})

    # ------------------------------------------------------------ what is refused
    def is_in_group(self, path, kind, names):
        start = f"/subscriptions/{catalog.SUBSCRIPTION}/resourceGroups/{catalog.GROUP}/providers/"
        return path.startswith(start + kind + "/") and path[len(start + kind) + 1:] in names

    def wrong_image(self, vm):
        image = vm["properties"]["storageProfile"]["imageReference"]
        if "id" in image:
            known = self.is_in_group(image["id"], "Microsoft.Compute/images", catalog.OWN_IMAGES)
            return None if known else error(404, "NotFound", f"{image['id']} was not found")
        if "communityGalleryImageId" in image:
            return None
        versions = self.image_versions(catalog.LOCATION, image.get("publisher"),
                                       image.get("offer"), image.get("sku"))
        if not versions or image.get("version") not in versions + ["latest"]:
            return error(404, "PlatformImageNotFound", f"The platform image {image} was not found")
        if (image["publisher"] in catalog.PLANS) != ("plan" in vm):
            return error(400, "VMMarketplaceInvalidInput", "Plan information is required")
        return None

    def wrong_system(self, system):
        linux = system.get("linuxConfiguration", {})
        keys = linux.get("ssh", {}).get("publicKeys", [])
        if system.get("adminUsername", "admin") in ("admin", "root", "test"):
            return invalid("adminUsername", system.get("adminUsername"))
        if not NAME.fullmatch(system.get("computerName", "")):
            return invalid("computerName", system.get("computerName"))
        try:
            data = base64.b64decode(system.get("customData", ""), validate=True)
            sizes = [serialization.load_ssh_public_key(k["keyData"].encode()).key_size
                     for k in keys]
        except (ValueError, UnsupportedAlgorithm, binascii.Error) as e:
            return invalid("osProfile", e)
        if len(data) > DATA_MAX or any(s < 2048 for s in sizes):
            return invalid("osProfile", "its data or a key")
        if not keys and "adminPassword" not in system:
            return error(400, "InvalidParameter", "Authentication using either SSH or by user "
                         "name and password must be enabled in Linux profile.")
        return None

    def wrong_network(self, network):
        nics = network.get("networkInterfaceConfigurations", [])
        if not nics or "networkApiVersion" not in network:
            return invalid("networkProfile", network)
        nic = nics[0]["properties"]
        subnet = nic["ipConfigurations"][0]["properties"].get("subnet", {}).get("id", "")
        group = nic.get("networkSecurityGroup", {}).get("id")
        if not self.is_in_group(subnet, "Microsoft.Network/virtualNetworks", catalog.SUBNETS):
            return error(400, "InvalidResourceReference", f"{subnet} was not found")
        if group and not self.is_in_group(group, "Microsoft.Network/networkSecurityGroups",
                                          catalog.SECURITY_GROUPS):
            return error(400, "InvalidResourceReference", f"{group} was not found")
        return None

    def wrong_place(self, vm):
        properties = vm["properties"]
        disk = properties["storageProfile"]["osDisk"]
        kind = disk.get("managedDisk", {}).get("storageAccountType", "Standard_LRS")
        tags = vm.get("tags", {})
        if vm["location"] != catalog.LOCATION or \
                not set(vm.get("zones", [])) <= set(catalog.ZONES):
            return invalid("location", vm["location"])
        if properties["hardwareProfile"]["vmSize"] not in catalog.SIZES:
            return invalid("vmSize", properties["hardwareProfile"]["vmSize"])
        if kind not in catalog.DISK_TYPES or disk["createOption"] != "FromImage":
            return invalid("osDisk", disk)
        if len(tags) > 50 or not all(TAG.fullmatch(t) and len(v) <= 256
                                     for t, v in tags.items()):
            return invalid("tags", tags)
        if "evictionPolicy" in properties and properties.get("priority") != "Spot":
            return invalid("evictionPolicy", properties["evictionPolicy"])
        return None

    def wrong(self, name, vm):
        """What is refused of a launch, or None."""
        if not NAME.fullmatch(name):
            return error(400, "InvalidResourceName", f"The resource name '{name}' is invalid.")
        properties = vm["properties"]
        return self.wrong_place(vm) or self.wrong_image(vm) or \
            self.wrong_system(properties["osProfile"]) or \
            self.wrong_network(properties["networkProfile"])

    # ------------------------------------------------------------ machines
    def state(self, vm):
        op = vm["op"]
        vm["polls"] += 1
        if not self.is_over(op) and vm["polls"] <= self.boot_polls:
            return "Creating"
        return "Failed" if op["failure"] else "Succeeded"

    def statuses(self, vm, state):
        if state == "Failed":
            failure = vm["op"]["failure"]
            return [{"code": f"ProvisioningState/failed/{failure}", "level": "Error",
                     "message": f"it failed: {failure}"}]
        codes = [f"ProvisioningState/{state.lower()}"]
        return [{"code": c, "level": "Info"}
                for c in codes + (["PowerState/running"] if state == "Succeeded" else [])]

    def shown(self, vm, with_view=False):
        """Without what the cloud shows to nobody."""
        state = self.state(vm)
        properties = {**vm["properties"], "provisioningState": state}
        properties["osProfile"] = {k: v for k, v in properties["osProfile"].items()
                                   if k not in ("customData", "adminPassword")}
        # What it was made from is named no more, only what it is.
        properties["networkProfile"] = {"networkInterfaces": [
            {"id": f"{vm['id']}-nic", "properties": {"deleteOption": "Delete"}}]}
        if with_view:
            properties["instanceView"] = {"statuses": self.statuses(vm, state)}
        return {k: v for k, v in {**vm, "properties": properties}.items()
                if k not in ("polls", "lists", "op")}

    def make(self, path, name, vm, op):
        properties = vm["properties"]
        nic = properties["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
        address = nic["ipConfigurations"][0]["properties"].get("publicIPAddressConfiguration")
        self.machines[name] = made = {
            **vm, "id": path, "name": name, "type": "Microsoft.Compute/virtualMachines",
            "properties": {**properties, "timeCreated": now(), "vmId": self.new_id()},
            "op": op, "polls": 0, "lists": 0}
        self.parts[name] = {"disk": properties["storageProfile"]["osDisk"].get("deleteOption"),
                            "nic": nic.get("deleteOption")}
        if address:
            self.parts[name]["address"] = address["properties"].get("deleteOption")
        return made

    def precondition(self, request, name):
        """What the headers ask for holds."""
        if request.headers.get("If-None-Match") == "*":
            return name not in self.machines
        return "If-Match" not in request.headers

    def over_quota(self, vm):
        used = self.used()
        cpus, _, family = catalog.SIZES[vm["properties"]["hardwareProfile"]["vmSize"]]
        return len(self.machines) >= self.limit or \
            used["cores"] + cpus > catalog.USAGES["cores"] or \
            used.get(family, 0) + cpus > catalog.USAGES[family]

    @route("PUT", VMS + "/{name}")
    def put_machine(self, request, subscription, group, name):
        vm = request.json()
        if not self.may_launch:
            return error(403, "AuthorizationFailed", "The client does not have authorization to "
                         "perform action 'Microsoft.Compute/virtualMachines/write'")
        if not self.precondition(request, name):
            return error(412, "PreconditionFailed", "The precondition given in one or more of "
                         "the request headers evaluated to false")
        if name in self.machines:
            return Answer(200, self.shown(self.machines[name]))
        wrong = self.wrong(name, vm)
        if wrong:
            return wrong
        if self.over_quota(vm):
            return self.refusal("quota", {})
        op, headers = self.started(request, self.fails or None)
        made = self.make(request.path, name, vm, op)
        data = base64.b64decode(vm["properties"]["osProfile"].get("customData", "")).decode()
        if not self.fails:
            self.boot(name, data)
        return Answer(201, self.shown(made), headers)

    @route("GET", VMS + "/{name}")
    def get_machine(self, request, subscription, group, name):
        vm = self.machines.get(name)
        if not vm:
            return self.not_found(request)
        return Answer(200, self.shown(vm, request.query.get("$expand") == "instanceView"))

    @route("GET", VMS)
    def get_machines(self, request, subscription, group):
        found = []
        for vm in self.machines.values():
            vm["lists"] += 1
            if vm["lists"] > self.hidden_polls:
                found.append(self.shown(vm))
        return self.page(request, found)

    @route("DELETE", VMS + "/{name}")
    def delete_machine(self, request, subscription, group, name):
        if name not in self.machines:
            return Answer(204)
        del self.machines[name]
        self.parts[name] = {k: v for k, v in self.parts[name].items() if v != "Delete"}
        self.halt(name)
        _, headers = self.started(request)
        return Answer(202, headers=headers)

    @route("POST", VMS + "/{name}/retrieveBootDiagnosticsData")
    def console(self, request, subscription, group, name):
        vm = self.machines.get(name)
        if not vm:
            return self.not_found(request)
        if not vm["properties"].get("diagnosticsProfile", {}).get("bootDiagnostics", {}) \
                .get("enabled"):
            return error(409, "OperationNotAllowed", "Boot diagnostics is not enabled.")
        return Answer(200, {"serialConsoleLogBlobUri": self.url(
            request, f"/consoles/{name}?sig=x")})

    @route("GET", "/consoles/{name}")
    def get_console(self, request, name):
        if "Authorization" in request.headers or request.query.get("sig") != "x":
            return Answer(403, "the address alone is the key", media_type="text/plain")
        return Answer(200, f"the console of {name}\n", media_type="text/plain")
