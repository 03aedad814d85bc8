# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program with a hole, of no privileges, on one host tries; nothing of it may succeed.
Each takes the attacker (hostile_tools.py)."""

import base64
import json
import re
import threading

from hostile_tools import STATE, Table, fails, put, read, refused, secret_transactions
from store_tools import b64

ATTACKS = Table()
attack, built_in = ATTACKS.attack, ATTACKS.built_in


def denied(a, path, body):
    # An etcd says so of a watch on its stream, which goes on.
    refused(a.curl("/v3/" + path, body, *(["-m", "8"] if path == "watch" else [])))


# ---------------------------------------------------------------- reading


@attack
def read_secrets_through_the_proxy(a):
    for key in ("/foretide/secrets/", "/foretide/secrets/beta/", "/foretide/secrets/beta/db",
                "/foretide/secrets/alpha/db", "/foretide/"):
        denied(a, "kv/range", read(key))


@attack
def read_all_keys(a):
    denied(a, "kv/range", {"key": "AA==", "range_end": "AA=="})
    denied(a, "kv/range", {"key": b64("/"), "range_end": b64("0")})
    denied(a, "kv/range", {"key": b64("/skydns/"), "range_end": "AA=="})


@attack
def read_secrets_in_a_transaction(a):
    for body in secret_transactions():
        denied(a, "kv/txn", body)


@built_in
def read_secrets_in_an_inner_transaction(a):
    secret = read("/foretide/secrets/beta/db")
    denied(a, "kv/txn", {"failure": [{"request_txn": {"success": [{"request_range": secret}]}}]})


@attack
def read_secrets_by_a_watch(a):
    denied(a, "watch", {"create_request": read("/foretide/secrets/beta/")})
    denied(a, "watch", {"create_request": {**read("/foretide/"), "start_revision": "1"}})


@attack
def read_an_old_revision(a):
    denied(a, "kv/range", read("/foretide/secrets/beta/", revision="5"))


@attack
def read_what_the_other_stack_keeps(a):
    denied(a, "kv/range", read("/apps/beta/"))
    denied(a, "kv/range", read("/apps/"))


@attack
def read_the_agents_files(a):
    for name in ("key.pem", "cert.pem", "programs-key.pem", "join.json", "copies", "texts", "logs",
                 "units/alpha@1.service.json", "lease"):
        status, text = a.run("sh", "-c", f"cat {STATE}/{name} {STATE}/{name}/*")
        assert status != 0 and "PRIVATE" not in text and "{" not in text, (name, text)
    fails(a.run("cat", "/run/foretide-user-data"), "denied")


@attack
def read_the_agents_memory(a):
    fails(a.run("cat", "/proc/2/environ", "/proc/2/mem", "/proc/2/maps"), "denied")
    fails(a.run("ls", "/proc/2/fd", "/proc/1/cwd/"), "denied")
    fails(a.python("import ctypes, sys\n"
                   "libc = ctypes.CDLL(None, use_errno=True)\n"
                   "sys.exit(f'ptrace {ctypes.get_errno()}' if libc.ptrace(16, 2, 0, 0) < 0 else 0)"),
          "ptrace 1")


# ---------------------------------------------------------------- writing and deleting


@attack
def write_a_record_of_the_other_stack(a):
    theirs = a.record_of(a.victim, "beta")
    value = json.dumps({"host": a.address, "port": 8080})
    denied(a, "kv/put", put(theirs, value))
    denied(a, "kv/put", put(a.records + "beta/web/web-9-8080", value))
    denied(a, "kv/put", put(a.record, value))
    denied(a, "kv/txn", {"success": [{"request_put": put(theirs, value)}]})


@attack
def delete_all_records(a):
    denied(a, "kv/deleterange", read("/skydns/"))
    denied(a, "kv/deleterange", read(a.record))
    denied(a, "kv/deleterange", {"key": "AA==", "range_end": "AA=="})


@attack
def write_what_the_controller_writes(a):
    for key in (f"/foretide/hosts/{a.id}", f"/foretide/schedule/{a.id}", "/foretide/conf/alpha/web/x",
                "/foretide/secrets/alpha/db", "/apps/beta/x", "/other"):
        denied(a, "kv/put", put(key))


@built_in
def compact_the_history(a):
    denied(a, "kv/compaction", {"revision": "2"})
    denied(a, "lease/leases", {})
    for path in ("/v3/auth/enable", "/v3/auth/user/list", "/v3/cluster/member/add",
                 "/v3/maintenance/snapshot", "/v3/maintenance/defragment"):
        refused(a.curl(path, {}), 400, 403, 404)


@attack
def write_files_of_the_host(a):
    for path in ("/usr/local/sbin/foretide-agent", "/etc/quick/server.py", "/etc/resolv.conf",
                 f"{STATE}/units/x", "/run/x", "/sys/fs/cgroup/memory/x", "/proc/sys/kernel/core_pattern"):
        fails(a.run("sh", "-c", f"echo x >> {path}"))


# ---------------------------------------------------------------- renewing


@attack
def renew_through_the_proxy(a):
    body = {"csr": "x"}
    for path in ("/v1/agent/renew", "//v1/agent/renew", "/v3/../v1/agent/renew", "/./v1/agent/renew",
                 "/v3%2f..%2fv1/agent/renew", "/%761/agent/renew", "/v3/..;/v1/agent/renew",
                 "/v3/kv/../../v1/agent/renew", "/v3/%2e%2e/v1/agent/renew", "/v1/agent/programs",
                 "/V1/agent/renew", "/v3\\..\\v1/agent/renew"):
        refused(a.curl(path, body), 400, 403)
    for target in (f"{a.at}/v1/agent/renew", "http://127.0.0.1:2379/v1/agent/renew", "v1/agent/renew"):
        refused(a.curl("/", body, "--request-target", target), 400, 403)


RAW = """
import socket, sys
s = socket.create_connection(("127.0.0.1", 2379), 20)
s.settimeout(20)
s.sendall(bytes.fromhex(sys.argv[1]))
s.shutdown(socket.SHUT_WR)
data = b""
try:
    while part := s.recv(65536):
        data += part
