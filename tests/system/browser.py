# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium that a test looks through."""

import os
import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from rig_tools import PATIENCE_S, wait_for

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync
--disable-dev-shm-usage --window-size=1280,900"""

CHANGED = "ERR_NETWORK_CHANGED"

# The contrast of every visible text with what is painted behind it: [[ratio, text], ...].
CONTRASTS = """
const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return [m[0], m[1], m[2], m[3] ?? 1]; };
const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
function ground(el) {
  const layers = [];
  for (let e = el; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce((under, c) => over(c, under), [255, 255, 255]);
}
const light = c => c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const found = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const el = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
  if (!text || !el.checkVisibility({visibilityProperty: true}) || el.closest('option, script, noscript')) continue;
  const under = ground(el), on = over(parse(getComputedStyle(el).color), under);
  const [a, b] = [light(on), light(under)].sort((x, y) => y - x);
  found.push([(a + 0.05) / (b + 0.05), text]);
}
return found;
"""

# How many pixels have the colour of a custom property of the page, in that canvas of a
# selector that has most of them.
PIXELS = """
const [selector, property] = arguments;
const probe = document.createElement('i');
probe.style.color = `var(--${property})`;
document.body.append(probe);
const want = getComputedStyle(probe).color.match(/[\\d.]+/g).map(Number);
probe.remove();
want[3] = Math.round(255 * (want[3] ?? 1));
function count(canvas) {
  if (!canvas.width || !canvas.height) return 0;
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4)
    n += want.every((v, k) => Math.abs(data[i + k] - v) <= 6);
  return n;
}
return Math.max(0, ...[...document.querySelectorAll(selector)].map(count));
"""

DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chromedriver.sh")

# Remembers what is announced: the next announcement takes the place of the last.
LISTEN = """
window.told = [];
const place = document.getElementById('announce');
new MutationObserver(() => window.told.push(place.textContent)).observe(place, {childList: true, characterData: true, subtree: true});
"""

FOCUSED = """
const el = document.activeElement, own = getComputedStyle(el);
const shown = el.type === 'radio' ? getComputedStyle(el.nextElementSibling) : own;
return {tag: el.tagName, id: el.id, name: el.name ?? '',
        text: (el.getAttribute('aria-label') ?? el.innerText ?? '').trim(),
        outlined: shown.outlineStyle !== 'none' && parseFloat(shown.outlineWidth) >= 1};
"""


class Browser:
    def __init__(self, url):
        self.url = url
        self.folder = tempfile.mkdtemp(prefix="foretide-chromium-")
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in FLAGS.split() + [f"--user-data-dir={self.folder}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -------------------------------------------------------- going
    def open(self):
        """A browser drops its requests when an interface of the machine comes or goes."""
        def opened():
            try:
                self.driver.get(self.url + "/")
                return True
            except WebDriverException as e:
                if CHANGED not in str(e):
                    raise
                return False
        self.wait("the page", opened)
        self.script(LISTEN)

    def told(self):
        """All that was announced since the page was opened."""
        return " | ".join(self.script("return window.told"))

    def go(self, view, heading=None):
        self.driver.execute_script("location.hash = arguments[0]", "#/" + view)
        if heading:
            self.wait(f"the view {view}", lambda: self.text("h1") == heading)

    def sign_in(self, token):
        self.wait("the form", lambda: self.all("#token"))
        field = self.all("#token")[0]
        field.clear()
        field.send_keys(token, Keys.ENTER)

    def size(self, width, height=900):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def theme(self, name):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": name}]})

    def press(self, *keys):
        """Types into whatever has the focus; then what has it."""
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()
        return self.focused()

    # -------------------------------------------------------- looking
    def wait(self, what, condition, timeout=PATIENCE_S):
        return wait_for(what, condition, timeout, every=0.2)  # a look makes the page lay itself out

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        """The texts of what is there now, in one look, however the page changes."""
        return self.script("return [...document.querySelectorAll(arguments[0])]"
                           ".map(e => e.innerText.replace(/\\s+/g, ' ').trim())", selector)

    def text(self, selector):
        found = self.texts(selector)
        return found[0] if found else None

    def attributes(self, selector, name):
        return self.script("return [...document.querySelectorAll(arguments[0])]"
                           ".map(e => e.getAttribute(arguments[1]))", selector, name)

    def click(self, selector):
        """Also when the page changes between the look and the click."""
        def clicked():
            try:
                self.all(selector)[0].click()
                return True
            except (StaleElementReferenceException, IndexError):
                return False
        self.wait(f"a click on {selector}", clicked)

    def script(self, text, *args):
        return self.driver.execute_script(text, *args)

    def focused(self):
        return self.script(FOCUSED)

    def contrasts(self):
        return self.script(CONTRASTS)

    def pixels(self, selector, colour):
        return self.script(PIXELS, selector, colour)

    def severe(self):
        """Errors that the page has caused since they were last asked for."""
        return [e["message"] for e in self.driver.get_log("browser")
                if e["level"] == "SEVERE" and CHANGED not in e["message"]]
