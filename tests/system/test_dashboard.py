# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard in a real browser, beside the API of the controller that serves it."""

import datetime
import glob
import json
import math
import os
import re
import threading

import pytest
from selenium.webdriver.common.keys import Keys

from browser import Browser
from rig_tools import PATIENT, Failed, Rig, wait_for
from store_tools import BUILD, ROOT, free_ports

STACK = os.path.join(ROOT, "tests/data/stacks/dashboard")
VIEWS = {"": "Overview", "tier/shop/web": "shop/web", "hosts": "Hosts", "clouds": "Clouds", "services": "Services",
         "ledger": "Ledger", "costs": "Costs", "decisions": "Decisions", "holds": "Holds", "events": "Events", "tokens": "Tokens"}


# The sentences of a table, with the times in them as the controller wrote them.
SENTENCES = """
return [...document.querySelectorAll('tbody td.wide')].map(cell => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll('time').forEach(t => t.replaceWith(t.dateTime));
  return copy.textContent;
});
"""


# Answers of the API at a path get these members as well, or their items do.
ANSWER = """
const [at, members] = arguments, real = window.fetch;
window.fetch = async (url, options) => {
  const answer = await real(url, options);
  if (String(url).replace(location.origin, '').split('?')[0] !== at) return answer;
  const doc = await answer.json();
  for (const part of doc.items ?? [doc]) Object.assign(part, members);
  return new Response(JSON.stringify(doc), {status: answer.status});
};
"""


def demand(t):
    """A daily wave that three instances of web can serve."""
    return 24 + 4 * math.sin(2 * math.pi * t / 86400)


class Shop(Rig):
    """A controller with the small stack, its past imported and its demand pushed."""

    def __init__(self, folder):
        super().__init__(BUILD, time_scale=30, options={**PATIENT, "driver fake.dir": str(folder)})
        self.feeding = threading.Event()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.feed, daemon=True)
        fault = {"faults": [{"op": "launch", "kind": "error", "times": -1}]}
        (folder / "script.json").write_text(json.dumps(fault))

    def now(self):
        text = self.api("/v1/status")["now"]
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()

    def feed(self):
        while not self.over.wait(0.4):
            if not self.feeding.is_set():
                continue
            try:
                value = demand(self.now())
                self.request("POST", "/v1/metrics?stack=shop",
                             f'shop_requests{{tier="web"}} {value}\nshop_jobs{{tier="jobs"}} 7\n',
                             content_type="text/plain")
            except (OSError, Failed, TypeError):
                pass  # the controller is away, as a test may want it

    def up(self):
        self.start()
        self.cli("apply", STACK, "--yes")
        first = int(self.now()) // 60 * 60 - 3 * 86400
        lines = [f"{t},{demand(t):.4f}" for t in range(first, first + 3 * 86400, 60)]
        self.api("/v1/tiers/shop/web/history", "POST", "timestamp,value\n" + "\n".join(lines),
                 content_type="text/csv")
        self.thread.start()
        self.feeding.set()
        wait_for("three of web serve", lambda: len(self.healthy("web")) == 3)
        wait_for("they are registered", lambda: len(self.services("web")) == 3)
        return self

    def close(self):
        self.over.set()
        super().close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Shop(tmp_path_factory.mktemp("cloud")) as rig:
        yield rig.up()


@pytest.fixture(scope="module")
def chromium(shop):
    b = Browser(shop.url)
    yield b
    b.close()


@pytest.fixture
def page(chromium, shop):
    """Signed in as the administrator, at a desk, in light."""
    chromium.size(1280)
    chromium.theme("light")
    chromium.open()
    chromium.script("sessionStorage.clear()")
    chromium.open()
    chromium.sign_in(shop.token)
    chromium.go("", "Overview")
    chromium.wait("the tiers", lambda: chromium.all("[data-tier]"))
    chromium.severe()
    return chromium


def agree(page, what, seen, known):
    """Until the page shows what the API says: both move on while they are compared."""
    last = [None, None]

    def same():
        last[1] = known()
        try:
            last[0] = seen()
        except (AttributeError, IndexError, ValueError):  # it is not there yet
            last[0] = None
        # Also when the API has moved on while the page followed it.
        return last[0] == last[1] or last[0] == known()

    try:
        page.wait(what, same)
    except Failed:
        assert last[0] == last[1]


