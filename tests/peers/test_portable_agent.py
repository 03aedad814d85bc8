# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent on an image without any libc: a static busybox and nothing else."""

import glob
import os
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))
from portable_tools import (boot, check_it_is_adopted_by_the_next_agent,  # noqa: E402
                            check_it_serves, portable_rig)
from root_tools import Root  # noqa: E402
from store_tools import BUILD  # noqa: E402


@pytest.fixture(scope="module", name="busybox")
def fixture_busybox():
    """Of Debian's package that cannot be installed beside busybox; kept."""
    folder = os.path.join(BUILD, "peers", "busybox-static")
    if not os.path.isdir(folder):
        shutil.rmtree(folder + ".new", ignore_errors=True)
        os.makedirs(folder + ".new")
        subprocess.run(["apt-get", "download", "-qq", "busybox-static"], cwd=folder + ".new",
                       check=True)
        package, = glob.glob(folder + ".new/*.deb")
        subprocess.run(["dpkg-deb", "-x", package, folder + ".new"], check=True)
        os.rename(folder + ".new", folder)
    return os.path.join(folder, "bin/busybox")


def test_an_image_without_a_libc_runs_it(busybox):
    rig, root = portable_rig(), Root(busybox=busybox)
    try:
        assert not os.path.exists(root.at("lib")) and not os.path.exists(root.at("lib64"))
        rig.start()
        boot(root, rig)
        check_it_serves(root, rig)
        check_it_is_adopted_by_the_next_agent(root)
        assert os.listdir(root.dir).count("lib") == 0
    finally:
        root.close()
        rig.close()
