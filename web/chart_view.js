// SPDX-License-Identifier: GPL-3.0-or-later
// The places of charts on the page: created with the views, filled when visible, with a
// legend, a summary and a table of the same values for those who cannot see charts.
import { upliftText } from './calendar.js';
import { served, update } from './chart_data.js';
import { destroy, draw, onTheme, series } from './chart.js';
import { h, show } from './dom.js';
import { duration, figure, time } from './format.js';
import { now } from './state.js';

const TABLE_ROWS = 24;
const EMPTY = 'No demand has been measured yet.';
const charts = new Map(); // element -> chart
const seen = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    const chart = charts.get(target);
    if (chart) chart.isSeen = isIntersecting;
    if (chart && isIntersecting) fill(chart);
  }
}, { rootMargin: '300px' });
const sizes = new ResizeObserver(entries => {
  for (const { target } of entries) charts.get(target.closest('[data-chart]'))?.graph?.resize();
});

function legend() {
  return h('ul.legend', { 'aria-hidden': 'true' }, series.map(s => h(`li.key-${s.theme}`, s.name)),
    h('li.key-band', '5–95 %'), h('li.key-lead', 'Lead time'), h('li.key-event', { hidden: true }, 'Event'));
}

/** The place of a tier's chart; the observer fills it once it is on the page. */
export function chartBox(t, range, tall = false) {
  return h(`figure.chart${tall ? '.tall' : ''}`, { 'data-key': 'chart', 'data-chart': `${t.stack}/${t.name}`, 'data-range': range, 'data-keep': true },
    h('div.canvas', { role: 'img' }), legend(), h('p.readout', { 'aria-hidden': 'true' }),
    h('details', h('summary', 'Values as a table'), h('div.values')));
}

/** The events that the chart's span of time touches. */
export function eventsIn(t, [from, to]) {
  return (t.events ?? []).filter(e => Date.parse(e.start) < to && Date.parse(e.end) > from);
}

/** What the forecast's band held of the past, by distance, as far as it is known. */
function heldTexts(forecast) {
  return (forecast?.held ?? []).filter(b => known(b.share))
    .map(b => `95 % band has held ${Math.round(100 * b.share)} of 100 past values ${duration(b.ahead_ms)} ahead`);
}

function summary(chart, t) {
  const unit = t.capacity_unit;
  const ahead = chart.memory.rows.filter(r => r.band && r.t > now());
  const last = ahead.at(-1);
  return [`Chart of ${t.stack}/${t.name}: demand ${figure(t.demand.value, unit)} now`,
    last ? `forecast ${figure(last.band[0])} to ${figure(last.band[2], unit)} in ${duration(last.t - now())}` : 'no forecast',
    ...heldTexts(chart.memory.forecast),
    `capacity ${figure(served(t, t.healthy), unit)}`, `lead time ${duration(t.lead?.used_ms)}`,
    ...chart.events.map(e => `event ${e.name} ${upliftText(e)}`)].join(', ');
}

function values(chart, t) {
  const { rows } = chart.memory;
  const every = Math.max(1, Math.ceil(rows.length / TABLE_ROWS));
  const some = rows.filter((r, i) => i % every === 0 || i === rows.length - 1);
  const cell = v => h('td', figure(v, t.capacity_unit));
  return h('table.dense', h('caption.unseen', `Values of the chart of ${t.stack}/${t.name}`),
    h('thead', h('tr', ['Time', 'Demand', '5 %', 'Forecast', '95 %', 'Capacity', 'Desired'].map(n => h('th', { scope: 'col' }, n)))),
    h('tbody', some.map(r => h('tr', h('th', { scope: 'row' }, time(new Date(r.t).toISOString(), now())), cell(r.demand),
      [0, 1, 2].map(i => cell(r.band?.[i])), cell(r.capacity), cell(r.desired)))));
}

const known = v => v !== null && v !== undefined;

/** Does not overwrite the values under the pointer. */
function noteEmpty({ memory, readout }) {
  if (!memory.rows.some(r => known(r.demand) || r.band)) readout.textContent = EMPTY;
  else if (readout.textContent === EMPTY) readout.textContent = '';
}

function paint(chart) {
  const t = chart.tier;
  if (!chart.memory.rows?.length) return;
  chart.leadMs = t.lead?.used_ms ?? 0;
  chart.unit = t.capacity_unit;
  chart.events = eventsIn(t, chart.memory.span);
  chart.element.querySelector('.key-event').hidden = !chart.events.length;
  chart.element.querySelector('.key-band').title = heldTexts(chart.memory.forecast).join(', ');
  draw(chart);
  noteEmpty(chart);
  chart.canvas.setAttribute('aria-label', summary(chart, t));
  show(chart.element.querySelector('.values'), h('div.scroll', { tabindex: 0, role: 'region', 'aria-label': 'Values of the chart' }, values(chart, t)));
}

async function fill(chart) {
  if (chart.isFilling || !chart.isSeen) return;
  chart.isFilling = true;
  try {
    const isNew = await update(chart.memory, chart.tier, chart.element.dataset.range);
    if (isNew && chart.element.isConnected) paint(chart); // another view may have come meanwhile
  } catch (error) {
    chart.readout.textContent = `The chart cannot be read: ${error.message}.`;
  }
  chart.isFilling = false;
}

function adopt(element) {
  const canvas = element.querySelector('.canvas');
  const chart = { element, canvas, readout: element.querySelector('.readout'), memory: {}, isSeen: false };
  charts.set(element, chart);
  seen.observe(element);
  sizes.observe(canvas);
  return chart;
}

/** After a view was rendered: new places get charts, removed ones are released, others refreshed. */
export function syncCharts(tiers, range) {
  for (const [element, chart] of charts) {
    if (element.isConnected) continue;
    seen.unobserve(element);
    sizes.unobserve(chart.canvas);
    destroy(chart);
    charts.delete(element);
  }
  for (const element of document.querySelectorAll('[data-chart]')) {
    const chart = charts.get(element) ?? adopt(element);
    element.dataset.range = range;
    chart.tier = tiers.find(t => `${t.stack}/${t.name}` === element.dataset.chart) ?? chart.tier;
    if (chart.tier) fill(chart);
  }
}

onTheme(() => {
  for (const chart of charts.values()) if (chart.graph) paint(chart);
});
