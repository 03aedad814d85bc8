// SPDX-License-Identifier: GPL-3.0-or-later
// A tier's backtest: to run, to read, and to promote the tier by.
import { call, get } from './api.js';
import { attempt, openDialog } from './dialog.js';
import { h } from './dom.js';
import { duration, figure, number, percent, share, time } from './format.js';
import { mayChange, now } from './state.js';

const LOOK_EVERY_MS = 300;
const next = { observe: 'out', out: 'auto' };
const meaning = { out: 'It will scale out automatically, but never in.', auto: 'It will scale out and in automatically.' };

const base = t => `/v1/tiers/${t.stack}/${t.name}`;

/** Does a call that may need a backtest, and shows its progress. */
async function withProgress(t, bar, action) {
  let isOver = false;
  const look = async () => {
    while (!isOver) {
      await new Promise(done => setTimeout(done, LOOK_EVERY_MS));
      const { progress } = isOver ? {} : await get(`${base(t)}/backtest`).catch(() => ({}));
      if (progress !== null && progress !== undefined) bar.value = progress;
    }
  };
  bar.value = 0;
  bar.hidden = false;
  look();
  try {
    return await action();
  } finally {
    isOver = true;
    bar.hidden = true;
  }
}

/** The same from a button of the panel, which is disabled until then; true on success. */
async function fromButton(t, button, action, done) {
  const panel = button.closest('section');
  button.disabled = true;
  const ok = await attempt(panel.querySelector('[role=alert]'), () => withProgress(t, panel.querySelector('progress'), action), done);
  button.disabled = false;
  return ok;
}

function run(t, event) {
  return fromButton(t, event.target, () => call('POST', `${base(t)}/backtest`), `The backtest of ${t.stack}/${t.name} is done.`);
}

/** Asks, with the effect of a promotion and whether the tier is eligible. */
async function promote(t, event) {
  const button = event.target;
  const to = next[t.mode];
  const send = more => call('POST', `${base(t)}/promote`, { to, ...more });
  let found = null;
  const ok = await fromButton(t, button, async () => { found = await send({ dry_run: true }); }, 'The backtest is done.');
  if (!ok) return;
  button.focus();
  const { verdict } = found;
  openDialog({
    title: `Promote ${t.stack}/${t.name} from ${found.from} to ${to}?`,
    body: [verdictText(verdict), h('p', meaning[to]),
      h('p.muted', 'Write ', h('code', `mode = ${to}`), ' into stack.conf too: the next apply restores what is written there.')],
    submit: verdict.promote ? `Promote to ${to}` : 'Promote anyway',
    danger: !verdict.promote,
    action: () => send({ force: !verdict.promote }),
    done: `${t.stack}/${t.name} is now in mode ${to}.`,
  });
}

export function verdictText(v) {
  if (!v.to) return null;
  return h(`p.verdict.${v.promote ? 'good' : 'warn'}`, { 'data-verdict': v.promote ? 'earned' : 'refused' },
    h('strong', v.promote ? `✓ Eligible for mode ${v.to}: ` : `Not eligible for mode ${v.to}: `), `${v.why}.`);
}

const cost = x => (x === null ? '–' : x.toFixed(3));
const timeShort = (x, risk) => (risk !== null && x > risk ? h('span.less', '▲ ', share(x, 2), h('span.unseen', ', more than promised')) : share(x, 2));

function policyTable(b) {
  const head = ['Policy', 'Cost', 'Time short', 'Unserved', 'Instance-hours', 'Changes'];
  const cells = p => [h('td', cost(p.cost)), h('td', timeShort(p.short, b.risk)), h('td', share(p.unserved, 2)),
    h('td.extra', number(p.instance_hours)), h('td.extra', number(p.actions))];
  return h('table.dense', h('caption.unseen', 'The tier’s own demand, scaled by each policy'),
    h('thead', h('tr', head.map((n, i) => h(i > 3 ? 'th.extra' : 'th', { scope: 'col' }, n)))),
    h('tbody', b.policies.map(p => h('tr', { 'data-policy': p.policy, class: p.policy === 'foretide' ? 'own' : null },
      h('th', { scope: 'row' }, p.policy), cells(p)))));
}

/** points: of other risks or dwells; by: what they differ in; the tier's own is marked. */
function otherTable(id, by, points, text, isOwn, risk) {
  return h('table.dense', { 'data-other': id }, h('caption.unseen', `Cost over ${id}`),
    h('thead', h('tr', [by, 'Cost', 'Time short', 'Changes'].map(n => h('th', { scope: 'col' }, n)))),
    h('tbody', points.map(p => h('tr', { class: isOwn(p) ? 'own' : null },
      h('th', { scope: 'row' }, text(p)), h('td', cost(p.cost)), h('td', timeShort(p.short, risk(p))), h('td', number(p.actions))))));
}

const riskTable = b => otherTable('risk', 'Risk', b.frontier, p => percent(p.risk), p => p.risk === b.risk, p => p.risk);
const dwellTable = b => otherTable('dwell', 'Dwell', b.dwells, p => duration(p.dwell_ms), p => p.dwell_ms === b.dwell_ms, () => b.risk);

/** What was simulated: lead time, capacity, dwell, and the costs of changes and of being short. */
function settings(t, b) {
  const source = b.capacity_source ? `, ${b.capacity_source}` : '';
  const price = b.price ? `${number(b.price)} instance-hours per minute short of capacity` : `a risk of ${percent(b.risk)}`;
  const dwell = b.dwells ? `, a dwell of ${duration(b.dwell_ms)}, ${number(b.action_price)} instance-minutes for a change` : '';
  return `a lead time of ${duration(b.boot_ms)}, a capacity of ${figure(b.capacity, t.capacity_unit)} per instance${source}${dwell}, and ${price}`;
}

function report(t, b) {
  const length = Date.parse(b.to) - Date.parse(b.from);
  return [
    verdictText(b.verdict),
    h('p.muted', { 'data-backtest': b.at }, `${duration(length)} up to `, time(b.to, now()), `, simulated with ${settings(t, b)}; run `, time(b.at, now()), '.'),
    h('div.tables', h('div.scroll.flat', { tabindex: 0, role: 'region', 'aria-label': 'Policies' }, policyTable(b)),
      h('div', h('h3.small', 'What another risk would cost'), riskTable(b),
        b.dwells ? [h('h3.small', 'What another dwell would cost'), dwellTable(b)] : null)),
    h('p.hint.muted', 'Cost is in instance-hours relative to a clairvoyant; the others’ headroom was tuned on this tier’s past.'),
  ];
}

function buttons(t) {
  if (!mayChange()) return null;
  return h('p.buttons', { 'data-key': 'buttons' },
    h('button', { type: 'button', id: 'run-backtest', onclick: event => run(t, event) }, 'Run the backtest'),
    next[t.mode] ? h('button.primary', { type: 'button', id: 'promote', onclick: event => promote(t, event) }, `Promote to ${next[t.mode]}…`) : null);
}

/** backtest: of GET tier; undefined while it is being read. */
export function backtestPanel(t, backtest) {
  return [
    backtest ? report(t, backtest) : h('p.muted', backtest === undefined ? 'Reading…' : 'No backtest has been run yet: it simulates the tier’s own past and shows what each policy would have cost.'),
    h('progress', { 'data-key': 'progress', 'data-keep': true, hidden: true, max: 1, 'aria-label': 'Backtest' }),
    h('p.error', { role: 'alert', 'data-keep': true, 'data-key': 'alert' }),
    buttons(t),
  ];
}
