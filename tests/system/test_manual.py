# SPDX-License-Identifier: GPL-3.0-or-later
"""What --help offers, the manual describes and the completion completes, and no more."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("B", "build")).resolve()
FORETIDE = BUILD / "foretide"
ROWS = {
    "stacks": [{"name": "shop"}, {"name": "blog"}],
    "tiers": [{"stack": "shop", "name": "web"}, {"stack": "blog", "name": "lb"}],
    "hosts": [{"id": "web-0a1b2c3d"}],
    "units": [{"name": "web@1.service"}],
    "services": [{"stack": "shop", "name": "web"}, {"stack": "shop", "name": "web"}],
}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commands():
    return re.findall(r"^  (\S+) ", output(FORETIDE, "--help"), re.M)


def options_of(command):
    """The options that a command's --help names."""
    text = output(FORETIDE, command, "--help")
    return set(re.findall(r"--[a-z][a-z-]*", text))


def page(path):
    """A manual as it is read, in one line."""
    text = output("mandoc", "-T", "utf8", "-O", "width=1000", path)
    return re.sub(r".\x08", "", text)


def test_every_command_is_in_the_manual():
    text = page("cli/foretide.1")
    for command in commands():
        entry = [line for line in text.split("\n") if re.match(rf" *{command}\b", line)]
        assert entry, command


def test_every_option_of_a_command_is_in_the_manual():
    text = page("cli/foretide.1").replace("\u2010", "-")
    for command in commands():
        for option in options_of(command):
            assert option in text, (command, option)


def test_the_manual_names_every_exit_status():
    """Those of exit_status.h, and none else."""
    source = Path("cli/client/exit_status.h").read_text()
    known = set(re.findall(r"EXIT_[A-Z_]+ = (\d)", source))
    text = Path("cli/foretide.1").read_text()
    assert set(re.findall(r"^\.It (\d)$", text, re.M)) == known


def example_options(program):
    example = output(BUILD / program, "--example")
    return set(re.findall(r"^[# ]*([a-z][a-z0-9_]*) *=", example, re.M))


def test_every_option_of_the_controller_is_in_the_readmes_table():
    rows = set(re.findall(r"^\| [a-z]+ \| ([a-z0-9_]+) \|", Path("README.md").read_text(), re.M))
    assert example_options("foretided") - rows == set()


@pytest.mark.parametrize("program,manual", [
    ("foretided", "controller/foretide.conf.5"),
    ("foretide-agent", "agent/foretide-agent.8"),
])
def test_every_option_of_the_example_is_in_the_manual(program, manual):
    names = example_options(program)
    text = Path(manual).read_text()
    items = " ".join(re.findall(r"^\.It (?:Ic|Cm) (.*)", text, re.M))
    assert names
    assert names - set(re.findall(r"[a-z][a-z0-9_]*", items)) == set()


@pytest.mark.parametrize("program,manual", [
    ("foretided", "controller/foretided.8"),
    ("foretide-agent", "agent/foretide-agent.8"),
])
def test_every_switch_is_in_the_manual(program, manual):
    usage = output(BUILD / program, "--help").split("Options:")[0]
    text = page(manual).replace("\u2010", "-")
    switches = set(re.findall(r"(?:^|[ [])(--?[a-z][a-z-]*)(?![a-z._-])", usage, re.M))
    assert switches
    for switch in switches:
        assert switch in text, switch


# ---------------------------------------------------------------- completion


def write_program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


@pytest.fixture
def complete(tmp_path):
    """Completes a line with a foretide that answers from ROWS, however long that takes on a
    busy machine."""
    write_program(tmp_path / "foretide", f"cat {tmp_path}/$1.json\n")
    write_program(tmp_path / "timeout", "test $1 = 2 && shift && exec \"$@\"\n")
    for name, rows in ROWS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    (tmp_path / "stackfolder").mkdir()

    def run(line):
        words = line.split(" ")
        script = "\n".join([
            f"source {Path('cli/foretide.bash').resolve()}",
            f"cd {tmp_path}",
            "COMP_WORDS=(" + " ".join(f"'{w}'" for w in words) + ")",
            f"COMP_CWORD={len(words) - 1}",
            "_foretide",
            'printf "%s\\n" "${COMPREPLY[@]}"',
        ])
        env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", script], check=True, capture_output=True,
                              text=True, env=env)
        assert done.stderr == ""
        return done.stdout.split()
    return run


def test_completes_every_command(complete):
    assert set(commands()) <= set(complete("foretide "))
    assert complete("foretide exp") == ["explain"]


def test_completes_the_options_of_every_command(complete):
    for command in commands():
        assert options_of(command) <= set(complete(f"foretide {command} --")), command


@pytest.mark.parametrize("line,words", [
    ("foretide explain ", ["shop/web", "blog/lb"]),
    ("foretide explain sh", ["shop/web"]),
    ("foretide hold ", ["shop", "blog", "shop/web", "blog/lb"]),
    ("foretide drain ", ["web-0a1b2c3d"]),
    ("foretide logs w", ["web@1.service"]),
    ("foretide delete b", ["blog"]),
    ("foretide units --stack ", ["shop", "blog"]),
    ("foretide play --service ", ["shop/web"]),
    ("foretide token create --role o", ["operator"]),
    ("foretide apply stack", ["stackfolder"]),
    ("foretide status ", []),
])
def test_completes_names(complete, line, words):
    assert complete(line) == words


def test_completes_nothing_when_no_controller_answers(complete, tmp_path):
    (tmp_path / "tiers.json").write_text("")
    assert complete("foretide explain ") == []


def test_waits_for_no_controller_that_is_silent(complete, tmp_path):
    (tmp_path / "timeout").unlink()
    write_program(tmp_path / "foretide", "exec sleep 1000000\n")
    assert complete("foretide explain ") == []
