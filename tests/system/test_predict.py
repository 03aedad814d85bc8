# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline commands of foretide: decide, forecast and backtest, on lines and files."""
import datetime
import json
import math
import os
import random
import re
import subprocess
import xml.etree.ElementTree
import zoneinfo

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FORETIDE = os.path.join(ROOT, os.environ.get("B", "build"), "foretide")
DAY = 288
START = 1767571200


def demand(i):
    """Days of five-minute steps: a steep morning, and a little of everything else."""
    level = 1000 if 96 <= i % DAY < 240 else 200
    return level * (1 + 0.04 * math.sin(i * 12.9898))


def run(*args, stdin=""):
    return subprocess.run([FORETIDE, *args], input=stdin, capture_output=True, text=True)


def lines(*messages):
    return "".join(json.dumps(m) + "\n" for m in messages)


def init(history, **more):
    return dict({"type": "init", "interval": 300, "boot_delay": 600, "capacity": 20, "slo": 0.01, "min": 1,
                 "max": 500, "history_start": START, "history": history}, **more)


def samples(first, count):
    return [{"t": START + 300 * i, "value": demand(i)} for i in range(first, first + count)]


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "demand.csv"
    with open(path, "w", encoding="utf-8") as f:
        f.write("timestamp,value\n")
        for i in range(12 * DAY):
            f.write(f"{START + 300 * i},{'' if i == 700 else demand(i)}\n")
    return path


def test_decide_answers_each_line_and_asks_before_the_morning():
    n = 8 * DAY
    r = run("decide", "--jsonl", stdin=lines(init([demand(i) for i in range(n)]), *samples(n, 100), {"type": "end"}))
    assert r.returncode == 0, r.stderr
    answers = [json.loads(line) for line in r.stdout.splitlines()]
    assert answers[0]["ready"] is True and len(answers) == 101
    wanted = [a["desired"] for a in answers[1:]]
    assert wanted[50] < 20  # in the night
    assert wanted[93] >= 48  # 1000 in demand from step 96 on; two steps to boot
    assert all(a["fallback_level"] in ("full", "seasonal", "reactive") for a in answers[1:])


def test_decide_keeps_within_min_and_max_and_takes_gaps():
    r = run("decide", "--jsonl", stdin=lines(init([], min=3, max=4), {"t": START, "value": 0},
                                             {"t": START + 300, "value": None}, {"t": START + 3000, "value": 1e6}))
    assert r.returncode == 0, r.stderr
    assert [json.loads(line)["desired"] for line in r.stdout.splitlines()[1:]] == [3, 3, 4]


def test_decide_lets_instances_serve_while_they_are_paid_for():
    n = 8 * DAY + 234  # the evening's fall comes after six steps, an hour ends after twelve
    wanted = {}
    for billing in (0, 3600):
        r = run("decide", "--jsonl", stdin=lines(init([demand(i) for i in range(n)], billing=billing, running=60),
                                                 *samples(n, 24)))
        assert r.returncode == 0, r.stderr
        wanted[billing] = [json.loads(line)["desired"] for line in r.stdout.splitlines()[1:]]
    assert wanted[0][10] < 20
    assert wanted[3600][:11] == [60] * 11
    assert wanted[3600][11] < 20


@pytest.mark.parametrize("text,words", [
    ("nonsense\n", "line"),
    (lines({"t": 1, "value": 1}), "before init"),
    (lines({"type": "other"}), "'other'"),
    (lines(init([1, -5])), "value 1"),
    (lines(init([1, "x"])), "history[1]"),
    (lines(init([], capacity=0)), "capacity"),
    (lines(init([], slo=7)), "risk"),
    (lines(init([], billing=-1)), "billing"),
    (lines(init([]), {"t": START, "value": -1}), "-1"),
])
def test_decide_refuses_wrong_lines_in_words(text, words):
    r = run("decide", "--jsonl", stdin=text)
    assert r.returncode == 1
    assert words in r.stderr and r.stderr.count("\n") == 1


def test_forecast_lines_give_ordered_quantiles():
    ask = {"id": "a", "step": 300, "seasons": [DAY, 7 * DAY], "horizon": DAY, "levels": [0.05, 0.5, 0.95],
           "history": [demand(i) for i in range(10 * DAY)]}
    r = run("forecast", "--jsonl", stdin=lines(ask, dict(ask, id="b", history=ask["history"][:-1] + [None]), {"type": "end"}))
    assert r.returncode == 0, r.stderr
    a, b = [json.loads(line) for line in r.stdout.splitlines()]
    assert (a["id"], b["id"]) == ("a", "b")
    for j in range(DAY):
        low, mid, high = (q[j] for q in a["quantiles"])
        assert low <= mid <= high
    assert a["mean"][150] == pytest.approx(1000, rel=0.15)
    assert a["mean"][50] == pytest.approx(200, rel=0.3)


