# SPDX-License-Identifier: GPL-3.0-or-later
"""A Hetzner Cloud in memory, at /v1, as its own clients see it (hcloud, python3-hcloud).

Source: https://docs.hetzner.cloud/, and what those clients send and read."""

import datetime
import re

from fakes.cloud import Answer, Cloud as Base, route
from fakes.hetzner import catalog

TOKEN = "a-token-of-the-fake"
READER = "a-token-that-only-reads"
NAME = re.compile(r"(?!-)[A-Za-z0-9.-]{1,63}(?<!-)")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
USER_DATA_MAX = 32768
FIELDS = {"name", "server_type", "image", "location", "datacenter", "labels", "user_data",
          "ssh_keys", "networks", "firewalls", "placement_group", "public_net", "volumes",
          "automount", "start_after_create"}
REFUSALS = {
    "throttle": (429, "rate_limit_exceeded", "limit of 3600 requests per hour reached"),
    "capacity": (412, "resource_unavailable", "server location disabled"),
    "quota": (403, "resource_limit_exceeded", "server limit reached"),
    "auth": (401, "unauthorized", "unable to authenticate"),
    "unavailable": (503, "unavailable", "service is currently unavailable"),
}


def error(status, code, message, **headers):
    return Answer(status, {"error": {"code": code, "message": message, "details": {}}},
                  {k.replace("_", "-"): v for k, v in headers.items()})


def bad(message):
    return error(422, "invalid_input", message)


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def find(kind, which, **more):
    """By name or id; None when there is none."""
    for each in catalog.ALL[kind]:
        if str(which) in (each["name"], str(each["id"])) and \
                all(each[k] == v for k, v in more.items()):
            return each
    return None


def selects(selector, labels):
    """Of the selectors only those that ask for a value."""
    return all(labels.get(k) == v for k, _, v in
               (part.partition("==" if "==" in part else "=")
                for part in selector.split(",") if part))


