// SPDX-License-Identifier: GPL-3.0-or-later
// A browser drops what it is loading when a network interface of its machine comes or
// goes, as they do beside a local driver. A part of the page that is lost that way is
// asked for again by loading the page again, a few times.
(() => {
  const KEY = 'foretide-loads';
  const LOADS_MAX = 5;
  let isWhole = true;
  const loads = Number(sessionStorage.getItem(KEY) ?? 0);

  addEventListener('error', event => {
    const isPart = event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement;
    if (!isPart) return;
    isWhole = false;
    if (loads >= LOADS_MAX) return;
    sessionStorage.setItem(KEY, String(loads + 1));
    location.reload();
  }, true);
  addEventListener('load', () => { if (isWhole) sessionStorage.removeItem(KEY); });
})();
