# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is only itself: what a program on it, and a thief of its certificate, reach; and what
ends with a host and with a token. Real hosts."""

import http.client
import json
import os
import ssl
import sqlite3
import subprocess

import pytest

from rig_tools import Quick
from store_tools import b64

STATE = "/var/lib/foretide-agent"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
PROXY = "http://127.0.0.1:2379"
ENDS_S = 30  # in the next look, a second later; a busy machine may take longer


@pytest.fixture(scope="module")
def quick():
    def edit(name, text):
        return text + "\n[secret db-password]\n" if name == "stack.conf" else text

    with Quick(edit=edit) as rig:
        os.environ["FORETIDE_TEST_LEAK"] = "secret"
        rig.start()
        del os.environ["FORETIDE_TEST_LEAK"]
        rig.apply()
        rig.up()
        yield rig


def key(name):
    return json.dumps({"key": b64(name)})


def prefix(name):
    return json.dumps({"key": b64(name), "range_end": b64(name[:-1] + chr(ord(name[-1]) + 1))})


def put(name, value="x"):
    return json.dumps({"key": b64(name), "value": b64(value)})


@pytest.fixture(scope="module")
def web(quick):
    host = quick.healthy("web")[0]["host"]
    # Its programs' certificate comes after the first unit.
    quick.wait("the proxy serves", lambda: ask(quick, host, "/v3/kv/range", key("/skydns/"))[0] == 200)
    return host


def ask(quick, host, path, body=None, *options):
    """Status and text of a call by an unprivileged program of the host, through the proxy."""
    args = ["curl", "-s", "-m", "60", "--path-as-is", "-w", "\n%{http_code}", *options]
    if body is not None:
        args += ["-d", body]
    _, out = quick.inside(host, *NOBODY, *args, PROXY + path)
    text, _, status = out.rpartition("\n")
    return int(status or 0), text


def test_a_program_finds_what_a_service_needs(quick, web):
    assert ask(quick, web, "/health")[0] == 200
    assert ask(quick, web, "/version")[0] == 200
    status, text = ask(quick, web, "/v3/kv/range", prefix("/skydns/"))
    assert status == 200 and json.loads(text)["kvs"]
    assert ask(quick, web, "/v3/kv/put", put("/apps/quick/a"))[0] == 200
    status, text = ask(quick, web, "/v3beta/kv/range", key("/apps/quick/a"))
    assert status == 200 and json.loads(text)["kvs"][0]["value"] == b64("x")
    assert ask(quick, web, "/v3/kv/deleterange", key("/apps/quick/a"))[0] == 200
    assert ask(quick, web, "/v3/lease/grant", '{"TTL":60}')[0] == 200


@pytest.mark.parametrize("path, body", [
    ("/v3/kv/range", prefix("/foretide/secrets/")),
    ("/v3/kv/range", key("/foretide/secrets/quick/db-password")),
    ("/v3/kv/range", prefix("/foretide/")),
    ("/v3/kv/range", json.dumps({"key": "AA==", "range_end": "AA=="})),
    ("/v3/kv/range", prefix("/apps/other/")),
    ("/v3/kv/put", put("/skydns/local/foretide/quick/web/evil-80", '{"host":"10.9.9.9","port":80}')),
    ("/v3/kv/deleterange", prefix("/skydns/")),
    ("/v3/kv/put", put("/foretide/hosts/x")),
    ("/v3/kv/put", put("/apps/other/a")),
    ("/v3/kv/txn", json.dumps({"success": [{"request_put": {"key": b64("/skydns/a"), "value": ""}}]})),
    ("/v3/watch", json.dumps({"create_request": json.loads(prefix("/foretide/secrets/"))})),
    ("/v3/kv/compaction", '{"revision":1}'),
    ("/v3/lease/leases", "{}"),
    ("/v1/agent/renew", '{"csr":"x"}'),
    ("/v1/agent/programs", '{"csr":"x"}'),
    ("/v1/agent/metrics", '{"samples":[]}'),
    ("/v1/agent/logs", "{}"),
    ("/v1/join", "{}"),
    ("/v3/../v1/agent/renew", '{"csr":"x"}'),
    ("/v3%2f..%2fv1/agent/renew", '{"csr":"x"}'),
    ("/v3/..;/v1/agent/renew", '{"csr":"x"}'),
    ("//v1/agent/renew", '{"csr":"x"}'),
    ("/metrics", None),
    ("/v1/agent/binary", None),
    ("/v1/agent/portable", None),
])
def test_a_program_reaches_nothing_else(quick, web, path, body):
    status, text = ask(quick, web, path, body)
    assert status == 403, text


def test_a_program_does_not_read_the_keys(quick, web):
    for name in ("key.pem", "cert.pem", "programs-key.pem", "programs.pem"):
        assert quick.inside(web, "test", "-s", f"{STATE}/{name}")[0] == 0
        assert quick.inside(web, *NOBODY, "cat", f"{STATE}/{name}")[0] != 0


def test_a_host_inherits_nothing_of_the_controller(quick, web):
    """Neither variables nor descriptors: not its first process, nor what that starts."""
    with open("/proc/{}/environ".format(quick.process.pid), "rb") as f:
        assert b"FORETIDE_TEST_LEAK" in f.read()
    pids = quick.pids_of(web, "")
    assert len(pids) >= 3
    for pid in pids:
        with open(f"/proc/{pid}/environ", "rb") as f:
            assert b"FORETIDE" not in f.read(), pid
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            assert "foretide.db" not in target and "/state/" not in target, (pid, target)


def test_a_unit_inherits_nothing_of_the_agent(quick, web):
    unit = quick.healthy("web")[0]["name"]
    pid = quick.unit_pids()[unit][0]
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    assert int(status["CapAmb"], 16) == int(status["CapInh"], 16) == 0
    with open(f"/proc/{pid}/environ", "rb") as f:
        names = {v.split(b"=")[0].decode() for v in f.read().split(b"\0") if v}
    assert names <= {"PATH", "LANG", "HOME", "USER", "LOGNAME", "SHELL", "INVOCATION_ID", "NOTIFY_SOCKET",
                     "PWD", "SHLVL", "_", "LC_CTYPE"} | {n for n in names if n.endswith("_DIRECTORY")}, names
    for fd in os.listdir(f"/proc/{pid}/fd"):
        assert STATE not in os.readlink(f"/proc/{pid}/fd/{fd}")


# ---------------------------------------------------------------- with a stolen certificate


def steal(quick, host, name):
    """The files that root of the host has: certificate and key."""
    files = []
    for part in (f"{name}.pem", {"cert": "key.pem", "programs": "programs-key.pem"}[name]):
        text = quick.inside(host, "cat", f"{STATE}/{part}")[1]
        files.append(quick.path(f"{host}-{part}"))
        with open(files[-1], "w", encoding="ascii") as f:
            f.write(text)
    return files


def with_certificate(quick, files, path, body, *options):
    out = subprocess.run(
        ["curl", "-sk", "-m", "60", "--cert", files[0], "--key", files[1], "-w", "\n%{http_code}",
         *options, "-H", "Content-Type: application/json", "-d", body,
         f"https://{quick.gateway}:{quick.host_port}{path}"],
        capture_output=True, text=True, check=False).stdout
    text, _, status = out.rpartition("\n")
    return int(status or 0), text


def request(quick):
    """A certificate request of a key that is not the host's."""
    subprocess.run(["openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-subj", "/CN=x", "-keyout",
                    quick.path("other.key"), "-out", quick.path("other.csr")],
                   check=True, capture_output=True)
    with open(quick.path("other.csr"), encoding="ascii") as f:
        return f.read()


