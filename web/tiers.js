// SPDX-License-Identifier: GPL-3.0-or-later
// A tier as a card: its figures, its chart and the sentence of its latest decision.
import { capacitySource } from './capacity.js';
import { served } from './chart_data.js';
import { chartBox } from './chart_view.js';
import { h } from './dom.js';
import { duration, figure, number, plural, sentence, time, withTimes } from './format.js';
import { staleText, tierLink } from './problems.js';
import { now } from './state.js';
import { badge } from './table.js';

export const tierName = t => `${t.stack}/${t.name}`;

const modes = {
  observe: 'explains what it would do; demand changes nothing',
  out: 'by demand it scales out, never in',
  auto: 'scales out and in',
};

export function tierBadges(t) {
  return h('span.badges',
    badge(t.mode, 'plain', modes[t.mode]),
    t.stateful ? badge('stateful', 'plain', 'is not scaled in automatically') : null,
    t.hold ? badge('on hold', 'warn', `${t.hold.owner}: ${t.hold.reason}`) : null,
    t.demand.expression && t.demand.stale ? badge('metrics stale', 'warn') : null);
}

function fact(name, value, note, kind) {
  return h(`div.fact${kind ? `.${kind}` : ''}`, { 'data-fact': name }, h('dt', name),
    h('dd', h('span.value', value), note ? h('span.note', note) : null));
}

function leadNote(lead) {
  if (!lead) return null;
  return lead.prior ? 'configured, not learned yet' : `learned from ${plural(lead.count, 'start')}`;
}

function runningNote(t) {
  const notes = [];
  if (t.starting) notes.push(`${t.starting} starting`);
  if (t.draining) notes.push(`${t.draining} draining`);
  return notes.join(', ') || `of ${t.min} to ${t.max}`;
}

/** "at most, in 2m, with sale ×2.4" */
function forecastNote(f) {
  if (!f) return 'none';
  return `at most, in ${duration(f.lead_ms)}${f.events?.length ? `, with ${f.events.join(', ')} ×${number(f.uplift, 2)}` : ''}`;
}

function capacityNote(t) {
  if (!t.capacity) return 'not known';
  const source = capacitySource(t);
  return `${t.healthy} × ${figure(t.capacity, t.capacity_unit)}${source === 'declared' ? '' : `, ${source}`}`;
}

/** The row of figures of a tier. */
export function tierFacts(t) {
  const f = t.explanation?.forecast;
  const unit = t.capacity_unit;
  return h('dl.facts',
    fact('Demand', figure(t.demand.value, unit),
      t.demand.age_ms === null ? 'not measured' : `${duration(now() - Date.parse(t.demand.at))} ago`, 'demand'),
    fact('Forecast', f ? figure(f.upper, unit) : '–', forecastNote(f), 'forecast'),
    fact('Capacity', figure(served(t, t.healthy), unit), capacityNote(t), 'capacity'),
    fact('Serving', String(t.healthy), runningNote(t)),
    fact('Desired', t.desired === null ? '–' : String(t.desired), t.desired_since ? ['since ', time(t.desired_since, now())] : null, 'desired'),
    fact('Lead time', t.lead ? duration(t.lead.used_ms) : '–', leadNote(t.lead), 'lead'));
}

const fallbackLevels = {
  full: 'Full model', seasonal: 'Season', reactive: 'Reactive',
};

/** Which forecast is used, and why. */
export function fallbackText(t) {
  if (!t.fallback_level) return h('p.fallback', h('strong', 'No forecast: '), 'there is too little data yet.');
  return h('p.fallback', { 'data-fallback': t.fallback_level }, h('strong', `${fallbackLevels[t.fallback_level] ?? t.fallback_level}: `), `${t.fallback_reason ?? ''}.`);
}

/** The same with all levels, and the tier's marked. */
export function fallbackList(t) {
  return h('div.fallbacks', { 'data-key': 'fallbacks' },
    h('ol', { 'aria-label': 'Fallback levels of the forecast' }, Object.entries(fallbackLevels).map(([id, name]) =>
      h('li', { 'aria-current': id === t.fallback_level ? 'step' : null }, name))),
    h('p.fallback', { 'data-fallback': t.fallback_level ?? null }, t.fallback_level ? sentence(t.fallback_reason) : 'No forecast: there is too little data yet.'));
}

export function tierWarnings(t) {
  const stale = staleText(t);
  return [
    stale ? h('p.warning', { 'data-warning': 'stale' }, stale) : null,
    t.hold ? h('p.warning', { 'data-warning': 'hold' }, `On hold by ${t.hold.owner}: ${t.hold.reason}. `,
      t.hold.expires ? ['Until ', time(t.hold.expires, now()), '.'] : 'Until it is released.') : null,
  ];
}

export function tierCard(t, range) {
  return h('article.card', { 'data-key': tierName(t), 'data-tier': tierName(t), 'aria-label': `Tier ${tierName(t)}` },
    h('header.cardhead', h('h3', h('a', { href: tierLink(t) }, h('span.muted', `${t.stack}/`), t.name)), tierBadges(t)),
    tierFacts(t),
    tierWarnings(t),
    chartBox(t, range),
    h('p.sentence', withTimes(t.sentence ?? 'Nothing has been decided yet.', now())),
    fallbackText(t));
}
