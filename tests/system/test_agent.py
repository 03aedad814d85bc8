# SPDX-License-Identifier: GPL-3.0-or-later
"""The host agent as a process: a fake controller, a real etcd, real units."""

import os
import signal
import socket
import time

import pytest

from agent_tools import HOST, Agent, Controller, Store
from store_tools import DEADLINE_S, Etcd, free_ports, wait_until

SERVER = """[Unit]
Description=Answers on a port
[Service]
ExecStart=/usr/bin/python3 -u -m http.server --bind 127.0.0.1 {port}
Restart=on-failure
RestartSec=50ms
[X-Service]
Name=web
Port={port}
Check={check}
CheckPath=/
CheckInterval=100ms
CheckTimeout={patience}
DrainSec={drain}
"""


CHECKED = """[Service]
ExecStart=/bin/sleep 1000000
[X-Service]
Name=web
Port=1
Check=command
CheckCommand=test ! -e {sick}
CheckInterval=100ms
CheckTimeout=30s
CheckRestartSec=500ms
"""


def restarts_for_its_check(store, sick, pid_of):
    """A unit whose check fails while the file is there: it is restarted, and fails until its
    check passes."""
    store.schedule(("web@1.service", CHECKED.format(sick=sick)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    first = pid_of()
    with open(sick, "w", encoding="ascii"):
        pass
    wait_until(lambda: pid_of() not in (first, None), "restart")
    second = pid_of()
    wait_until(lambda: pid_of() not in (first, second, None), "another")
    assert store.state("web@1.service")["health"] == "failing"
    assert "check of web" in store.state("web@1.service")["message"]
    os.unlink(sick)
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy again")


def server(port, check="http", drain="400ms", patience="30s"):
    return SERVER.format(port=port, check=check, drain=drain, patience=patience)


@pytest.fixture
def etcd():
    e = Etcd()
    yield e
    e.stop()


@pytest.fixture
def store(etcd):
    return Store(etcd.url)


@pytest.fixture
def lease_ttl_s():
    return 60


@pytest.fixture
def controller(etcd, lease_ttl_s):
    c = Controller(etcd.url, lease_ttl_s=lease_ttl_s)
    yield c
    c.close()


@pytest.fixture
def make_agent(controller):
    made = []

    def start(**args):
        made.append(Agent(controller, **args))
        return made[-1]

    yield start
    for a in made:
        a.close()


def is_healthy(store, unit):
    s = store.state(unit)
    return s.get("active") == "active" and s.get("health") == "passing"


def main_pid(agent):
    pids = agent.unit_pids()
    return pids[0] if pids else None


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it ends while it is read
        return False


def test_a_unit_whose_check_fails_is_restarted(store, make_agent, tmp_path):
    agent = make_agent()
    restarts_for_its_check(store, str(tmp_path / "sick"), lambda: main_pid(agent))
    assert agent.log().count("unit-restarts-for-its-check") >= 2


def test_units_that_cannot_get_privileges_are_told(make_agent):
    free, limited = make_agent(), make_agent(prefix=["setpriv", "--no-new-privs"])
    for agent in (free, limited):
        wait_until(lambda a=agent: "joined" in a.log(), "joined")
    assert "units-restricted" in limited.log() and "units-restricted" not in free.log()


def test_it_joins_once_and_tells_of_its_host(controller, store, make_agent):
    agent = make_agent()
    host = wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "host record")
    assert host["address"] == "127.0.0.1" and host["pool"] == "web"
    assert host["cpu"] > 0 and host["memory_bytes"] > 1 << 20
    for name in ("key.pem", "cert.pem"):
        assert os.stat(os.path.join(agent.state, name)).st_mode & 0o777 == 0o600
    assert agent.end() == 0
    agent.start()
    wait_until(lambda: agent.log().count("joined host=") == 2, "second start")
    assert controller.joins == 1


def test_a_wrong_token_is_refused_in_words(controller, make_agent):
    agent = make_agent(token="guessed")
    wait_until(lambda: "the token is not for this host" in agent.log(), "refusal")
    assert controller.joins == 0
    assert not os.path.exists(os.path.join(agent.state, "cert.pem"))


def test_it_waits_for_a_controller_that_is_not_there_yet(controller, make_agent):
    controller.stop()
    agent = make_agent()
    wait_until(lambda: agent.log().count("join-failed") >= 2, "two failures")
    controller.start()
    wait_until(lambda: controller.joins == 1, "join")


def test_the_certificate_is_renewed_in_time(etcd):
    controller = Controller(etcd.url, cert_life_s=10)
    agent = Agent(controller)
    try:
        wait_until(lambda: controller.renewals >= 2, "renewals")
        assert controller.joins == 1
        wait_until(lambda: controller.pushed_with in controller.serials[2:], "metrics with a new one")
        # A connection that began with the old one is not used again.
        assert len(controller.late) <= controller.renewals
    finally:
        agent.close()
        controller.close()


@pytest.mark.parametrize("check", ["http", "tcp"])
def test_a_unit_is_started_checked_and_registered(store, make_agent, check):
    port = free_ports(1)[0]
    agent = make_agent()
    wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "host record")
    store.schedule(("web@3.service", server(port, check)))
    wait_until(lambda: is_healthy(store, "web@3.service"), "healthy")
    key = f"/skydns/local/foretide/shop/web/web-3-{port}"
    wait_until(store.services, "registered")
    assert store.services() == {key: {"host": "127.0.0.1", "port": port}}
    state = store.state("web@3.service")
    assert state["load"] == "loaded" and state["sub"] == "running" and not state["drained"]
    assert main_pid(agent)


