// SPDX-License-Identifier: GPL-3.0-or-later
// A browser aborts its downloads when a network interface of its machine appears or
// disappears, as happens beside a local driver. A part of the page that is lost that way is
// requested again by reloading the page, a few times.
(() => {
  const KEY = 'foretide-loads';
  const LOADS_MAX = 5;
  let isComplete = true;
  const loads = Number(sessionStorage.getItem(KEY) ?? 0);

  addEventListener('error', event => {
    const isPart = event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement;
    if (!isPart) return;
    isComplete = false;
    if (loads >= LOADS_MAX) return;
    sessionStorage.setItem(KEY, String(loads + 1));
    location.reload();
  }, true);
  addEventListener('load', () => { if (isComplete) sessionStorage.removeItem(KEY); });
})();
