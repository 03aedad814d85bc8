# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: how soon they serve, how soon many run, and what they write at rest."""
import os
import signal
import tempfile
import time

import bench_hosts
from measure import (BenchRig, Failed, figure, haproxy_servers, haproxy_up, memory_kb, quantile,
                     spread, wait_for)

REST_S = 30

LB_UNIT = """[Service]
Type=notify
RuntimeDirectory=haproxy
ExecStart=/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy/haproxy.pid
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
KillSignal=SIGUSR1
[X-Service]
Name=lb
Port=80
Check=http
CheckPath=/alive
CheckInterval=500ms
[X-Metrics]
Collect=haproxy
Socket=/run/haproxy/admin.sock
"""

WEB_UNIT = """[Service]
ExecStart=/usr/sbin/nginx -e stderr -c /etc/tiny.conf
[X-Service]
Name=web
Port=8080
Check=http
CheckPath=/
CheckInterval=500ms
[X-Fleet]
Conflicts=web@*
"""

WEB_CONFIG = """daemon off;
worker_processes 1;
pid /run/tiny.pid;
events { worker_connections 64; }
http { access_log off; server { listen 8080; return 200 "tiny\\n"; } }
"""

LB_CONFIG = """global
	master-worker
	maxconn 200
	nbthread 1
	stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners
	hard-stop-after 1s
defaults
	mode http
	timeout connect 2s
	timeout client 5s
	timeout server 5s
	default-server check inter 500ms fall 2 rise 1
frontend site
	bind :80
	monitor-uri /alive
	default_backend web
backend web
	option httpchk GET /
{{- range gets "/web/*"}}{{$s := json .Value}}
	server {{base .Key}} {{$s.host}}:{{$s.port}}
{{- end}}
"""

LB_TOML = """[template]
src = "haproxy.cfg"
dest = "/etc/haproxy/haproxy.cfg"
prefix = "/skydns/local/foretide/bench"
keys = ["/web"]
check_cmd = "/usr/sbin/haproxy -c -q -f {{.src}}"
reload_cmd = "until m=$(cat /run/haproxy/haproxy.pid) && grep -qs '^SigCgt.*[89a-f]..$' /proc/$m/status; do sleep 0.02; done; kill -USR2 $m"
"""

WEB_TOML = """[template]
src = "tiny.conf"
dest = "/etc/tiny.conf"
keys = []
"""


def serving_stack(n_hosts, ready=None):
    """ready: hosts that wait for work; all of them when not said."""
    return {
        "stack.conf": f"""[stack]
name = bench
[pool lb]
driver = local
cpu = 1
memory = 128M
[pool web]
driver = local
cpu = 1
memory = 64M
min = {n_hosts if ready is None else ready}
max = {n_hosts}
[tier lb]
unit = lb@.service
pool = lb
[tier web]
unit = web@.service
pool = web
min = 0
max = {n_hosts}
mode = out
""",
        "units/lb@.service": LB_UNIT,
        "units/web@.service": WEB_UNIT,
        "conf.d/lb/haproxy.toml": LB_TOML,
        "templates/lb/haproxy.cfg": LB_CONFIG,
        "conf.d/web/tiny.toml": WEB_TOML,
        "templates/web/tiny.conf": WEB_CONFIG,
    }


def serve(n=20):
    """A unit more at a time, on hosts that are there: until haproxy runs with it."""
    with BenchRig() as rig:
        rig.apply("bench", serving_stack(n))
        rig.up("web", n)
        wait_for("the balancer serves", lambda: rig.healthy("lb"), 60)
        lb = rig.pid_of(rig.healthy("lb")[0]["host"])
        took, healthy = [], []
        for i in range(1, n + 1):
            start_ms = time.time() * 1000
            start = time.monotonic()
            rig.api("/v1/tiers/bench/web", "PATCH", {"min": i})
            wait_for(f"haproxy knows {i} servers",
                     lambda i=i: len(haproxy_servers(lb, "web")) >= i, 20, every=0.002)
            took.append((time.monotonic() - start) * 1000)
            wait_for("it is healthy", lambda i=i: len(rig.healthy("web")) >= i, 20)
            healthy.append(max(r[0] for r in rig.query(
                "SELECT healthy_ms FROM unit WHERE tier = 'web'")) - start_ms)
            time.sleep(0.5)  # the next is asked of a fleet at rest
        figure("unit submitted, healthy and in haproxy's running configuration",
               spread(took, "ms"), "p95 <= 300 ms", met=quantile(took, 0.95) <= 300)
        figure("the same, until the controller knows it healthy", spread(healthy, "ms"))
        agents(rig)


def counted(n=20):
    """An instance more at a time, each with a host of its own that must be launched first:
    until the controller counts on it. No boot delay; the host fetches its agent, stripped."""
    with tempfile.TemporaryDirectory(prefix="foretide-bench-") as folder, \
            BenchRig({"controller.agent": bench_hosts.stripped(folder)}) as rig:
        rig.apply("bench", serving_stack(n, ready=0))
        wait_for("the balancer serves", lambda: rig.healthy("lb"), 60)
        for i in range(1, n + 1):
            rig.api("/v1/tiers/bench/web", "PATCH", {"min": i})
            wait_for(f"{i} are counted on", lambda i=i: len(rig.healthy("web")) >= i, 30, every=0.01)
        took = [r[0] for r in rig.query("SELECT lead_ms FROM lead WHERE tier = 'web' AND kind = 'tier'")]
    figure("an instance on a host of its own, from the decision to launch until it serves and the "
           "controller counts on it, no boot delay", spread(took, "ms"))


