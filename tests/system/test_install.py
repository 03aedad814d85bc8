# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make install` puts down runs from there, without the build folder's help."""

import os
import subprocess

import pytest

from rig_tools import Quick
from store_tools import BUILD, ROOT

PREFIX = "usr/local"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["make", "-s", "-C", ROOT, "install", f"B={BUILD}", f"DESTDIR={root}",
                    f"prefix=/{PREFIX}"],
                   check=True, stdout=subprocess.DEVNULL, env={**os.environ, "MAKEFLAGS": ""})
    return root / PREFIX


class Installed(Quick):
    """A rig whose build folder is links into an installation; the local driver has to find
    its init itself."""

    def __init__(self, prefix, folder):
        for name in ("sbin/foretided", "sbin/foretide-agent", "bin/foretide",
                     "lib/foretide/drivers"):
            (folder / os.path.basename(name)).symlink_to(prefix / name)
        super().__init__(boot_delay="0s")
        self.build = str(folder)
        config = self.path("foretide.conf")
        with open(config, encoding="ascii") as f:
            lines = [line.replace(BUILD, self.build) for line in f if line[:5] != "init "]
        with open(config, "w", encoding="ascii") as f:
            f.writelines(lines)


def test_everything_is_where_the_manual_and_the_programs_say(installed):
    found = {str(p.relative_to(installed)) for p in installed.rglob("*") if p.is_file()}
    assert {
        "sbin/foretided", "sbin/foretide-agent", "bin/foretide",
        "lib/foretide/foretide-driver", "lib/foretide/foretide-local-init",
        "lib/foretide/drivers/local.so",
        "share/bash-completion/completions/foretide",
        "share/foretide/stacks/wordpress/stack.conf",
        "share/man/man1/foretide.1", "share/man/man5/foretide.conf.5",
        "share/man/man5/foretide-stack.5", "share/man/man8/foretided.8",
        "share/man/man8/foretide-agent.8",
    } <= found
    example = subprocess.run([installed / "sbin/foretided", "--example"], check=True,
                             capture_output=True, text=True).stdout
    for name in ("lib/foretide/drivers", "sbin/foretide-agent"):
        assert f"/{PREFIX}/{name}" in example
        assert f"/{PREFIX}/{name}" in (installed / "share/man/man5/foretide.conf.5").read_text()


def test_an_installed_controller_brings_a_stack_up(installed, tmp_path):
    with Installed(installed, tmp_path) as rig:
        rig.start()
        rig.apply()
        rig.up()
        assert rig.cli("tiers").stdout.count("quick") == 2
