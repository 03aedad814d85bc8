# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fake Hetzner Cloud offers: types with prices, images, locations, a network."""

CREATED = "2025-01-01T00:00:00+00:00"

LOCATIONS = [{
    "id": i, "name": name, "description": f"{city} DC Park", "country": country, "city": city,
    "latitude": 50.0, "longitude": 10.0, "network_zone": "eu-central"}
    for i, (name, city, country) in enumerate(
        (("fsn1", "Falkenstein", "DE"), ("nbg1", "Nuremberg", "DE"), ("hel1", "Helsinki", "FI")),
        1)]

PRICES = {"cx22": 0.0060, "cx32": 0.0110, "cax11": 0.0060}


def money(value):
    return {"net": f"{value:.10f}", "gross": f"{value * 1.19:.16f}"}


def server_type(number, name, cores, memory, cpu="x86", locations=("fsn1", "nbg1", "hel1")):
    return {"id": number, "name": name, "description": name.upper(), "cores": cores,
            "memory": float(memory), "disk": 20 * cores, "deprecated": False,
            "deprecation": None, "storage_type": "local", "cpu_type": "shared",
            "architecture": cpu, "included_traffic": 21990232555520,
            "prices": [{"location": at, "price_hourly": money(PRICES[name]),
                        "price_monthly": money(PRICES[name] * 620)} for at in locations]}


SERVER_TYPES = [server_type(104, "cx22", 2, 4), server_type(105, "cx32", 4, 8),
                server_type(45, "cax11", 2, 4, "arm", ("fsn1", "hel1"))]


def image(number, name, architecture):
    return {"id": number, "type": "system", "status": "available", "name": name,
            "description": name.replace("-", " ").title(), "image_size": None, "disk_size": 5,
            "created": CREATED, "created_from": None, "bound_to": None, "os_flavor": "debian",
            "os_version": "12", "rapid_deploy": True, "architecture": architecture,
            "protection": {"delete": False}, "deprecated": None, "deleted": None, "labels": {}}


IMAGES = [image(114690387, "debian-12", "x86"), image(114690389, "debian-12", "arm")]

DATACENTERS = [{
    "id": at["id"], "name": f"{at['name']}-dc14", "description": at["name"], "location": at,
    "server_types": {k: [t["id"] for t in SERVER_TYPES]
                     for k in ("supported", "available", "available_for_migration")}}
    for at in LOCATIONS]

NETWORKS = [{
    "id": 4711, "name": "inside", "ip_range": "10.0.0.0/16",
    "subnets": [{"type": "cloud", "ip_range": "10.0.1.0/24", "network_zone": "eu-central",
                 "gateway": "10.0.0.1"}],
    "routes": [], "servers": [], "load_balancers": [], "protection": {"delete": False},
    "labels": {}, "created": CREATED}]

FIREWALLS = [{"id": 38, "name": "web", "labels": {}, "created": CREATED, "rules": [],
              "applied_to": []}]
PLACEMENT_GROUPS = [{"id": 897, "name": "apart", "labels": {}, "type": "spread", "servers": [],
                     "created": CREATED}]
SSH_KEYS = [{"id": 2323, "name": "admin", "labels": {}, "created": CREATED,
             "fingerprint": "b7:2f:30:a0:2f:6c:58:6c:21:04:58:61:ba:06:3b:2f",
             "public_key": "ssh-ed25519 AAAA"}]

ALL = {"locations": LOCATIONS, "server_types": SERVER_TYPES, "images": IMAGES,
       "datacenters": DATACENTERS, "networks": NETWORKS, "firewalls": FIREWALLS,
       "placement_groups": PLACEMENT_GROUPS, "ssh_keys": SSH_KEYS}