# ---------------------------------------------------------------- signing in and out
def test_only_a_known_token_opens_the_page(chromium, shop):
    chromium.open()
    chromium.script("sessionStorage.clear()")
    chromium.open()
    chromium.sign_in("no-such-token")
    chromium.wait("the refusal", lambda: "unknown or has expired" in (chromium.text("[role=alert]") or ""))
    assert not chromium.all("nav") and not chromium.all("[data-tier]")
    chromium.sign_in(shop.token)
    chromium.wait("the tiers", lambda: chromium.all("[data-tier]"))
    assert chromium.script("return localStorage.length") == 0

    chromium.driver.refresh()
    chromium.wait("still signed in", lambda: chromium.all("[data-tier]"))
    chromium.click("#sign-out")
    chromium.wait("the form again", lambda: chromium.all("#token"))
    assert not chromium.all("[data-tier]")
    assert chromium.script("return sessionStorage.getItem('foretide-token')") is None


def test_a_revoked_token_signs_out(page, shop):
    made = shop.api("/v1/tokens", "POST", {"name": "guest", "role": "viewer"})
    page.click("#sign-out")
    page.sign_in(made["token"])
    page.wait("the tiers", lambda: page.all("[data-tier]"))
    page.go("holds", "Holds")
    page.wait("why there is no form", lambda: "viewer" in page.text("main"))
    assert not page.all("form")
    shop.api(f"/v1/tokens/{made['id']}", "DELETE")
    page.wait("it signs out", lambda: "no longer valid" in (page.text("[role=alert]") or ""))


# ---------------------------------------------------------------- what is shown is what is
def test_tiers_are_those_of_the_api(page, shop):
    agree(page, "tiers", lambda: page.attributes("[data-tier]", "data-tier"),
          lambda: [f"{t['stack']}/{t['name']}" for t in shop.items("/v1/tiers")])
    card = "[data-tier='shop/web'] "

    def known():
        t = shop.tier("shop", "web")
        return [str(t["healthy"]), str(t["desired"]), f"{t['healthy'] * t['capacity']:g}/s", t["sentence"]]

    agree(page, "figures of web", lambda: [
        page.text(card + "[data-fact=Serving] .value"), page.text(card + "[data-fact=Desired] .value"),
        page.text(card + "[data-fact=Capacity] .value"), page.text(card + ".sentence")], known)

    def told():
        t = shop.tier("shop", "web")
        lead = t["lead"]
        return [[t["fallback_level"]], t["fallback_reason"], pytest.approx(t["demand"]["value"], rel=0.05),
                "configured, not learned yet" if lead["prior"] else f"learned from {lead['count']} starts"]

    agree(page, "fallback level, demand and lead time of web", lambda: [
        page.attributes(card + "[data-fallback]", "data-fallback"), page.text(card + ".fallback").split(": ", 1)[1].rstrip("."),
        float(page.text(card + "[data-fact=Demand] .value").removesuffix("/s")),
        page.text(card + "[data-fact='Lead time'] .note")], told)


def test_status_counts_are_those_of_the_api(page, shop):
    def known():
        s = shop.api("/v1/status")
        return [str(s["counts"]["tiers"]), str(s["counts"]["units_healthy"]), "ok" if s["store"]["ok"] else "unavailable"]

    agree(page, "counts", lambda: [page.text(f"[data-stat='{n}'] .value")
                                   for n in ("Tiers", "Units healthy", "Store")], known)


def test_the_chart_draws_demand_forecast_capacity_and_lead_time(page):
    page.go("tier/shop/web", "shop/web")
    page.wait("the range", lambda: page.all("[name=range]"))
    page.click("[name=range][value='1h']")
    page.wait("the chart", lambda: len(page.all("[data-chart] canvas")) > 1)
    for colour in ("demand", "forecast", "capacity", "desired", "lead-fill", "now-line"):
        page.wait(f"something in the colour of {colour}", lambda: page.pixels("[data-chart] canvas", colour) > 12)
    label = page.attributes(".canvas", "aria-label")[0]
    assert "demand" in label and "forecast" in label and "lead time" in label


