# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers, viewers and operators try at the controller's API; nothing of it may succeed.
Each takes the people (test_hostile_people.py): a controller with a stack "shop", and tokens."""

import http.client
import socket
import time
import urllib.parse

from flood_tools import Callers, Connections, client_hello, status_of
from store_tools import wait_until
from test_api import CONF, UNIT, stack

ATTACKS = []


def attack(fn):
    ATTACKS.append(fn)
    return fn


def refused(answer, *statuses, words=""):
    """The right refusal: a status of those, and what it says."""
    text = answer.body.decode(errors="replace")
    assert answer.status in (statuses or (400,)), (answer.status, text[:500])
    assert words in text, (words, text[:500])


READS = ["/v1/status", "/v1/whoami", "/v1/stacks", "/v1/stacks/shop", "/v1/tiers", "/v1/tiers/shop/web",
         "/v1/holds", "/v1/pools", "/v1/hosts", "/v1/units", "/v1/services", "/v1/events", "/v1/decisions",
         "/v1/series?match=x", "/v1/ledger", "/v1/events/stream"]
ADMINS = [("GET", "/v1/tokens", None), ("POST", "/v1/tokens", {"name": "x", "role": "admin"}),
          ("DELETE", "/v1/tokens/1", None), ("GET", "/v1/backup", None),
          ("POST", "/v1/drills", {"stack": "shop"}),
          ("POST", "/v3/kv/range", {"key": "AA==", "range_end": "AA=="}),
          ("POST", "/v3/kv/deleterange", {"key": "AA==", "range_end": "AA=="}),
          ("POST", "/v3/lease/grant", {"TTL": "60"}), ("POST", "/v3/watch", {"create_request": {"key": "AA=="}})]
HOSTS = [("POST", "/v1/agent/renew", {"csr": "x"}), ("POST", "/v1/agent/metrics", {"samples": []}),
         ("POST", "/v1/agent/logs", {}), ("POST", "/v1/agent/programs", {"csr": "x"})]
CHANGES = [("PUT", "/v1/stacks/shop", stack()), ("DELETE", "/v1/stacks/shop", None),
           ("PATCH", "/v1/tiers/shop/web", {"min": 0, "max": 0}), ("POST", "/v1/holds", {"stack": "shop", "reason": "x"}),
           ("POST", "/v1/stacks/shop/rollback", {"version": 1}), ("POST", "/v1/tiers/shop/web/promote", {}),
           ("POST", "/v1/hosts/web-00000000/drain", {}), ("POST", "/v1/series/forget", {"match": "x"}),
           ("POST", "/v1/tiers/shop/web/backtest", {}), ("POST", "/v1/tiers/shop/web/replay", {})]


# ---------------------------------------------------------------- strangers


@attack
def read_without_a_token(p):
    for path in READS:
        for tls in (False, True):
            refused(p.d.get(path, token=None, tls=tls), 401)


@attack
def change_without_a_token(p):
    for method, path, body in CHANGES + ADMINS + HOSTS:
        refused(p.d.call(method, path, body, token=None), 401, 403)
        refused(p.d.call(method, path, body, token=None, tls=True), 401, 403)


@attack
def show_a_token_in_another_way(p):
    t = p.d.token
    for headers in ({"Authorization": "Basic " + t}, {"Authorization": t}, {"Authorization": "Bearer"},
                    {"Authorization": "Bearer " + t[:-1]}, {"Authorization": f"Bearer {t}x"},
                    {"Authorization": f"Bearer {t}, Bearer x"}, {"X-Token": t}, {"Cookie": f"token={t}"},
                    {"Proxy-Authorization": "Bearer " + t}):
        refused(p.d.get("/v1/status", token=None, headers=headers), 401)
    refused(p.d.get(f"/v1/status?token={t}", token=None), 400, 401)


@attack
def guess_tokens(p):
    wrong = Callers(4, lambda: status_of(f"{p.url}/v1/status", "ft_wrong"))
    try:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert p.d.get("/v1/status").status == 200
    finally:
        seen = wrong.stop()
    assert set(seen) <= {0, 401, 429}, seen


@attack
def scrape_with_an_old_token(p):
    token = p.token("viewer")
    ids = [t["id"] for t in p.d.get("/v1/tokens").doc["items"]]
    assert p.d.call("DELETE", f"/v1/tokens/{max(ids)}").status in (200, 204)
    for _ in range(50):
        refused(p.d.get("/v1/status", token=token), 401, 429)
    assert p.d.get("/v1/status").status == 200


def comes_in(p):
    """Among strangers of the same address; it may be sent away with them, and asks again."""
    try:
        return p.d.get("/v1/status", tls=True).status == 200
    except OSError:
        return False


def among_connections(p, port, word):
    flood = Connections("127.0.0.1", port, 4300, word)
    try:
        end = time.monotonic() + 6
        while time.monotonic() < end:
            assert p.d.get("/v1/status").status == 200
            wait_until(lambda: comes_in(p), "an admin comes in over TLS")
    finally:
        flood.stop()


@attack
def keep_thousands_of_idle_connections(p):
    among_connections(p, p.d.port, b"")
    among_connections(p, p.d.host_port, b"")


@attack
def keep_half_of_a_handshake_or_a_header(p):
    among_connections(p, p.d.host_port, client_hello())
    among_connections(p, p.d.port, b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-")


def raw(p, data, host="127.0.0.1"):
    """What comes back for bytes, up to 64 KiB."""
    with socket.create_connection((host, p.d.port), 60) as s:
        s.settimeout(60)
        try:
            s.sendall(data)
            out = b""
            while b"\r\n\r\n" not in out and (part := s.recv(65536)):
                out += part
        except ConnectionError:
            pass
        return out


def status(answer):
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else 0


@attack
def send_a_body_without_a_token(p):
    """Nothing of it is waited for."""
    for head in (b"Content-Length: 999999999999", b"Transfer-Encoding: chunked", b"Content-Length: 4000000"):
        began = time.monotonic()
        out = raw(p, b"PUT /v1/stacks/shop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  + head + b"\r\n\r\n")
        assert status(out) in (401, 413), out
        assert time.monotonic() - began < 30


@attack
def smuggle_a_request(p):
    inner = b"DELETE /v1/stacks/shop HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " \
        + p.d.token.encode() + b"\r\n\r\n"
    head = b"POST /v1/holds HTTP/1.1\r\nHost: localhost\r\n"
    for more in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 4\r\nContent-Length: 400\r\n",
                 b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: xchunked\r\n",
                 b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"Content-Length: -1\r\n",
                 b"Content-Length: 0x10\r\n"):
        out = raw(p, head + more + b"\r\n0\r\n\r\n" + inner)
        assert status(out) in (0, 400, 401, 411, 413, 501), (more, out)


@attack
def lead_a_browser_here(p):
    """Names that were made to lead to this address, and pages of others."""
    for host in ("evil.example.org", f"evil.example.org:{p.d.port}", "127.0.0.1.nip.io", "localhost.evil.org"):
        for path in ("/v1/status", "/metrics", "/healthz", "/"):
            out = raw(p, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {p.d.token}\r\n\r\n".encode())
            assert status(out) == 421, (host, path, out[:200])
    answer = p.d.call("OPTIONS", "/v1/stacks/shop", token=None, headers={
        "Origin": "http://evil.example.org", "Access-Control-Request-Method": "DELETE"})
    assert answer.status >= 400
    for answer in (answer, p.d.get("/v1/status", headers={"Origin": "http://evil.example.org"})):
        assert "Access-Control-Allow-Origin" not in answer.headers


@attack
def name_no_host_or_two(p):
    auth = f"Authorization: Bearer {p.d.token}\r\n".encode()
    for hosts in (b"", b"Host: localhost\r\nHost: localhost\r\n", b"Host: localhost\r\nHost: evil\r\n",
                  b"Host: a b\r\n"):
        out = raw(p, b"GET /v1/status HTTP/1.1\r\n" + hosts + auth + b"\r\n")
        assert status(out) in (400, 421), (hosts, out[:200])


@attack
def hide_a_path(p):
    for path in ("/v1/status%00x", "/v1%2fstatus", "/v1/tiers/shop%2fweb", "/index.html%00.js", "/v1/%2e%2e/status",
                 "/..%2f..%2fetc/passwd", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1/./status",
                 "//v1/status", "/v1/status/", "/v1/stacks/..", "/v1\\status", "/v1/status;x", "/v1/%ff"):
        out = raw(p, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {p.d.token}\r\n\r\n".encode())
        assert status(out) in (400, 404), (path, out[:200])


@attack
def send_headers_without_end(p):
    auth = f"Authorization: Bearer {p.d.token}\r\n".encode()
    head = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n" + auth
    for more in (b"X: " + b"a" * 200000 + b"\r\n", b"X: y\r\n" * 20000, b"X\x00: y\r\n", b"X : y\r\n"):
        assert status(raw(p, head + more + b"\r\n")) in (0, 400, 413, 431), more[:20]
    assert status(raw(p, b"GET /v1/status?x=" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")) in (0, 400, 401, 414)


@attack
def speak_something_else(p):
    for line in (b"TRACE / HTTP/1.1", b"CONNECT 10.0.0.1:22 HTTP/1.1", b"GET /v1/status HTTP/9.9",
                 b"DEBUG /v1/status HTTP/1.1", b"GET\t/v1/status\tHTTP/1.1", b"SSH-2.0-x"):
        out = raw(p, line + b"\r\nHost: localhost\r\nAuthorization: Bearer " + p.d.token.encode() + b"\r\n\r\n")
        assert status(out) in (0, 400, 401, 404, 405, 501, 505), (line, out[:200])
    raw(p, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(256)))


# ---------------------------------------------------------------- viewers


@attack
def change_as_a_viewer(p):
    for method, path, body in CHANGES + ADMINS + HOSTS:
        refused(p.d.call(method, path, body, token=p.viewer), 403)
    refused(p.d.call("POST", "/v1/metrics", "x 1\n", token=p.viewer, content="text/plain"), 403)
    refused(p.d.call("POST", "/v1/tiers/shop/web/history", "1,2\n", token=p.viewer, content="text/csv"), 403)


PATTERNS = ["a{1,20000}", "^(a{1,5000})$", "((a{1,100}){1,100}){1,100}", ".*{10,}{10,}{10,}{10,}",
            "(" * 5000 + ")" * 5000, "a" * 5000, "\\C", "(a", "[" * 1000]


@attack
def select_by_heavy_patterns(p):
    for pattern in PATTERNS:
        selector = 'x{a=~"' + pattern.replace("\\", "\\\\") + '"}'
        refused(p.d.get("/v1/series?" + urllib.parse.urlencode({"match": selector}), token=p.viewer), 400, 413)
        refused(p.d.get("/v1/series/data?" + urllib.parse.urlencode(
            {"expr": f"sum({selector})", "step": "60s"}), token=p.viewer), 400, 413)


@attack
def match_without_end(p):
    """Patterns that are small, and go through all ways to fail."""
    for pattern in ("(.*)*x", "(.+)+x", "((.*)(.*))*x", "(?R)", "(.?)" * 100 + "x"):
        began = time.monotonic()
        answer = p.d.get("/v1/series?" + urllib.parse.urlencode({"match": f'hostile_m{{i=~"{pattern}"}}'}), token=p.viewer)
        assert answer.status in (200, 400, 413, 503, 504), (pattern, answer.status)
        assert time.monotonic() - began < 60


@attack
def evaluate_heavy_expressions(p):
    for expr in ("+".join(["sum(m)"] * 2000), "(" * 3000 + "1" + ")" * 3000, "-" * 8000 + "1",
                 "sum(rate(x[10000d]))", "sum(" * 500 + "x" + ")" * 500, "sum(x{" + 'a="b",' * 2000 + "})"):
        refused(p.d.get("/v1/series/data?" + urllib.parse.urlencode({"expr": expr, "step": "60s"}),
                        token=p.viewer), 400, 413, 414, 431)


@attack
def ask_for_endless_ranges(p):
    for more in ("from=1970-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&step=1s", "from=2026-01-01T00:00:00Z&step=1ms",
                 "step=0s", "step=-1s", "from=2027-02-30T00:00:00Z&step=60s", "step=1e99", "step=NaN"):
        refused(p.d.get(f"/v1/series/data?expr=sum(x)&{more}", token=p.viewer))
        refused(p.d.get(f"/v1/tiers/shop/web/series?{more}", token=p.viewer))
    for horizon in ("1000000h", "-1h", "1e9", "x"):
        refused(p.d.get(f"/v1/tiers/shop/web/forecast?horizon={horizon}", token=p.viewer))


@attack
def forge_pages(p):
    for more in ("limit=1000000000", "limit=-1", "limit=0", "limit=x", "cursor=x", "cursor=%27%3B--",
                 "cursor=AAAAAAAAAAAAAAAAAAAAAA", "limit=1&limit=2", "nosuch=1"):
        for path in ("/v1/stacks", "/v1/events", "/v1/units", "/v1/holds"):
            answer = p.d.get(f"{path}?{more}", token=p.viewer)
            assert answer.status == 400 or (answer.status == 200 and "cursor" in more), (path, more, answer.body)


@attack
def follow_events_a_thousand_times(p):
    held = []
    try:
        for _ in range(1000):
            try:
                s = socket.create_connection(("127.0.0.1", p.d.port), 10)
                s.sendall(f"GET /v1/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {p.viewer}"
                          "\r\n\r\n".encode())
                held.append(s)
            except OSError:
                continue
        assert p.d.get("/v1/status").status == 200
        assert p.d.get("/v1/status", token=p.operator).status == 200
    finally:
        for s in held:
            s.close()


@attack
def ask_all_at_once(p):
    """Others of the same kind of work are served meanwhile."""
    text = urllib.parse.quote("+".join(["sum(hostile_m)"] * 30))
    callers = Callers(30, lambda: status_of(f"{p.url}/v1/series/data?expr={text}&step=1s", p.viewer))
    try:
        end = time.monotonic() + 6
        while time.monotonic() < end:
            assert p.d.get("/v1/status").status == 200
            assert p.d.get("/healthz", token=None).status == 200
    finally:
        seen = callers.stop()
    assert set(seen) <= {0, 200, 413, 429, 503, 504}, seen


# ---------------------------------------------------------------- operators


@attack
def do_what_admins_do(p):
    for method, path, body in ADMINS + HOSTS:
        refused(p.d.call(method, path, body, token=p.operator), 403)


def apply(p, conf, token=None, **more):
    return p.d.call("PUT", "/v1/stacks/shop?dry_run=true", stack(**{"stack.conf": conf, **more}),
                    token=token or p.operator)


EVIL = CONF + "[pool evil]\n"


@attack
def name_programs_and_paths_of_the_controller(p):
    for option in ("init = /tmp/evil", "state_dir = /etc", "mask = /x", "bridge = eth0", "subnet = 0.0.0.0/0"):
        refused(apply(p, EVIL + f"driver = local\n{option}\n"), words=option.split()[0])
    for option in ("dir = /etc", "endpoint = http://evil", "url = http://evil", "credentials = /root/x"):
        refused(apply(p, EVIL + f"driver = fake\n{option}\n"), words=option.split()[0])
    for driver in ("../../tmp/evil", "/tmp/evil", "evil.so", ""):
        refused(apply(p, EVIL + f"driver = {driver}\n"))


@attack
def let_the_controller_call_others(p):
    for url in ("http://169.254.169.254/latest", "http://127.0.0.1:22", "http://[::1]:22",
                "http://0.0.0.0", "http://2130706433", "http://0x7f.1", "http://[::ffff:169.254.169.254]",
                "http://[fe80::1]", "file:///etc/passwd", "gopher://127.0.0.1", "http://u:p@127.0.0.1", "ftp://x",
                "http://127.1", f"http://127.0.0.1:{p.d.port}"):
        demand = f"prometheus({url}, sum(x))"
        refused(apply(p, CONF.replace("sum(rate(shop_requests_total))", demand)))
        refused(p.d.call("PATCH", "/v1/tiers/shop/web", {"demand": demand}, token=p.operator))


@attack
def change_what_is_held(p):
    hold = p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": "migration"}).doc
    try:
        more = CONF.replace("max = 2\nmode", "min = 2\nmax = 2\nmode")
        refused(p.d.call("PUT", "/v1/stacks/shop", stack(**{"stack.conf": more}), token=p.operator), 409)
        refused(p.d.call("DELETE", "/v1/stacks/shop", token=p.operator), 409)
        refused(p.d.call("DELETE", "/v1/stacks/shop?force=" + str(hold["id"] + 1), token=p.operator), 400, 404, 409)
    finally:
        p.d.call("DELETE", f"/v1/holds/{hold['id']}")


@attack
def misspell_a_dry_run(p):
    for word in ("dry_run", "dry-run=true", "dryRun=true", "dry_run=tru", "dry_run=false&dry_run=true",
                 "DRY_RUN=true", "dry_run=2", "dry_run=", "dry_run%20=true"):
        refused(p.d.call("DELETE", f"/v1/stacks/shop?{word}", token=p.operator))
        refused(p.d.call("PUT", f"/v1/stacks/shop?{word}", stack(), token=p.operator))
        refused(p.d.call("PATCH", f"/v1/tiers/shop/web?{word}", {"min": 0}, token=p.operator))
        refused(p.d.call("POST", f"/v1/holds?{word}", {"stack": "shop", "reason": "x"}, token=p.operator))


@attack
def write_to_terminals(p):
    for text in ("a\nforged row", "\x1b[31mred", "\x1b]0;x\x07", "\u202egnp", "a\u2028b", "\x9b31m", "a\x00b", "x" * 5000, ""):
        refused(p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": text}, token=p.operator))
        refused(p.d.call("POST", "/v1/tokens", {"name": text}))
    refused(apply(p, CONF.replace("[stack]\n", "[stack]\ndescription = \x1b[31mred\n")))


def too_large(p, method, path, n):
    """Refused by its length, also while it is sent."""
    try:
        refused(p.d.call(method, path, b" " * n, token=p.operator), 413)
    except OSError:  # the answer came before the end, and the connection was ended
        pass


@attack
def send_too_much(p):
    too_large(p, "PUT", "/v1/stacks/shop", 5 << 20)
    too_large(p, "PATCH", "/v1/tiers/shop/web", 70000)
    refused(apply(p, CONF + "".join(f"[tier t{i}]\nunit = web@.service\nmax = 1\n" for i in range(1000))), 413)
    refused(apply(p, CONF, **{f"templates/web/f{i}": "x" for i in range(2000)}), 413)
    refused(apply(p, CONF, **{"units/web@.service": UNIT + "#" * (1 << 20)}), 400, 413)
    refused(apply(p, CONF.replace("sum(rate", "sum(a)" + "+1" * 200000 + "+sum(rate")), 400, 413)


@attack
def send_what_is_no_document(p):
    for body in (b'{"files":' * 3000 + b"1" + b"}" * 3000, b'{"files":{},"files":{}}', b'{"files":{"a\xff":""}}',
                 b"\xef\xbb\xbf{}", b'{"files":null}', b'{"files":{"stack.conf":1e999}}', b"", b"null", b'"x"',
                 b'{"files":{"stack.conf":"\\u0000"}}', b'{"min":NaN}', b"<xml/>", b"[" * 60000):
        for method, path in (("PUT", "/v1/stacks/shop"), ("PATCH", "/v1/tiers/shop/web"), ("POST", "/v1/holds")):
            refused(p.d.call(method, path, body, token=p.operator))


@attack
def put_files_elsewhere(p):
    for name in ("../../etc/passwd", "/etc/passwd", "templates/../../x", "units/../x", "a\x00b", "templates/web/..",
                 "x" * 5000, "", ".", "conf.d/web/a\nb.toml"):
        refused(apply(p, CONF, **{name: "x"}))


@attack
def set_what_is_no_number(p):
    for body in ({"min": -1}, {"max": 1e18}, {"min": 1.5}, {"min": "x"}, {"capacity": -1}, {"capacity": 1e999},
                 {"risk": 2}, {"risk": -1}, {"min": 3, "max": 1}, {"mode": "root"}, {"max": None, "x": 1},
                 {"demand": "x("}, {"demand": "sum(a)" + "+1" * 5000}):
        refused(p.d.call("PATCH", "/v1/tiers/shop/web", body, token=p.operator), 400, 413)


@attack
def ask_for_anothers_repeated_answer(p):
    """The key of an operator's request is not another's."""
    headers = {"Idempotency-Key": "hostile-1"}
    first = p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": "one"}, token=p.operator, headers=headers)
    again = p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": "one"}, token=p.operator, headers=headers)
    assert first.status == again.status == 201 and first.doc["id"] == again.doc["id"]
    try:
        refused(p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": "two"}, token=p.operator, headers=headers),
                400, 409, 422)
        refused(p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": "one"}, token=p.viewer, headers=headers), 403)
        other = p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": "one"}, headers=headers)
        assert other.status == 201 and other.doc["id"] != first.doc["id"]
        refused(p.d.call("POST", "/v1/holds", {"stack": "shop", "reason": "x"}, token=p.operator,
                         headers={"Idempotency-Key": "k" * 5000}))
    finally:
        for hold in p.d.get("/v1/holds").doc["items"]:
            p.d.call("DELETE", f"/v1/holds/{hold['id']}")


@attack
def push_in_the_controllers_names(p):
    for text in ("foretide_demand 1e9\n", 'foretide_healthy{tier="web"} 9\n', "x not-a-number\n", "1x 1\n",
                 'x{a="b} 1\n', "x{" + ",".join(f'l{i}="v"' for i in range(500)) + "} 1\n"):
        refused(p.d.call("POST", "/v1/metrics", text, token=p.operator, content="text/plain"), 400, 403)
    too_large(p, "POST", "/v1/metrics", 9 << 20)


@attack
def import_what_is_no_history(p):
    for text in ("yesterday,1\n", "1,NaN\n", "\x00" * 1000, "timestamp,value\n1e99,1\n", "a" * (1 << 20)):
        refused(p.d.call("POST", "/v1/tiers/shop/web/history?dry_run=true", text, token=p.operator, content="text/csv"))


@attack
def apply_over_anothers_change(p):
    refused(p.d.call("PUT", "/v1/stacks/shop", stack(), token=p.operator, headers={"If-Match": '"999"'}), 412)
    refused(p.d.call("PUT", "/v1/stacks/shop", stack(), token=p.operator, headers={"If-None-Match": "*"}), 412)


# ---------------------------------------------------------------- admins


@attack
def lose_the_last_admin(p):
    items = p.d.get("/v1/tokens").doc["items"]
    lasting = [t for t in items if t["role"] == "admin" and not t.get("expires") and not t.get("revoked")]
    assert len(lasting) == 1, items
    soon = p.d.call("POST", "/v1/tokens", {"name": "soon", "role": "admin", "expires": "2099-01-01T00:00:00Z"}).doc
    refused(p.d.call("DELETE", f"/v1/tokens/{lasting[0]['id']}", token=soon["token"]), 409)
    assert p.d.call("DELETE", f"/v1/tokens/{soon['id']}").status in (200, 204)
    refused(p.d.get("/v1/status", token=soon["token"]), 401)


@attack
def go_on_with_a_token_that_ended(p):
    """On the connection that it opened."""
    made = p.d.call("POST", "/v1/tokens", {"name": "short", "role": "admin"}).doc
    conn = http.client.HTTPConnection("127.0.0.1", p.d.port, timeout=60)

    def ask():
        conn.request("GET", "/v1/status", headers={"Authorization": "Bearer " + made["token"]})
        answer = conn.getresponse()
        answer.read()
        return answer.status

    assert ask() == 200
    assert p.d.call("DELETE", f"/v1/tokens/{made['id']}").status in (200, 204)
    assert ask() == 401
    conn.close()
