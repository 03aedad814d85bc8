# SPDX-License-Identifier: GPL-3.0-or-later
"""DigitalOcean's droplets in memory, at /v2, as the cloud's own description has them."""

import datetime
import re

from fakes.cloud import Answer, Cloud as Base, route

TOKEN = "a-token-of-the-fake"
READER = "a-token-that-only-reads"
USER_DATA_MAX = 65536
NAME = re.compile(r"[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]")
TAG = re.compile(r"[A-Za-z0-9:_-]{1,255}")
VPC = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"
KEY = {"id": 289794, "name": "admin", "public_key": "ssh-ed25519 AAAA",
       "fingerprint": "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa"}
REFUSALS = {
    "throttle": (429, "too_many_requests", "API rate limit exceeded."),
    "capacity": (422, "unprocessable_entity", "Size is not available in this region."),
    "quota": (422, "unprocessable_entity",
              "creating this/these droplet(s) will exceed your droplet limit"),
    "auth": (401, "unauthorized", "Unable to authenticate you"),
    "unavailable": (503, "service_unavailable", "Service is unavailable"),
}
RESET = 4102444800


def error(status, code, message, **headers):
    return Answer(status, {"id": code, "message": message,
                           "request_id": "4d9d8375-3c56-4925-a3e7-eb137fed17e9"},
                  {**headers, "x-request-id": "4d9d8375-3c56-4925-a3e7-eb137fed17e9"})


def bad(message):
    return error(422, "unprocessable_entity", message)


def size(slug, vcpus, memory, hourly, regions=("fra1", "ams3")):
    return {"slug": slug, "memory": memory, "vcpus": vcpus, "disk": 25 * vcpus,
            "transfer": 1.0, "price_monthly": round(hourly * 672, 2), "price_hourly": hourly,
            "regions": list(regions), "available": True, "description": "Basic"}


SIZES = {s["slug"]: s for s in (
    size("s-1vcpu-1gb", 1, 1024, 0.00893), size("s-2vcpu-2gb", 2, 2048, 0.02679),
    size("c-4", 4, 8192, 0.125, ["ams3"]),
    {**size("s-retired", 1, 512, 0.01), "available": False})}
REGIONS = {slug: {"slug": slug, "name": name, "features": ["metadata", "ipv6"],
                  "available": True, "sizes": [s for s in SIZES if slug in SIZES[s]["regions"]]}
           for slug, name in (("fra1", "Frankfurt 1"), ("ams3", "Amsterdam 3"))}
IMAGES = [{"id": i, "name": "12 x64", "type": "base", "distribution": "Debian", "slug": slug,
           "public": True, "regions": regions, "created_at": "2025-01-01T00:00:00Z",
           "min_disk_size": 7, "size_gigabytes": 0.5, "description": "Debian 12", "tags": [],
           "status": "available", "error_message": ""}
          for i, slug, regions in ((63663980, "debian-12-x64", ["fra1", "ams3"]),
                                   (63663981, "only-ams3", ["ams3"]))]


def image(which):
    return next((i for i in IMAGES if str(which) in (str(i["id"]), i["slug"])), None)