def test_the_table_beside_the_chart_has_the_values_of_the_api(page, shop):
    page.go("tier/shop/web", "shop/web")
    page.click("[data-chart] summary")
    page.wait("the values", lambda: page.all(".values tbody tr"))
    rows = page.script("""return [...document.querySelectorAll('.values tbody tr')].map(r =>
        [r.querySelector('time').dateTime, ...[...r.cells].slice(1).map(c => c.innerText)])""")
    measured, ahead = rows[2], rows[-1]
    at = measured[0]
    to = datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) + datetime.timedelta(minutes=1)
    point = shop.api(f"/v1/tiers/shop/web/series?from={at}&to={to:%Y-%m-%dT%H:%M:%SZ}&step=60s")["points"][0]
    assert float(measured[1].removesuffix("/s")) == pytest.approx(point["demand"], rel=0.006)
    forecast = shop.api("/v1/tiers/shop/web/forecast?horizon=60m")["points"]
    known = [p["q"] for p in forecast if p["t"] == ahead[0]]
    assert known, f"{ahead[0]} is not among the times of the forecast"
    shown = [float(v.removesuffix("/s")) for v in ahead[2:5]]
    assert shown == pytest.approx(known[0], rel=0.1)
    assert shown == sorted(shown)


def test_hosts_and_their_units_are_those_of_the_api(page, shop):
    page.go("hosts", "Hosts")

    def known():
        return sorted(f"{h['id']} {h['state']} " + " ".join(sorted(u["name"] for u in h["units"]))
                      for h in shop.items("/v1/hosts"))

    def seen():
        return sorted(page.script("""return [...document.querySelectorAll("[data-key='Hosts'] tbody tr")].map(r =>
            [r.dataset.key, r.cells[2].querySelector('.badge').innerText,
             [...r.querySelectorAll('[data-unit]')].map(u => u.dataset.unit).sort().join(' ')].join(' '))"""))

    agree(page, "hosts", seen, known)
    assert len(known()) == 3
    page.wait("their load", lambda: len(page.all("[data-key='Hosts'] meter")) == 6)
    for share in page.attributes("meter", "value"):
        assert 0 <= float(share) <= 1


def test_a_cloud_is_checked_and_what_it_said_is_shown(page, shop):
    page.go("clouds", "Clouds")
    refused = shop.api("/v1/pools/away")["last_failure"]["message"]
    page.wait("the refusal", lambda: refused in (page.text("[data-key='Pools'] [data-key='away'] .wide") or ""))
    agree(page, "launches", lambda: page.attributes("[data-key='Latest launches'] tbody tr", "data-key"),
          lambda: [x["host"] for x in shop.api("/v1/launches?limit=50")["items"]])
    profile = "[data-key='Profiles'] [data-key='fake']"
    page.click(f"{profile} button")
    page.wait("the verdict", lambda: "works" in (page.text(f"{profile} .badge") or ""))
    quota = shop.api("/v1/profiles/fake")["check"]["quota"]
    assert quota["limit"] is None and f"{quota['used']} used" in page.texts(f"{profile} td")
    page.script(ANSWER, "/v1/pools", {"quota": {"used": 2, "limit": 25, "left": 23}, "quota_read": "2031-05-06T07:08:09.000Z"})
    page.wait("the quota", lambda: "2 of 25 used" in (page.text("[data-key='Pools'] [data-key='away']") or ""))
    page.click(f"{profile} summary")
    page.wait("the types", lambda: "CPU" in (page.text(f"{profile} .types li") or ""))
    assert page.severe() == []


def test_what_bounds_the_calls_to_clouds_is_that_of_the_api(page, shop):
    page.go("clouds", "Clouds")
    agree(page, "gates", lambda: sorted(page.script(
        """return [...document.querySelectorAll("[data-key='Gates'] tbody tr")].map(r =>
           `${r.dataset.key} ${r.querySelector('.badge').textContent}`)""")),
          lambda: sorted("/".join(g[k] for k in ("driver", "profile", "region", "calls", "zone", "type"))
                         + f" {g['state']}" for g in shop.items("/v1/gates")))
    assert {g["driver"] for g in shop.items("/v1/gates")} == {"local", "fake"}
    assert page.severe() == []


def test_a_gate_that_is_not_open_stands_out(page, shop):
    opens = "2031-05-06T07:08:09.000Z"
    page.go("clouds", "Clouds")
    page.script(ANSWER, "/v1/gates", {
        "state": "broken", "opens": opens, "wait_ms": 60000, "broken_since": "2031-05-06T07:00:00.000Z", "failures": 6,
        "tokens": {"level": 2.5, "burst": 10, "calls_per_s": 5},
        "last_failure": {"class": "transient", "message": "<b>away</b>", "at": "2031-05-06T07:07:00.000Z",
                         "http_status": 503, "code": "Busy", "request_id": "req-77"}})
    gate = "[data-key='Gates'] [data-key='fake/fake//all//']"
    page.wait("the state", lambda: page.text(f"{gate} .badge.bad") == "broken")
    text = page.text(gate)
    for words in ("2 of 10 calls left, 5/s", "6 failures in a row", "<b>away</b>", "transient, Busy, status 503, request req-77"):
        assert words in text, text
    assert opens in page.attributes(f"{gate} time", "datetime")
    # And where its profile is.
    assert "all calls" in page.text("[data-key='Profiles'] [data-key='fake'] li:has(.badge.bad)")
    assert page.severe() == []


