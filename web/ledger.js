// SPDX-License-Identifier: GPL-3.0-or-later
// What tiers had and cost, beside what was promised and what simpler scaling would have.
import { getText, list } from './api.js';
import { h } from './dom.js';
import { number, percent, plural, share } from './format.js';
import { tierLink } from './problems.js';
import { state } from './state.js';
import { panel, table } from './table.js';

export const needs = ['tiers'];
export const title = 'Ledger';

let rows = null;

/** All months, newest first; a month's rows as the controller orders them. Those of the past
 *  do not change, so they are read once, and again when a month begins. */
export async function load() {
  const present = await list('/v1/ledger');
  const isNewMonth = present[0]?.period !== rows?.[0]?.period;
  const past = isNewMonth || !rows ? await list('/v1/ledger?month=all') : rows;
  const period = present[0]?.period;
  rows = [...present, ...past.filter(x => x.period !== period).sort((a, b) => b.period.localeCompare(a.period))];
}

/** Whether it was short for longer than it may be; null: not known, or nothing was promised. */
export function isBroken(row) {
  const { short, risk } = row ?? {};
  return short === null || short === undefined || !risk ? null : short > risk;
}

const minutes = n => plural(n.toLocaleString('en'), 'minute');
const isEmpty = row => !row || row.minutes_known === 0;

/** "✓ as promised", and the like, of a row. */
export function verdict(row) {
  if (isEmpty(row)) return 'no minute measured yet';
  const broken = isBroken(row);
  const slow = row.minutes_slow ? ` (${row.minutes_slow.toLocaleString('en')} slow)` : '';
  const of = `${row.minutes_short.toLocaleString('en')} of ${minutes(row.minutes_known)}${slow}`;
  return broken === null ? of : [`${of} `, broken ? h('span.less', '▲ more than promised') : '✓ as promised'];
}

const shortText = row => (isEmpty(row) ? '–' : share(row.short, 2));

// ---------------------------------------------------------------- a tier's month
function promised(t) {
  return t.price
    ? h('div.fact', { 'data-fact': 'Price' }, h('dt', 'Cost of a minute short of capacity'), h('dd', h('span.value', number(t.price)), h('span.note', 'instance-hours')))
    : h('div.fact', { 'data-fact': 'Promised' }, h('dt', 'Time short, promised'), h('dd', h('span.value', t.risk ? `≤ ${percent(t.risk)}` : '–'), h('span.note', 'of the time')));
}

function kept(row) {
  return h('div.fact', { 'data-fact': 'Kept' }, h('dt', 'Was short'), h('dd', h('span.value', shortText(row)), h('span.note', verdict(row))));
}

function compared(row) {
  return table('What it cost this month, beside simpler scaling over the same minutes', [
    { name: 'Scaling', of: x => x[0] },
    { name: 'Hours paid', num: true, of: x => number(x[1]) },
    { name: 'Minutes short', num: true, of: x => x[2].toLocaleString('en') },
  ], [
    ['This tier', row.paid_hours, row.minutes_short],
    ['Reactive, simulated', row.reactive_hours, row.reactive_minutes_short],
    [`Always ${plural(row.static_instances, 'instance')}, the largest need so far`, row.static_hours, 0],
  ], x => x[0], '', true);
}

/** What a tier had this month. */
export function keptPanel(t) {
  const row = t.kept;
  return [
    h('dl.facts.two', promised(t), kept(row && t.price ? { ...row, risk: null } : row)),
    row?.minutes_unknown ? h('p.muted', { 'data-unknown': row.minutes_unknown }, `${minutes(row.minutes_unknown)} not known: neither kept nor short.`) : null,
    isEmpty(row) ? null : compared(row),
  ];
}

// ---------------------------------------------------------------- all tiers
/** A tier that was removed has no page. */
function who(row) {
  if (!row.tier) return `${row.stack ? `${row.stack}: ` : ''}hosts of no tier`;
  const name = `${row.stack}/${row.tier}`;
  return (state.tiers ?? []).some(t => t.stack === row.stack && t.name === row.tier) ? h('a', { href: tierLink({ stack: row.stack, name: row.tier }) }, name) : name;
}

const columns = [
  { name: 'Tier', of: who },
  { name: 'Was short', num: true, of: shortText },
  { name: 'Promised', num: true, of: x => (x.risk === null ? x.price === null ? '–' : `price ${number(x.price)}` : `≤ ${percent(x.risk)}`) },
  { name: 'Of minutes', of: x => (x.tier ? verdict(x) : '–') },
  { name: 'Not known', num: true, of: x => (x.minutes_unknown ? minutes(x.minutes_unknown) : '–') },
  { name: 'Hours paid', num: true, of: x => number(x.paid_hours) },
  { name: 'Reactive', num: true, of: x => (isEmpty(x) ? '–' : number(x.reactive_hours)) },
  { name: 'Static peak', num: true, of: x => (isEmpty(x) ? '–' : number(x.static_hours)) },
  { name: 'Changes', num: true, of: x => x.actions },
  { name: 'Launches', num: true, of: x => `${x.launches}${x.launches_failed ? `, ${x.launches_failed} failed` : ''}` },
];

async function download() {
  const text = await getText('/v1/ledger?month=all&days=true&format=csv');
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  h('a', { href: url, download: 'ledger.csv' }).click();
  URL.revokeObjectURL(url);
}

export function render() {
  const months = [...new Set((rows ?? []).map(x => x.period))];
  return [
    h('div.bar', { 'data-key': 'head' }, h('h1', 'Ledger'), h('button', { type: 'button', onclick: download }, 'Days as CSV')),
    h('p.muted', { 'data-key': 'about' }, 'What tiers had and cost by month, UTC: hours of hosts, beside what reactive scaling and the largest need of the month would have paid over the same minutes.'),
    rows && !months.length ? h('p.muted', { 'data-key': 'none' }, 'Nothing has been entered yet: a minute is, one minute after it is over.') : null,
    rows ? null : h('p.muted', { 'data-key': 'reading' }, 'Reading…'),
    ...months.map(m => panel(m, table(`Ledger of ${m}`, columns, rows.filter(x => x.period === m), x => x.id, ''))),
  ];
}
