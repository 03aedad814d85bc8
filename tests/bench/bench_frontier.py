# SPDX-License-Identifier: GPL-3.0-or-later
"""What calm and safety cost: docs/frontier.svg, of all public traces at a tier's defaults but
for the price of an action and the risk."""
import json
import math
import os
import subprocess
import sys
import tempfile

from measure import BUILD, ROOT, SHARED, Failed, figure, say

PICTURE = os.path.join(ROOT, "docs", "frontier.svg")
ACTION_PRICES = (0, 2, 5, 10, 20, 40, 80)
RISKS = (0.001, 0.002, 0.005, 0.01, 0.02)
DEFAULTS = {"action_price": 10, "slo": 0.005}
WIDTH, HEIGHT, LEFT, TOP = 330, 240, 52, 40


def play(settings):
    """The summary over the traces, boot 180 s, peak 20, with these settings of the tier."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        line = [sys.executable, os.path.join(SHARED, "bench", "autoscale_eval.py"), "--traces",
                os.path.join(SHARED, "traces"), "--boot", "180", "--peak", "20", "--quiet", "--jobs",
                str(os.cpu_count()), "--out", out.name, "--cmd",
                f"{sys.executable} {os.path.abspath(__file__)} {json.dumps(settings).replace(' ', '')!r}"]
        say(f"with {settings}")
        if subprocess.run(line, stdout=subprocess.DEVNULL, check=False).returncode:
            raise Failed("autoscale_eval.py failed")
        return next(iter(json.load(open(out.name, encoding="utf-8"))["policies"].values()))["summary"]


def pass_on(settings):
    """Between a bench and the command: adds the settings to the first message."""
    with subprocess.Popen([os.path.join(BUILD, "foretide"), "decide", "--jsonl"], text=True,
                          bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        for line in sys.stdin:
            message = json.loads(line)
            if message.get("type") == "init":
                message.update(settings)
            engine.stdin.write(json.dumps(message) + "\n")
            engine.stdin.flush()
            if message.get("type") == "end":
                break
            print(engine.stdout.readline(), end="", flush=True)


def round_step(most):
    """A round number of which there are at most five up to `most`."""
    unit = 10 ** math.floor(math.log10(most / 5))
    return next(k * unit for k in (1, 2, 5, 10) if 5 * k * unit >= most)


def panel(at, points, x_name, low, high):
    """One curve: cost over x. points: (x, cost, label, whether it is the default)."""
    x_high = max(p[0] for p in points) * 1.1
    x_step, y_step = round_step(x_high), round_step(high - low)

    def place(x, y):
        return (at + LEFT + (WIDTH - LEFT - 20) * x / x_high,
                TOP + (HEIGHT - TOP - 50) * (high - y) / (high - low))

    lines = [f'<path d="M{at + LEFT} {TOP}V{HEIGHT - 50}H{at + WIDTH - 20}" class="axis"/>',
             f'<text x="{at + LEFT + (WIDTH - LEFT - 20) / 2:.0f}" y="{HEIGHT - 14}" class="mid">{x_name}</text>']
    for k in range(math.ceil(low / y_step), math.floor(high / y_step) + 1):
        y = place(0, k * y_step)[1] + 4
        lines.append(f'<text x="{at + LEFT - 6}" y="{y:.1f}" class="end">{k * y_step:.2f}</text>')
    for k in range(1, math.floor(x_high / x_step) + 1):
        x = place(k * x_step, low)[0]
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - 34}" class="mid">{k * x_step:.3g}</text>')
    curve = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(p[0], p[1]) for p in sorted(points)))
    lines.append(f'<polyline points="{curve}" class="curve"/>')
    for x, y, label, own in points:
        px, py = place(x, y)
        lines.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{4 if own else 2.5}" class="{"own" if own else "dot"}"/>')
        lines.append(f'<text x="{px + 6:.1f}" y="{py - 5:.1f}">{label}</text>')
    return lines


def draw(by_action, by_risk):
    costs = [p[1] for p in by_action + by_risk]
    low, high = min(costs) - 0.01, max(costs) + 0.02
    body = panel(0, by_action, "actions a day", low, high) + \
        panel(WIDTH, by_risk, "% of the time short of capacity", low, high)
    style = ("text{font:11px sans-serif;fill:#333}.mid{text-anchor:middle}.end{text-anchor:end}"
             ".axis{fill:none;stroke:#888}.curve{fill:none;stroke:#0a6fc2;stroke-width:1.6}"
             ".dot{fill:#0a6fc2}.own{fill:#c23b0a}")
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}">',
         f"<style>{style}</style>", '<rect width="100%" height="100%" fill="#fff"/>',
         '<text x="8" y="16">Cost over the clairvoyant\'s, mean of the traces; boot 3 min, peak 20. '
         "Red: a tier's defaults.</text>",
         '<text x="8" y="30">Left: by the price of an action, in instance-minutes. Right: by the risk.</text>',
         *body, "</svg>"]) + "\n"


def frontier():
    """Plays all settings and writes the picture."""
    by_action, by_risk = [], []
    for price in ACTION_PRICES:
        s = play({"action_price": price})
        by_action.append((s["actions_per_day"], s["cost_ratio_geomean"], f"{price}",
                          price == DEFAULTS["action_price"]))
    for risk in RISKS:
        s = play({"slo": risk})
        by_risk.append((s["under_pct_mean"], s["cost_ratio_geomean"], f"{100 * risk:g} %",
                        risk == DEFAULTS["slo"]))
    for x, cost, label, _ in by_action:
        figure(f"an action priced at {label} instance-minutes", f"{cost:.3f}, {x:.0f} actions a day")
    for x, cost, label, _ in by_risk:
        figure(f"a risk of {label}", f"{cost:.3f}, {x:.3f} % short")
    os.makedirs(os.path.dirname(PICTURE), exist_ok=True)
    with open(PICTURE, "w", encoding="ascii") as f:
        f.write(draw(by_action, by_risk))
    say(f"wrote {PICTURE}")


if __name__ == "__main__":
    pass_on(json.loads(sys.argv[1]))
