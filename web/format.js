// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, durations and times as text. Times are calendar time of the controller, in the
// browser's zone.
import { h } from './dom.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

export function number(x, digits = 3) {
  if (x === null || x === undefined || !Number.isFinite(x)) return '–';
  if (Math.abs(x) >= 1000) return Math.round(x).toLocaleString('en');
  return String(Number(x.toPrecision(digits)));
}

/** 27.3/s, 12 jobs, 27.3 */
export function figure(x, unit) {
  const text = number(x);
  if (!unit || text === '–') return text;
  return unit.startsWith('/') ? text + unit : `${text} ${unit}`;
}

export function percent(x) {
  return x === null || x === undefined ? '–' : `${number(100 * x, 2)} %`;
}

/** A share with so many decimals: 99.5 %. */
export function share(x, decimals = 1) {
  return x === null || x === undefined ? '–' : `${(100 * x).toFixed(decimals)} %`;
}

export function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return `${number(n)} ${units[i]}`;
}

/** 2h 5m, 1m 19s, 850ms */
export function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  const s = Math.round(ms / 1000);
  const parts = [[Math.floor(s / 86400), 'd'], [Math.floor(s / 3600) % 24, 'h'], [Math.floor(s / 60) % 60, 'm'], [s % 60, 's']];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, u]) => n + u).join(' ');
}

export function timeText(t, now) {
  const at = new Date(t);
  const text = clock.format(at);
  return day.format(at) === day.format(new Date(now)) ? text : `${day.format(at)} ${text}`;
}

/** <time>, with the full date as its title. */
export function time(t, now) {
  if (!t) return '–';
  return h('time', { datetime: t, title: full.format(new Date(t)) }, timeText(t, now));
}

/** A sentence of the controller, with the times in it as times of this browser. */
export function withTimes(text, now) {
  return text.split(/(\d{4}-\d\d-\d\dT[\d:.]+Z)/).map((part, i) => (i % 2 ? time(part, now) : part));
}

/** A clause of the controller as a sentence. */
export function sentence(clause) {
  return clause ? `${clause[0].toUpperCase()}${clause.slice(1).replace(/\.$/, '')}.` : '';
}

export function plural(n, one, many = `${one}s`) {
  return `${n} ${n === 1 ? one : many}`;
}