def test_a_drained_unit_loses_its_registration_before_it_stops(store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    text = server(port, drain="10s")  # long enough to look at it meanwhile
    store.schedule(("web@1.service", text))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    wait_until(store.services, "registered")
    store.schedule(("web@1.service", text, {"drain": True}))
    wait_until(lambda: not store.services(), "deregistered")
    pid = main_pid(agent)
    socket.create_connection(("127.0.0.1", port), DEADLINE_S).close()
    wait_until(lambda: store.state("web@1.service").get("drained"), "drained")
    assert store.state("web@1.service")["active"] == "inactive"
    assert not is_alive(pid)
    store.schedule()
    wait_until(lambda: store.state("web@1.service") == {}, "forgotten")


def test_a_unit_that_leaves_the_schedule_is_drained_too(store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port, drain="10s")))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    wait_until(store.services, "registered")
    pid = main_pid(agent)
    store.schedule()
    wait_until(lambda: not store.services(), "deregistered")
    assert is_alive(pid)
    wait_until(lambda: not is_alive(pid), "stopped")


def test_a_service_that_stops_answering_is_deregistered(store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port, patience="500ms")))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    os.kill(main_pid(agent), signal.SIGSTOP)
    wait_until(lambda: store.state("web@1.service")["health"] == "failing", "failing")
    wait_until(lambda: not store.services(), "deregistered")
    os.kill(main_pid(agent), signal.SIGCONT)
    wait_until(lambda: len(store.services()) == 1, "registered again")


def test_a_killed_unit_is_started_again_and_registered_again(store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    first = main_pid(agent)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: store.state("web@1.service").get("restarts") == 1, "restart")
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy again")
    assert main_pid(agent) not in (None, first)