def test_services_are_those_of_the_api(page, shop):
    page.go("services", "Services")
    agree(page, "services", lambda: sorted(page.script(
        """return [...document.querySelectorAll('tbody tr')].map(r =>
           [0, 1, 3, 4].map(i => r.cells[i].innerText).join(' '))""")),
          lambda: sorted(f"{s['dns']} {s['unit']} {s['host']} {s['address']}:{s['port']}"
                         for s in shop.items("/v1/services")))
    assert "web.shop.foretide.local" in page.text("main")


def test_decisions_are_those_of_the_api(page, shop):
    page.go("decisions", "Decisions")
    agree(page, "decisions", lambda: page.script(SENTENCES)[:10],
          lambda: [d["sentence"] for d in shop.api("/v1/decisions?limit=10")["items"]])


def test_lead_times_are_those_of_the_api(page, shop):
    page.go("tier/shop/web", "shop/web")
    agree(page, "lead times", lambda: page.attributes("[data-key='Lead times'] tbody tr", "data-key"),
          lambda: [str(x["id"]) for x in shop.api("/v1/tiers/shop/web/leads?limit=10")["items"]])
    assert page.all("[data-key='Lead times'] tbody tr")


def test_events_appear_by_themselves(page, shop):
    page.go("events", "Events")
    page.wait("the stream", lambda: page.attributes("[data-live]", "data-live") == ["live"])
    shop.api("/v1/tiers/shop/jobs", "PATCH", {"priority": 3})
    page.wait("the event", lambda: any("changed shop/jobs" in t for t in page.texts("td.wide")))


# ---------------------------------------------------------------- holds
def test_a_hold_is_set_and_released_on_the_page(page, shop):
    reason = "<img src=x onerror=alert(1)> stock & taking"
    page.go("holds", "Holds")
    page.wait("the form", lambda: page.all("#scope option[value='shop/web']"))
    page.click("#scope option[value='shop/web']")
    page.all("#reason")[0].send_keys(reason)
    page.all("#period")[0].send_keys("3 parsecs")
    page.click("form button")
    page.wait("the refusal", lambda: "did not work" in (page.text("form [role=alert]") or ""))
    assert shop.items("/v1/holds") == []
    assert page.script("return document.getElementById('reason').value") == reason

    page.all("#period")[0].clear()
    page.all("#period")[0].send_keys("2h")
    page.click("form button")
    page.wait("the hold", lambda: page.all("[data-key='In force'] tbody tr"))
    (hold,) = shop.items("/v1/holds")
    assert (hold["stack"], hold["tier"], hold["reason"]) == ("shop", "web", reason)
    assert page.text("[data-key='In force'] td.wide") == reason and not page.all("main img")
    page.go("", "Overview")
    page.wait("the warning", lambda: page.all("[data-tier='shop/web'] [data-warning=hold]"))

    page.go("holds", "Holds")
    page.click("[data-key='In force'] button")
    page.wait("it is released", lambda: not page.all("[data-key='In force'] tbody tr"))
    assert shop.items("/v1/holds") == []


# ---------------------------------------------------------------- what is wrong
def problem_kinds():
    """Those that the controller tells, by its sources."""
    found = set()
    for file in glob.glob(os.path.join(ROOT, "controller", "**", "*.c"), recursive=True):
        with open(file, encoding="utf-8") as f:
            text = f.read()
        found |= set(re.findall(r'PROBLEM_\w+(?:, |\] = )"([a-z-]+)"', text))
        found |= set(re.findall(r'"(pool-(?:failing|limited))"', text))
    for file in ("controller/health/health.c", "controller/health/store_alarm.c", "db/look.c",
                 "controller/api/status.c", "controller/api/crowd.c"):
        with open(os.path.join(ROOT, file), encoding="utf-8") as f:
            found |= set(re.findall(
                r'"((?:disk|database|store|clock|connections|requests|logs|certificates)-[a-z-]+|restored)"', f.read()))
    return found


