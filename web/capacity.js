// SPDX-License-Identifier: GPL-3.0-or-later
// The capacity of one instance: declared, learned or cautious, with its interval.
import { h } from './dom.js';
import { figure, number, plural, sentence, time } from './format.js';
import { now } from './state.js';

const models = { utilisation: 'the utilisation', queue: 'a queueing model', usl: 'the universal scalability law' };

/** Where the figure comes from: "declared", "learned (12.9 – 15.6)"... */
export function capacitySource(t) {
  const used = t.capacity_learned?.used;
  if (used) return used === 'none' ? 'not known' : used;
  return t.capacity ? 'declared' : 'not known';
}

function interval(c, unit) {
  if (c.low === null || c.low === undefined || c.high === null || c.high === undefined) return '–';
  return `${number(c.low)} and ${figure(c.high, unit)}`;
}

function learned(c, unit) {
  return [
    h('dt', 'Learned'), h('dd', { 'data-learned': '' }, figure(c.value, unit)),
    h('dt', 'Likely between'), h('dd', interval(c, unit)),
    h('dt', 'By'), h('dd', c.model ? `${models[c.model] ?? c.model}, ${plural(c.points ?? 0, 'point')}` : '–'),
  ];
}

/** A change of the capacity, such as by a release. */
function changed(c, t) {
  if (!c.changed) return null;
  return h('p.warning', { 'data-warning': 'capacity' }, 'An instance has served about ', figure(c.changed.to, t.capacity_unit), ' since ', time(c.changed.since, now()),
    `; before that it served ${figure(c.changed.from, t.capacity_unit)}.`);
}

export function capacityPanel(t) {
  const c = t.capacity_learned;
  return [
    c ? changed(c, t) : null,
    h('dl.list', h('dt', 'Used'), h('dd', h('span', { 'data-capacity': capacitySource(t) }, t.capacity ? figure(t.capacity, t.capacity_unit) : '–'), `, ${capacitySource(t)}`),
      c && c.value !== null ? learned(c, t.capacity_unit) : null),
    c?.why ? h('p.muted', sentence(c.why)) : null,
  ];
}