class Cloud(Base):
    SETTINGS = {**Base.SETTINGS, "page": 200, "status": "active"}

    def __init__(self, hosts=None, **settings):
        super().__init__(hosts, **settings)
        self.droplets = {}
        self.tags = set()
        self.last_id = 3164000

    # ------------------------------------------------------------ of every call
    def refused(self, request):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in (TOKEN, READER):
            return self.refusal("auth", {})
        if token == READER and request.method != "GET":
            return error(403, "forbidden", "You are not authorized to perform this operation")
        return None

    def refusal(self, what, fault):
        more = {"Retry-After": fault["retry_after"]} if "retry_after" in fault else {}
        if what == "throttle":
            more.update({"ratelimit-limit": 5000, "ratelimit-remaining": 0,
                         "ratelimit-reset": RESET})
        return error(*REFUSALS[what], **more)

    def not_found(self, request):
        return error(404, "not_found", "The resource you requested could not be found.")

    def vms(self):
        return list(self.droplets.values())

    def pages(self, request, name, items):
        page, per_page = (int(request.query.get(k, d)) for k, d in (("page", 1), ("per_page", 20)))
        if page < 1 or not 1 <= per_page <= 200:
            return bad("per_page must be between 1 and 200")
        per_page = min(per_page, self.page)
        last = max(1, -(-len(items) // per_page))
        host = request.headers.get("Host", "")

        def link(n):
            return f"https://{host}{request.path}?page={n}&per_page={per_page}"
        links = {"pages": {"next": link(page + 1), "last": link(last)}} if page < last else {}
        return Answer(200, {name: items[(page - 1) * per_page:page * per_page],
                            "links": links, "meta": {"total": len(items)}})

    # ------------------------------------------------------------ what is offered
    @route("GET", "/v2/account")
    def get_account(self, _):
        return Answer(200, {"account": {
            "droplet_limit": self.limit, "floating_ip_limit": 5, "email": "ops@example.org",
            "name": "Ops", "uuid": "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
            "email_verified": True, "status": self.status, "status_message": ""}})

    @route("GET", "/v2/sizes")
    def get_sizes(self, request):
        return self.pages(request, "sizes", list(SIZES.values()))

    @route("GET", "/v2/images")
    def get_images(self, request):
        return self.pages(request, "images", IMAGES)

    @route("GET", "/v2/images/{which}")
    def get_image(self, request, which):
        found = image(which)
        return Answer(200, {"image": found}) if found else self.not_found(request)

    @route("GET", "/v2/account/keys/{which}")
    def get_key(self, request, which):
        if which not in (str(KEY["id"]), KEY["fingerprint"]):
            return self.not_found(request)
        return Answer(200, {"ssh_key": KEY})

    @route("GET", "/v2/vpcs/{which}")
    def get_vpc(self, request, which):
        if which != VPC:
            return self.not_found(request)
        return Answer(200, {"vpc": {
            "id": VPC, "name": "inside", "description": "", "region": "fra1", "default": False,
            "ip_range": "10.10.0.0/20", "urn": f"do:vpc:{VPC}",
            "created_at": "2025-01-01T00:00:00Z"}})

    # ------------------------------------------------------------ droplets
    def shown(self, droplet):
        """As it is answered, after it came a step nearer to running."""
        if droplet["status"] == "new":
            droplet["polls"] += 1
            if droplet["polls"] > self.boot_polls:
                droplet["status"] = "active"
        return {k: v for k, v in droplet.items() if k not in ("polls", "lists", "user_data")}

    def is_listed(self, droplet, query):
        droplet["lists"] += 1
        if "tag_name" in query and \
                query["tag_name"].lower() not in [t.lower() for t in droplet["tags"]]:
            return False
        return droplet["lists"] > self.hidden_polls

    @route("GET", "/v2/droplets")
    def get_droplets(self, request):
        # The newest first, as the cloud has them.
        return self.pages(request, "droplets", [
            self.shown(d) for d in reversed(self.droplets.values())
            if self.is_listed(d, request.query)])

    @route("GET", "/v2/droplets/{number}")
    def get_droplet(self, request, number):
        droplet = self.droplets.get(number)
        if not droplet:
            return self.not_found(request)
        return Answer(200, {"droplet": self.shown(droplet)})

    def wrong(self, o):
        """What is refused of a launch, or None."""
        if not o or not NAME.fullmatch(o.get("name", "-")):
            return bad("name must be a valid hostname")
        if o.get("size") not in SIZES or not SIZES[o["size"]]["available"]:
            return bad("You specified an invalid size for Droplet creation.")
        found, region = image(o.get("image")), o.get("region", "fra1")
        if not found or region not in found["regions"]:
            return bad("You specified an invalid image for Droplet creation.")
        if region not in SIZES[o["size"]]["regions"]:
            return self.refusal("capacity", {})
        if len(o.get("user_data", "").encode()) > USER_DATA_MAX:
            return bad("user_data is too long (maximum is 65536 bytes)")
        if not all(TAG.fullmatch(t) for t in o.get("tags") or []):
            return bad("Tag name contains invalid characters")
        if not all(k in (KEY["id"], KEY["fingerprint"]) for k in o.get("ssh_keys", [])):
            return bad("are invalid key identifiers for Droplet creation.")
        if o.get("vpc_uuid", VPC) != VPC:
            return bad("vpc_uuid is invalid")
        return self.refusal("quota", {}) if len(self.droplets) >= self.limit else None

    @route("POST", "/v2/droplets")
    def create(self, request):
        o = request.json()
        wrong = self.wrong(o)
        if wrong:
            return wrong
        self.last_id += 1
        host, of = self.last_id % 254 + 1, SIZES[o["size"]]
        tags = [next((t for t in self.tags if t.lower() == tag.lower()), tag)
                for tag in o.get("tags") or []]
        self.tags.update(tags)
        self.droplets[str(self.last_id)] = droplet = {
            "id": self.last_id, "name": o["name"], "memory": of["memory"], "vcpus": of["vcpus"],
            "disk": of["disk"], "locked": False, "status": "new",
            "created_at": datetime.datetime.utcnow().isoformat(timespec="seconds") + "Z",
            "features": ["ipv6"] if o.get("ipv6") else [], "backup_ids": [],
            "next_backup_window": None, "snapshot_ids": [], "image": image(o["image"]),
            "volume_ids": [], "size": of, "size_slug": of["slug"],
            "networks": {"v4": [], "v6": []}, "region": REGIONS[o.get("region", "fra1")],
            "tags": tags, "vpc_uuid": o.get("vpc_uuid", VPC),
            "polls": 0, "lists": 0, "user_data": o.get("user_data", "")}
        # Addresses come with the next look at it.
        answer = Answer(202, {"droplet": self.shown(droplet), "links": {"actions": [
            {"id": self.last_id, "rel": "create", "href":
             f"https://api.digitalocean.com/v2/actions/{self.last_id}"}]}})
        address = self.boot(droplet["name"], droplet["user_data"])
        droplet["networks"] = {
            "v4": [{"ip_address": address or f"10.10.0.{host}", "netmask": "255.255.240.0",
                    "gateway": "10.10.0.1", "type": "private"},
                   {"ip_address": f"203.0.113.{host}", "netmask": "255.255.255.0",
                    "gateway": "203.0.113.1", "type": "public"}],
            "v6": [{"ip_address": f"2001:db8::{host:x}", "netmask": 64,
                    "gateway": "2001:db8::1", "type": "public"}] if o.get("ipv6") else []}
        return answer

    @route("DELETE", "/v2/droplets/{number}")
    def delete(self, request, number):
        droplet = self.droplets.pop(number, None)
        if not droplet:
            return self.not_found(request)
        self.halt(droplet["name"])
        return Answer(204)

    @route("DELETE", "/v2/tags/{name}")
    def delete_tag(self, request, name):
        if name not in self.tags:
            return self.not_found(request)
        self.tags.discard(name)
        for droplet in self.droplets.values():
            droplet["tags"] = [t for t in droplet["tags"] if t != name]
        return Answer(204)