def test_every_problem_of_the_controller_has_a_title_and_a_tone(page):
    kinds = problem_kinds()
    assert {"unit-failing", "roll-out-waits", "unit-stays", "pool-limited", "store-away",
            "disk-full", "database-fails", "store-no-space", "clock-skew", "restored",
            "connections-limited", "requests-limited", "logs-limited",
            "certificates-limited"} <= kinds
    page.script(ANSWER, "/v1/status", {"problems": [
        {"kind": k, "message": f"about {k}", "since": None} for k in sorted(kinds)]})
    page.wait("all of them", lambda: {f"about {k}" for k in kinds} <= set(page.texts(".problem > span:not(.muted)")))
    shown = dict(zip(page.attributes(".problem", "data-kind"), page.texts(".problem strong")))
    assert [k for k in kinds if shown[k] == k] == []
    bad = set(page.attributes(".problem.bad", "data-kind"))
    assert {"unit-failing", "pool-failing", "store-away"} <= bad
    assert not {"roll-out-waits", "unit-stays", "pool-limited"} & bad


def test_a_pool_that_has_and_wants_no_hosts_is_no_trouble(page):
    page.script(ANSWER, "/v1/pools", {"state": "empty"})
    page.go("hosts", "Hosts")
    page.wait("the state", lambda: "empty" in page.texts("[data-key=Pools] .badge"))
    assert page.attributes("[data-key=Pools] .badge", "class") == ["badge plain"] * 2


def test_a_failing_pool_is_shown_at_once(page, shop):
    page.wait("the problem", lambda: page.all("[data-kind=pool-failing]"))
    agree(page, "its words", lambda: page.text("[data-kind=pool-failing]"), lambda: "Pool failing " + "".join(
        p["message"] for p in shop.api("/v1/status")["problems"] if p["kind"] == "pool-failing"))
    assert "pool away" in page.text("[data-kind=pool-failing]")
    page.go("hosts", "Hosts")
    page.wait("its words", lambda: shop.api("/v1/pools/away")["last_error"] in page.text("[data-key=Pools]"))


def test_stopped_metrics_are_said_plainly(page, shop):
    page.wait("fresh demand", lambda: not page.all("[data-tier='shop/web'] [data-warning=stale]"))
    shop.feeding.clear()
    try:
        page.wait("the warning", lambda: page.all("[data-tier='shop/web'] [data-warning=stale]"))
        words = page.text("[data-tier='shop/web'] [data-warning=stale]")
        assert words.startswith("Metrics stopped ") and words.endswith(" ago: nothing is scaled in.")
        assert shop.tier("shop", "web")["demand"]["stale"]
        page.wait("it is told", lambda: "Metrics stale shop/web" in page.told())
        assert any("shop/web" in t for t in page.texts("[data-kind=metrics-stale]"))
    finally:
        shop.feeding.set()
    page.wait("it is over", lambda: not page.all("[data-tier='shop/web'] [data-warning=stale]"))


def test_a_controller_that_goes_away_and_comes_back(page, shop):
    shop.kill()
    page.wait("it is said", lambda: page.all("[data-kind=controller-away]"))
    page.wait("it is not live", lambda: page.attributes("[data-live]", "data-live") == ["no answer"])
    assert page.all("[data-tier='shop/web']"), "what was known is still shown"
    shop.start()
    page.wait("it is live again", lambda: page.attributes("[data-live]", "data-live") == ["live"]
              and not page.all("[data-kind=controller-away]"))


def test_a_store_that_is_away_is_shown(tmp_path):
    (port,) = free_ports(1)
    with Rig(BUILD, store=f"http://127.0.0.1:{port}") as rig:
        rig.start()
        assert not rig.api("/v1/status")["store"]["ok"]
        browser = Browser(rig.url)
        try:
            browser.open()
            browser.sign_in(rig.token)
            browser.wait("the problem", lambda: browser.all("[data-kind=store-away]"))
            browser.wait("its state", lambda: browser.text("[data-stat=Store] .value") == "unavailable")
        finally:
            browser.close()


# ---------------------------------------------------------------- for everyone
@pytest.mark.parametrize("width", [1280, 400])
def test_no_view_scrolls_sideways(page, width):
    page.size(width)
    for view, heading in VIEWS.items():
        page.go(view, heading)
        page.wait("its content", lambda: "Reading…" not in page.text("main"))
        page.script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        wide, own = page.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= own, f"view '{view}' is {wide} pixels wide on {own}"


