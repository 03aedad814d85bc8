# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order system tests begin, and beside which others."""

import os

# Their files, by what they take (--durations=0): one that began last would keep a worker long
# after the others have ended.
LONGEST_FIRST = ["unknown", "whole_faults", "whole", "hostile_host", "chaos", "drill",
                 "whole_traces", "promise", "etcd_users", "follow", "whole_capacity", "patience"]


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: loads the whole machine, so nothing runs beside it")


def place(item):
    name = os.path.basename(item.path).removeprefix("test_").removesuffix(".py")
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)


def pytest_collection_modifyitems(items):
    items.sort(key=place)