def test_the_programs_certificate_opens_the_store_alone(quick, web):
    files = steal(quick, web, "programs")
    assert with_certificate(quick, files, "/v3/kv/range", prefix("/skydns/"))[0] == 200
    csr = json.dumps({"csr": request(quick)})
    for path, body in (("/v1/agent/renew", csr), ("/v1/agent/programs", csr),
                       ("/v1/agent/metrics", '{"samples":[]}'), ("/v1/agent/logs", "{}"),
                       ("/v3/kv/range", prefix("/foretide/")), ("/v3/kv/put", put("/skydns/a"))):
        assert with_certificate(quick, files, path, body)[0] == 403, path


def test_a_connection_alone_renews_nothing(quick, web):
    files = steal(quick, web, "cert")
    csr = request(quick)
    assert with_certificate(quick, files, "/v1/agent/renew", json.dumps({"csr": csr}))[0] == 403
    assert with_certificate(quick, files, "/v1/agent/renew",
                            json.dumps({"csr": csr, "proof": b64("x")}))[0] == 403
    assert with_certificate(quick, files, "/v1/agent/metrics", '{"samples":[]}')[0] == 200


# ---------------------------------------------------------------- its address


def address_of(quick, host):
    return quick.db("SELECT address FROM host WHERE id = ?", host)[0][0]


def test_a_host_is_followed_to_its_address_and_to_no_other(quick, web):
    own = address_of(quick, web)
    other = address_of(quick, quick.healthy("lb")[0]["host"])
    files = steal(quick, web, "cert")
    for claim in ("10.9.9.9", other, "127.0.0.1", "0.0.0.0", "here"):
        with_certificate(quick, files, "/v1/agent/metrics", json.dumps({"samples": [], "address": claim}))
        assert address_of(quick, web) == own, claim
    with sqlite3.connect(quick.path("state/foretide.db"), timeout=60) as db:
        db.execute("UPDATE host SET address = '10.9.9.8' WHERE id = ?", (web,))
    quick.wait("it is known by the address that it calls from", lambda: address_of(quick, web) == own)
    quick.wait("that is told", lambda: any(e["kind"] == "host-moved" and e["host"] == web
                                           for e in quick.items("/v1/events")))
    quick.wait("its records are there", lambda: any(s["host"] == web for s in quick.items("/v1/services")))