@pytest.mark.parametrize("change,words", [
    ({"horizon": 0}, "0 steps"), ({"levels": [2]}, "level 2"), ({"history": []}, "no value"),
    ({"history": "x"}, "history"), ({"seasons": [7, 3]}, "ascend"),
])
def test_forecast_refuses_wrong_lines_in_words(change, words):
    ask = {"id": "a", "step": 300, "seasons": [12], "horizon": 5, "levels": [0.5], "history": [1, 2, 3]}
    r = run("forecast", "--jsonl", stdin=lines(dict(ask, **change)))
    assert r.returncode == 1 and words in r.stderr


def test_forecast_of_a_file_finds_the_day(csv):
    r = run("forecast", str(csv), "--horizon", "2h")
    assert r.returncode == 0, r.stderr
    assert "season: 1d" in r.stdout and "1 missing" in r.stdout
    assert len([line for line in r.stdout.splitlines() if line.startswith("2026-01-17T")]) == 24


def test_what_the_band_held_is_printed_and_marked(tmp_path):
    """Ten days of a wave, of which the last hours break out at ever more."""
    path = tmp_path / "broken.csv"
    noise = random.Random(3)
    n = 10 * 288
    path.write_text("".join(
        f"{START + 300 * i},{100 + 40 * math.sin(2 * math.pi * i / 288) + noise.gauss(0, 2) + max(0, i - n + 144) ** 2 / 20}\n"
        for i in range(n)), encoding="utf-8")
    r = run("forecast", str(path), "--horizon", "2d")
    held = re.findall(r"^95 % band: has held (\d+) of 100 past values (\w+) ahead(, fewer than it should)?$", r.stdout, re.M)
    assert [ahead for _, ahead, _ in held] == ["1h", "6h", "1d"][:len(held)] and len(held) >= 2
    told = json.loads(run("forecast", str(path), "--horizon", "2d", "--json").stdout)["held"]
    assert [h["ahead_ms"] for h in told] == [3600000, 6 * 3600000, 24 * 3600000]
    assert [f"{100 * h['share']:.0f}" for h in told[:len(held)]] == [share for share, _, _ in held]
    assert [h["share"] < 0.93 for h in told[:len(held)]] == [bool(mark) for _, _, mark in held]
    assert any(mark for _, _, mark in held), held
    short = run("forecast", str(path), "--horizon", "4d").stdout
    assert "95 % band: the past is too short to tell what it holds 3d ahead" in short


@pytest.fixture
def minutes(tmp_path):
    """Four days of minutes, 30 and 60 in turns of 45 minutes."""
    path = tmp_path / "minutes.csv"
    path.write_text("".join(f"{START + 60 * i},{30 + 30 * (i // 45 % 2) + i * 7 % 5}\n" for i in range(4 * 1440)),
                    encoding="utf-8")
    return str(path)


def rows(r):
    return [line for line in r.stdout.splitlines() if re.match(r"2026-\d\d-\d\dT", line)]


@pytest.mark.parametrize("horizon,every,count", [
    ("48h", "1h", 48), ("30m", None, 30), ("8h", "10m", 48), ("3h", "5m", 36), ("7d", "6h", 28), ("14d", "12h", 28),
])
def test_a_long_forecast_is_told_in_fifty_lines(minutes, horizon, every, count):
    r = run("forecast", minutes, "--horizon", horizon)
    assert r.returncode == 0, r.stderr
    assert len(rows(r)) == count
    assert f"a line every {every}, of " in r.stdout if every else "a line every" not in r.stdout


def test_every_chooses_the_lines_and_must_fit_the_steps(minutes):
    r = run("forecast", minutes, "--horizon", "2h", "--every", "1m")
    assert r.returncode == 0 and len(rows(r)) == 120 and "a line every" not in r.stdout
    thin = run("forecast", minutes, "--horizon", "2h", "--every", "40m")
    assert rows(thin) == rows(r)[::40] and "a line every 40m, of 120 steps of 1m (--every 1m: all)" in thin.stdout
    r = run("forecast", minutes, "--every", "90s")
    assert (r.returncode, r.stdout) == (2, "")
    assert "--every: 1m30s is not a multiple of the file's step of 1m" in r.stderr


def test_a_season_that_is_no_day_is_named_with_its_length(minutes):
    r = run("forecast", minutes)
    assert [line[:13] for line in r.stdout.splitlines() if line.startswith("season")] == ["season: 1h30m"]