def test_a_sentence_with_a_time_in_it_stays_whole_on_a_telephone(page, shop):
    hold = shop.api("/v1/holds", "POST", {"stack": "shop", "tier": "jobs", "reason": "stock taking", "for": "2h"})
    try:
        page.size(400)
        page.go("decisions", "Decisions")
        page.wait("the time", lambda: page.all("td.wide time"))
        assert page.script("return [...document.querySelectorAll('td')].filter(c => c.childNodes.length > 1).map(c => c.innerText)") == []
        left = page.script("return [...document.querySelectorAll('td.wide > *')].map(e => e.getBoundingClientRect().left)")
        assert len(set(left)) == 1, "not all of them begin behind their labels"
    finally:
        shop.api(f"/v1/holds/{hold['id']}", "DELETE")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_contrast(page, theme):
    page.theme(theme)
    ground = page.script("return getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(243, 245, 248)", "dark": "rgb(13, 18, 24)"}[theme]
    for width in (1280, 400):
        page.size(width)
        for view, heading in VIEWS.items():
            page.go(view, heading)
            page.wait("its content", lambda: "Reading…" not in page.text("main"))
            found = page.contrasts()
            assert len(found) > 15
            weak = [(round(ratio, 2), text) for ratio, text in found if ratio < 4.5]
            assert not weak, f"view '{view}' at {width}"
    page.click("#sign-out")
    page.wait("the form", lambda: page.all("#token"))
    assert [t for r, t in page.contrasts() if r < 4.5] == []


def test_everything_can_be_reached_by_keyboard(page):
    page.script("document.activeElement.blur(); scrollTo(0, 0)")
    page.driver.refresh()
    page.wait("the tiers", lambda: page.all("[data-tier='shop/web'] summary"))
    order = []
    for _ in range(60):
        at = page.press(Keys.TAB)
        if at["tag"] == "BODY":
            break
        assert at["outlined"], f"the focus cannot be seen on {at}"
        order.append(at["text"] or at["id"] or at["name"])
    wanted = ["Skip to the content", "Foretide, overview", "Overview", "Hosts", "Services", "Decisions", "Holds",
              "Events", "Sign out", "range", "shop/batch", "Values as a table"]
    places = [next((i for i, t in enumerate(order) if t.startswith(w)), None) for w in wanted]
    assert None not in places and places == sorted(places), f"{wanted} are not met in this order: {order}"


def test_a_hold_is_set_by_keyboard_alone(page, shop):
    page.go("holds", "Holds")
    page.wait("the form", lambda: page.all("#scope option[value='shop/jobs']"))
    page.wait("the focus", lambda: page.focused()["id"] == "main")
    assert page.press(Keys.TAB)["id"] == "scope"
    page.press("shop/jobs")
    assert page.press(Keys.TAB)["id"] == "reason"
    page.press("by hand")
    assert page.press(Keys.TAB)["id"] == "period"
    page.press("1h", Keys.ENTER)
    page.wait("the hold", lambda: [(h["tier"], h["reason"]) for h in shop.items("/v1/holds")] == [("jobs", "by hand")])
    page.wait("it is shown", lambda: page.all("[data-key='In force'] button"))
    assert page.press(Keys.TAB)["text"] == "Hold"
    assert page.press(Keys.TAB)["text"] == "Release the hold on shop/jobs"
    page.press(Keys.ENTER)
    page.wait("it is released", lambda: shop.items("/v1/holds") == [])


def test_the_page_keeps_the_focus_and_what_was_typed(page, shop):
    page.go("holds", "Holds")
    page.wait("the form", lambda: page.all("#reason"))
    page.all("#reason")[0].send_keys("half a sen")
    shop.api("/v1/tiers/shop/jobs", "PATCH", {"priority": 4})
    shop.api("/v1/holds", "POST", {"stack": "shop", "tier": "jobs", "reason": "from elsewhere"})
    page.wait("the hold of elsewhere", lambda: "from elsewhere" in page.text("main"))
    assert page.focused()["id"] == "reason"
    assert page.script("return document.getElementById('reason').value") == "half a sen"
    page.click("[data-key='In force'] button")
    page.wait("it is released", lambda: shop.items("/v1/holds") == [])


def test_nothing_comes_from_elsewhere_and_nothing_is_refused(page):
    for view, heading in VIEWS.items():
        page.go(view, heading)
    page.go("tier/shop/web", "shop/web")
    page.wait("the chart", lambda: (page.attributes(".canvas", "aria-label") or [None])[0])
    names = page.script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert len(names) > 10 and all(n.startswith(page.url + "/") for n in names)
    assert page.severe() == []