# ---------------------------------------------------------------- ends


class Stream:
    """curl that follows a stream into a file."""

    def __init__(self, quick, name, *args):
        self.file = quick.path(name)
        self.child = subprocess.Popen(["curl", "-skN", *args], stdout=open(self.file, "wb"))
        quick.wait(f"{name} has begun", lambda: os.path.getsize(self.file) > 0)

    def lives(self):
        return self.child.poll() is None

    def end(self):
        self.child.kill()
        self.child.wait()


def test_streams_end_with_their_token(quick):
    made = [quick.api("/v1/tokens", "POST", {"name": name, "role": role})
            for name, role in (("short", "admin"), ("long", "admin"))]
    streams = []
    for token in made:
        who = ["-H", f"Authorization: Bearer {token['token']}"]
        streams.append(Stream(quick, f"sse-{token['name']}", *who, f"{quick.url}/v1/events/stream"))
        streams.append(Stream(quick, f"watch-{token['name']}", *who, f"{quick.url}/v3/watch", "-d",
                              json.dumps({"create_request": json.loads(prefix("/skydns/"))})))
    quick.api(f"/v1/tokens/{made[0]['id']}", "DELETE")
    quick.wait("both streams of the token have ended",
               lambda: not streams[0].lives() and not streams[1].lives(), ENDS_S)
    assert streams[2].lives() and streams[3].lives()
    for stream in streams:
        stream.end()


def connection(quick, files):
    """One that stays open between requests."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(*files)
    return http.client.HTTPSConnection(quick.gateway, quick.host_port, timeout=60, context=context)


def ask_on(conn):
    """Never connects again: a connection that was closed fails."""
    conn.auto_open = 0 if conn.sock else 1
    conn.request("POST", "/v3/kv/range", prefix("/skydns/"), {"Content-Type": "application/json"})
    answer = conn.getresponse()
    answer.read()
    return answer.status


def test_all_of_a_host_ends_with_it(quick, web):
    files, programs = steal(quick, web, "cert"), steal(quick, web, "programs")
    status, text = with_certificate(quick, files, "/v3/lease/grant", '{"TTL":3000}')
    assert status == 200
    lease = json.loads(text)["ID"]
    watch = {"create_request": json.loads(prefix("/skydns/"))}
    url = f"https://{quick.gateway}:{quick.host_port}/v3/watch"
    streams = [Stream(quick, f"watch-{i}", "--cert", f[0], "--key", f[1], url, "-d", json.dumps(watch))
               for i, f in enumerate((files, programs))]
    kept = [connection(quick, f) for f in (files, programs)]
    assert [ask_on(c) for c in kept] == [200, 200]
    quick.cli("drain", web, "--yes")
    quick.wait("the host is gone", lambda: [h for h in quick.items("/v1/hosts?all=true") if h["id"] == web]
               [0]["state"] in ("gone", "failed"))
    quick.wait("its watches have ended", lambda: not any(s.lives() for s in streams), ENDS_S)
    assert [ask_on(c) for c in kept] == [403, 403]
    for f in (files, programs):
        assert with_certificate(quick, f, "/v3/kv/range", prefix("/skydns/"))[0] == 403
    token = quick.environment()["FORETIDE_TOKEN"]

    def ttl():
        out = subprocess.run(["curl", "-s", "-H", f"Authorization: Bearer {token}",
                              f"{quick.url}/v3/lease/timetolive", "-d", json.dumps({"ID": lease})],
                             capture_output=True, text=True, check=False).stdout
        return int(json.loads(out).get("TTL", 0))

    quick.wait("its lease is revoked", lambda: ttl() <= 0, ENDS_S)


def test_a_watch_ends_with_its_certificate(quick, web):
    """Also that of a thief. The last test: the host's programs are left without one."""
    host = quick.healthy("web")[0]["host"]
    quick.wait("the proxy serves", lambda: ask(quick, host, "/v3/kv/range", key("/skydns/"))[0] == 200)
    stolen = steal(quick, host, "programs")
    stream = Stream(quick, "watch-stolen", "--cert", stolen[0], "--key", stolen[1],
                    f"https://{quick.gateway}:{quick.host_port}/v3/watch", "-d",
                    json.dumps({"create_request": json.loads(prefix("/skydns/"))}))
    status, text = with_certificate(quick, steal(quick, host, "cert"), "/v1/agent/programs",
                                    json.dumps({"csr": request(quick)}))
    assert status == 200
    files = [quick.path("other.pem"), quick.path("other.key")]
    with open(files[0], "w", encoding="ascii") as f:
        f.write(json.loads(text)["certificate"])
    assert stream.lives()  # until the new one is used
    assert with_certificate(quick, files, "/v3/kv/range", prefix("/skydns/"))[0] == 200
    quick.wait("the watch has ended", lambda: not stream.lives(), ENDS_S)
    assert with_certificate(quick, stolen, "/v3/kv/range", prefix("/skydns/"))[0] == 403
