// SPDX-License-Identifier: GPL-3.0-or-later
// Pools, and hosts with their state, load and units.
import { call } from './api.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { bytes, duration, number, percent, time } from './format.js';
import { mayChange, now, state } from './state.js';
import { badge, meter, panel, table } from './table.js';

export const needs = ['hosts', 'pools'];
export const title = 'Hosts';

const tones = { up: 'good', ok: 'good', limited: 'warn', backoff: 'bad', failed: 'bad', gone: 'plain', empty: 'plain', requested: 'info', booting: 'info' };

export function unitTone(u) {
  if (u.goal === 'drain' || u.goal === 'restart') return 'warn';
  if (u.active === 'failed' || u.health === 'failing') return 'bad';
  return u.active === 'active' && ['passing', 'none'].includes(u.health) ? 'good' : 'info';
}

export function unitText(u) {
  if (u.goal === 'drain') return 'draining';
  if (u.goal === 'restart') return 'restarting';
  if (u.active !== 'active') return u.active || 'placed';
  return u.health === 'none' ? 'active' : u.health;
}

function unitList(units) {
  if (!units.length) return h('span.muted', 'no units');
  return h('ul.units', units.map(u => h('li', { 'data-unit': u.name, title: u.message || null },
    h('span.unit', u.name.replace(/\.service$/, '')), badge(unitText(u), unitTone(u)))));
}

function load(host) {
  if (!host.load) return h('span.muted', 'not measured');
  const { cpu, memory } = host.load;
  return h('div.loads', meter('CPU', cpu, `${percent(cpu)} of ${number(host.cpu)}`),
    meter('Memory', memory, `${percent(memory)} of ${bytes(host.memory_bytes)}`));
}

/** How long the host has been in its state. */
function sinceOf(host) {
  const at = host.gone ?? host.unknown ?? host.ready ?? host.joined ?? host.booted ?? host.requested;
  return at ? h('span.note', `${duration(now() - Date.parse(at))}`) : null;
}

function drain(host) {
  openDialog({
    title: `Drain ${host.id}?`,
    body: h('p', 'Its units are replaced on other hosts first, then it is removed. This cannot be undone.'),
    submit: 'Drain', danger: true,
    action: () => call('POST', `/v1/hosts/${host.id}/drain`),
    done: `${host.id} is draining.`,
  });
}

function drainButton(x) {
  if (!['up', 'unknown', 'booting', 'requested'].includes(x.state)) return null;
  return h('button', { type: 'button', onclick: () => drain(x), 'aria-label': `Drain ${x.id}` }, 'Drain…');
}

export function hostTable(items) {
  const columns = [
    { name: 'Host', of: x => h('span.mono', x.id) },
    { name: 'Pool', of: x => x.pool },
    { name: 'State', of: x => h('span.one', badge(x.state, tones[x.state] ?? 'warn', x.message || null), ' ', sinceOf(x)) },
    { name: 'Address', of: x => h('span.mono', x.address || '–') },
    { name: 'Load', of: load },
    { name: 'Units', wide: true, of: x => unitList(x.units) },
  ];
  if (mayChange()) columns.push({ name: 'Action', of: drainButton });
  return table('Hosts', columns, items, x => x.id, 'There are no hosts.');
}

function poolTable() {
  return table('Pools', [
    { name: 'Pool', of: p => p.name },
    { name: 'Driver', of: p => p.driver },
    { name: 'State', of: p => badge(p.state || 'new', tones[p.state] ?? 'warn') },
    { name: 'Hosts up', num: true, of: p => `${p.up} of ${p.hosts}` },
    { name: 'Desired', num: true, of: p => p.want },
    { name: 'Bounds', num: true, of: p => `${p.min} to ${p.max}` },
    { name: 'Host size', of: p => (p.cpu ? h('span.one', `${number(p.cpu)} CPU, ${bytes(p.memory_bytes)}`) : p.type || '–') },
    { name: 'Problem', wide: true, of: p => (p.last_error ? h('span', p.last_error, p.backoff_until ? ['; next try at ', time(p.backoff_until, now())] : '') : '–') },
  ], state.pools, p => p.name, 'There are no pools.');
}

export function render() {
  return [h('h1', 'Hosts'), panel('Pools', poolTable()), panel('Hosts', hostTable(state.hosts))];
}