except OSError:
    pass
print(data.decode(errors="replace"))
"""


def statuses(a, raw):
    """Of the answers to raw bytes that are sent to the proxy."""
    _, out = a.python(RAW, raw.encode().hex())
    return [int(code) for code in re.findall(r"HTTP/1\.1 ([0-9]{3})", out)], out


INNER = "POST /v1/agent/renew HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n" + '{"csr":"x"}'


@attack
def hide_a_request_behind_a_good_one(a):
    good = json.dumps(read("/skydns/"))
    head = "POST /v3/kv/range HTTP/1.1\r\nHost: x\r\n"
    seen, out = statuses(a, f"{head}Content-Length: {len(good)}\r\n\r\n{good}{INNER}")
    assert seen == [200, 403] and "CERTIFICATE" not in out, out
    smuggled = f"{len(good):x}\r\n{good}\r\n0\r\n\r\n{INNER}"
    for more in (f"Content-Length: {len(smuggled)}\r\nTransfer-Encoding: chunked\r\n",
                 "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                 "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding : chunked\r\n",
                 "Content-Length: 3\r\nContent-Length: 300\r\n", "Content-Length: +3\r\n",
                 "Content-Length: 3, 3\r\n", "X: a\r\n Content-Length: 3\r\n"):
        seen, out = statuses(a, f"{head}{more}\r\n{smuggled}")
        assert set(seen) <= {400, 403, 411, 501}, (more, out)


@attack
def switch_the_protocol(a):
    for raw in ("CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /v3/kv/range HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
                "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
                "GET /v3/watch HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"):
        seen, out = statuses(a, raw + INNER)
        assert seen and not {101, 200} & set(seen) and "CERTIFICATE" not in out, (raw, out)


# ---------------------------------------------------------------- impersonating


@attack
def push_metrics_through_the_proxy(a):
    for path in ("/v1/agent/metrics", "/v1/agent/logs", "/v1/metrics", "/v1/join", "/metrics",
                 "/v1/agent/binary", "/v1/status"):
        refused(a.curl(path, {"samples": []}))


@attack
def join_as_another_host(a):
    for host in (a.id, a.victim["host"], "alpha-00000000"):
        refused(a.curl(f"{a.at}/v1/join", {"host": host, "token": "x", "csr": "x",
                                           "address": a.address, "agent_version": "0"}), 400, 403)


@attack
def call_the_controller_without_a_certificate(a):
    for path in ("/v1/status", "/v1/stacks", "/v1/tokens", "/v1/backup", "/v1/units", "/metrics"):
        refused(a.curl(a.at + path), 401)
        refused(a.curl(a.at + path, None, "-H", "Authorization: Bearer ft_guessed"), 401, 429)
    for path in ("/v3/kv/range", "/v1/agent/metrics", "/v1/agent/renew"):
        refused(a.curl(a.at + path, read("/skydns/")), 401, 403, 404)  # 404: it has no store


@attack
def call_the_plain_listener(a):
    """It is the machine's own, and no address of a host leads to it."""
    for host in ("127.0.0.1", a.q.gateway, "localhost", "[::1]"):
        assert a.curl(f"http://{host}:{a.q.port}/healthz")[0] == 0, host