def test_a_forecast_as_json_has_all_points(minutes, csv, tmp_path):
    r = run("forecast", minutes, "--horizon", "5h", "--json")
    assert r.returncode == 0, r.stderr
    doc = json.loads(r.stdout)
    assert len(doc["points"]) == 300 and doc["step_ms"] == 60000 and doc["values"] == 4 * 1440
    assert doc["levels"] == [0.025, 0.1, 0.5, 0.9, 0.975] and doc["timezone"] == "UTC"
    assert [s["period_ms"] for s in doc["seasons"]] == [5400000] and 0.8 < doc["seasons"][0]["correlation"] <= 1
    assert doc["points"][0]["t"] == "2026-01-09T00:00:00.000Z"
    assert all(p["q"] == sorted(p["q"]) and len(p["q"]) == 5 for p in doc["points"])
    r = run("forecast", boosted(csv, 9, 12, 15), "--json", "--events", calendar(tmp_path, 9, 12, 15, 17))
    event, = json.loads(r.stdout)["events"]
    assert (event["name"], event["given"], event["learned_from"]) == ("sale", False, 3)
    assert event["low"] < event["uplift"] < event["high"]


def test_a_forecast_draws_its_past_and_its_bands(csv, tmp_path):
    picture = tmp_path / "forecast.svg"
    r = run("forecast", str(csv), "--svg", str(picture))
    assert r.returncode == 0 and f"chart: {picture}" in r.stdout, r.stderr
    root = xml.etree.ElementTree.parse(picture).getroot()
    bands = [e.get("points").split() for e in root if e.tag.endswith("polygon")]
    assert len(bands) == 2 and all(2 * 300 < len(points) <= 2 * 576 for points in bands)
    lines = [e.get("points").split() for e in root if e.tag.endswith("polyline")]
    assert len(lines) == 2  # the demand of four days and the forecast of two
    assert lines[0][0].startswith("60.0,") and lines[1][-1].startswith("1180.0,")
    r = run("forecast", str(csv), "--svg", "/nonexistent/forecast.svg")
    assert r.returncode == 1 and "/nonexistent/forecast.svg cannot be written" in r.stderr


