# SPDX-License-Identifier: GPL-3.0-or-later
"""What root of one host tries beside the store, with all that its agent has: other identities,
exhaustion, the way out of the host, and what is left when that has ended. Each takes the attacker
(hostile_tools.py); what they read and write in the store: hostile_root_store.py."""

import json
import socket
import ssl
import subprocess
import threading
import time

from hostile_tools import STATE, Table, fails, put, read, refused
from store_tools import b64, post

ATTACKS = Table()
attack, built_in = ATTACKS.attack, ATTACKS.built_in

# ---------------------------------------------------------------- renewing


def key_and_request(a, name, subject="/CN=x"):
    """Of a key that the attacker made himself."""
    subprocess.run(["openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-subj", subject, "-keyout", a.q.path(name + ".key"),
                    "-out", a.q.path(name + ".csr")], check=True, capture_output=True)
    with open(a.q.path(name + ".csr"), encoding="ascii") as f:
        return f.read()


@attack
def renew_without_the_old_key(a):
    csr = key_and_request(a, "other")
    signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", a.q.path("other.key")],
                            input=csr.encode(), capture_output=True, check=True).stdout
    for body in ({"csr": csr}, {"csr": csr, "proof": ""}, {"csr": csr, "proof": b64("x")},
                 {"csr": csr, "proof": b64(signed)}):
        refused(a.call("/v1/agent/renew", body), 400, 403)
    if "programs" in a.certificates:
        refused(a.call("/v1/agent/renew", {"csr": csr, "proof": b64(signed)}, kind="programs"))
    refused(a.call("/v1/agent/renew", {"csr": "x", "proof": "x"}), 400, 403)


