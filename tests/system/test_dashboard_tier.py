# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of one tier: what was promised and kept, what the forecast goes by, the backtest
and what an operator does there. Beside the API, as in test_dashboard.py."""

import datetime
import math

import pytest
from selenium.webdriver.common.keys import Keys

from rig_tools import PATIENCE_S, wait_for
from test_dashboard import ANSWER, agree, chromium, page, shop  # noqa: F401

# Answers of the API about shop/web get these members as well.
MERGE = """
const [members] = arguments, real = window.fetch;
window.fetch = async (url, options) => {
  const answer = await real(url, options);
  const path = String(url).replace(location.origin, '').split('?')[0];
  if (path !== '/v1/tiers' && path !== '/v1/tiers/shop/web') return answer;
  const doc = await answer.json();
  for (const tier of doc.items ?? [doc]) if (tier.name === 'web') Object.assign(tier, members);
  return new Response(JSON.stringify(doc), {status: answer.status});
};
"""
# What a function of a module of the page returns.
MODULE = """
const [file, name, args, done] = arguments;
import(`${location.origin}/${file}`).then(m => m[name](...args)).then(done, e => done(String(e)));
"""
PROMISE = {"risk": 0.005, "price": None, "bands": [
    {"level": 0.5, "leads": [{"lead_ms": 180000, "achieved": 0.512}, {"lead_ms": 780000, "achieved": 0.47}]},
    {"level": 0.995, "leads": [{"lead_ms": 180000, "achieved": 0.9953}, {"lead_ms": 780000, "achieved": None}]}]}
KEPT = {"id": "2026-11/shop/web", "period": "2026-11", "stack": "shop", "tier": "web", "through": None,
        "minutes_known": 2900, "minutes_unknown": 31, "minutes_short": 12, "minutes_slow": 2, "short": 0.00414, "risk": 0.005,
        "minutes_promised": 14.5, "price": None, "instance_hours": 140, "host_hours": 141.5, "paid_hours": 152,
        "actions": 9, "launches": 11, "launches_failed": 2, "reactive_hours": 170.25, "reactive_minutes_short": 84,
        "static_hours": 240, "static_instances": 5}
LEARNED = {"used": "learned", "value": 14.2, "low": 12.9, "high": 15.6, "model": "queue", "points": 412,
           "why": "latency rises past 200 ms above this load"}


def module(page, file, name, *args):
    page.driver.set_script_timeout(PATIENCE_S)
    return page.driver.execute_async_script(MODULE, file, name, args)


def unexpected(page):
    """Errors of the page, but for forecasts of tiers of which nothing is known yet."""
    return [e for e in page.severe() if "409 (Conflict)" not in e]


def wave(t):
    return 6 + 4 * math.sin(2 * math.pi * t / 86400)


def tell(shop, tier, days):
    first = int(shop.now()) // 60 * 60 - days * 86400
    lines = [f"{t},{wave(t):.4f}" for t in range(first, first + days * 86400, 60)]
    shop.api(f"/v1/tiers/shop/{tier}/history", "POST", "timestamp,value\n" + "\n".join(lines), content_type="text/csv")


def look_at(page, tier):
    page.go(f"tier/shop/{tier}", f"shop/{tier}")
    page.wait("the tier", lambda: "Reading…" not in page.text("main"))


@pytest.fixture
def jobs(shop):
    """A tier in mode observe that has four days of history."""
    shop.api("/v1/tiers/shop/jobs", "PATCH", {"mode": "observe"})
    if (shop.api("/v1/tiers/shop/jobs/backtest")["backtest"] or {}).get("history_from") is None:
        tell(shop, "jobs", 4)
    return lambda: shop.tier("shop", "jobs")["mode"]


# ---------------------------------------------------------------- what is told
def test_the_list_marks_the_fallback_level_with_its_reason(page, shop):
    look_at(page, "web")
    names = {"full": "Full model", "seasonal": "Season", "reactive": "Reactive"}

    def known():
        t = shop.tier("shop", "web")
        why = t["fallback_reason"]
        return [[t["fallback_level"]], [names[t["fallback_level"]]], f"{why[0].upper()}{why[1:]}."]

    agree(page, "the fallback level", lambda: [page.attributes(".fallbacks [data-fallback]", "data-fallback"),
                                     page.texts(".fallbacks li[aria-current=step]"), page.text(".fallbacks .fallback")], known)


def test_the_promises_are_a_table_of_bands_and_lead_times(page):
    page.script(MERGE, {"promise": PROMISE, "risk": 0.005, "kept": KEPT})
    look_at(page, "web")
    page.wait("the bands", lambda: page.texts("table.bands thead th")
              == ["Promised", "achieved, lead time 3m", "achieved, lead time 13m"])
    rows = page.script("""return [...document.querySelectorAll('table.bands tbody tr')].map(r =>
        [...r.cells].map(c => c.textContent))""")
    assert rows == [["50 %", "51.2 %", "▼ 47.0 %, less than promised"], ["99.5 %", "99.5 %", "–"]]
    assert page.text("[data-fact=Promised] .value") == "≤ 0.5 %"
    assert page.text("[data-fact=Kept]") == "Was short 0.41 % 12 of 2,900 minutes (2 slow) ✓ as promised"
    assert page.text("[data-unknown]") == "31 minutes not known: neither kept nor short."
    costs = page.script("""return [...document.querySelectorAll('[data-key="Promised and kept this month"] tbody tr')].map(r =>
        [...r.cells].map(c => c.textContent))""")
    assert costs == [["This tier", "152", "12"], ["Reactive, simulated", "170", "84"],
                     ["Always 5 instances, the largest need so far", "240", "0"]]


def test_what_it_had_is_that_of_the_ledger(page, shop):
    look_at(page, "web")
    wait_for("a minute is known", lambda: shop.tier("shop", "web")["kept"]["minutes_known"])

    def known():
        row = shop.tier("shop", "web")["kept"]
        return f"{100 * row['short']:.2f} %", f"{row['minutes_short']:,} of {row['minutes_known']:,} minute"

    agree(page, "what it had", lambda: (page.text("[data-fact=Kept] .value"),
                                        page.text("[data-fact=Kept] .note").split("minute")[0] + "minute"), known)


def test_of_a_tier_just_applied_nothing_is_claimed(page):
    none = {**KEPT, **{k: 0 for k, v in KEPT.items() if isinstance(v, (int, float))}, "short": None, "risk": None}
    page.script(MERGE, {"promise": PROMISE, "risk": 0.005, "kept": none})
    look_at(page, "web")
    page.wait("the words", lambda: page.text("[data-fact=Kept]") == "Was short – no minute measured yet")


def test_the_ledger_is_a_table_of_months(page, shop):
    wait_for("minutes are entered", lambda: shop.api("/v1/ledger")["items"])
    page.go("ledger", "Ledger")

    def known():
        rows = shop.api("/v1/ledger?month=all")["items"]
        return [[f"{r['stack']}/{r['tier']}" if r["tier"] else f"{r['stack']}: hosts of no tier", str(r["actions"])]
                for r in sorted(rows, key=lambda r: r["period"], reverse=True)]

    agree(page, "the ledger", lambda: page.script("""return [...document.querySelectorAll('main tbody tr')].map(r =>
        [r.cells[0].textContent, r.cells[8].textContent])"""), known)
    assert unexpected(page) == []


COSTS = {"stack": "shop", "currency": "EUR", "hour": 0.25, "today": 3.5, "month": 1234.5, "projected": 1700, "reactive": 2000.25,
         "static": None, "unpriced_hours": 7,
         "budget": {"amount": 1500, "currency": "EUR", "spent": 1234.5, "projected": 1700, "state": "over"},
         "tiers": [{"tier": "web", "hour": 0.25, "today": 3.5, "month": 1234.5, "projected": 1700, "reactive": 2000.25, "static": None}]}


def test_costs_are_shown_with_a_budget_that_will_not_do(page, shop):
    wait_for("minutes are entered", lambda: shop.api("/v1/costs")["items"])
    page.script(ANSWER, "/v1/costs", COSTS)
    page.go("costs", "Costs")
    page.wait("the budget", lambda: "1,234.50 of 1,500.00 EUR" in page.text("[data-budget=over]"))
    assert "nothing is started ahead of demand" in page.text("[data-budget=over]")
    assert "7 host-hours" in page.text("[data-unpriced]")
    assert page.script("""return [...document.querySelectorAll('main tbody tr')].map(r => [...r.cells].map(c => c.textContent))""") == [
        [name, "0.2500", "3.50", "1,234.50", "1,700.00", "2,000.25", "–"] for name in ("web", "All")]
    assert unexpected(page) == []


def test_the_promises_are_those_of_the_api(page, shop):
    look_at(page, "web")
    wait_for("the forecast met what came", lambda: shop.tier("shop", "web")["promise"])
    page.wait("the promises", lambda: page.all("table.bands tbody tr"))

    def known():
        p = shop.tier("shop", "web")["promise"]
        return [[b["level"]] + [x["achieved"] is not None for x in b["leads"]] for b in p["bands"]] + [
            p["risk"], 1 + len(p["bands"][0]["leads"])]

    def seen():
        rows = page.script("""return [...document.querySelectorAll('table.bands tbody tr')].map(r =>
            [...r.cells].map(c => c.textContent))""")
        risk = float(page.text("[data-fact=Promised] .value").strip("≤ %"))
        return [[pytest.approx(float(r[0].strip(" %")) / 100)] + [c != "–" for c in r[1:]] for r in rows] + [
            pytest.approx(risk / 100), len(page.texts("table.bands thead th"))]

    agree(page, "promises", seen, known)


def test_its_days_are_saved_as_csv(page, shop):
    wait_for("minutes are entered", lambda: shop.api("/v1/ledger")["items"])
    page.go("ledger", "Ledger")
    page.wait("the rows", lambda: page.all("main tbody tr"))
    page.script("""const real = HTMLAnchorElement.prototype.click;
        window.saved = null;
        HTMLAnchorElement.prototype.click = function () {
          if (!this.download) return real.call(this);
          window.saved = {name: this.download, url: this.href};
        };
        const make = URL.createObjectURL;
        URL.createObjectURL = blob => { blob.text().then(t => { window.text = t; }); return make.call(URL, blob); };
        [...document.querySelectorAll('main button')].find(b => b.textContent === 'Days as CSV').click();""")
    page.wait("the text", lambda: page.script("return window.text"))
    head, *lines = page.script("return window.text").splitlines()
    assert head.startswith("period,stack,tier,through,minutes_known") and len(lines) >= 3
    assert page.script("return window.saved.name") == "ledger.csv"


def test_a_price_stands_in_place_of_the_risk(page, shop):
    shop.api("/v1/tiers/shop/web", "PATCH", {"price": 2})
    try:
        look_at(page, "web")
        page.wait("the price", lambda: page.text("[data-fact=Price] .value") == "2")
        assert not page.all("[data-fact=Promised]") and "promised" not in page.text("[data-fact=Kept]")
        assert "2 instance-hours" in page.text("[data-key=Settings]")
    finally:
        shop.api("/v1/tiers/shop/web", "PATCH", {"price": 0})
    page.wait("the risk again", lambda: page.all("[data-fact=Promised]"))


def test_without_a_promise_the_page_says_so(page):
    page.script(MERGE, {"promise": None, "events": None, "capacity_learned": None})
    look_at(page, "web")
    page.wait("the words", lambda: page.text("[data-key='Coverage of the forecasts'] p")
              == "Nothing to report until a forecast has been compared with actual demand."
              and "None in the next 14 days." in page.text("[data-key='Expected events']"))
    assert unexpected(page) == []


@pytest.mark.parametrize("level,achieved,words,is_less", [
    (0.9, 0.9, "90.0 %", False), (0.9, 0.8999, "90.0 %", False), (0.9, 0.898, "89.8 %", True),
    (0.995, 0.9951, "99.5 %", False), (0.995, 0.9942, "99.4 %", True), (0.5, None, "–", False), (0.5, 1, "100.0 %", False)])
def test_a_band_is_marked_when_it_kept_less(page, level, achieved, words, is_less):
    found = module(page, "coverage.js", "achievedOf", level, achieved)
    assert found == {"text": words, "isLess": is_less}


@pytest.mark.parametrize("row,broken", [
    ({"risk": 0.005, "short": 0.006}, True), ({"risk": 0.005, "short": 0.005}, False), ({"risk": 0.005, "short": None}, None),
    ({"risk": None, "short": 0.2}, None), (None, None)])
def test_a_broken_promise_is_told_from_one_that_is_not_known(page, row, broken):
    assert module(page, "ledger.js", "isBroken", row) == broken


@pytest.mark.parametrize("scale_in,words", [
    ({"count": 2, "saves_min": 61.25, "costs_min": 16, "again_ms": 1860000},
     "Letting 2 go saves 61.3 instance-minutes and costs 16: instance 5 is likely needed again in 31m."),
    ({"count": 1, "saves_min": 0, "costs_min": 12, "again_ms": 0},
     "Letting 1 go saves 0 instance-minutes and costs 12: instance 6 may be needed again at any time.")])
def test_what_scaling_in_saves_and_costs_is_said(page, scale_in, words):
    assert module(page, "tier.js", "scaleInText", scale_in, 6) == words


@pytest.mark.parametrize("event,uplift,source", [
    ({"uplift": 2.4, "low": 2.0, "high": 2.9, "given": False, "learned_from": 3}, "×2.4", "learned from 3 events, ×2 to ×2.9"),
    ({"uplift": 1.5, "low": None, "high": None, "given": True, "learned_from": 0}, "×1.5", "given"),
    ({"uplift": None, "low": None, "high": None, "given": False, "learned_from": 0}, "", "not known yet: the first of its name")])
def test_an_uplift_is_said_with_its_source(page, event, uplift, source):
    assert module(page, "calendar.js", "upliftText", event) == uplift
    assert module(page, "calendar.js", "upliftSource", event) == source


def test_a_learned_capacity_is_shown_with_its_interval_and_reason(page):
    page.script(MERGE, {"capacity": 14.2, "capacity_learned": LEARNED})
    look_at(page, "web")
    panel = "[data-key='Capacity of an instance'] "
    page.wait("the capacity", lambda: page.all(panel + "[data-learned]") and "Used 14.2/s, learned" in page.text(panel + "dl"))
    words = page.text(panel + "dl")
    for part in ("Likely between 12.9 and 15.6/s", "a queueing model, 412 points"):
        assert part in words
    assert page.texts(panel + "p") == ["Latency rises past 200 ms above this load."]
    page.script(MERGE, {"capacity_learned": dict(LEARNED, changed={"since": "2026-01-02T03:04:00Z", "from": 20, "to": 14.2})})
    page.wait("the change", lambda: page.all("[data-warning=capacity]"))
    assert page.text("[data-warning=capacity]").startswith("An instance has served about 14.2/s since ")
    assert page.text("[data-warning=capacity]").endswith("; before that it served 20/s.")


def test_an_empty_chart_says_so(page):
    look_at(page, "batch")
    page.wait("the words", lambda: page.text(".readout") == "No demand has been measured yet.")
    look_at(page, "web")
    page.wait("the chart", lambda: any(page.attributes(".canvas", "aria-label")))
    page.wait("no words", lambda: page.text(".readout") == "")


def test_events_are_listed_and_shaded_in_the_chart(page, shop):
    def at(minutes):
        moment = datetime.datetime.fromtimestamp(shop.now() + 60 * minutes, datetime.timezone.utc)
        return f"{moment:%Y-%m-%d %H:%M}"

    look_at(page, "web")
    page.wait("the chart", lambda: len(page.all("[data-chart] canvas")) > 1)
    assert page.pixels("[data-chart] canvas", "event-fill") == 0
    files = shop.api("/v1/stacks/shop")["files"]
    files["stack.conf"] += (f"\n[event sale]\nwhen = {at(10)} .. {at(55)}\nuplift = 1.1\ntiers = web\n"
                            f"[event fair]\nwhen = {at(5000)} .. {at(6000)}\n")
    shop.api("/v1/stacks/shop", "PUT", {"files": files})

    def known():
        events = shop.tier("shop", "web")["events"]
        return [[e["name"], e["start"], e["end"], e["uplift"] and f"×{e['uplift']:g}"] for e in events]

    def seen():
        return page.script("""return [...document.querySelectorAll("[data-key='Expected events'] tbody tr")].map(r =>
            [r.cells[0].innerText.replace('in force', '').trim(), ...[1, 2].map(i => r.cells[i].querySelector('time').dateTime), r.cells[3].innerText])""")

    page.wait("the events", lambda: len(known()) == 2)
    agree(page, "events", seen, lambda: [[n, f, t, u or "–"] for n, f, t, u in known()])
    assert [row[3] for row in seen()] == ["×1.1", "–"]
    page.wait("the shade", lambda: page.pixels("[data-chart] canvas", "event-fill") > 1000)
    page.wait("it is named", lambda: "event sale ×1.1" in page.attributes(".canvas", "aria-label")[0])
    assert "fair" not in page.attributes(".canvas", "aria-label")[0]
    assert unexpected(page) == []


def test_the_capacity_is_that_of_the_api(page, shop):
    look_at(page, "web")
    panel = "[data-key='Capacity of an instance'] "
    agree(page, "the capacity", lambda: [page.attributes(panel + "[data-capacity]", "data-capacity"), page.text(panel + "[data-capacity]")],
          lambda: [[shop.tier("shop", "web")["capacity_learned"]["used"]], f"{shop.tier('shop', 'web')['capacity']:g}/s"])


# ---------------------------------------------------------------- backtest and promotion
def test_the_backtest_on_the_page_is_that_of_the_api(page, shop, jobs):
    look_at(page, "jobs")
    page.click("#run-backtest")
    page.wait("the report", lambda: page.all("[data-backtest]"))

    def known():
        b = shop.api("/v1/tiers/shop/jobs")["backtest"]
        return [b["at"], b["verdict"]["why"] + "."] + [f"{p['policy']} {p['cost']:.3f}" for p in b["policies"]]

    def seen():
        verdict = page.text("[data-verdict]")
        return [page.attributes("[data-backtest]", "data-backtest")[0], verdict and verdict.split(": ", 1)[1]] + page.script(
            "return [...document.querySelectorAll('[data-policy]')].map(r => `${r.dataset.policy} ${r.cells[1].innerText}`)")

    agree(page, "the backtest", seen, known)
    assert page.attributes("[data-verdict]", "data-verdict") == ["earned"]
    assert len(page.all("[data-key=Backtest] table")) == 3
    b = shop.api("/v1/tiers/shop/jobs")["backtest"]
    rows = page.script("""return ['risk', 'dwell'].map(id => [...document.querySelectorAll(`[data-other=${id}] tbody tr`)].map(r =>
        [r.cells[1].innerText, r.cells[3].innerText, r.className]))""")
    assert rows == [[[f"{p['cost']:.3f}", str(p["actions"]), "own" if p[by] == b[by] else ""] for p in b[points]]
                    for by, points in (("risk", "frontier"), ("dwell_ms", "dwells"))]
    assert [r[2] for r in rows[0] + rows[1]].count("own") == 2
    page.wait("it is told", lambda: "The backtest of shop/jobs is done." in page.told())


def test_a_tier_is_promoted_by_keyboard_alone(page, shop, jobs):
    look_at(page, "jobs")
    page.wait("the button", lambda: page.text("#promote") == "Promote to out…")
    page.script("document.getElementById('promote').focus()")
    page.press(Keys.ENTER)
    page.wait("the question", lambda: page.all("dialog[open]"))
    assert page.text("dialog h2") == "Promote shop/jobs from observe to out?"
    assert page.text("dialog [data-verdict]") and jobs() == "observe"
    page.press(Keys.ESCAPE)
    page.wait("it is gone", lambda: not page.all("dialog"))
    page.wait("the focus is back", lambda: page.focused()["id"] == "promote")
    assert jobs() == "observe"
    page.press(Keys.ENTER)
    page.wait("the question again", lambda: page.all("dialog[open]"))
    at = page.focused()
    for _ in range(4):
        if at["text"] == "Promote to out":
            break
        at = page.press(Keys.TAB)
    assert at["text"] == "Promote to out" and at["outlined"]
    page.press(Keys.ENTER)
    page.wait("it is done", lambda: jobs() == "out" and not page.all("dialog"))
    page.wait("it is shown", lambda: page.text("#promote") == "Promote to auto…" and "out" in page.texts(".bar .badge"))
    events = shop.api("/v1/events?limit=50")["items"]
    assert [e["message"] for e in events if e["kind"] == "tier-promoted"][0].startswith(
        "admin promoted shop/jobs from observe to out: short ")


def test_what_is_not_earned_must_be_meant(page, shop):
    look_at(page, "batch")
    page.click("#promote")
    page.wait("the question", lambda: page.all("dialog[open]"))
    assert page.attributes("dialog [data-verdict]", "data-verdict") == ["refused"]
    assert page.text("dialog [type=submit]") == "Promote anyway" and page.all("dialog .danger")
    assert [r for r, _ in page.contrasts() if r < 4.5] == []
    page.click("dialog [type=button]")
    page.wait("it is gone", lambda: not page.all("dialog"))
    assert shop.tier("shop", "batch")["mode"] == "observe"


def test_a_viewer_reads_and_has_nothing_to_press(page, shop):
    made = shop.api("/v1/tokens", "POST", {"name": "guest", "role": "viewer"})
    page.click("#sign-out")
    page.sign_in(made["token"])
    page.wait("the tiers", lambda: page.all("[data-tier]"))
    look_at(page, "web")
    page.wait("the units", lambda: set(page.texts("main button")) == {"Log"})
    page.go("hosts", "Hosts")
    page.wait("the hosts", lambda: page.all("[data-key='Hosts'] tbody tr"))
    assert page.texts("main button") == []


# ---------------------------------------------------------------- settings
def test_settings_are_changed_and_wrong_ones_refused(page, shop):
    look_at(page, "jobs")
    before = shop.tier("shop", "jobs")
    page.click("#edit-settings")
    page.wait("the form", lambda: page.all("dialog[open]"))
    field = page.all("#set-max")[0]
    assert field.get_attribute("value") == str(before["max"])
    field.clear()
    field.send_keys("0")
    page.click("dialog [type=submit]")
    page.wait("the refusal", lambda: "did not work" in (page.text("dialog [role=alert]") or ""))
    assert shop.tier("shop", "jobs")["max"] == before["max"]
    field.clear()
    field.send_keys("2", Keys.ENTER)
    page.wait("it is done", lambda: not page.all("dialog"))
    after = shop.tier("shop", "jobs")
    changed = {k for k in ("mode", "min", "max", "risk", "capacity", "dwell", "action_price", "step_out", "step_in") if before[k] != after[k]}
    assert changed == {"max"} and after["max"] == 2
    page.wait("it is shown", lambda: "1 to 2" in page.text("[data-key=Settings]"))
    shop.api("/v1/tiers/shop/jobs", "PATCH", {"max": before["max"]})


def test_instances_that_a_maximum_ends_are_shown_first(page, shop):
    before = shop.tier("shop", "jobs")
    shop.api("/v1/tiers/shop/jobs", "PATCH", {"min": 2, "max": 2})
    page.wait("two are wanted", lambda: shop.tier("shop", "jobs")["running"] == 2)
    look_at(page, "jobs")
    page.click("#edit-settings")
    page.wait("the form", lambda: page.all("dialog[open]"))
    for field in ("#set-min", "#set-max"):
        page.all(field)[0].clear()
        page.all(field)[0].send_keys("1")
    page.click("dialog [type=submit]")
    page.wait("what it ends", lambda: "2 instances run, the new maximum is 1: 1 is ended"
              in (page.text("dialog [role=alert]") or ""))
    assert shop.tier("shop", "jobs")["max"] == 2
    page.click("dialog [type=submit]")
    page.wait("it is done", lambda: not page.all("dialog"))
    assert shop.tier("shop", "jobs")["max"] == 1
    shop.api("/v1/tiers/shop/jobs", "PATCH", {"min": before["min"], "max": before["max"]})


def test_the_price_of_a_change_is_changed(page, shop):
    look_at(page, "jobs")
    before = shop.tier("shop", "jobs")["action_price"]
    page.click("#edit-settings")
    page.wait("the form", lambda: page.all("dialog[open]"))
    field = page.all("#set-action_price")[0]
    assert field.get_attribute("value") == f"{before:g}"
    field.clear()
    field.send_keys("2.5", Keys.ENTER)
    page.wait("it is done", lambda: not page.all("dialog"))
    assert shop.tier("shop", "jobs")["action_price"] == 2.5
    page.wait("it is shown", lambda: "2.5 instance-minutes" in page.text("[data-key=Settings]"))
    shop.api("/v1/tiers/shop/jobs", "PATCH", {"action_price": before})


# ---------------------------------------------------------------- for everyone
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_whole_page_fits_and_can_be_read(page, shop, jobs, width, theme):
    page.theme(theme)
    page.size(width)
    shop.api("/v1/tiers/shop/web/backtest", "POST", {"play": "1d"})
    page.script(MERGE, {"promise": PROMISE, "capacity_learned": LEARNED})
    look_at(page, "web")
    page.wait("all of it", lambda: page.all("table.bands") and page.all("[data-backtest]") and page.all("[data-learned]"))
    wide, own = page.script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= own
    assert [(round(r, 2), text) for r, text in page.contrasts() if r < 4.5] == []
    page.click("#edit-settings")
    page.wait("the form", lambda: page.all("dialog[open]"))
    assert page.script("const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth && d.getBoundingClientRect().right <= innerWidth")
    assert [(round(r, 2), text) for r, text in page.contrasts() if r < 4.5] == []
    page.press(Keys.ESCAPE)


def test_the_log_of_a_unit_is_that_of_the_api(page, shop):
    look_at(page, "web")
    page.click("[aria-label='Log of web@1.service']")
    page.wait("the log", lambda: page.all("dialog .log"))
    shown = page.script("return document.querySelector('.log').textContent").split("\n")
    lines = shop.api("/v1/units/web@1.service/logs?lines=10000")["lines"]
    assert lines and [line for line in shown if line not in lines] == []
    page.press(Keys.ESCAPE)
    page.wait("it is gone", lambda: not page.all("dialog"))
    page.wait("the focus is back", lambda: page.focused()["text"] == "Log of web@1.service")


# ---------------------------------------------------------------- tokens
def test_a_token_is_made_shown_once_and_revoked(page, shop):
    def names():
        return [t["name"] for t in shop.items("/v1/tokens") if not t["revoked"]]

    page.click(".who a")
    page.wait("the view", lambda: page.text("h1") == "Tokens")
    page.all("#token-period")[0].send_keys("3 parsecs")
    page.all("#token-name")[0].send_keys("deploy")
    page.click("#token-role option[value=operator]")
    page.click("form [type=submit]")
    page.wait("the refusal", lambda: "did not work" in (page.text("form [role=alert]") or ""))
    assert "deploy" not in names()
    page.all("#token-period")[0].clear()
    page.all("#token-period")[0].send_keys("1d")
    page.click("form [type=submit]")
    page.wait("the secret", lambda: (page.text("#secret") or "").startswith("ft_"))
    secret = page.text("#secret")
    (made,) = [t for t in shop.items("/v1/tokens") if t["name"] == "deploy"]
    assert made["role"] == "operator" and made["expires"]
    agree(page, "tokens", lambda: sorted(page.attributes("[data-key='In force'] tbody tr", "data-key")),
          lambda: sorted(str(t["id"]) for t in shop.items("/v1/tokens") if not t["revoked"]))
    page.go("", "Overview")
    page.go("tokens", "Tokens")
    assert page.text("#secret") == "" and secret not in page.driver.page_source
    page.click("[aria-label='Revoke deploy']")
    page.click("dialog .danger")
    page.wait("it is gone", lambda: "deploy" not in names() and not page.all("[aria-label='Revoke deploy']"))


def test_tokens_are_for_administrators(page, shop):
    made = shop.api("/v1/tokens", "POST", {"name": "op", "role": "operator"})
    page.click("#sign-out")
    page.sign_in(made["token"])
    page.wait("the tiers", lambda: page.all("[data-tier]"))
    assert not page.all(".who a")
    page.go("tokens")
    page.wait("the overview", lambda: page.text("h1") == "Overview")
    assert not page.all("#token-name")


# ---------------------------------------------------------------- hosts
def test_a_host_is_drained_after_a_question(page, shop):
    page.go("hosts", "Hosts")
    page.wait("the hosts", lambda: page.all("[data-key='Hosts'] tbody button"))
    (host,) = {h["id"] for h in shop.items("/v1/hosts") if "web@1.service" in [u["name"] for u in h["units"]]}
    press = f"[data-key='{host}'] button"
    page.click(press)
    page.wait("the question", lambda: page.text("dialog h2") == f"Drain {host}?")
    page.press(Keys.ESCAPE)
    page.wait("it is gone", lambda: not page.all("dialog"))
    assert {h["id"]: h["state"] for h in shop.items("/v1/hosts")}[host] == "up"
    page.click(press)
    page.click("dialog .danger")
    wait_for("it drains", lambda: {h["id"]: h["state"] for h in shop.items("/v1/hosts")}.get(host) != "up")
    page.wait("it is told", lambda: f"{host} is draining." in page.told())
