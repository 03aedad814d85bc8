// SPDX-License-Identifier: GPL-3.0-or-later
// The events that a tier's forecast reckons with.
import { number, plural, time } from './format.js';
import { now } from './state.js';
import { badge, table } from './table.js';

const known = x => x !== null && x !== undefined;

/** "×2.4", or "" while it is neither given nor learned. */
export function upliftText(e) {
  return known(e.uplift) ? `×${number(e.uplift, 2)}` : '';
}

/** The source of the uplift. */
export function upliftSource(e) {
  if (!known(e.uplift)) return 'not known yet: the first of its name';
  if (e.given) return 'given';
  const range = known(e.low) && known(e.high) ? `, ×${number(e.low, 2)} to ×${number(e.high, 2)}` : '';
  return `learned from ${plural(e.learned_from ?? 0, 'event')}${range}`;
}

export function eventTable(t) {
  return table('Events of the tier', [
    { name: 'Event', of: e => [e.name, ' ', e.in_force ? badge('in force', 'info') : null] },
    { name: 'From', of: e => time(e.start, now()) },
    { name: 'To', of: e => time(e.end, now()) },
    { name: 'Uplift', of: e => upliftText(e) || '–' },
    { name: 'How it is known', of: upliftSource },
  ], t.events ?? [], e => `${e.name} ${e.start}`, 'None in the next 14 days.');
}