@attack
def tell_another_units_socket_that_it_is_ready(a):
    """Of its main process too: root's agent would end that."""
    note = next(u for u in a.q.units("note") if u["host"] == a.id)
    before = a.q.first_of(a.id, "sleep")
    status, _ = a.python(
        "import os, socket, sys\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "s.setblocking(False)\n"
        "try:\n"
        "    for i in range(2000):\n"
        "        s.sendto(b'READY=1\\nSTATUS=pwned\\nMAINPID=1', sys.argv[1])\n"
        "        s.sendto(b'MAINPID=%d\\nSTOPPING=1\\nWATCHDOG=trigger' % os.getpid(), sys.argv[1])\n"
        "except OSError as e:\n"
        "    sys.exit(str(e))\n", f"{STATE}/units/{note['name']}.notify")
    assert status in (0, 1)
    now = next(u for u in a.q.units("note") if u["name"] == note["name"])
    assert (now["active"], now["sub"], now["message"]) == (note["active"], note["sub"],
                                                          note["message"]), now
    assert before == a.q.first_of(a.id, "sleep") != []


@attack
def end_other_units_and_the_agent(a):
    pids = a.run("pidof", "foretide-agent", "sleep", "foretide-local-init")[1].split()
    assert len(pids) >= 3
    for pid in pids:
        fails(a.run("/bin/kill", "-9", pid), "not permitted")
    fails(a.run("sh", "-c", "echo 0 > /proc/2/oom_score_adj"), "denied")
    fails(a.run("renice", "-n", "19", "-p", pids[0]), "")


@attack
def write_in_the_logs_of_others(a):
    pid = a.run("pidof", "-s", "sleep")[1].strip()
    fails(a.run("sh", "-c", f"echo forged > /proc/{pid}/fd/1"))
    fails(a.run("sh", "-c", f"echo forged >> {STATE}/logs/note@1.service.log"))
    fails(a.python(f"import socket\nsocket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)"
                   f".connect('{STATE}/logs/.logger')"), "denied")


@attack
def become_root(a):
    for argv in (["unshare", "-m", "true"], ["mount", "-t", "tmpfs", "x", "/mnt"],
                 ["mknod", "/tmp/sda", "b", "8", "0"], ["chroot", "/"],
                 ["nsenter", "-t", "1", "-m", "true"], ["ip", "addr", "add", "10.9.9.9/32", "dev", "lo"],
                 ["setpriv", "--reuid=0", "true"], ["dmesg"]):
        fails(a.run(*argv))
    assert "NoNewPrivs" in a.run("cat", "/proc/self/status")[1]
    assert int(a.run("sh", "-c", "grep CapEff /proc/self/status")[1].split()[1], 16) == 0


@attack
def update_names(a):
    """RFC 2136: the zone is the store's; the answer is a refusal."""
    packet = bytearray(b"\x12\x34\x28\x00\x00\x01\x00\x00\x00\x01\x00\x00")
    zone = b"\x05local" + b"\x00"
    packet += b"\x08foretide" + zone + b"\x00\x06\x00\x01"
    packet += b"\x03web\x04beta\x08foretide" + zone + b"\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x09\x09\x09"
    _, out = a.python("import base64, socket, sys\n"
                      "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                      "s.settimeout(20)\n"
                      "s.sendto(base64.b64decode(sys.argv[1]), ('127.0.0.1', 53))\n"
                      "print(s.recv(512)[3] & 15)\n", base64.b64encode(bytes(packet)).decode())
    assert out.strip() in ("4", "5"), out  # NOTIMP, REFUSED
    other = next(h for h in a.q.hosts() if h["id"] == a.victim["host"])
    names = a.run("getent", "hosts", "web.beta.foretide.local")[1]
    assert names.split()[0] == other["address"], names


@attack
def reach_what_serves_other_hosts_themselves(a):
    """Their proxies, names and sockets for control are theirs alone."""
    for host, port in ((host, port) for host in {h for h, _ in a.world.before.values()}
                       for port in (53, 2379, 2380, 8404, 9000, 22)):
        status, out = a.python("import socket, sys\n"
                               "socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)\n",
                               a.address_of(host), port)
        assert status != 0 and ("refused" in out or "timed out" in out), (host, port, out)
    fails(a.run("sh", "-c", "echo 'show stat' | nc -NU /run/haproxy/admin.sock"))


# ---------------------------------------------------------------- exhausting


def proxy_serves(a):
    """For others of the host: root here."""
    a.q.wait("the proxy serves", lambda: a.curl("/v3/kv/range", read("/skydns/"), uid=0)[0] == 200)