def test_a_killed_agent_adopts_and_rewrites_nothing(controller, store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    wait_until(store.services, "registered")
    pid = main_pid(agent)
    before = {k: kv["mod_revision"] for k, kv in store.range("/skydns/").items()}
    agent.kill()
    assert is_alive(pid)
    agent.start()
    wait_until(lambda: "lease-continued" in agent.log(), "lease")
    wait_until(lambda: agent.log().count("unit-health unit=\"web@1.service\" "
                                         "health=\"passing\"") == 2, "checked again")
    assert main_pid(agent) == pid
    assert {k: kv["mod_revision"] for k, kv in store.range("/skydns/").items()} == before
    assert controller.joins == 1


def test_without_controller_and_store_units_run_and_are_restarted(
        etcd, controller, store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    controller.stop()
    etcd.kill()
    pid = main_pid(agent)
    agent.kill()
    agent.start()
    wait_until(lambda: "unit-adopted" in agent.log(), "adoption")
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: main_pid(agent) not in (None, pid), "restart")
    etcd.start()
    etcd.wait_ready()
    wait_until(lambda: is_healthy(store, "web@1.service"), "published again")
    wait_until(lambda: len(store.services()) == 1, "registered again")


@pytest.mark.parametrize("lease_ttl_s", [2])
def test_a_lost_lease_puts_everything_again(store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    os.kill(agent.child.pid, signal.SIGSTOP)
    wait_until(lambda: not store.services(), "expired")
    assert store.get(f"/foretide/hosts/{HOST}") is None
    os.kill(agent.child.pid, signal.SIGCONT)
    wait_until(lambda: len(store.services()) == 1, "registered again")
    wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "host record again")
    wait_until(lambda: is_healthy(store, "web@1.service"), "states again")


def test_a_changed_text_replaces_the_unit_after_draining(store, make_agent):
    first, second = free_ports(2)
    agent = make_agent()
    store.schedule(("web@1.service", server(first)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    pid = main_pid(agent)
    store.schedule(("web@1.service", server(second)))
    key = f"/skydns/local/foretide/shop/web/web-1-{second}"
    wait_until(lambda: list(store.services()) == [key], "the new one is registered")
    assert not is_alive(pid)


def test_files_are_rendered_before_a_unit_starts(store, make_agent):
    import json
    agent = make_agent()
    dest = os.path.join(agent.dir, "rendered")
    store.put("/foretide/conf/shop/web/a", json.dumps({
        "src": "hello {{getv \"/app/name\"}}\n", "dest": dest, "keys": ["/app/name"]}))
    store.schedule(("a.service", f"[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                    f"ExecStart=/bin/cat {dest}\n"))
    wait_until(lambda: store.state("a.service").get("message"), "it waits and says so")
    assert store.state("a.service")["active"] == "inactive"
    store.put("/app/name", "world")
    wait_until(lambda: store.state("a.service").get("sub") == "exited", "started")
    wait_until(lambda: "hello world" in agent.unit_log("a.service"), "the file's content")


def test_metrics_are_pushed_and_kept_while_the_controller_is_away(
        controller, store, make_agent):
    port = free_ports(1)[0]
    agent = make_agent()
    text = server(port) + f"[X-Metrics]\nCollect=prometheus\nUrl=http://127.0.0.1:{port}/m\n"
    with open(os.path.join(agent.dir, "m"), "w") as f:
        f.write("# TYPE app_requests_total counter\napp_requests_total{path=\"/\"} 42\n")
    text = text.replace("http.server", f"http.server --directory {agent.dir}")
    store.schedule(("web@1.service", text))

    def sample(name):
        return [s for s in controller.samples if s["n"] == name]

    got = wait_until(lambda: sample("app_requests_total"), "scraped sample")[0]
    assert got["v"] == 42 and got["k"] == "c"
    assert got["l"] == {"host": HOST, "stack": "shop", "tier": "web",
                        "unit": "web@1.service", "path": "/"}
    assert sample("host_cpu_seconds_total")[0]["l"] == {"host": HOST}
    assert sample("unit_up")[0]["k"] == "g"
    controller.stop()
    wait_until(lambda: "metrics-not-pushed" in agent.log(), "failure")
    stopped = int(time.time() * 1000)
    wait_until(lambda: time.time() * 1000 - stopped > 10000, "a while")
    del controller.samples[:]
    controller.start()
    wait_until(lambda: "metrics-push-recovered" in agent.log(), "again")

    def of_the_while():
        return {s["t"] for s in sample("host_cpu_seconds_total")
                if stopped < s["t"] < stopped + 10000}

    # One every 100 ms; a few of them is what a busy machine takes.
    wait_until(lambda: len(of_the_while()) >= 15, "those of the while")


def remaining(store, lease):
    """Seconds that a lease has left."""
    from store_tools import post
    return int(post(store.url, "/v3/lease/timetolive", {"ID": lease})[1]["TTL"])


def test_logs_are_sent_when_asked_for(controller, store, make_agent):
    make_agent()
    store.schedule(("a.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                    "ExecStart=/bin/sh -c 'echo one; echo two; echo three'\n"))
    wait_until(lambda: store.state("a.service").get("sub") == "exited", "exited")

    def asked():
        controller.log_asks = [{"id": 7, "unit": "a.service", "lines": 2}]
        return any(len(x["lines"]) == 2 for x in controller.logs)

    wait_until(asked, "log")
    body = [x for x in controller.logs if len(x["lines"]) == 2][0]
    assert body["id"] == 7 and body["unit"] == "a.service"
    assert body["lines"][1].endswith("Z three")


@pytest.mark.parametrize("lease_ttl_s", [12])
def test_nothing_is_written_at_rest(controller, store, make_agent):
    port = free_ports(1)[0]
    make_agent()
    store.schedule(("web@1.service", server(port)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")

    def revision():
        from store_tools import b64, post
        return post(store.url, "/v3/kv/range", {"key": b64("/")})[1]["header"]["revision"]

    def rests():
        """Nothing was written for as long as it takes to write all of a start."""
        begun, seen = time.monotonic(), revision()
        wait_until(lambda: time.monotonic() > begun + 0.3, "a moment")
        return revision() == seen and seen

    wait_until(store.services, "registered")
    first = wait_until(rests, "it comes to rest")
    lease = store.range("/foretide/hosts/")[f"/foretide/hosts/{HOST}"]["lease"]
    pushed = len(controller.samples)
    for _ in range(2):
        wait_until(lambda: remaining(store, lease) <= 10, "its lease runs")
        wait_until(lambda: remaining(store, lease) > 10, "its lease is kept alive")
    wait_until(lambda: len(controller.samples) > pushed, "its metrics are pushed")
    assert revision() == first


def test_wrong_configuration_is_one_message(tmp_path):
    import subprocess
    from store_tools import BUILD
    for text, words in (("[agent]\nid = UPPER\n", "id is missing or has characters other"),
                        ("[agent]\nnonsense = 1\n", "no option 'nonsense'"),
                        ("[agent]\nid = a\ncontroller = http://x\n", "must be https://")):
        path = tmp_path / "agent.conf"
        path.write_text(text)
        run = subprocess.run([os.path.join(BUILD, "foretide-agent"), "-n", "-c", str(path)],
                             capture_output=True, text=True)
        assert run.returncode == 2 and words in run.stderr and run.stderr.count("\n") == 1


def test_a_registered_service_is_found_by_dns(store, make_agent):
    import subprocess
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")

    def dig(kind, name):
        return subprocess.run(["dig", "+short", "+time=20", "+tries=1", f"-p{agent.dns_port}",
                               "@127.0.0.1", kind, name], capture_output=True,
                              text=True).stdout.split("\n")[0]

    wait_until(lambda: dig("A", "web.shop.foretide.local") == "127.0.0.1", "A")
    assert str(port) in dig("SRV", "web.shop.foretide.local")
    assert dig("A", f"{HOST}.hosts.foretide.local") == "127.0.0.1"


def test_programs_of_the_host_reach_the_store_through_the_proxy(etcd, store, make_agent):
    from store_tools import b64, post
    agent = make_agent()
    wait_until(lambda: store.get(f"/foretide/hosts/{HOST}"), "host record")
    near = f"http://127.0.0.1:{agent.proxy_port}"
    assert post(near, "/v3/kv/put", {"key": b64("/near"), "value": b64("1")})[0] == 200
    assert store.range("/near")


def test_a_stray_registration_of_an_earlier_life_is_removed(store, make_agent):
    from store_tools import b64, post
    port = free_ports(1)[0]
    agent = make_agent()
    store.schedule(("web@1.service", server(port)))
    wait_until(lambda: is_healthy(store, "web@1.service"), "healthy")
    kept = wait_until(lambda: list(store.services()), "registered")
    lease = store.range("/foretide/hosts/")[f"/foretide/hosts/{HOST}"]["lease"]
    agent.kill()
    stray = "/skydns/local/foretide/shop/old/gone-1"
    post(store.url, "/v3/kv/put", {"key": b64(stray), "value": b64("{}"), "lease": lease})
    agent.start()
    wait_until(lambda: list(store.services()) == kept, "only its own")
    assert "lease-continued" in agent.log()