class Cloud(Base):
    def __init__(self, hosts=None, **settings):
        super().__init__(hosts, **settings)
        self.servers, self.actions = {}, {}
        self.last_id = 1000

    def new_id(self):
        self.last_id += 1
        return self.last_id

    # ------------------------------------------------------------ of every call
    def refused(self, request):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in (TOKEN, READER):
            return self.refusal("auth", {})
        if token == READER and request.method != "GET":
            return error(403, "token_readonly", "token is only allowed to perform GET requests")
        return None

    def refusal(self, what, fault):
        more = {"Retry-After": fault["retry_after"]} if "retry_after" in fault else {}
        if what == "throttle":
            more.update({"RateLimit-Limit": 3600, "RateLimit-Remaining": 0,
                         "RateLimit-Reset": 4102444800})
        answer = error(*REFUSALS[what])
        answer.headers.update(more)
        return answer

    def not_found(self, request):
        return error(404, "not_found", f"{request.path} not found")

    def vms(self):
        return list(self.servers.values())

    # ------------------------------------------------------------ lists
    def pages(self, request, name, items):
        page, per_page = (int(request.query.get(k, d)) for k, d in (("page", 1), ("per_page", 25)))
        if page < 1 or not 1 <= per_page <= 50:
            return bad("invalid input in field 'per_page'")
        per_page = min(per_page, self.page)
        last = max(1, -(-len(items) // per_page))
        return Answer(200, {name: items[(page - 1) * per_page:page * per_page], "meta": {
            "pagination": {"page": page, "per_page": per_page, "last_page": last,
                           "total_entries": len(items),
                           "previous_page": page - 1 if page > 1 else None,
                           "next_page": page + 1 if page < last else None}}})

    def offered(self, request, kind):
        wanted = {k: request.query[k] for k in ("name", "architecture") if k in request.query}
        return self.pages(request, kind, [
            each for each in catalog.ALL[kind]
            if all(each[k] == v for k, v in wanted.items())])

    @route("GET", "/v1/{kind}")
    def get_offered(self, request, kind):
        if kind == "servers":
            return self.get_servers(request)
        if kind == "actions":
            return self.pages(request, kind, [self.polled(a) for a in self.actions.values()])
        if kind == "pricing":
            return Answer(200, {"pricing": {"currency": "EUR", "vat_rate": "19.00"}})
        return self.offered(request, kind) if kind in catalog.ALL else self.not_found(request)

    @route("GET", "/v1/{kind}/{number}")
    def get_one(self, request, kind, number):
        if kind in ("servers", "actions"):
            own = (self.servers if kind == "servers" else self.actions).get(int(number))
            shown = own and (self.shown if kind == "servers" else self.polled)(own)
        else:
            shown = find(kind, number) if kind in catalog.ALL else None
        return Answer(200, {kind[:-1]: shown}) if shown else self.not_found(request)

    # ------------------------------------------------------------ actions
    def action(self, command, server):
        number = self.new_id()
        self.actions[number] = {
            "id": number, "command": command, "status": "running", "progress": 0,
            "started": now(), "finished": None, "error": None,
            "resources": [{"id": server["id"], "type": "server"}]}
        return dict(self.actions[number])

    def polled(self, action):
        """Done when it is looked at."""
        if action["status"] == "running":
            action.update(status="success", progress=100, finished=now())
        return action

    # ------------------------------------------------------------ servers
    def shown(self, server):
        """As it is answered, after it came a step nearer to running."""
        if server["status"] == "initializing":
            server["polls"] += 1
            if server["polls"] > self.boot_polls:
                server["status"] = "running"
        return {k: v for k, v in server.items() if k not in ("polls", "lists", "user_data")}

    def is_listed(self, server, query):
        if "name" in query:
            return server["name"] == query["name"]
        server["lists"] += 1
        return server["lists"] > self.hidden_polls and \
            selects(query.get("label_selector", ""), server["labels"])

    def get_servers(self, request):
        return self.pages(request, "servers", [
            self.shown(s) for s in self.servers.values() if self.is_listed(s, request.query)])

    def wrong(self, o):
        """What is refused of a launch, or None."""
        if not o or o.keys() - FIELDS:
            return bad("invalid input in fields " + ", ".join(sorted(o or ["body"])))
        for name in ("name", "server_type", "image"):
            # Ids may be numbers, as hcloud gives them.
            if not isinstance(o.get(name), str if name == "name" else (str, int)):
                return bad(f"invalid input in field '{name}'")
        labels = o.get("labels", {})
        if not NAME.fullmatch(o["name"]):
            return bad("invalid input in field 'name'")
        if len(o.get("user_data", "").encode()) > USER_DATA_MAX:
            return bad("invalid input in field 'user_data'")
        if not all(LABEL.fullmatch(k) and (v == "" or LABEL.fullmatch(v))
                   for k, v in labels.items()):
            return bad("invalid input in field 'labels'")
        return self.wrong_names(o)

    def wrong_names(self, o):
        server_type = find("server_types", o["server_type"])
        if not server_type:
            return bad("invalid input in field 'server_type'")
        if not find("images", o["image"], architecture=server_type["architecture"]):
            return bad("invalid input in field 'image'")
        if "location" in o and o["location"] not in [p["location"] for p in server_type["prices"]]:
            return error(412, "resource_unavailable", "unsupported location for server type")
        if not all(find("ssh_keys", k) for k in o.get("ssh_keys", [])):
            return error(404, "not_found", "SSH key not found")
        for kind, ids in (("networks", o.get("networks", [])),
                          ("firewalls", [f["firewall"] for f in o.get("firewalls", [])]),
                          ("placement_groups", [p for p in [o.get("placement_group")] if p])):
            if not all(isinstance(i, int) and find(kind, i) for i in ids):
                return bad(f"invalid input in field '{kind}'")
        if any(s["name"] == o["name"] for s in self.servers.values()):
            return error(409, "uniqueness_error", "server name is already used")
        if len(self.servers) >= self.limit:
            return self.refusal("quota", {})
        return None

    def public_net(self, o, number):
        wanted = {"enable_ipv4": True, "enable_ipv6": True, **o.get("public_net", {})}
        v4, v6 = f"203.0.113.{number % 254 + 1}", f"2001:db8:{number:x}::/64"
        return {
            "ipv4": {"id": number, "ip": v4, "blocked": False, "dns_ptr": f"{v4}.example"}
            if wanted["enable_ipv4"] else None,
            "ipv6": {"id": number, "ip": v6, "blocked": False, "dns_ptr": []}
            if wanted["enable_ipv6"] else None,
            "floating_ips": [],
            "firewalls": [{"id": f["firewall"], "status": "applied"}
                          for f in o.get("firewalls", [])]}

    @route("POST", "/v1/servers")
    def create(self, request):
        o = request.json()
        wrong = self.wrong(o)
        if wrong:
            return wrong
        number = self.new_id()
        server_type = find("server_types", o["server_type"])
        at = find("locations", o.get("location", "fsn1"))
        self.servers[number] = server = {
            "id": number, "name": o["name"], "status": "initializing", "created": now(),
            "public_net": self.public_net(o, number),
            "private_net": [{"network": n, "ip": f"10.0.1.{number % 254 + 1}", "alias_ips": [],
                             "mac_address": "86:00:ff:2a:7d:e1"} for n in o.get("networks", [])],
            "server_type": server_type,
            "datacenter": next(d for d in catalog.DATACENTERS if d["location"] is at),
            "image": find("images", o["image"], architecture=server_type["architecture"]),
            "iso": None, "rescue_enabled": False, "locked": False, "backup_window": None,
            "outgoing_traffic": 0, "ingoing_traffic": 0, "included_traffic": 21990232555520,
            "protection": {"delete": False, "rebuild": False}, "labels": o.get("labels", {}),
            "volumes": [], "load_balancers": [], "primary_disk_size": server_type["disk"],
            "placement_group": find("placement_groups", o.get("placement_group")),
            "polls": 0, "lists": 0, "user_data": o.get("user_data", "")}
        address = self.boot(server["name"], server["user_data"])
        if address:
            server["private_net"] = [{"network": 4711, "ip": address, "alias_ips": [],
                                      "mac_address": "86:00:ff:2a:7d:e1"}]
        return Answer(201, {"server": self.shown(server), "root_password": None,
                            "action": self.action("create_server", server),
                            "next_actions": [self.action("start_server", server)]})

    @route("DELETE", "/v1/servers/{number}")
    def delete(self, request, number):
        server = self.servers.get(int(number))
        if not server:
            return self.not_found(request)
        if server["protection"]["delete"]:
            return error(403, "protected", "server deletion is protected")
        del self.servers[server["id"]]
        self.halt(server["name"])
        return Answer(200, {"action": self.action("delete_server", server)})
