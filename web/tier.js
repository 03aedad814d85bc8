// SPDX-License-Identifier: GPL-3.0-or-later
// One tier: its chart, what was promised and what it had, how the latest decision was made,
// what the forecast is based on, its backtest, decisions, units.
import { get } from './api.js';
import { backtestPanel } from './backtest.js';
import { eventTable } from './calendar.js';
import { capacityPanel } from './capacity.js';
import { chartBox } from './chart_view.js';
import { decisionTable } from './decisions.js';
import { showDialog } from './dialog.js';
import { h } from './dom.js';
import { duration, number, time, withTimes } from './format.js';
import { unitTone, unitText } from './hosts.js';
import { coveragePanel } from './coverage.js';
import { keptPanel } from './ledger.js';
import { rangePicker } from './range.js';
import { settingsPanel } from './settings.js';
import { now, state } from './state.js';
import { badge, panel, table } from './table.js';
import { fallbackList, tierBadges, tierFacts, tierWarnings } from './tiers.js';

export const needs = ['tiers', 'hosts'];

const details = { key: null, leads: null, decisions: null, backtest: undefined };

/** The data of this view only; read with each refresh. */
export async function load(stack, name) {
  const base = `/v1/tiers/${stack}/${name}`;
  const [leads, decisions, own] = await Promise.all([get(`${base}/leads?limit=10`), get(`${base}/decisions?limit=30`), get(base)]);
  Object.assign(details, { key: `${stack}/${name}`, leads: leads.items, decisions: decisions.items, backtest: own.backtest ?? null });
}

/** What letting instances go would save and cost. */
export function scaleInText(s, from) {
  const last = from - s.count + 1;
  const again = s.again_ms > 0 ? `instance ${last} is likely needed again in ${duration(s.again_ms)}` : `instance ${last} may be needed again at any time`;
  return `Letting ${s.count} go saves ${number(s.saves_min)} instance-minutes and costs ${number(s.costs_min)}: ${again}.`;
}

function stages(t) {
  const x = t.explanation;
  if (!x) return h('p.muted', 'Nothing has been decided yet.');
  return [h('ol.stages', x.stages.map(s => h('li', h('span.stage', s.name), h('span.value', s.value)))),
    x.scale_in ? h('p', { 'data-scale-in': x.scale_in.count }, scaleInText(x.scale_in, x.from)) : null,
    h('p.muted', 'Limited by ', h('strong', x.binding === 'none' ? 'nothing' : x.binding), ', cause ', h('strong', x.cause), ', decided at ', time(x.at, now()), '.')];
}

function leads(t) {
  const l = t.lead;
  return [
    l ? h('dl.list',
      h('dt', 'Used'), h('dd', `${duration(l.used_ms)} (${l.prior ? 'configured: fewer than five measured' : 'learned'})`),
      h('dt', 'Median'), h('dd', l.count ? duration(l.p50_ms) : '–'),
      h('dt', '95 %'), h('dd', l.p95_ms ? duration(l.p95_ms) : '–'),
      h('dt', 'Measured'), h('dd', l.count)) : null,
    table('Lead times as measured', [
      { name: 'Healthy at', of: x => time(x.healthy, now()) },
      { name: 'Took', num: true, of: x => duration(x.lead_ms) },
      { name: 'Kind', of: x => x.kind },
      { name: 'Host', of: x => h('span.mono', x.host || '–') },
    ], details.leads, x => x.id, 'None has been measured yet.', true)];
}

/** The end of a unit's log, from its host. */
function showLog(unit) {
  const text = async () => {
    const { lines } = await get(`/v1/units/${unit}/logs?lines=200`);
    return lines.length ? h('pre.log', { tabindex: 0 }, lines.join('\n')) : h('p.muted', 'The log is empty.');
  };
  return showDialog(`Log of ${unit}`, text());
}

function units(t) {
  const own = (state.hosts ?? []).flatMap(x => x.units).filter(u => u.stack === t.stack && u.tier === t.name)
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  return table('Units of the tier', [
    { name: 'Unit', of: u => h('span.mono', u.name) },
    { name: 'State', of: u => badge(unitText(u), unitTone(u), u.message || null) },
    { name: 'Host', of: u => h('span.mono', u.host) },
    { name: 'Healthy since', of: u => time(u.healthy, now()) },
    { name: 'Log', of: u => h('button', { type: 'button', onclick: () => showLog(u.name), 'aria-label': `Log of ${u.name}` }, 'Log') },
  ], own, u => u.name, 'No unit is placed on a host.');
}

export function render(range, onRange, [stack, name]) {
  const t = (state.tiers ?? []).find(x => x.stack === stack && x.name === name);
  if (!t) return [h('h1', `${stack}/${name}`), h('p.muted', state.tiers ? 'There is no such tier.' : 'Reading…')];
  if (details.key !== `${stack}/${name}`) Object.assign(details, { leads: null, decisions: null, backtest: undefined });
  return [
    h('div.bar', { 'data-key': 'head' }, h('h1', h('span.muted', `${stack}/`), name), tierBadges(t), rangePicker(range, onRange)),
    h('section.card', { 'data-key': `tier ${stack}/${name}`, 'data-tier': `${stack}/${name}` },
      tierFacts(t), tierWarnings(t), chartBox(t, range, true), h('p.sentence', withTimes(t.sentence ?? 'Nothing has been decided yet.', now())), fallbackList(t)),
    h('div.columns', { 'data-key': 'columns' },
      h('div.column', panel('Promised and kept this month', keptPanel(t)), panel('Coverage of the forecasts', coveragePanel(t)), panel('The latest decision, stage by stage', stages(t)), panel('Units', units(t)), panel('Settings', settingsPanel(t))),
      h('div.column', panel('Capacity of an instance', capacityPanel(t)), panel('Expected events', eventTable(t)), panel('Lead times', leads(t)))),
    panel('Backtest', backtestPanel(t, details.backtest)),
    panel('Decisions', decisionTable(details.decisions, false)),
  ];
}
