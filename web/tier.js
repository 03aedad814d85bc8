// SPDX-License-Identifier: GPL-3.0-or-later
// One tier: its chart, how the latest decision came about, lead times, decisions, units.
import { get } from './api.js';
import { chartBox } from './chart_view.js';
import { decisionTable } from './decisions.js';
import { h } from './dom.js';
import { duration, figure, percent, time, words } from './format.js';
import { unitTone, unitWords } from './hosts.js';
import { rangePicker } from './range.js';
import { now, state } from './state.js';
import { badge, panel, table } from './table.js';
import { rungWords, tierBadges, tierFacts, tierWarnings } from './tiers.js';

export const needs = ['tiers', 'hosts'];

const details = { key: null, leads: null, decisions: null };

/** What only this view shows; asked for with each of its refreshes. */
export async function load(stack, name) {
  const base = `/v1/tiers/${stack}/${name}`;
  const [leads, decisions] = await Promise.all([get(`${base}/leads?limit=10`), get(`${base}/decisions?limit=30`)]);
  Object.assign(details, { key: `${stack}/${name}`, leads: leads.items, decisions: decisions.items });
}

function settings(t) {
  const rows = [
    ['Unit', t.unit], ['Pool', t.pool], ['Demand', t.demand.expression || '–'], ['Bounds', `${t.min} to ${t.max}`],
    ['Capacity per instance', t.capacity ? figure(t.capacity, t.capacity_unit) : 'not known'], ['Risk of being short', percent(t.risk)],
    ['Dwell before scaling in', t.dwell], ['Steps', `${t.step_out || 'any'} out, ${t.step_in || 'any'} in`],
  ];
  return h('dl.list', rows.map(([k, v]) => [h('dt', k), h('dd', v)]));
}

function stages(t) {
  const x = t.explanation;
  if (!x) return h('p.muted', 'Nothing has been decided yet.');
  return [h('ol.stages', x.stages.map(s => h('li', h('span.stage', s.name), h('span.value', s.value)))),
    h('p.muted', 'Bound by ', h('strong', x.binding === 'none' ? 'nothing' : x.binding), ', cause ', h('strong', x.cause), ', decided at ', time(x.at, now()), '.')];
}

function leads(t) {
  const l = t.lead;
  return [
    l ? h('dl.list',
      h('dt', 'Used'), h('dd', `${duration(l.used_ms)} (${l.prior ? 'the prior: fewer than five were measured' : 'learned'})`),
      h('dt', 'Median'), h('dd', l.count ? duration(l.p50_ms) : '–'),
      h('dt', '95 %'), h('dd', l.count ? duration(l.p95_ms) : '–'),
      h('dt', 'Measured'), h('dd', l.count)) : null,
    table('Lead times as measured', [
      { name: 'Healthy at', of: x => time(x.healthy, now()) },
      { name: 'Took', num: true, of: x => duration(x.lead_ms) },
      { name: 'Kind', of: x => x.kind },
      { name: 'Host', of: x => h('span.mono', x.host || '–') },
    ], details.leads, x => x.id, 'None has been measured yet.')];
}

function units(t) {
  const own = (state.hosts ?? []).flatMap(x => x.units).filter(u => u.stack === t.stack && u.tier === t.name);
  return table('Units of the tier', [
    { name: 'Unit', of: u => h('span.mono', u.name) },
    { name: 'State', of: u => badge(unitWords(u), unitTone(u), u.message || null) },
    { name: 'Host', of: u => h('span.mono', u.host) },
    { name: 'Healthy since', of: u => time(u.healthy, now()) },
  ], own, u => u.name, 'None is placed on a host.');
}

export function render(range, onRange, [stack, name]) {
  const t = (state.tiers ?? []).find(x => x.stack === stack && x.name === name);
  if (!t) return [h('h1', `${stack}/${name}`), h('p.muted', state.tiers ? 'There is no such tier.' : 'Reading…')];
  if (details.key !== `${stack}/${name}`) Object.assign(details, { leads: null, decisions: null });
  return [
    h('div.bar', { 'data-key': 'head' }, h('h1', h('span.muted', `${stack}/`), name), tierBadges(t), rangePicker(range, onRange)),
    h('section.card', { 'data-key': `tier ${stack}/${name}`, 'data-tier': `${stack}/${name}` },
      tierFacts(t), tierWarnings(t), chartBox(t, range, true), h('p.sentence', words(t.sentence ?? 'Nothing has been decided yet.', now())), rungWords(t)),
    h('div.columns', { 'data-key': 'columns' },
      h('div.column', panel('The latest decision, stage by stage', stages(t)), panel('Units', units(t)), panel('Settings', settings(t))),
      h('div.column', panel('Lead times', leads(t)))),
    panel('Decisions', decisionTable(details.decisions, false)),
  ];
}