@built_in
def take_all_leases(a):
    _, out = a.python(
        "import http.client, json, sys\n"
        "seen = {}\n"
        "for ttl in ('60', '9000000000', '99999999999', '-1', '0'):\n"
        "    for i in range(60):\n"
        "        c = http.client.HTTPConnection('127.0.0.1', 2379, timeout=30)\n"
        "        c.request('POST', '/v3/lease/grant', json.dumps({'TTL': ttl}))\n"
        "        r = c.getresponse()\n"
        "        r.read()\n"
        "        seen.setdefault(ttl, []).append(r.status)\n"
        "        c.close()\n"
        "print(json.dumps(seen))\n", timeout=240)
    seen = json.loads(out)
    assert sum(v.count(200) for v in seen.values()) <= 64, seen
    for ttl in ("9000000000", "99999999999", "-1", "0"):
        assert 200 not in seen[ttl], seen
    assert a.grant()  # for the host there is one


@built_in
def nest_transactions(a):
    ops = [{"request_put": put(f"/apps/alpha/{i}")} for i in range(100)]
    for _ in range(3):
        ops = [{"request_txn": {"success": ops}}] * 5
    refused(a.curl("/v3/kv/txn", {"success": ops}), 400, 413, 429, words="too many")


@built_in
def fill_the_store(a):
    _, out = a.python(
        "import base64, http.client, json, sys\n"
        "value, seen = base64.b64encode(b'x' * 1000000).decode(), []\n"
        "for i in range(200):\n"
        "    c = http.client.HTTPConnection('127.0.0.1', 2379, timeout=60)\n"
        "    key = base64.b64encode(b'/apps/alpha/%d' % i).decode()\n"
        "    c.request('POST', '/v3/kv/put', json.dumps({'key': key, 'value': value}))\n"
        "    r = c.getresponse()\n"
        "    seen.append((r.status, r.read(200).decode()))\n"
        "    c.close()\n"
        "    if [s for s, _ in seen[-20:] if s != 200].__len__() == 20:\n"
        "        break\n"
        "print(json.dumps([len(seen), sum(s == 200 for s, _ in seen), seen[-1]]))\n", timeout=240)
    tried, done, last = json.loads(out)
    assert done < 100 and last[0] in (400, 429, 413), (tried, done, last)
    a.world.admin("kv/deleterange", read("/apps/alpha/"))


HOLD = """
import resource, socket, sys, time
n, word, seconds, host, port = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), float(sys.argv[3]), \\
    sys.argv[4], int(sys.argv[5])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held, end = [], time.monotonic() + seconds
while time.monotonic() < end:
    if len(held) < n:
        try:
            s = socket.create_connection((host, port), 1)
            s.sendall(word)
            held.append(s)
        except OSError:
            time.sleep(0.05)
    else:
        time.sleep(0.2)
print(len(held))
"""


def hold(a, n, word, host, port, seconds=6, meanwhile=None):
    """Connections of one program, kept for a while."""
    thread = threading.Thread(target=lambda: a.python(
        HOLD, n, word.hex(), seconds, host, port, timeout=seconds + 120))
    thread.start()
    try:
        while thread.is_alive():
            if meanwhile:
                meanwhile()
            thread.join(0.5)
    finally:
        thread.join()


@attack
def hold_all_connections_of_the_proxy(a):
    for word in (b"", b"POST /v3/kv/put HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx"):
        hold(a, 3000, word, "127.0.0.1", 2379, meanwhile=lambda: proxy_serves(a))


@attack
def watch_a_thousand_times(a):
    body = json.dumps({"create_request": read("/skydns/")})
    word = (f"POST /v3/watch HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
    hold(a, 1000, word, "127.0.0.1", 2379, meanwhile=lambda: proxy_serves(a))


@attack
def hold_connections_to_the_controller(a):
    for word in (b"", b"\x16\x03\x01\x02\x00\x01"):
        hold(a, 3000, word, a.q.gateway, a.port, meanwhile=lambda: a.q.cli("status"))


@attack
def flood_the_names(a):
    status, out = a.python(
        "import os, socket\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "q = b'\\x00\\x00\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00%sexample\\x03com\\x00\\x00\\xff\\x00\\x01'\n"
        "for i in range(20000):\n"
        "    name = b'\\x08%08d\\x07' % i\n"
        "    s.sendto(q % name if i % 3 else os.urandom(300), ('127.0.0.1', 53))\n", timeout=240)
    assert status == 0, out
    a.q.wait("names are answered", lambda: a.run(
        "getent", "hosts", "web.beta.foretide.local", uid=0)[0] == 0)
