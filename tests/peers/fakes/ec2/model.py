# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS' own description of a service (Debian's python3-botocore) says against a request."""

import functools
import re

from botocore.loaders import Loader

# Those of 2022, which the description has.
OPEN_ENUMS = {"InstanceType"}


@functools.lru_cache(None)
def description(service):
    return Loader().load_service_model(service, "service-2")


def name_of(member, shape, service):
    if service != "ec2":
        return shape.get("locationName", member)
    if "queryName" in shape:
        return shape["queryName"]
    name = shape.get("locationName", member)
    return name[0].upper() + name[1:]


class Check:
    def __init__(self, service, form):
        """form: (name, value) of each parameter"""
        self.service, self.model = service, description(service)
        self.found = []
        fields = dict(form)
        operation = self.model["operations"].get(fields.get("Action"))
        if not operation:
            self.found.append(f"no action {fields.get('Action')}")
            return
        if fields.get("Version") != self.model["metadata"]["apiVersion"]:
            self.found.append(f"version {fields.get('Version')}")
        if len(fields) != len(form):
            self.found.append("a parameter comes twice")
        top = self.model["shapes"][operation["input"]["shape"]]
        for name, value in form:
            if name not in ("Action", "Version"):
                self.parameter(top, name, value)
        given = {name.partition(".")[0] for name, _ in form}
        for member in top.get("required", []):
            if name_of(member, top["members"][member], service) not in given:
                self.found.append(f"{member} is missing")

    def parameter(self, shape, name, value):
        kind = None
        for part in name.split("."):
            if shape["type"] == "structure":
                kind = next((s["shape"] for m, s in shape["members"].items()
                             if name_of(m, s, self.service) == part), None)
            elif shape["type"] == "list" and part.isdigit() and part != "0":
                kind = shape["member"]["shape"]
            else:
                kind = None
            if kind is None:
                self.found.append(f"{name}: {part} is not known")
                return
            shape = self.model["shapes"][kind]
        self.scalar(shape, kind, name, value)

    def scalar(self, shape, kind, name, value):
        if shape["type"] in ("structure", "list"):
            self.found.append(f"{name} has a value and is a {shape['type']}")
        if shape["type"] in ("integer", "long") and not re.fullmatch(r"-?\d+", value):
            self.found.append(f"{name}: {value} is no number")
        if shape["type"] == "boolean" and value not in ("true", "false"):
            self.found.append(f"{name}: {value} is neither true nor false")
        if "enum" in shape and kind not in OPEN_ENUMS and value not in shape["enum"]:
            self.found.append(f"{name}: {value} is not one of its values")
        if len(value) > shape.get("max", len(value)) and shape["type"] == "string":
            self.found.append(f"{name} is too long")


def violations(service, form):
    return Check(service, form).found
