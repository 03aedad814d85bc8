// SPDX-License-Identifier: GPL-3.0-or-later
// Past decisions, each with its explanation.
import { h } from './dom.js';
import { time, withTimes } from './format.js';
import { tierLink } from './problems.js';
import { now, state } from './state.js';
import { badge, panel, table } from './table.js';

export const needs = ['decisions', 'tiers'];
export const title = 'Decisions';

function change(d) {
  if (d.to === d.from) return h('span.muted', `stays at ${d.to}`);
  const tone = d.to > d.from ? 'out' : 'in';
  return badge(`${d.from} → ${d.to}`, tone, d.to > d.from ? 'scaled out' : 'scaled in');
}

export function decisionTable(items, withTier = true) {
  const columns = [
    { name: 'When', of: d => time(d.at, now()) },
    { name: 'Tier', of: d => h('a', { href: tierLink({ stack: d.stack, name: d.tier }) }, `${d.stack}/${d.tier}`) },
    { name: 'Change', of: change },
    { name: 'Cause', of: d => d.cause },
    { name: 'Explanation', wide: true, of: d => withTimes(d.sentence, now()) },
  ];
  return table('Decisions, newest first', withTier ? columns : columns.filter(c => c.name !== 'Tier'), items, d => d.id, 'Nothing has been decided yet.');
}

export function render() {
  return [h('h1', 'Decisions'), panel('Newest first', decisionTable(state.decisions))];
}
