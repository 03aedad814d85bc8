// SPDX-License-Identifier: GPL-3.0-or-later
// What stacks and their tiers cost this month, beside their budget and simpler scaling.
import { list } from './api.js';
import { h } from './dom.js';
import { number } from './format.js';
import { tierLink } from './problems.js';
import { badge, meter, panel, table } from './table.js';

export const needs = [];
export const title = 'Costs';

let stacks = null;

export async function load() {
  stacks = await list('/v1/costs');
}

/** Amounts below 1 with the digits that tell prices of an hour apart. */
export function money(x) {
  if (x === null || x === undefined) return '–';
  return x > 0 && x < 1 ? x.toFixed(4) : x.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

const states = {
  kept: ['as planned', 'good'], near: ['80 % are spent', 'warn'],
  over: ['will not suffice: nothing is started ahead of demand', 'bad'], spent: ['is spent: nothing is started ahead of demand', 'bad'],
};

function budget(s) {
  const b = s.budget;
  if (!b) return h('p.muted', 'No budget is set.');
  const [text, tone] = states[b.state];
  return h('p', { 'data-budget': b.state }, meter('Budget', b.spent / b.amount, `${money(b.spent)} of ${money(b.amount)} ${b.currency} this month `), badge(text, tone));
}

const columns = [
  { name: 'Tier', of: t => (!t.tier ? 'hosts of no tier' : t.isSum ? 'All' : h('a', { href: tierLink({ stack: t.stack, name: t.tier }) }, t.tier)) },
  { name: 'An hour, now', num: true, of: t => money(t.hour) },
  { name: 'Today', num: true, of: t => money(t.today) },
  { name: 'Month so far', num: true, of: t => money(t.month) },
  { name: 'Projected', num: true, of: t => money(t.projected) },
  { name: 'Reactive', num: true, of: t => money(t.reactive) },
  { name: 'Static peak', num: true, of: t => money(t.static) },
];

function stackPanel(s) {
  const rows = [...s.tiers.map(t => ({ ...t, stack: s.stack })), { ...s, tier: 'All', isSum: true }];
  const name = [s.stack || 'no stack', s.currency].filter(Boolean).join(', ');
  return panel(name,
    budget(s),
    s.currency ? table(`Costs of ${name}`, columns, rows, t => `${t.isSum ? '=' : ''}${t.tier}`, '') : null,
    s.unpriced_hours > 0 ? h('p.muted', { 'data-unpriced': s.unpriced_hours }, `${number(s.unpriced_hours)} host-hours have no known price: state it in [prices] of foretide.conf.`) : null);
}

export function render() {
  return [
    h('div.bar', { 'data-key': 'head' }, h('h1', 'Costs')),
    h('p.muted', { 'data-key': 'about' }, 'What hosts cost this month, UTC, and will have cost at its end, beside what reactive scaling and the largest need would have cost over the same minutes.'),
    stacks ? null : h('p.muted', { 'data-key': 'reading' }, 'Reading…'),
    stacks && !stacks.length ? h('p.muted', { 'data-key': 'none' }, 'Nothing has been entered yet: a minute is, one minute after it is over.') : null,
    ...(stacks ?? []).map(stackPanel),
  ];
}
