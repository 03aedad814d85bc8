// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong, in sentences: of the whole system and of one tier.
import { h } from './dom.js';
import { duration, time, words } from './format.js';
import { now, state } from './state.js';

/** "Metrics stopped 3m ago: nothing is scaled in", or null. */
export function staleWords(tier) {
  if (!tier.demand.expression || !tier.demand.stale) return null;
  if (!tier.demand.at) return 'No demand is measured: nothing is scaled in.';
  return `Metrics stopped ${duration(now() - Date.parse(tier.demand.at))} ago: nothing is scaled in.`;
}

function ownProblems() {
  const { status } = state;
  const all = [];
  if (state.awaySince)
    all.push({ kind: 'controller-away', tone: 'bad', words: `No answer for ${duration(Date.now() - state.awaySince)} (${state.problem}). Shown is what was last known.` });
  if (status && !status.store?.ok && !status.problems.some(p => p.kind === 'store-away'))
    all.push({ kind: 'store-away', tone: 'bad', words: status.store?.message || 'the store has not been read yet' });
  return all;
}

const tones = { 'store-away': 'bad', 'round-failed': 'bad', 'pool-failing': 'bad', 'unit-failing': 'bad' };
const names = {
  'controller-away': 'Controller away', 'store-away': 'Store away', 'round-failed': 'The controller’s round fails',
  'pool-failing': 'Pool failing', 'pool-limited': 'Pool limited', 'unit-failing': 'Unit fails to start', 'unit-stays': 'Unit stays where it is',
  'roll-out-waits': 'Roll-out waits', 'hosts-silent': 'Hosts silent', 'stack-not-read': 'Stack not understood', 'metrics-stale': 'Metrics stale',
};

/** [{kind, tone, title, words, since, link}], the worst first. */
export function problems() {
  const all = ownProblems();
  for (const p of state.status?.problems ?? [])
    all.push({ kind: p.kind, tone: tones[p.kind] ?? 'warn', words: p.message, since: p.since });
  for (const tier of state.tiers ?? []) {
    const stale = staleWords(tier);
    if (stale) all.push({ kind: 'metrics-stale', tone: 'warn', words: stale, tier });
  }
  return all.map(p => ({ ...p, title: names[p.kind] ?? p.kind }))
    .sort((a, b) => (a.tone === b.tone ? 0 : a.tone === 'bad' ? -1 : 1));
}

export const tierLink = t => `#/tier/${t.stack}/${t.name}`;

export function problemList() {
  const all = problems();
  if (!all.length) return null;
  return h('ul.problems', { 'data-key': 'problems', 'aria-label': 'Problems' }, all.map(p =>
    h(`li.problem.${p.tone}`, { 'data-kind': p.kind },
      h('strong', p.title), ' ',
      p.tier ? h('a', { href: tierLink(p.tier) }, `${p.tier.stack}/${p.tier.name}`) : null, p.tier ? ' ' : null,
      h('span', words(p.words, now())),
      p.since ? h('span.muted', ' since ', time(p.since, now())) : null)));
}
