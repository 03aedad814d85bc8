# SPDX-License-Identifier: GPL-3.0-or-later
"""What openapi.json says of the API is what the API does, for every route."""
import pytest

from store_tools import wait_until
from test_api import fits, fixture_daemon, stack  # noqa: F401

FAILURES = {
    "without a token": (dict(path="/v1/status", token=None), 401, "UNAUTHENTICATED"),
    "with another's token": (dict(path="/v1/status", token="ft_0"), 401, "UNAUTHENTICATED"),
    "of a path that is none": (dict(path="/v1/nothing"), 404, "NOT_FOUND"),
    "of a stack that is none": (dict(path="/v1/stacks/nothing"), 404, "NOT_FOUND"),
    "by a method that is none": (dict(method="PATCH", path="/v1/status"), 405, "METHOD_NOT_ALLOWED"),
    "with a parameter that is none": (dict(path="/v1/status?colour=red"), 400, "INVAL"),
    "of what changed meanwhile": (dict(method="PUT", path="/v1/stacks/shop", body=stack(),
                                       headers={"If-Match": '"77"'}), 412, "CHANGED"),
    "with a body that is too large": (dict(method="POST", path="/v1/holds", body="x" * (100 << 10)),
                                      413, "LIMIT"),
    "with a body of another type": (dict(method="POST", path="/v1/holds", body="reason=x",
                                         content="application/x-www-form-urlencoded"), 415, "BODY_TYPE"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_the_code_of_a_failure_says_what_happened(daemon, what):
    call, status, code = FAILURES[what]
    answer = daemon.call(**{"method": "GET", **call})
    assert (answer.status, answer.doc["code"]) == (status, code), answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = daemon.get("/openapi.json", token=None).doc
    fits(document, document["components"]["schemas"]["Problem"], answer.doc)


@pytest.mark.parametrize("content", ["application/json", "application/merge-patch+json"])
@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_a_patch_answers_with_what_it_set(daemon, content, dry_run):
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    wait_until(lambda: daemon.get("/v1/tiers/shop/web").doc["explanation"], "it is decided on")
    change = {"capacity": 20, "demand": "sum(rate(orders_total))"}
    answer = daemon.call("PATCH", f"/v1/tiers/shop/web?dry_run={dry_run}", change, content=content)
    assert answer.status == 200, answer.body
    assert (answer.doc["capacity"], answer.doc["demand"]["expression"]) == (20, change["demand"])


def test_a_patch_of_another_type_is_told_which_are_taken(daemon):
    answer = daemon.call("PATCH", "/v1/tiers/shop/web", "min: 1", content="text/yaml")
    assert answer.status == 415 and "merge-patch+json" in answer.headers["Accept-Patch"]


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield f"{method} {path}", operation


def test_each_operation_has_a_name_and_its_failures(daemon):
    document = daemon.get("/openapi.json", token=None).doc
    names = [operation.get("operationId") for _, operation in operations(document)]
    assert None not in names and len(set(names)) == len(names), names
    assert document["servers"]
    for what, operation in operations(document):
        assert {"4XX", "default"} <= set(operation["responses"]), what


def objects(schema, path):
    if isinstance(schema, dict):
        if schema.get("properties") and "object" in schema.get("type", []):
            yield path, schema
        for key, value in schema.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for i, value in enumerate(schema):
            yield from objects(value, f"{path}/{i}")


# Bodies all of whose members may be left out.
OPTIONAL = {"TierChange", "ReplayRequest", "BacktestRequest", "PromoteRequest"}


def test_each_object_says_what_it_always_has(daemon):
    """Otherwise an empty one would be valid."""
    schemas = daemon.get("/openapi.json", token=None).doc["components"]["schemas"]
    assert [path for name, schema in schemas.items() if name not in OPTIONAL
            for path, s in objects(schema, name) if not s.get("required")] == []


def test_a_tier_has_all_its_members_before_it_is_decided_on(daemon):
    document = daemon.get("/openapi.json", token=None).doc
    assert daemon.call("PUT", "/v1/stacks/shop", stack()).status == 200
    fits(document, document["components"]["schemas"]["Tier"], daemon.get("/v1/tiers/shop/web").doc)
