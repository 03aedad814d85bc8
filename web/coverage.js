// SPDX-License-Identifier: GPL-3.0-or-later
// The coverage of a tier's forecasts, promised and achieved, by band and lead time.
import { h } from './dom.js';
import { duration, share } from './format.js';

const decimals = level => (Number((100 * level).toFixed(1)) % 1 ? 1 : 0);

/** An achieved share as it is shown, and whether it is less than its band promised. */
export function achievedOf(level, achieved) {
  const known = achieved !== null && achieved !== undefined;
  return { text: share(achieved, 1), isLess: known && Number((100 * achieved).toFixed(1)) < 100 * level };
}

function leadsOf(bands) {
  return [...new Set(bands.flatMap(b => (b.leads ?? []).map(l => l.lead_ms)))].sort((a, b) => a - b);
}

function cell(level, achieved) {
  const { text, isLess } = achievedOf(level, achieved);
  return h('td', { 'data-less': isLess ? '' : null },
    isLess ? h('span.less', h('span', { 'aria-hidden': 'true' }, '▼ '), text, h('span.unseen', ', less than promised')) : text);
}

function bandTable(bands) {
  const leads = leadsOf(bands);
  return h('div.scroll', { tabindex: 0, role: 'region', 'aria-label': 'Coverage of the forecasts' },
    h('table.dense.bands', h('caption.unseen', 'Share of steps that stayed within each band, by lead time'),
      h('thead', h('tr', h('th', { scope: 'col' }, 'Promised'), leads.map(ms => h('th', { scope: 'col' }, `achieved, lead time ${duration(ms)}`)))),
      h('tbody', bands.map(b => h('tr', h('th', { scope: 'row' }, share(b.level, decimals(b.level))),
        leads.map(ms => cell(b.level, b.leads.find(l => l.lead_ms === ms)?.achieved)))))));
}

export function coveragePanel(t) {
  const p = t.promise;
  if (!p) return h('p.muted', 'Nothing to report until a forecast has been compared with actual demand.');
  return p.bands?.length ? bandTable(p.bands) : h('p.muted', 'Too few steps have been compared yet.');
}
