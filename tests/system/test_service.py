# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller as the package starts it, where PID 1 is systemd, and what an upgrade does
with what was there before."""

import os
import re
import shutil
import subprocess

import pytest

from store_tools import BUILD, ROOT, free_ports, wait_until
from test_agent_systemd import Host

CONF = "/etc/foretide/foretide.conf"
UNITS = "/lib/systemd/system"
# As in 0.3.0, with a process that stands for a host of the local driver.
OLD_UNIT = """[Service]
ExecStart=/usr/sbin/foretided
ExecStartPost=/bin/sh -c 'sleep infinity & echo $! >/run/a-host'
Restart=on-failure
KillMode=process
StateDirectory=foretide
StateDirectoryMode=0700
ConfigurationDirectory=foretide
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(scope="module")
def postinst(tmp_path_factory):
    """As debhelper completes it."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(os.path.join(ROOT, "debian"), folder / "debian")
    for package, names in (("foretide-controller", ("foretided", "foretided-local")),
                           ("foretide-agent", ("foretide-agent",))):
        units = folder / "debian" / package / "lib/systemd/system"
        units.mkdir(parents=True)
        for name in names:
            shutil.copy(folder / "debian" / f"{name}.service", units)
    for command in (["make", "-f", "debian/rules", "override_dh_installsystemd"],
                    ["dh_installdeb", "-pforetide-controller"]):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "MAKEFLAGS": ""})
    return folder / "debian/foretide-controller/DEBIAN/postinst"


class Machine(Host):
    def __init__(self, script):
        super().__init__()
        self.root = f"/proc/{self.pid}/root"
        self.script = script
        # What forbids an image's packages to start services.
        self.run("rm", "-f", "/usr/sbin/policy-rc.d")
        self.port, host_port = free_ports(2)
        os.makedirs(f"{self.root}/etc/foretide", exist_ok=True)
        shutil.copy(os.path.join(BUILD, "foretided"), f"{self.root}/usr/sbin/")
        self.write(CONF, f"[controller]\nlisten = 127.0.0.1:{self.port}\n"
                         f"host_listen = 127.0.0.1:{host_port}\n"
                         f"advertise = https://127.0.0.1:{host_port}\n")

    def write(self, path, text, mode=0o644):
        with open(self.root + path, "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(self.root + path, mode)

    def unpack(self):
        """What dpkg does before it calls postinst."""
        for name in ("foretided", "foretided-local"):
            shutil.copy(os.path.join(ROOT, f"debian/{name}.service"), self.root + UNITS)
        shutil.copy(os.path.join(ROOT, "debian/foretide-controller.sysusers"),
                    f"{self.root}/usr/lib/sysusers.d/foretide-controller.conf")
        shutil.copy(self.script, f"{self.root}/postinst")

    def configure(self, *before):
        self.unpack()
        done = subprocess.run([*self.prefix, "env", "DPKG_MAINTSCRIPT_PACKAGE=foretide-controller",
                               "/postinst", "configure", *before],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done

    def state(self, name):
        return (self.run("systemctl", "is-enabled", name), self.run("systemctl", "is-active", name))

    def journal(self):
        return self.run("journalctl", "--no-pager")

    def check_as_user(self):
        return subprocess.run([*self.prefix, "setpriv", "--reuid=foretide", "--regid=foretide",
                               "--init-groups", "/usr/sbin/foretided", "-n"],
                              capture_output=True, text=True, check=False)


@pytest.fixture
def machine(postinst):
    m = Machine(postinst)
    yield m
    m.close()


def test_the_services_threads_give_way(machine):
    machine.configure()
    assert machine.state("foretided") == ("enabled", "active"), machine.journal()
    pid = machine.run("systemctl", "show", "-P", "MainPID", "foretided")
    assert machine.run("stat", "-c", "%U", f"/proc/{pid}") == "foretide"
    stats = machine.run("sh", "-c", f"cat /proc/{pid}/task/*/stat").splitlines()
    nice = {int(line.rpartition(")")[2].split()[16]) for line in stats}
    # LimitNICE=, where this machine lets its service manager raise limits.
    limits = machine.run("cat", f"/proc/{pid}/limits")
    goes_first = int(re.search(r"Max nice priority +(\d+)", limits)[1]) >= 20 + 10
    assert nice == {0, 5, 10} | ({-10} if goes_first else set()), stats
    assert ("priority-not-set" in machine.journal()) != goes_first


def test_drivers_run_in_the_services_sandbox(machine, tmp_path):
    """As a process of its own, with less than the service has."""
    lib = machine.root + "/usr/lib/foretide"
    os.makedirs(lib + "/drivers")
    shutil.copy(os.path.join(BUILD, "foretide-driver"), lib)
    shutil.copy(os.path.join(BUILD, "foretide-agent"), lib)
    shutil.copy(os.path.join(BUILD, "drivers/fake.so"), lib + "/drivers")
    with open(machine.root + CONF, "a", encoding="ascii") as f:
        f.write("drivers_dir = /usr/lib/foretide/drivers\nagent = /usr/lib/foretide/foretide-agent\n[driver fake]\ndir = /var/lib/foretide/cloud\n")
    machine.configure()
    assert machine.state("foretided") == ("enabled", "active"), machine.journal()
    (tmp_path / "stack.conf").write_text(
        "[stack]\nname = s\n[pool p]\ndriver = fake\nmin = 2\nmax = 2\n"
        "[tier t]\nunit = t.service\npool = p\nmin = 0\nmax = 0\n", encoding="ascii")
    (tmp_path / "units").mkdir()
    (tmp_path / "units/t.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="ascii")
    done = subprocess.run(
        [os.path.join(BUILD, "foretide"), "apply", str(tmp_path), "--yes"], capture_output=True, text=True,
        check=False, env={**os.environ, "FORETIDE_URL": f"http://127.0.0.1:{machine.port}", "FORETIDE_TOKEN":
                          machine.run("cat", "/var/lib/foretide/admin-token")})
    assert done.returncode == 0, (done, machine.journal())
    wait_until(lambda: machine.journal().count("host-launched") == 2, "two hosts")
    # What collects the agent's libraries works there, too.
    assert "no-portable-agent" not in machine.journal()
    assert re.search("portable='[0-9a-f]{64}'",
                     machine.run("cat", "/var/lib/foretide/cloud/cloud.json"))
    pid = machine.run("pidof", "foretide-driver").split()[0]
    status = machine.run("cat", f"/proc/{pid}/status")
    assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status and "CapEff:\t0000000000000000" in status
    assert machine.run("stat", "-c", "%U", f"/proc/{pid}/environ") == "root"  # it cannot be looked into
    limits = machine.run("cat", f"/proc/{pid}/limits").splitlines()
    assert {line.split()[3] for line in limits if line.startswith(("Max address", "Max open"))} == {
        str(1 << 30), "1024"}, limits
    machine.run("systemctl", "stop", "foretided")
    assert machine.run("pidof", "foretide-driver") == ""


@pytest.mark.parametrize("reloaded", [False, True])
def test_hosts_of_this_machine_survive_an_upgrade(machine, reloaded):
    """Also when systemd has read the new unit before, for another package."""
    machine.write(UNITS + "/foretided.service", OLD_UNIT)
    os.makedirs(machine.root + "/var/lib/foretide/local")
    machine.run("systemctl", "daemon-reload")
    machine.run("env", "DPKG_MAINTSCRIPT_PACKAGE=x", "deb-systemd-helper", "enable", "foretided.service")
    machine.run("systemctl", "start", "foretided")
    assert machine.state("foretided") == ("enabled", "active"), machine.journal()
    stands_for_a_host = machine.run("cat", "/run/a-host")
    if reloaded:
        machine.unpack()
        machine.run("systemctl", "daemon-reload")
    machine.configure("0.3.0")
    assert machine.state("foretided") == ("disabled", "inactive"), machine.journal()
    assert machine.state("foretided-local") == ("enabled", "active"), machine.journal()
    assert machine.run("cat", f"/proc/{stands_for_a_host}/comm") == "sleep"

    first = machine.run("systemctl", "show", "-P", "MainPID", "foretided-local")
    machine.configure("0.4.0")
    assert machine.state("foretided") == ("disabled", "inactive"), machine.journal()
    assert machine.state("foretided-local") == ("enabled", "active"), machine.journal()
    assert machine.run("systemctl", "show", "-P", "MainPID", "foretided-local") != first
    assert machine.run("cat", f"/proc/{stands_for_a_host}/comm") == "sleep"


def test_units_that_the_agent_runs_itself_are_free_with_the_drop_in(machine):
    """What a child of the agent's service has, beside what one of systemd's own has."""
    look = "CapBnd|NoNewPrivs|Seccomp:"
    folder = f"{machine.root}{UNITS}/foretide-agent.service.d"
    os.mkdir(folder)
    shutil.copy(os.path.join(ROOT, "debian/foretide-agent.service"), machine.root + UNITS)
    machine.write(UNITS + "/foretide-agent.service.d/test.conf", f"""[Unit]
