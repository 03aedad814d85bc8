// SPDX-License-Identifier: GPL-3.0-or-later
// The live list of events.
import { h } from './dom.js';
import { time, withTimes } from './format.js';
import { now, state } from './state.js';
import { badge, panel, table } from './table.js';

export const needs = [];
export const title = 'Events';

const tones = { error: 'bad', warn: 'warn', info: 'plain', debug: 'plain' };

const about = e => [e.stack && e.tier ? `${e.stack}/${e.tier}` : e.stack, e.unit || e.host].filter(Boolean).join(' · ');

export function render() {
  return [h('h1', 'Events'), panel('Newest first',
    h('p.muted', state.isLive ? 'New events appear automatically.' : 'The live stream is disconnected; reconnecting.'),
    table('Events, newest first', [
      { name: 'When', of: e => time(e.at, now()) },
      { name: 'Kind', of: e => badge(e.kind, tones[e.level] ?? 'plain', e.level) },
      { name: 'About', of: e => h('span.mono', about(e) || '–') },
      { name: 'Message', wide: true, of: e => withTimes(e.message, now()) },
    ], state.events, e => e.id, 'Nothing has happened yet.'))];
}
