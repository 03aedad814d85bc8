# SPDX-License-Identifier: GPL-3.0-or-later
"""Our client and clusters of real etcd: failover, lost quorum, TLS both ways."""

import os
import shutil
import signal
import subprocess
import tempfile

import pytest

from store_tools import Client, Etcd, b64, free_ports, post, prefix_end, wait_until


@pytest.fixture
def cluster():
    ports = free_ports(6)
    initial = ",".join(f"s{i}=http://127.0.0.1:{ports[3 + i]}" for i in range(3))
    members = [Etcd(f"s{i}", initial, (ports[i], ports[3 + i])) for i in range(3)]
    try:
        for m in members:
            m.wait_ready()
        yield members
    finally:
        for m in members:
            m.stop()


def endpoints(members):
    return ",".join(m.url for m in members)


def leader_of(members):
    """(the leader, the others)"""
    def known():
        status = post(members[0].url, "/v3/maintenance/status", {})[1]
        listed = post(members[0].url, "/v3/cluster/member/list", {})[1].get("members", [])
        return next((m["name"] for m in listed if m["ID"] == status.get("leader")), None)

    name = wait_until(known, "there is a leader")
    return (next(m for m in members if m.name == name),
            [m for m in members if m.name != name])


def put_until_done(c, key, value):
    """Tries again as a caller must; how often it was tried."""
    tries = 0

    def once():
        nonlocal tries
        tries += 1
        return "rev" in c.call("put", key=key, value=b64(value))

    wait_until(once, f"{key} is put")
    return tries


@pytest.mark.parametrize("kind", ["leader", "first"])
def test_the_client_goes_on_when_a_member_dies(cluster, kind):
    leader, _ = leader_of(cluster)
    victim = leader if kind == "leader" else cluster[0]
    order = [victim] + [m for m in cluster if m is not victim]
    c = Client(endpoints(order))
    lease = c.ok("grant", ttl=60, lease=0)["lease"]
    c.put("/held", "x", lease)
    w = c.watch("/n/", "/n0").established()
    m = c.mirror("/n/")
    for i in range(20):
        c.put(f"/n/{i}", str(i))
    victim.kill()
    for i in range(20, 40):
        put_until_done(c, f"/n/{i}", str(i))
        assert c.call("keepalive", lease=lease).get("error") in (None, "UNAVAIL", "TIMEOUT")
    wait_until(lambda: c.call("state")["endpoint"] != victim.url, "another endpoint is used")
    # A put whose answer was lost may have happened twice, but none is missing or early.
    seen = []
    while not seen or seen[-1] != "39":
        value = w.event()[2]
        if not seen or value != seen[-1]:
            seen.append(value)
    assert seen == [str(i) for i in range(40)]
    wait_until(lambda: m.copy() == {f"/n/{i}": str(i) for i in range(40)}, "the mirror")
    m.wait_synced()
    assert c.ok("keepalive", lease=lease)["ttl"] == 60
    assert c.get("/held") == "x"
    c.close()


def test_a_member_that_came_back_is_used_again(cluster):
    a, b, third = cluster
    c = Client(endpoints([a, b]))
    c.put("/k", "1")
    a.kill()
    put_until_done(c, "/k", "2")
    a.start()
    a.wait_ready()
    third.wait_ready()
    b.kill()
    put_until_done(c, "/k", "3")
    assert c.get("/k") == "3"
    c.close()


def test_a_member_that_hangs_does_not_hold_reads_up(cluster):
    _, followers = leader_of(cluster)
    hung = followers[0]
    c = Client(endpoints([hung] + [m for m in cluster if m is not hung]))
    c.put("/k", "x")
    hung.child.send_signal(signal.SIGSTOP)
    assert c.get("/k") == "x"
    assert c.call("state")["endpoint"] != hung.url
    c.put("/k", "y")
    c.close()


def test_without_a_majority_the_mirror_keeps_what_it_has(cluster):
    c = Client(endpoints(cluster))
    c.put("/m/a", "1")
    m = c.mirror("/m/")
    m.wait_synced()
    cluster[1].kill()
    cluster[2].kill()
    assert c.call("put", key="/m/a", value=b64("2"))["error"] in ("UNAVAIL", "TIMEOUT")
    m.wait_synced(False)
    assert m.copy() == {"/m/a": "1"}
    cluster[1].start()
    put_until_done(c, "/m/a", "3")
    wait_until(lambda: m.copy() == {"/m/a": "3"}, "the mirror is fresh again")
    m.wait_synced()
    c.close()


# ------------------------------------------------------------------ TLS


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def make_cert(folder, name, ca, extra):
    key, csr, cert = (os.path.join(folder, f"{name}.{e}") for e in ("key", "csr", "pem"))
    ext = os.path.join(folder, f"{name}.ext")
    with open(ext, "w") as f:
        f.write(extra)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", csr, "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", csr, "-CA", ca + ".pem", "-CAkey", ca + ".key",
            "-CAcreateserial", "-days", "2", "-extfile", ext, "-out", cert)
    return cert, key


def make_ca(folder, name):
    ca = os.path.join(folder, name)
    openssl("req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-keyout", ca + ".key", "-out", ca + ".pem", "-days", "2",
            "-subj", f"/CN={name}")
    return ca


@pytest.fixture(scope="module")
def tls():
    folder = tempfile.mkdtemp(prefix="foretide-store-tls-")
    ca, foreign = make_ca(folder, "ca"), make_ca(folder, "foreign")
    server, server_key = make_cert(folder, "server", ca,
                                   "subjectAltName=IP:127.0.0.1\n"
                                   "extendedKeyUsage=serverAuth,clientAuth\n")
    client = make_cert(folder, "client", ca, "extendedKeyUsage=clientAuth\n")
    stranger = make_cert(folder, "stranger", foreign, "extendedKeyUsage=clientAuth\n")
    etcd = Etcd(tls={"ca": ca + ".pem", "server": server, "server_key": server_key})
    files = {"ca": ca + ".pem", "foreign": foreign + ".pem", "client": client,
             "stranger": stranger, "url": etcd.url}
    try:
        c = Client(etcd.url, files["ca"], *client)
        wait_until(lambda: "rev" in c.call("put", key="/up", value=""), "etcd with TLS")
        c.close()
        yield files
    finally:
        etcd.stop()
        shutil.rmtree(folder)


def test_both_sides_are_named(tls):
    c = Client(tls["url"], tls["ca"], *tls["client"])
    w = c.watch("/t", prefix_end("/t")).established()
    c.put("/t", "x")
    assert w.event()[2] == "x"
    assert c.get("/t") == "x"
    c.close()


@pytest.mark.parametrize("ca,cert", [("ca", None), ("ca", "stranger"), ("foreign", "client")])
def test_who_is_not_known_is_refused(tls, ca, cert):
    c = Client(tls["url"], tls[ca], *(tls[cert] if cert else ()))
    answer = c.call("put", key="/t", value="")
    assert answer["error"] in ("UNAVAIL", "DENIED")
    if ca == "foreign":
        assert answer["error"] == "DENIED"
    c.close()


def test_a_certificate_file_that_is_missing_is_named(tls):
    c = Client(tls["url"], "/nonexistent/ca.pem", *tls["client"])
    answer = c.call("range", key=b64("/t"))
    assert "/nonexistent/ca.pem" in answer["message"]
    c.close()
