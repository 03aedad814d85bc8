// SPDX-License-Identifier: GPL-3.0-or-later
// The first view: problems, counts, every tier, the latest decisions.
import { rangePicker } from './range.js';
import { decisionTable } from './decisions.js';
import { h } from './dom.js';
import { duration, number } from './format.js';
import { problemList } from './problems.js';
import { now, state } from './state.js';
import { panel } from './table.js';
import { tierCard } from './tiers.js';

export const needs = ['tiers', 'hosts', 'decisions'];
export const title = 'Overview';

function stat(name, value, note, isBad) {
  return h(`div.stat${isBad ? '.bad' : ''}`, { 'data-stat': name }, h('dt', name), h('dd', h('span.value', value), h('span.note', note)));
}

function stats() {
  const { store, tick } = state.status;
  // Null while the database cannot be read: the problems say so.
  const counts = state.status.counts ?? Object.fromEntries(['stacks', 'tiers', 'pools', 'hosts', 'units', 'units_healthy'].map(k => [k, '–']));
  const up = (state.hosts ?? []).filter(x => x.state === 'up').length;
  const age = tick?.last ? now() - Date.parse(tick.last) : null;
  return h('dl.stats', { 'aria-label': 'Status' },
    stat('Tiers', counts.tiers, `in ${counts.stacks} ${counts.stacks === 1 ? 'stack' : 'stacks'}`),
    stat('Hosts up', up, `of ${counts.hosts} in ${counts.pools} ${counts.pools === 1 ? 'pool' : 'pools'}`),
    stat('Units healthy', counts.units_healthy, `of ${counts.units}`),
    stat('Store', store?.ok ? 'ok' : 'unavailable', store?.mode ?? '', !store?.ok),
    stat('Last tick', age === null ? '–' : `${duration(age)} ago`, tick ? `took ${number(tick.duration_ms)} ms, every ${duration(tick.period_ms)}` : '',
      tick && age > 10 * tick.period_ms));
}

function calm() {
  return h('p.calm', { 'data-key': 'calm' }, 'No problems.');
}

export function render(range, onRange) {
  const tiers = state.tiers ?? [];
  return [
    h('h1.unseen', 'Overview'),
    problemList() ?? calm(),
    stats(),
    h('div.bar', { 'data-key': 'bar' }, h('h2', 'Tiers'), rangePicker(range, onRange)),
    tiers.length
      ? h('div.cards', { 'data-key': 'cards' }, tiers.map(t => tierCard(t, range)))
      : h('p.muted', { 'data-key': 'none' }, 'No stack is applied yet: ', h('code', 'foretide apply DIR'), ' brings one up.'),
    panel('Latest decisions', decisionTable((state.decisions ?? []).slice(0, 8))),
  ];
}

