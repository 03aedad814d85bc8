# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of two played days adds up: with the clouds' bills, and with what was counted
from outside. The controller is killed, stands still, misses demand, and its clouds fail."""
import csv
import json
import os
import subprocess
from datetime import datetime, timezone

import pytest

from ledger_tools import (AWAY_MINUTES, DAY_MS, HOUR_MS, SILENT, START_MS, TIERS, Books, most_needed,
                          play, total)
from store_tools import BUILD
from week_tools import MINUTE_MS, STACK

MINUTES = 2 * 1440


@pytest.fixture(name="books", scope="module")
def fixture_books():
    with Books(TIERS, START_MS) as w:
        play(w, MINUTES)
        w.months = {t: [r for r in w.ledger() if r["tier"] == t] for t in TIERS}
        w.days = {t: [r for r in w.ledger("month=all&days=true") if r["tier"] == t] for t in TIERS}
        w.others = [r for r in w.ledger() if r["tier"] not in TIERS]
        w.failed = w.db.execute("SELECT count(*) FROM launch WHERE state = 'failed'").fetchone()[0]
        w.told = w.api.call("GET", "/v1/events?kind=launch-failed&limit=1000")["items"]
        w.decided = w.db.execute(
            'SELECT tier, count(*) FROM decision WHERE "from" <> "to" GROUP BY 1').fetchall()
        print(w.words())
        yield w


@pytest.mark.parametrize("tier", TIERS)
def test_its_hours_are_those_of_the_clouds_bill(books, tier):
    used, paid = books.billed_ms(tier, books.through_ms())
    rows = books.months[tier]
    assert len(books.vms[tier]) > (5 if tier == "seen" else 10)
    assert round(total(rows, "host_hours") * HOUR_MS) == used
    assert round(total(rows, "paid_hours") * HOUR_MS) == paid
    assert (paid > used) == (tier == "app")


@pytest.mark.parametrize("tier", TIERS)
def test_its_minutes_are_those_that_were_counted_from_outside(books, tier):
    known, unknown, short = books.minutes(tier, START_MS, books.through_ms())
    rows = books.months[tier]
    assert (total(rows, "minutes_known"), total(rows, "minutes_unknown"),
            total(rows, "minutes_short")) == (known, unknown, short)
    assert short > 0
    assert unknown >= 2 * (AWAY_MINUTES + (len(SILENT) if tier == "web" else 0))
    assert total(rows, "minutes_promised") == pytest.approx(known * 0.005)


@pytest.mark.parametrize("tier", TIERS)
def test_days_and_months_are_of_utc_and_the_same_sum(books, tier):
    days, months = books.days[tier], books.months[tier]
    assert [m["period"] for m in months] == ["2026-01", "2026-02"]
    at, expected = START_MS, []
    while at < books.through_ms():
        end = min(at - at % DAY_MS + DAY_MS, books.through_ms())
        expected.append((datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%Y-%m-%d"),
                         *books.minutes(tier, at, end)))
        at = end
    assert [(d["period"], d["minutes_known"], d["minutes_unknown"], d["minutes_short"])
            for d in days] == expected
    for member in ("host_hours", "paid_hours", "instance_hours", "actions", "launches",
                   "reactive_hours"):
        assert total(days, member) == pytest.approx(total(months, member))


def test_launches_and_actions_are_counted_with_those_that_failed(books):
    assert total(books.months["app"], "launches_failed") == books.failed >= 2
    assert 0 < len(books.told) <= books.failed  # an error that repeats is told once
    for tier in TIERS:
        launches = total(books.months[tier], "launches")
        made = launches - total(books.months[tier], "launches_failed")
        assert made == sum(v[0] < books.through_ms() for v in books.vms[tier].values())
        assert total(books.months[tier], "actions") == dict(books.decided)[tier]


def test_in_observe_it_tells_what_the_tier_had(books):
    rows = books.months["seen"]
    minutes = (books.through_ms() - START_MS) / MINUTE_MS
    assert total(rows, "host_hours") == pytest.approx(6 * minutes / 60)
    assert total(rows, "actions") == 1 and 0.2 < total(rows, "minutes_short") / minutes < 0.8


def test_no_hour_is_nobodys(books):
    assert books.others == []


@pytest.mark.parametrize("tier", TIERS)
def test_the_others_are_simulated_over_the_same_minutes(books, tier):
    rows = books.months[tier]
    most = most_needed(books, tier)
    assert max(r["static_instances"] for r in rows) == most
    minutes = (books.through_ms() - START_MS) / MINUTE_MS
    assert total(rows, "static_hours") <= most * minutes / 60 * 1.0001
    assert 0.5 * total(rows, "paid_hours") < total(rows, "reactive_hours") \
        < total(rows, "static_hours")
    assert total(rows, "reactive_minutes_short") > 0


# ---------------------------------------------------------------- how it is asked for
def asked(books, path, **headers):
    answer, text = books.api.once("GET", path, None, {**books.api.headers, **headers})
    return answer.status, answer.headers["Content-Type"], text


def told(row):
    """As CSV has it."""
    return {k: "" if v is None else v if isinstance(v, str) else pytest.approx(v)
            for k, v in row.items() if k != "id"}


@pytest.mark.parametrize("path,headers", [
    ("/v1/ledger?month=all&days=true&format=csv", {}),
    ("/v1/ledger?month=all&days=true", {"Accept": "text/csv"})])
def test_csv_has_the_same_rows(books, path, headers):
    status, kind, text = asked(books, path, **headers)
    assert (status, kind) == (200, "text/csv; charset=utf-8")
    rows = [{k: v if k in ("period", "stack", "tier", "through") or v == "" else float(v)
             for k, v in row.items()} for row in csv.DictReader(text.splitlines())]
    assert rows == [told(r) for r in books.ledger("month=all&days=true")]


def test_it_is_paged_as_other_lists(books):
    rows, cursor = [], ""
    while cursor is not None:
        page = books.api.call("GET", f"/v1/ledger?month=all&days=true&limit=3{cursor}")
        assert len(page["items"]) == 3 or page["next"] is None
        rows += page["items"]
        cursor = page["next"] and "&cursor=" + page["next"].replace("/", "%2F")
    assert rows == books.ledger("month=all&days=true")
    assert [r["id"] for r in rows] == sorted(r["id"] for r in rows)


@pytest.mark.parametrize("query,status", [
    ("month=2026-13", 400), ("month=January", 400), ("month=2026-1", 400), ("month=", 400), ("format=xml", 400),
    ("days=perhaps", 400), ("limit=0", 400), ("tiers=web", 400), ("stack=nosuch", 404),
    (f"stack={STACK}&tier=nosuch", 404), ("tier=nosuch", 404)])
def test_a_wrong_question_is_refused(books, query, status):
    answered, kind, text = asked(books, "/v1/ledger?" + query)
    assert (answered, kind) == (status, "application/problem+json"), text
    assert json.loads(text)["detail"]


def test_of_a_month_without_rows_there_are_none(books):
    assert books.ledger("month=2025-12") == []


def test_a_tier_tells_what_it_had_this_month(books):
    tier = books.api.call("GET", f"/v1/tiers/{STACK}/web")
    assert tier["kept"] == books.months["web"][-1]
    assert tier["achieved"] == tier["promise"]["achieved"] == tier["kept"]["short"]
    assert tier["achieved"] == pytest.approx(
        tier["kept"]["minutes_short"] / tier["kept"]["minutes_known"])


def command(books, *args, name="ledger"):
    return subprocess.run(
        [os.path.join(BUILD, "foretide"), name, *args, "--url", f"http://127.0.0.1:{books.ports[0]}"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "FORETIDE_TOKEN": books.api.headers["Authorization"].split()[1]})


def test_explain_tells_what_was_promised_and_kept(books):
    done = command(books, f"{STACK}/web", name="explain")
    row = books.months["web"][-1]
    assert (f"  at most 0.5 % of the time short of capacity promised; this month {row['minutes_short']} of "
            f"{row['minutes_known']} minutes were, {100 * row['short']:.2f} %\n") in done.stdout


def test_the_command_prints_a_table(books):
    done = command(books, f"{STACK}/web", "--month", "2026-01", "--days")
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    days = [d for d in books.days["web"] if d["period"] < "2026-02"]
    assert head.split()[:6] == ["PERIOD", "STACK", "TIER", "MINUTES", "UNKNOWN", "SHORT"]
    assert [line.split()[:6] for line in lines] == [
        [d["period"], STACK, "web", *(str(d[m]) for m in ("minutes_known", "minutes_unknown", "minutes_short"))]
        for d in days]


def test_the_command_prints_what_the_controller_answers(books):
    as_json = command(books, "--month", "all", "--json")
    assert json.loads(as_json.stdout) == books.ledger()
    assert command(books, "--month", "all", "--csv").stdout == asked(books, "/v1/ledger?month=all&format=csv")[2]
    assert [r["period"] for r in json.loads(command(books, STACK, "--json").stdout)] == ["2026-02"] * len(TIERS)


# Of the fake cloud, by the hour.
PRICE = 0.01


def test_what_it_cost_is_what_was_paid_at_the_clouds_price(books):
    paid = {t: books.months[t][-1]["paid_hours"] for t in TIERS}
    shop, = [s for s in books.api.call("GET", "/v1/costs?days=true")["items"] if s["stack"] == STACK]
    tiers = {t["tier"]: t for t in shop["tiers"]}
    assert shop["currency"] == "EUR" and shop["budget"] is None
    assert shop["unpriced_hours"] == pytest.approx(0, abs=1e-3)
    for name in TIERS:
        tier = tiers[name]
        assert tier["month"] == pytest.approx(PRICE * paid[name], abs=1e-4)
        assert sum(tier["days"]) == pytest.approx(tier["month"], abs=1e-4)
        row = books.months[name][-1]
        assert tier["reactive"] == pytest.approx(PRICE * row["reactive_hours"], rel=0.01)
        assert tier["static"] == pytest.approx(PRICE * row["static_hours"], rel=0.01)
    for sums in ("month", "today", "hour", "projected"):
        assert shop[sums] == pytest.approx(sum(t[sums] for t in shop["tiers"]), abs=1e-4)
    # February has 28 days, of which most are left.
    assert shop["projected"] > 10 * shop["month"]


def test_the_command_tells_costs(books):
    done = command(books, STACK, name="costs")
    assert done.returncode == 0, done.stderr
    head, first, *tiers = done.stdout.splitlines()
    assert head.split()[:6] == ["STACK", "TIER", "CURRENCY", "HOUR", "TODAY", "MONTH"]
    assert first.split()[:3] == [STACK, "-", "EUR"]
    assert {line.split()[1] for line in tiers} >= set(TIERS)
    assert command(books, "nosuch", name="costs").returncode == 5
    assert command(books, "--days", name="costs").returncode == 2


@pytest.mark.parametrize("args,status", [
    (["--month", "2026-13"], 2), (["a/b/c"], 2), (["a", "b"], 2), (["--csv", "--json"], 2), (["--since", "1h"], 2),
    (["nosuch"], 5), ([f"{STACK}/nosuch"], 5)])
def test_the_command_fails_as_others_do(books, args, status):
    done = command(books, *args)
    assert done.returncode == status and done.stderr.startswith("foretide ledger: ") and not done.stdout