@pytest.mark.parametrize("name,change", [
    ("Europe/Stockholm", "2026-03-29T01:00"), ("Europe/Stockholm", "2026-10-25T01:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
])
def test_the_days_of_a_file_follow_the_clock_of_a_zone(tmp_path, name, change):
    """The day begins at 08:00, on the day after a change too."""
    zone = zoneinfo.ZoneInfo(name)
    end = datetime.datetime.fromisoformat(change + "+00:00") + datetime.timedelta(days=1)
    times = [end - datetime.timedelta(minutes=30 * i) for i in range(20 * 48, 0, -1)]
    path = tmp_path / "office.csv"
    path.write_text("".join(f"{int(t.timestamp())},{20 + 80 * (8 <= t.astimezone(zone).hour < 20) + i * 7 % 5}\n"
                            for i, t in enumerate(times)), encoding="utf-8")
    r = run("forecast", str(path), "--timezone", name, "--json")
    assert r.returncode == 0, r.stderr
    begins, last = [], None
    for p in json.loads(r.stdout)["points"]:
        local = datetime.datetime.fromisoformat(p["t"].replace("Z", "+00:00")).astimezone(zone)
        if last is not None and last < 60 < p["q"][2]:
            begins.append((local.hour, local.minute))
        last = p["q"][2]
    assert begins == [(8, 0)] * 2


def calendar(tmp_path, *days, more=""):
    """A sale from 12:00 to 18:00 in Stockholm on these days of January 2026."""
    path = tmp_path / "sale.ics"
    events = "".join(f"BEGIN:VEVENT\nSUMMARY:sale\nDTSTART;TZID=Europe/Stockholm:202601{d:02}T120000\n"
                     f"DURATION:PT6H\n{more}END:VEVENT\n" for d in days)
    path.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n", encoding="utf-8")
    return str(path)


def boosted(csv, *days):
    """The file, with thrice the demand in the sales of these days: 11:00Z to 17:00Z."""
    out = []
    for line in csv.read_text(encoding="utf-8").splitlines():
        t, _, v = line.partition(",")
        i = (int(t) - START) // 300 if t.isdigit() else -1
        # The file begins on 5 January, at midnight UTC.
        sale = i >= 0 and 5 + i // DAY in days and 132 <= i % DAY < 204
        out.append(f"{t},{3 * float(v)}" if sale and v else line)
    csv.write_text("\n".join(out) + "\n", encoding="utf-8")
    return str(csv)


def median_at(r, hour):
    return next(float(line.split()[3]) for line in r.stdout.splitlines() if line.startswith(f"2026-01-17T{hour}:30"))


def test_a_forecast_learns_an_event_of_a_calendar_from_past_ones(csv, tmp_path):
    path = boosted(csv, 9, 12, 15)
    events = calendar(tmp_path, 9, 12, 15, 17)
    r = run("forecast", path, "--horizon", "24h", "--events", events, "--timezone", "Europe/Stockholm")
    assert r.returncode == 0, r.stderr
    assert "event sale, 2026-01-17T11:00:00" in r.stdout and "learned from 3 past events" in r.stdout
    assert 2500 < median_at(r, 12) < 3500 and 900 < median_at(r, 18) < 1100
    r = run("forecast", path, "--horizon", "24h", "--events", calendar(tmp_path, 9, 12, 15))
    assert "event sale" not in r.stdout and 900 < median_at(r, 12) < 1100


def test_a_calendar_gives_an_uplift_or_says_what_is_wrong(csv, tmp_path):
    r = run("forecast", str(csv), "--horizon", "24h", "--events", calendar(tmp_path, 17, more="X-FORETIDE-UPLIFT:+100%\n"))
    assert "demand times 2, as given" in r.stdout and 1900 < median_at(r, 12) < 2100
    r = run("forecast", str(csv), "--events", calendar(tmp_path, 17, more="X-FORETIDE-UPLIFT:lots\n"))
    assert (r.returncode, r.stdout) == (1, "") and "sale.ics:3: uplift = lots" in r.stderr
    r = run("forecast", str(csv), "--events", "/nonexistent.ics")
    assert r.returncode == 5 and "/nonexistent.ics" in r.stderr
    r = run("forecast", str(csv), "--events", calendar(tmp_path, 17), "--timezone", "Mars/Base")
    assert r.returncode == 5 and "Mars/Base" in r.stderr


def test_backtest_of_a_file_prints_the_table_and_draws(csv, tmp_path):
    picture = tmp_path / "o.svg"
    r = run("backtest", str(csv), "--boot", "10m", "--risk", "1%", "--capacity", "20", "--svg", str(picture))
    assert r.returncode == 0, r.stderr
    rows = {line[:16].strip(): line[16:].split() for line in r.stdout.splitlines() if "%" in line and line[0].isalpha()}
    assert float(rows["clairvoyant"][1]) == 1
    assert 1 < float(rows["foretide"][1]) < float(rows["static peak"][1])
    assert float(rows["foretide"][2]) <= 2
    assert r.stderr == ""  # no progress bar into a pipe
    assert xml.etree.ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_a_price_takes_the_place_of_the_risk(csv):
    history = [demand(i) for i in range(8 * DAY)]
    wanted = []
    for price in (0.05, 50):
        r = run("decide", "--jsonl", stdin=lines(init(history, price=price), *samples(8 * DAY, 10)))
        assert r.returncode == 0, r.stderr
        wanted.append(sum(json.loads(line)["desired"] for line in r.stdout.splitlines()[1:]))
    assert wanted[0] < wanted[1]
    r = run("backtest", str(csv), "--price", "20", "--capacity", "20", "--play", "2d")
    assert r.returncode == 0 and "a minute short of capacity costs 20 instance-hours" in r.stdout, r.stderr


def test_backtest_shows_bands_by_lead_times(csv):
    r = run("backtest", str(csv), "--boot", "10m", "--capacity", "20", "--play", "2d")
    assert r.returncode == 0, r.stderr
    table = r.stdout.split("\nlevel ")[1].splitlines()
    assert table[0].split() == ["in", "5m", "in", "10m", "in", "20m"]
    rows = [[float(x) for x in line.replace("%", "").split()] for line in table[1:8]]
    assert [row[0] for row in rows] == [50, 80, 90, 95, 98, 99, 99.5]
    assert all(len(row) == 4 and row[1] <= 100 for row in rows)
    assert rows[0][1] < rows[6][1]


@pytest.mark.parametrize("args,status,words", [
    (["backtest"], 2, "CSV"),
    (["backtest", "x.csv", "--capacity", "5", "--risk", "1%", "--price", "3"], 2, "--price replaces"),
    (["backtest", "x.csv", "--capacity", "5", "--price", "0"], 2, "--price"),
    (["backtest", "x.csv"], 2, "--capacity"),
    (["backtest", "x.csv", "--capacity", "5", "--boot", "soon"], 2, "--boot"),
    (["backtest", "/nonexistent.csv", "--capacity", "5"], 5, "/nonexistent.csv"),
    (["forecast", "/nonexistent.csv"], 5, "/nonexistent.csv"),
    (["forecast", "x.csv", "--horizon", "-3"], 2, "--horizon"),
    (["forecast", "x.csv", "--every", "0"], 2, "--every"),
    (["forecast", "--jsonl", "--json"], 2, "usage"),
    (["decide"], 2, "--jsonl"),
])
def test_wrong_usage_is_named(args, status, words):
    r = run(*args)
    assert r.returncode == status and words in r.stderr
