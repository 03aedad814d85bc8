# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: what it installs, what it plays, and what it prints."""

import os
import re
import statistics
import subprocess
import sys

import pytest

from store_tools import BUILD, ROOT

sys.path.insert(0, os.path.join(ROOT, "stacks"))
import demo  # noqa: E402


# ---------------------------------------------------------------- what it installs
def installed_with(*profiles):
    """Names in Build-Depends that remain with these build profiles (deb-src-control(5))."""
    with open(os.path.join(ROOT, "debian/control"), encoding="ascii") as f:
        lines = f.read().split("Build-Depends:\n")[1].split("\n\n")[0].splitlines()
    names = set()
    for line in lines:
        lists = [terms.split() for terms in re.findall(r"<([^>]*)>", line)]
        if not lists or any(all((t[1:] not in profiles) if t[0] == "!" else (t in profiles)
                                for t in terms) for terms in lists):
            names.add(re.match(r" ([^ :,]+)", line)[1])
    return names


def test_the_demo_installs_servers_and_no_test_tools():
    to_compile = installed_with("nocheck")
    for_demo = installed_with("nocheck", "pkg.foretide.demo")
    assert for_demo - to_compile == {
        "curl", "haproxy", "iproute2", "mariadb-server", "memcached", "nginx-light", "php",
        "php-memcached", "php-mysql", "php8.2-cli", "php8.2-fpm", "python3", "varnish",
        "wordpress", "wordpress-theme-twentytwentyone"}
    assert for_demo < installed_with()
    assert {"chromium", "clang", "python3-pytest"} < installed_with() - for_demo


def test_install_deps_rejects_what_it_does_not_know():
    done = subprocess.run([os.path.join(ROOT, "debian/install-deps"), "everything"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "usage" in done.stderr


# ---------------------------------------------------------------- what it plays
@pytest.mark.parametrize("length", [150, 300])
def test_the_load_is_flat_rushes_falls_and_is_calm(length):
    minutes = [demo.rush(m, length, 1) for m in range(length)]
    assert minutes.count(demo.FLAT) >= 0.4 * length
    assert minutes.count(demo.CALM) >= 0.3 * length
    assert max(minutes) == 1 > 3 * demo.FLAT
    top = minutes.index(1)
    assert minutes[top - demo.RISE_MIN] == demo.FLAT, "the rise is shorter than the lead time"
    # A static peak has far more than the mean; otherwise there is nothing to save.
    assert statistics.mean(minutes) < 0.45


def test_the_past_has_the_rush_at_the_same_time_each_day(tmp_path):
    class Folder:
        @staticmethod
        def path(name):
            return str(tmp_path / name)

    path, start = demo.write_rush(Folder, 150)
    with open(path, encoding="ascii") as f:
        load = [float(line.split(",")[1]) for line in f.readlines()[1:]]
    assert start >= 21 * demo.DAY
    for day in range(22):
        begin = day * demo.DAY + start % demo.DAY
        flat = load[begin:begin + 58]
        assert max(flat) < 0.36 and min(load[begin + 70:begin + 88]) > 0.8
        assert statistics.stdev(flat) > 0.005, "no two minutes are quite alike"


# ---------------------------------------------------------------- what it counts
def test_reactive_scaling_is_short_until_what_it_launched_has_booted():
    hours, short = demo.reactive([1] * 10 + [3] * 20, 1, 3)
    assert short == 4, "the minute in which it saw the rush, and three of boot"
    assert hours == (10 + 1 + 19 * 3) / 60
    assert demo.reactive([3] * 10 + [1] * 20, 1, 3) == (pytest.approx((14 * 3 + 16) / 60, abs=0.1), 0)


def test_the_conclusion_names_a_tier_that_did_not_win():
    won = {"web": [5.0, 0, 4.0, 6, 10.0, 0]}
    assert demo.conclusion(won) == ("In all, 0 minutes short (reactive scaling: 6) with 5.0 instance-hours "
                                    "(static peak: 10.0, reactive scaling: 4.0).")
    text = demo.conclusion({**won, "lb": [3.0, 1, 2.0, 1, 3.0, 0]})
    assert "lb is not short for less" in text and "lb takes no less" in text


# ---------------------------------------------------------------- what it prints
@pytest.mark.alone
def test_it_opens_with_what_it_shows_prints_little_and_ends_with_table_and_dashboard(tmp_path):
    command = [sys.executable, os.path.join(ROOT, "stacks/demo.py"), "--build", BUILD, "--for", "40s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "TMPDIR": str(tmp_path)}) as running:
        out, err = running.communicate(timeout=600)
    assert (running.returncode, err) == (0, ""), out
    lines = out.splitlines()
    assert lines[0].startswith("Foretide scales a real WordPress")
    assert "20 minutes pass in 40 seconds" in " ".join(lines[:2])
    assert any("WordPress serves at http://" in line for line in lines)
    assert any(" 0 failed" in line for line in lines)
    for tier in demo.SCALING:
        assert any(re.fullmatch(tier + r" +(\d+\.\d +\d+ min *){3}", line) for line in lines)
    assert lines[-3].startswith("In all, ")
    assert lines[-1].startswith("dashboard: http://")
    assert len(lines) < 35, out
    # Nothing is left behind.
    assert os.listdir(tmp_path) == []
    links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True).stdout
    assert f"-{running.pid % 100000} " not in links
