# SPDX-License-Identifier: GPL-3.0-or-later
"""The libvirt driver, and a controller with a pool on it, against libvirtd and QEMU: virsh
shows what the driver made, and a guest runs its user data."""

import os
import signal
import subprocess
import sys

import pytest

from peer_tools import BUILD, HERE, Driver, Peer, only, wait_for

sys.path.insert(0, os.path.join(HERE, "libvirt"))
import image  # noqa: E402
from hypervisor import POOL, Hypervisor  # noqa: E402

BOOT_S = 280  # of a guest that is emulated, on a machine that has other things to do
MARKS = "https://foretide.invalid/libvirt/1"


@pytest.fixture(name="kvm1")
def fixture_kvm1():
    with Hypervisor() as h:
        h.add_image("empty.qcow2")
        yield h


def options(hypervisor):
    return {"uri": f"kvm1={hypervisor.uri}", "types": "small:1:192M, huge:1:4096G",
            "image": "empty.qcow2", "storage": POOL, "network": "none", "virt": "qemu",
            "cpu_ratio": "8"}


def driver(hypervisor, **more):
    return Driver("libvirt", {**options(hypervisor), **more})


def test_virsh_shows_what_the_driver_launched_and_nothing_after_its_end(kvm1):
    with driver(kvm1) as d:
        found = d.ok("validate")["findings"]
        assert not [words for fatal, words in found if fatal], found
        vm = d.launch(1, user_data="#!/bin/sh\n")["vm"]
        assert vm["state"] == "RUNNING" and vm["id"] == f"kvm1.{1:032x}"
        assert kvm1.virsh("domstate", "web-1") == ["running"]
        assert "<owner>us</owner>" in kvm1.virsh("metadata", "web-1", MARKS)
        disk, seed = (os.path.join(kvm1.path(POOL), f"ft-{1:032x}.{end}")
                      for end in ("qcow2", "iso"))
        told = subprocess.run(["qemu-img", "info", "-U", disk], check=True,
                              capture_output=True, text=True).stdout
        assert f"backing file: {kvm1.path(POOL)}/empty.qcow2" in told
        told = subprocess.run(["blkid", "-p", seed], check=True, capture_output=True,
                              text=True).stdout
        assert 'LABEL="cidata"' in told and 'TYPE="iso9660"' in told
        assert only(d.vms())["state"] == "RUNNING"
        for _ in range(2):
            d.ok("terminate", owner="us", id=vm["id"])
            assert kvm1.domains() == [] and kvm1.volumes() == []


def test_a_launch_that_was_cut_off_is_finished(kvm1):
    with driver(kvm1) as d:
        assert d.launch(1)["class"] == "OK"
        kvm1.virsh("destroy", "web-1")
        kvm1.virsh("vol-delete", f"ft-{1:032x}.qcow2", POOL)
        assert d.launch(1)["vm"]["state"] == "RUNNING"
        assert d.launch(1)["vm"]["state"] == "RUNNING"
        assert kvm1.domains() == ["web-1"] and len(kvm1.volumes()) == 2


def test_what_cannot_be_is_told_and_leaves_nothing(kvm1):
    for more, cls, word in (
            ({"type": "huge"}, "CAPACITY", "huge"),
            ({"image": "none.qcow2"}, "BADREQ", "none.qcow2"),
            ({"storage": "elsewhere"}, "BADREQ", "elsewhere"),
            ({"network": "elsewhere"}, "BADREQ", "elsewhere")):
        with driver(kvm1, **more) as d:
            answer = d.launch(1)
            assert answer["class"] == cls and word in answer["message"], answer
            assert kvm1.domains() == [] and kvm1.volumes() == []


def test_hosts_outlive_a_daemon_that_is_killed(kvm1):
    with driver(kvm1) as d:
        assert d.launch(1)["class"] == "OK"
        kvm1.stop(signal.SIGKILL)
        assert d.ask("list", owner="us")["class"] == "TRANSIENT"
        assert d.ask("terminate", owner="us", id=f"kvm1.{1:032x}")["class"] == "TRANSIENT"
        kvm1.start()
        assert only(d.vms())["state"] == "RUNNING"
        d.ok("terminate", owner="us", id=f"kvm1.{1:032x}")
        assert d.vms() == [] and kvm1.volumes() == []


def test_a_guest_runs_its_user_data(kvm1):
    kvm1.add_image("boots.qcow2", image.kept(BUILD))
    with driver(kvm1, image="boots.qcow2") as d:
        assert d.launch(1, user_data="#!/bin/sh\npoweroff -f\n")["class"] == "OK"
        vm = wait_for("the guest has powered itself off", lambda: next(
            (v for v in d.vms() if v["state"] == "FAILED"), None), BOOT_S, every=1)
        assert vm["message"] == "it has powered itself off"
        d.ok("terminate", owner="us", id=vm["id"])
        assert kvm1.domains() == [] and kvm1.volumes() == []


def test_a_controller_scales_a_pool(kvm1):
    driver_options = {f"driver libvirt.{k}": v for k, v in options(kvm1).items()}
    with Peer("libvirt", {}, {"type": "small"}, lambda: len(kvm1.domains()),
              **driver_options) as p:
        p.start()
        p.scale(2)
        p.ends(2)
        p.scale(0)
        p.ends(0)
        assert kvm1.volumes() == []