ConditionPathExists=
[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/bin/sh -c 'grep -E "{look}" /proc/self/status >/var/lib/foretide-agent/seen'
""")

    def seen():
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", "foretide-agent")
        with open(f"{machine.root}/var/lib/foretide-agent/seen", encoding="ascii") as f:
            return f.read().split()

    free = machine.run("systemd-run", "--pipe", "--quiet", "grep", "-E", look, "/proc/self/status").split()
    assert len(free) == 6 and free[3] == free[5] == "0", free
    assert seen() != free
    shutil.copy(os.path.join(ROOT, "debian/own-units.conf"), folder)
    assert seen() == free, machine.journal()


def test_what_the_configuration_names_is_readable_after_an_upgrade(machine):
    etc = machine.root + "/etc/foretide"
    files = {"etcd.key": 0o640, "cloud": 0o600, "ca.pem": 0o644}
    for name in files:
        machine.write(f"/etc/foretide/{name}", "[x]\n", 0o644 if name == "ca.pem" else 0o600)
    with open(machine.root + CONF, encoding="ascii") as f:
        text = f.read()
    machine.write(CONF, text + "credentials = /etc/foretide/cloud # of all clouds\n"
                               "[store]\nurl = https://127.0.0.1:1\nca = /etc/foretide/ca.pem\n"
                               "cert=/etc/foretide/ca.pem\nkey = /etc/foretide/etcd.key\n", 0o600)
    machine.unpack()
    machine.run("systemd-sysusers", "foretide-controller.conf")

    done = machine.check_as_user()
    assert done.returncode == 2 and f"user foretide cannot read {CONF}: run chgrp foretide" in done.stderr, done
    machine.run("chmod", "0644", CONF)
    done = machine.check_as_user()
    assert done.returncode == 2, done
    assert "[store]: user foretide cannot read /etc/foretide/etcd.key: run chgrp foretide" in done.stderr, done
    machine.run("chmod", "0600", CONF)
    machine.run("chmod", "0700", "/etc/foretide")

    machine.configure("0.3.0")
    done = machine.check_as_user()
    assert done.returncode == 0, done
    group = next(int(line.split(":")[2]) for line in open(machine.root + "/etc/group", encoding="ascii")
                 if line.startswith("foretide:"))
    for name, mode in {**files, "foretide.conf": 0o640}.items():
        st = os.stat(f"{etc}/{name}")
        assert st.st_mode & 0o7777 == mode, (name, oct(st.st_mode))
        assert st.st_gid == (group if name != "ca.pem" else 0), name
        assert st.st_uid == 0 or name == "cloud", name
    assert os.stat(etc).st_mode & 0o7777 == 0o750
    machine.configure("0.4.0")
    assert machine.check_as_user().returncode == 0