@attack
def show_a_certificate_of_the_own_making(a):
    """Self-signed, and signed by the host's own key, with another host's name."""
    cert, key = a.certificate()
    key_and_request(a, "forged", f"/CN={a.victim['host']}")
    for name, args in (("self", ["-key", a.q.path("forged.key")]), ("by-host", ["-CA", cert, "-CAkey", key])):
        made = a.q.path(f"forged-{name}.pem")
        done = subprocess.run(["openssl", "x509", "-req", "-in", a.q.path("forged.csr"), "-days", "9",
                               "-out", made, *(args if "-CA" in args else ["-signkey", args[1]]),
                               *(["-CAcreateserial"] if "-CA" in args else [])],
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(made, a.q.path("forged.key"))
        try:
            with socket.create_connection((a.q.gateway, a.port), 60) as raw, \
                    context.wrap_socket(raw) as s:
                s.sendall(b'POST /v1/agent/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n'
                          b'Content-Type: application/json\r\nConnection: close\r\n\r\n{"samples":[]}')
                answer = s.recv(4096)
        except (ssl.SSLError, ConnectionError):
            continue
        assert answer == b"" or answer.split()[1] in (b"401", b"403"), answer


# ---------------------------------------------------------------- impersonating


def series(a, name):
    return a.q.items(f"/v1/series?match={name}&limit=1000")


def push(a, *samples):
    """(status, document) of samples of the host."""
    status, text = a.call("/v1/agent/metrics", {"samples": list(samples)})
    return status, json.loads(text)


@attack
def push_metrics_in_other_names(a):
    now = int(time.time() * 1000)

    def sample(name, labels, value=1e9, at=now):
        return {"n": name, "k": "gauge", "l": labels, "v": value, "t": at}

    evil = [sample("hostile_a", {"host": a.victim["host"]}), sample("hostile_a", {"stack": "beta"}),
            sample("hostile_a", {"tier": "web", "stack": "beta"}),
            sample("hostile_a", {"unit": a.victim["name"]}), sample("hostile_a", {"unit": a.sibling["name"]}),
            sample("foretide_demand", {}), sample("foretide_healthy", {"unit": a.own["name"]}),
            sample("hostile_a", {"unit": a.own["name"], "stack": "beta"}),
            sample("hostile_a", {}, at=now + 86400000), sample("hostile_a", {}, at=0)]
    for s in evil:
        status, doc = push(a, s)
        assert status >= 400 or doc.get("refused", {}).get("count") == 1, (s, doc)
    status, text = a.call("/v1/agent/metrics", {"host": a.victim["host"], "samples": []})
    assert status >= 400, text
    found = series(a, "hostile_a") + [s for s in series(a, "foretide_demand") + series(a, "foretide_healthy")
                                      if "host" in s["labels"]]
    assert not found, found


@attack
def push_more_series_than_allowed(a):
    now = int(time.time() * 1000)
    for batch in range(6):
        a.call("/v1/agent/metrics", {"samples": [
            {"n": f"hostile_flood_{batch}_{i}", "k": "gauge", "l": {}, "v": 1, "t": now}
            for i in range(10000)]})
    total = len(a.q.items(f"/v1/series?match=%7Bhost%3D%22{a.id}%22%7D&limit=1000"))
    assert 0 < total < 30000, total
    refused(a.call("/v1/agent/metrics", b"x" * (9 << 20)), 413, 0)
    refused(a.call("/v1/agent/metrics", b"[" * 100000), 400)


@attack
def join_with_a_used_token(a):
    csr = key_and_request(a, "joiner")
    _, text = a.run("cat", "/run/foretide-user-data", f"{STATE}/join.json", uid=0)
    tokens = {word.strip("\"',=") for line in text.split() for word in line.replace("=", " ").split(",")
              if len(word.strip("\"',=")) >= 20}
    assert tokens
    for token in list(tokens)[:40] + [""]:
        for host in (a.id, a.victim["host"], "alpha-12345678"):
            refused(a.call("/v1/join", {"host": host, "token": token, "csr": csr, "address": a.address,
                                        "agent_version": "0"}, kind=None), 400, 403)


@attack
def call_what_is_for_people(a):
    for method, path, body in (
            ("GET", "/v1/status", None), ("GET", "/v1/stacks", None), ("GET", "/v1/stacks/beta", None),
            ("GET", "/v1/tokens", None), ("POST", "/v1/tokens", {"name": "x", "role": "admin"}),
            ("DELETE", "/v1/stacks/beta", None), ("PUT", "/v1/stacks/beta", {"files": {}}),
            ("PATCH", "/v1/tiers/beta/web", {"min": 0, "max": 0}), ("GET", "/v1/backup", None),
            ("POST", f"/v1/hosts/{a.victim['host']}/drain", {}), ("POST", "/v1/holds", {"stack": "beta"}),
            ("GET", f"/v1/units/{a.victim['name']}/logs", None), ("POST", "/v1/drills", {}),
            ("POST", "/v1/series/forget", {"match": "x"}), ("GET", "/metrics", None),
            ("GET", "/v1/events/stream", None), ("GET", "/v1/series?match=x", None)):
        refused(a.call(path, body, method=method), 401, 403)


@attack
def answer_for_the_logs_of_others(a):
    for body in ({"id": "1", "lines": ["forged"]}, {"unit": a.victim["name"], "lines": []}, {}, []):
        status, text = a.call("/v1/agent/logs", body)
        assert 400 <= status < 500 or "forged" not in text, (status, text)
    lines = a.q.api(f"/v1/units/{a.victim['name']}/logs?lines=20")["lines"]
    assert "forged" not in json.dumps(lines)


@attack
def forge_headers_of_a_proxy(a):
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1;proto=https"},
                    {"X-Real-IP": "127.0.0.1"}, {"X-Forwarded-User": "admin"},
                    {"X-SSL-Client-CN": a.victim["host"]}, {"X-Foretide-Host": a.victim["host"]},
                    {"X-Test-Host": a.victim["host"]}, {"X-HTTP-Method-Override": "DELETE"}):
        refused(a.call("/v3/kv/range", read(f"/foretide/schedule/{a.victim['host']}"), headers=headers))
        refused(a.call("/v1/status", None, method="GET", headers=headers), 401, 403)
    for raw in (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + b"\x7f\0\0\1" * 3):
        with socket.create_connection((a.q.gateway, a.port), 60) as s:
            s.settimeout(60)
            s.sendall(raw + b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            try:
                assert b"200" not in s.recv(4096)
            except OSError:
                pass


# ---------------------------------------------------------------- exhausting


@built_in
def nest_transactions(a):
    op = {"request_put": put(f"/foretide/states/{a.id}", "{}")}
    ops = [op] * 128
    for width in (60, 5):
        ops = [{"request_txn": {"success": ops}}] * width
    refused(a.store("kv/txn", {"success": ops}), 400, 413, 429, words="too many")
    deep = '{"success":[{"request_txn":' * 5000 + "{}" + "}]}" * 5000
    refused(a.store("kv/txn", deep.encode()), 400, 429)
    ranges = [{"request_range": read("/skydns/")}] * 127
    refused(a.store("kv/txn", {"success": [{"request_txn": {"success": ranges}}] * 127}), 400, 413, 429)


def flood(a, threads, path, body):
    """The statuses of one call after the other, for a while."""
    seen, over, lock = {}, time.monotonic() + 5, threading.Lock()

    def go_on():
        while time.monotonic() < over:
            status = a.store(path, body)[0]
            with lock:
                seen[status] = seen.get(status, 0) + 1

    all_of_them = [threading.Thread(target=go_on) for _ in range(threads)]
    for t in all_of_them:
        t.start()
    for t in all_of_them:
        t.join()
    return seen


@built_in
def flood_the_store(a):
    lease = a.grant()
    for path, body in (("kv/put", put(f"/foretide/states/{a.id}", "{}" + " " * 100000, lease=lease)),
                       ("kv/range", read("/skydns/", sort_order="DESCEND", sort_target="VALUE")),
                       ("lease/keepalive", {"ID": lease}), ("kv/txn", b"[" * 2000000)):
        seen = flood(a, 8, path, body)
        # 503: its large bodies are too many at once.
        assert set(seen) <= {0, 200, 400, 429, 503}, (path, seen)


@built_in
def fill_the_store(a):
    lease, done, refusals = a.grant(), 0, []
    for i in range(100):
        status, text = a.store("kv/put", put(f"/foretide/states/{a.id}", f"{i:09}" * 110000, lease=lease))
        done += status == 200
        refusals += [text] if status != 200 else []
    assert refusals and done < 100, done
    status, text = a.store("kv/put", put(f"/foretide/states/{a.id}", "x" * (2 << 20), lease=lease))
    assert status in (400, 413, 429), text
    a.q.wait("others write", lambda: a.world.admin("kv/put", put("/apps/beta/x")))


@built_in
def watch_ten_thousand_times_and_read_nothing(a):
    context, held, body = a.context(), [], json.dumps({"create_request": read("/skydns/")})
    try:
        for _ in range(400):
            try:
                s = context.wrap_socket(socket.create_connection((a.q.gateway, a.port), 10))
                s.sendall(f"POST /v3/watch HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                          .encode())
                held.append(s)
            except OSError:
                continue
        a.q.cli("status")
        status, text = a.store("watch", {"create_request": read("/skydns/")})
        assert status in (0, 200, 429), text
    finally:
        for s in held:
            s.close()
    a.q.wait("the host is heard", lambda: a.store("kv/range", read(a.record))[0] == 200)


@attack
def send_bodies_slowly(a):
    context, held = a.context(), []
    try:
        for _ in range(100):
            try:
                s = context.wrap_socket(socket.create_connection((a.q.gateway, a.port), 10))
                s.sendall(b"POST /v1/agent/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
                          b"\r\nContent-Length: 8000000\r\n\r\n[")
                held.append(s)
            except OSError:
                continue
        assert held
        held[0].settimeout(120)
        assert held[0].recv(4096) is not None  # an answer, or its end
        a.q.cli("hosts")
    except ConnectionError:
        pass
    finally:
        for s in held:
            s.close()


# ---------------------------------------------------------------- out of the host


@attack
def leave_the_host(a):
    for argv in (["mount", "-t", "tmpfs", "x", "/mnt"], ["mknod", "/tmp/sda", "b", "8", "0"],
                 ["insmod", "/dev/null"], ["unshare", "-Um", "true"], ["ip", "link", "set", "eth0", "down"],
                 ["sh", "-c", "echo /x > /proc/sys/kernel/core_pattern"],
                 ["sh", "-c", "echo b > /proc/sysrq-trigger"], ["dmesg"],
                 ["sh", "-c", "mkdir /sys/fs/cgroup/memory/x/.. && echo /x > /sys/fs/cgroup/memory/release_agent"],
                 ["sh", "-c", "ls /sys/kernel/debug/* /dev/mem /dev/kmem /dev/sd* /dev/vd*"]):
        fails(a.run(*argv, uid=0))
    text = a.run("cat", "/etc/shadow", uid=0)[1]
    with open("/etc/shadow", encoding="ascii") as f:
        real = f.read()
    assert real not in text
    fails(a.run("cat", a.q.path("state/foretide.db"), a.q.path("token"), a.q.path("credentials"), uid=0))
    status, out = a.run("sh", "-c", "ls /proc | grep -c '^[0-9]'", uid=0)
    assert status == 0 and int(out) < 40, "other hosts' processes are not seen"


@attack
def send_as_another_address(a):
    """Neither its own address changed, nor packets with another's."""
    theirs = a.address_of(a.victim["host"])
    fails(a.run("ip", "addr", "add", f"{theirs}/16", "dev", "eth0", uid=0), "not permitted")
    status, out = a.python(
        "import socket, sys\n"
        "s = socket.socket()\n"
        "s.bind((sys.argv[1], 0))\n", theirs, uid=0)
    assert status != 0 and "Cannot assign" in out, out


# ---------------------------------------------------------------- at last: its end


@attack
def call_after_the_host_has_ended(a):
    """Of the last, as it ends the host."""
    certificates = [a.certificate(kind) for kind in a.certificates]
    kept = json.loads(a.steal("join.json"))
    watch = subprocess.Popen(
        ["curl", "-skN", "--cert", certificates[0][0], "--key", certificates[0][1], f"{a.at}/v3/watch", "-d",
         json.dumps({"create_request": read("/skydns/")})], stdout=subprocess.DEVNULL)
    a.q.cli("drain", a.id, "--yes")
    a.q.wait("the host is gone", lambda: next(
        h for h in a.q.items("/v1/hosts?all=true") if h["id"] == a.id)["state"] in ("gone", "failed"))
    a.q.wait("its watch has ended", lambda: watch.poll() is not None)
    calls = [("/v1/agent/metrics", {"samples": []}), ("/v1/agent/renew", {"csr": "x", "proof": "x"})]
    if a.q.store == "built-in":
        calls += [("/v3/kv/range", read("/skydns/")), ("/v3/lease/grant", {"TTL": "5"})]
    for cert, key in certificates:
        for path, body in calls:
            out = subprocess.run(["curl", "-sk", "-m", "60", "--cert", cert, "--key", key, "-o", "/dev/null", "-w",
                                  "%{http_code}", "-H", "Content-Type: application/json", "-d", json.dumps(body),
                                  a.at + path], capture_output=True, text=True, check=False).stdout
            assert out in ("401", "403"), (path, out)
    if a.q.store == "etcd":
        for who in ("store", "programs"):
            login = {"name": kept[who + "_user"], "password": kept[who + "_password"]}
            a.q.wait("its users are gone", lambda body=login: post(
                a.q.etcd.url, "/v3/auth/authenticate", body)[0] != 200)


@attack
def use_the_old_certificate_after_a_renewal(a):
    """On the other host, which is heard no more afterwards."""
    other = type(a)(a.world, a.sibling)
    files = other.certificate()
    assert other.call("/v1/agent/metrics", {"samples": []})[0] == 200
    csr = key_and_request(other, "renewed")
    serial = subprocess.run(["openssl", "x509", "-in", files[0], "-noout", "-serial"], check=True,
                            capture_output=True, text=True).stdout.strip().partition("=")[2].lower()
    proof = subprocess.run(["openssl", "dgst", "-sha256", "-sign", files[1]], check=True, capture_output=True,
                           input=f"foretide renewal\n{serial}\n{csr}".encode()).stdout
    status, text = other.call("/v1/agent/renew", {"csr": csr, "proof": b64(proof)})
    assert status == 200, text
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with open(a.q.path("renewed.pem"), "w", encoding="ascii") as f:
        f.write(json.loads(text)["certificate"])
    context.load_cert_chain(a.q.path("renewed.pem"), a.q.path("renewed.key"))
    old = other.contexts["cert"]
    other.contexts["cert"] = (time.monotonic(), context)
    assert other.call("/v1/agent/metrics", {"samples": []})[0] == 200
    other.contexts["cert"] = (time.monotonic(), old[1])
    refused(other.call("/v1/agent/metrics", {"samples": []}), 401, 403)
    if a.q.store == "built-in":
        refused(other.call("/v3/kv/range", read("/skydns/")), 401, 403)
    refused(other.call("/v1/agent/renew", {"csr": csr, "proof": b64(proof)}), 401, 403)
