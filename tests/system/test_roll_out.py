# SPDX-License-Identifier: GPL-3.0-or-later
"""A new version of a unit's text that is not as good as the old one stops at its first
instance, is told, and goes back; a unit that exists once is replaced before it goes."""

import pytest

from rig_tools import Load, Quick

SINGLE = {"stack.conf": lambda t: t.replace("lb@.service", "lb.service")
          .replace("max = 2\n", "max = 1\n"),  # of its pool and of its tier
          "units/lb@.service": lambda t: t.replace("Conflicts=lb@*", "Conflicts=web@*")
          .replace("%i", "alone")}


def single_balancer(name, text):
    """The quick stack, whose balancer is no template."""
    return SINGLE.get(name, lambda t: t)(text)


class Single(Quick):
    def stack(self, edit=None):
        doc = super().stack(edit)
        doc["files"]["units/lb.service"] = doc["files"].pop("units/lb@.service")
        return doc


@pytest.fixture
def single():
    with Single(boot_delay="30s", edit=single_balancer) as q:
        q.start()
        q.apply()
        q.scale(2)
        yield q.up(web=2)


def test_the_only_balancer_is_replaced_before_it_is_drained_and_no_request_fails(single):
    victim = single.healthy("lb")[0]["host"]
    serving = []

    def moved():
        serving.append(len(single.healthy("lb")))
        lb = single.units("lb")
        return (victim not in [h["id"] for h in single.hosts("lb")] and len(lb) == 1
                and lb[0]["name"] == "lb.service" and len(single.healthy("lb")) == 1)

    with Load(single, rate=10) as load:
        load.flows()
        single.cli("drain", victim)
        single.wait("the balancer serves elsewhere and its old host is gone", moved)
        load.flows(10)
        load.finish_without_failure()
    assert min(serving) >= 1, serving
    assert victim not in single.local_hosts()
