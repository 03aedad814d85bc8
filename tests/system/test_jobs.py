# SPDX-License-Identifier: GPL-3.0-or-later
"""Backtests and replays of weeks: the controller goes on meanwhile, and can end."""

import threading

import pytest

from store_tools import DEADLINE_S, wait_until
from test_api import CONF, fits, fixture_daemon, schema_of  # noqa: F401
from test_promote import TIER, at_terminal, up

LONG = {"backtest": {"play": "14d"}, "replay": {"since": "20d", "with": {"max": 40, "mode": "auto"}}}


def progress(daemon, what):
    return daemon.get(f"{TIER}/{what}").doc["progress"]


class Job:
    """One that was asked for, and runs."""

    def __init__(self, daemon, what):
        self.daemon, self.what = daemon, what
        self.answer = None
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()
        wait_until(self.runs, f"the {what} runs")

    def ask(self):
        try:
            self.answer = self.daemon.call("POST", f"{TIER}/{self.what}", LONG[self.what])
        except OSError:
            pass  # the controller went

    def runs(self):
        return progress(self.daemon, self.what) is not None

    def over(self):
        self.thread.join(DEADLINE_S)
        return not self.thread.is_alive()


@pytest.fixture(name="shop")
def fixture_shop(daemon):  # noqa: F811
    return up(daemon, days=21)


@pytest.mark.parametrize("what", LONG)
def test_others_are_served_and_ticks_go_on_while_one_runs(shop, what):
    def decided():
        return shop.get(f"{TIER}/decisions").doc["items"]

    wait_until(decided, "the first decision")
    before = decided()[0]["id"]
    job = Job(shop, what)
    assert shop.call("PATCH", TIER, {"min": 2}).status == 200
    wait_until(lambda: decided()[0]["id"] > before, "the tier is decided anew")
    assert job.runs(), "it was decided after the end alone"
    for other in LONG:
        second = shop.call("POST", f"{TIER}/{other}", LONG[other])
        assert second.status == 503 and f"a {what} of shop/web is running" in second.doc["detail"]
        assert second.headers["Retry-After"]
        if other != what:
            assert progress(shop, other) is None
    shares = []
    while (share := progress(shop, what)) is not None:
        shares.append(share)
    assert shares == sorted(shares) and 0 < shares[-1] <= 1
    assert job.over() and job.answer.status == 200, job.answer.body
    document = shop.get("/openapi.json", token=None).doc
    path = "/v1/tiers/{stack}/{tier}/" + what
    fits(document, schema_of(document, path, "post", 200), job.answer.doc)
    fits(document, schema_of(document, path, "get", 200), shop.get(f"{TIER}/{what}").doc)


@pytest.mark.parametrize("what", LONG)
def test_a_controller_ends_while_one_runs(shop, what):
    job = Job(shop, what)
    shop.stop()
    assert shop.process.returncode == 0 and job.over()


def test_a_replay_shows_at_a_terminal_how_far_it_is(shop, tmp_path):
    other = tmp_path / "other.conf"
    other.write_text(CONF.replace("max = 2\nmode = observe", "max = 9\nmode = auto"))
    status, seen = at_terminal(shop, b"", "replay", "shop/web", "--since", "20d", "--with", str(other))
    assert status == 0 and "\r[####" in seen, seen
    assert "capacity 10 per instance, declared" in seen