def killed(n=20):
    """A host at a time is killed underneath: until the balancer leaves it out, and until its
    unit serves through the balancer from another one. No boot delay."""
    out, elsewhere = [], []
    with BenchRig() as rig:
        rig.apply("bench", serving_stack(5, ready=0))
        wait_for("the balancer serves", lambda: rig.healthy("lb"), 60)
        lb = rig.pid_of(rig.healthy("lb")[0]["host"])
        rig.api("/v1/tiers/bench/web", "PATCH", {"min": 3})
        for _ in range(n):
            wait_for("three serve", lambda: len(haproxy_up(lb, "web") or ()) == 3, 60)
            time.sleep(1)  # the next is killed in a fleet at rest
            victim = rig.healthy("web")[0]
            (address,) = [h["address"] for h in rig.hosts("web") if h["id"] == victim["host"]]
            before = haproxy_up(lb, "web")
            start = time.monotonic()
            os.kill(rig.pid_of(victim["host"]), signal.SIGKILL)
            wait_for("it is out", lambda a=address: a not in (haproxy_up(lb, "web") or (a,)), 20,
                     every=0.002)
            out.append((time.monotonic() - start) * 1000)
            wait_for("another serves", lambda b=before: (haproxy_up(lb, "web") or set()) - b, 60,
                     every=0.005)
            elsewhere.append((time.monotonic() - start) * 1000)
    figure("a host is killed: until the balancer has it out", spread(out, "ms"),
           "<= 1 s", met=quantile(out, 0.95) <= 1000)
    figure("the same, until its unit serves from another host, no boot delay",
           spread(elsewhere, "ms"), "p95 <= 2 s", met=quantile(elsewhere, 0.95) <= 2000)


def alone():
    """One agent on this machine, with all its modules at work: what it is on a host of its own."""
    stack = serving_stack(1)
    stack["stack.conf"] = """[stack]
name = bench
[pool p]
driver = local
cpu = 1
memory = 256M
max = 1
[tier lb]
unit = lb@.service
pool = p
[tier web]
unit = web@.service
pool = p
"""
    with BenchRig() as rig:
        rig.apply("bench", stack)
        wait_for("both serve", lambda: rig.healthy("lb") and rig.healthy("web"), 60)
        time.sleep(10)  # at rest
        (pid,) = rig.agent_pids().values()
        m = {k: v / 1024 for k, v in memory_kb(pid).items()}
    figure("agent at rest alone, all modules, RSS", f"{m['Rss']:.1f} MB, of it {m['Anonymous']:.1f} "
           f"its own; PSS {m['Pss']:.1f} beside a controller", "PSS <= 8 MB",
           "the six daemons that it replaces: 72 MB RSS", met=m["Pss"] <= 8)


def agents(rig):
    """Agents at rest with units, collectors, templates, DNS and the proxy, on one machine."""
    time.sleep(10)
    pids = rig.agent_pids()
    memory = {h: memory_kb(p) for h, p in pids.items()}
    if not memory:
        raise Failed("no agent was found")
    pss = [m["Pss"] / 1024 for m in memory.values()]
    rss = [m["Rss"] / 1024 for m in memory.values()]
    own = [m["Anonymous"] / 1024 for m in memory.values()]
    figure(f"agent at rest, all modules, PSS of one of {len(pss)} that share their pages",
           f"median {quantile(pss, 0.5):.1f}, largest {max(pss):.1f} MB (n = {len(pss)})",
           "<= 8 MB", "the six daemons that it replaces: 72 MB RSS",
           met=max(pss) <= 8)
    figure("the same, RSS and memory of its own",
           f"RSS {quantile(rss, 0.5):.1f}, anonymous {quantile(own, 0.5):.1f} MB", "",
           f"72 MB RSS of the six daemons: {72 / quantile(rss, 0.5):.1f} times less")


# ---------------------------------------------------------------- many
def many_stack(n_hosts, n_units):
    return {
        "stack.conf": f"""[stack]
name = bench
[pool p]
driver = local
cpu = 1
memory = 128M
min = {n_hosts}
max = {n_hosts}
[tier many]
unit = many@.service
pool = p
min = {n_units}
max = 1000
mode = out
""",
        "units/many@.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    }


def active(rig):
    return rig.api("/v1/status")["counts"]["units_healthy"]


def spread_and_rest(hosts=20, units=200, times=3):
    took = []
    for _ in range(times):
        with BenchRig() as rig:
            rig.apply("bench", many_stack(hosts, 0))
            rig.up("p", hosts)
            start = time.monotonic()
            rig.apply("bench", many_stack(hosts, units))
            wait_for(f"{units} units are active", lambda: active(rig) >= units, 60, every=0.02)
            took.append(time.monotonic() - start)
            if len(took) == times:
                rest(rig, hosts, units)
    figure(f"{units} units on {hosts} hosts that are up, from apply to all active",
           f"median {quantile(took, 0.5):.2f}, worst {max(took):.2f} s (n = {times})", "<= 2 s",
           f"fleet, 200 on 3: 4.3 s, {4.3 / quantile(took, 0.5):.1f} times longer",
           met=quantile(took, 0.5) <= 2)


def rest(rig, hosts, units):
    time.sleep(5)
    before = rig.count("SELECT max(rev) FROM kv_change")
    start = time.monotonic()
    time.sleep(REST_S)
    writes = rig.count("SELECT max(rev) FROM kv_change") - before
    rate = writes / (time.monotonic() - start)
    figure(f"store writes at rest, {hosts} hosts, {units} units",
           f"{rate / hosts:.3f} a host a second ({writes} revisions in {REST_S} s)",
           "<= 0.2 a host a second", "fleet, 203 units: 122 a second in all",
           met=rate / hosts <= 0.2)
