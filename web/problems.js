// SPDX-License-Identifier: GPL-3.0-or-later
// The problems of the whole system and of one tier.
import { h } from './dom.js';
import { duration, time, withTimes } from './format.js';
import { now, state } from './state.js';

/** "Metrics stopped 3m ago: nothing is scaled in", or null. */
export function staleText(tier) {
  if (!tier.demand.expression || !tier.demand.stale) return null;
  if (!tier.demand.at) return 'No demand is measured: nothing is scaled in.';
  return `Metrics stopped ${duration(now() - Date.parse(tier.demand.at))} ago: nothing is scaled in.`;
}

function ownProblems() {
  const { status } = state;
  const all = [];
  if (state.unreachableSince)
    all.push({ kind: 'controller-away', tone: 'bad', text: `No answer for ${duration(Date.now() - state.unreachableSince)} (${state.problem}). The last known state is shown.` });
  if (status && !status.store?.ok && !status.problems.some(p => p.kind === 'store-away'))
    all.push({ kind: 'store-away', tone: 'bad', text: status.store?.message || 'the store has not been read yet' });
  return all;
}

const tones = { 'store-away': 'bad', 'round-failed': 'bad', 'pool-failing': 'bad', 'unit-failing': 'bad', 'hosts-silent': 'bad', 'stateful-host-unknown': 'bad', 'rollout-stopped': 'bad', 'unit-kills-hosts': 'bad',
  'disk-full': 'bad', 'database-unwritable': 'bad', 'database-damaged': 'bad', 'database-replaced': 'bad', 'database-fails': 'bad', 'store-no-space': 'bad', 'store-alarm': 'bad' };
const names = {
  'connections-limited': 'Connections limited', 'requests-limited': 'Requests limited', 'logs-limited': 'Reading of logs limited',
  'certificates-limited': 'Certificates limited',
  'controller-away': 'Controller unavailable', 'store-away': 'Store unavailable', 'round-failed': 'Controller tick failing',
  'pool-failing': 'Pool failing', 'pool-limited': 'Pool limited', 'unit-failing': 'Unit fails to start', 'unit-stays': 'Unit not moved', 'pool-full': 'Pool full', 'budget': 'Budget',
  'pool-at-maximum': 'Pool at its maximum', 'launches-limited': 'Launches limited', 'hosts-do-not-join': 'Hosts do not join',
  'launches-not-listed': 'Launched VMs not listed', 'hosts-not-listed': 'Hosts not listed', 'list-not-believed': 'Cloud\'s list not believed',
  'unknown-vms': 'Unknown VMs', 'driver-ended': 'Driver ended', 'breaker-open': 'Cloud left alone', 'no-capacity': 'Cloud without capacity', 'quota': 'Quota below the maximum', 'credentials-not-taken': 'Credentials not taken over', 'adoption-waits': 'Found host waits',
  'roll-out-waits': 'Roll-out waiting', 'rollout-stopped': 'Roll-out stopped', 'unit-kills-hosts': 'Unit kills its hosts', 'checks-fail': 'Instances do not serve',
  'demand-not-whole': 'Demand not whole', 'forecast-not-used': 'Forecast not used', 'hosts-silent': 'Hosts not responding',
  'hosts-unknown': 'Hosts unknown', 'host-cut-from-store': 'Host cut off from the store', 'stateful-host-unknown': 'Host with state unknown',
  'hosts-lost-limited': 'Lost hosts wait', 'host-interrupted': 'Cloud takes a host back', 'services-vanished': 'Service records vanished', 'records-put-right': 'Records were changed by others', 'unit-not-registered': 'Unit not registered', 'record-of-no-unit': 'Record of no unit', 'did-not-listen': 'Controller did not listen', 'stack-not-read': 'Stack cannot be read', 'metrics-stale': 'Metrics stale',
  'disk-full': 'Disk full', 'database-unwritable': 'Database cannot be written', 'database-damaged': 'Database damaged', 'database-replaced': 'Database deleted or replaced', 'database-fails': 'Database failing',
  'store-no-space': 'Store out of space', 'store-limit': 'Store limit reached', 'store-full': 'Store filling', 'files-limited': 'Too few files', 'store-alarm': 'Store raised an alarm', 'store-users-not-set': 'Store users not set', 'store-open': 'Store open to anybody', 'clock-set': 'Clock was set', 'clock-skew': 'Clocks differ', 'connections-refused': 'Connections break off', 'samples-refused': 'Samples of a host refused', 'restored': 'Restored from a backup',
};

/** [{kind, tone, title, text, since, link}], the worst first. */
export function problems() {
  const all = ownProblems();
  for (const p of state.status?.problems ?? [])
    all.push({ kind: p.kind, tone: tones[p.kind] ?? 'warn', text: p.message, since: p.since });
  for (const tier of state.tiers ?? []) {
    const stale = staleText(tier);
    if (stale) all.push({ kind: 'metrics-stale', tone: 'warn', text: stale, tier });
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
      h('span', withTimes(p.text, now())),
      p.since ? h('span.muted', ' since ', time(p.since, now())) : null)));
}
