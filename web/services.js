// SPDX-License-Identifier: GPL-3.0-or-later
// Registered services, by DNS name.
import { h } from './dom.js';
import { tierLink } from './problems.js';
import { state } from './state.js';
import { panel, table } from './table.js';

export const needs = ['services'];
export const title = 'Services';

export function render() {
  return [h('h1', 'Services'), panel('Registered',
    h('p.muted', 'A service is registered once it answers, and is found by its DNS name on every host.'),
    table('Services that are registered', [
      { name: 'DNS name', of: s => h('span.mono', s.dns) },
      { name: 'Unit', of: s => h('span.mono', s.unit) },
      { name: 'Tier', of: s => h('a', { href: tierLink({ stack: s.stack, name: s.tier }) }, `${s.stack}/${s.tier}`) },
      { name: 'Host', of: s => h('span.mono', s.host || '–') },
      { name: 'Address', of: s => h('span.mono', `${s.address}:${s.port}`) },
    ], state.services, s => `${s.dns} ${s.unit} ${s.port}`, 'Nothing is registered.'))];
}
