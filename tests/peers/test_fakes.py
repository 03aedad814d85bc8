# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of the fakes: what it serves, over what, and the faults that it plays."""

import http.client
import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

from fakes.hetzner.cloud import TOKEN, Cloud
from fakes.server import Server
from peer_tools import HERE

TYPES, SERVERS = "/v1/server_types", "/v1/servers"
WEB = {"name": "web-1", "server_type": "cx22", "image": "debian-12"}


def call(fake, method, path, body=None, context=None):
    """-> (status, document)"""
    request = urllib.request.Request(
        fake.url + path, json.dumps(body).encode() if body is not None else None,
        {"Authorization": f"Bearer {TOKEN}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60, context=context) as a:
            return a.status, json.loads(a.read() or b"null")
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())


@pytest.fixture(name="fake")
def fixture_fake():
    with Server(Cloud()) as fake:
        yield fake


def test_one_cloud_is_served_with_and_without_tls(fake):
    with Server(fake.cloud, tls=True) as secure:
        context = ssl.create_default_context(cafile=secure.ca)
        assert call(fake, "POST", SERVERS, WEB)[0] == 201
        status, doc = call(secure, "GET", SERVERS, context=context)
        assert status == 200 and [s["name"] for s in doc["servers"]] == ["web-1"]
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            call(secure, "GET", SERVERS)


def test_a_certificate_may_be_of_another_name(fake):
    with Server(fake.cloud, tls=True, name="elsewhere.test") as secure:
        context = ssl.create_default_context(cafile=secure.ca)
        with pytest.raises(urllib.error.URLError, match="IP address mismatch"):
            call(secure, "GET", SERVERS, context=context)


def test_faults_are_played_as_often_as_was_asked(fake):
    faults = fake.cloud.faults
    faults.add("GET", "/servers$", "throttle", times=2, retry_after=7)
    assert call(fake, "GET", TYPES)[0] == 200
    for _ in range(2):
        status, doc = call(fake, "GET", SERVERS)
        assert status == 429 and doc["error"]["code"] == "rate_limit_exceeded"
    assert call(fake, "GET", SERVERS)[0] == 200
    faults.add("GET", "/servers$", "answer", status=418, body="{}")
    assert call(fake, "GET", SERVERS) == (418, {})
    assert faults.left() == []


def test_an_answer_is_lost_after_or_before_the_cloud_acted(fake):
    for what, count in (("drop", 0), ("lose", 1)):
        fake.cloud.faults.add("POST", "/servers$", what)
        with pytest.raises((ConnectionError, http.client.HTTPException, urllib.error.URLError)):
            call(fake, "POST", SERVERS, WEB)
        assert len(fake.cloud.vms()) == count
    fake.cloud.faults.add("GET", "/servers$", "cut")
    with pytest.raises(http.client.IncompleteRead):
        call(fake, "GET", SERVERS)
    fake.cloud.faults.add("GET", "/servers$", "garbage")
    with pytest.raises(ValueError):
        call(fake, "GET", SERVERS)


def test_other_programs_have_it_by_a_path_of_control():
    with subprocess.Popen(["/usr/bin/python3", "-m", "fakes.server", "hetzner", "limit=1"],
                          stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, PYTHONPATH=HERE)) as process:
        try:
            class fake:
                url = json.loads(process.stdout.readline())["url"]

            assert call(fake, "POST", SERVERS, WEB)[0] == 201
            assert call(fake, "POST", SERVERS, {**WEB, "name": "web-2"})[0] == 403
            assert [v["name"] for v in call(fake, "GET", "/_control/vms")[1]] == ["web-1"]
            assert call(fake, "PATCH", "/_control/settings", {"limit": 2})[0] == 204
            call(fake, "POST", "/_control/faults",
                 {"method": "POST", "path": "/servers$", "what": "capacity"})
            assert call(fake, "POST", SERVERS, {**WEB, "name": "web-2"})[0] == 412
            assert call(fake, "POST", SERVERS, {**WEB, "name": "web-2"})[0] == 201
            assert len(call(fake, "GET", "/_control/calls")[1]) == 4
        finally:
            process.terminate()
