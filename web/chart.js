// SPDX-License-Identifier: GPL-3.0-or-later
// One chart with dygraphs: demand, forecast with its band, capacity, what is desired, and
// the lead time shaded ahead of now. Colours come from the page's theme.
/* global Dygraph */
import { upliftText } from './calendar.js';
import { figure, timeText } from './format.js';
import { now } from './state.js';

// The page has a legend of its own, and the policy of the page allows no inline styles,
// which this plugin writes.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter(plugin => plugin !== Dygraph.Plugins.Legend);

const dark = matchMedia('(prefers-color-scheme: dark)');

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export const series = [
  { name: 'Demand', theme: 'demand' },
  { name: 'Forecast', theme: 'forecast' },
  { name: 'Capacity', theme: 'capacity' },
  { name: 'Desired', theme: 'desired' },
];

const single = v => (v === null || v === undefined ? null : [v, v, v]);

/** Rows of chart_data.js in dygraphs' form: [date, [low, middle, high], ...]. */
function toRows(rows) {
  return rows.map(r => [new Date(r.t), single(r.demand), r.band, single(r.capacity), single(r.desired)]);
}

function top(rows) {
  const values = rows.flatMap(r => [r.demand, r.capacity, r.desired, ...(r.band ?? [])]);
  return 1.12 * (Math.max(0, ...values.filter(v => v !== null && v !== undefined)) || 1);
}

/** An expected event as a tinted span with its name, as far as it is in sight. */
function shadeEvent(ctx, area, graph, event) {
  const x = Math.max(graph.toDomXCoord(Date.parse(event.start)), area.x);
  const end = Math.min(graph.toDomXCoord(Date.parse(event.end)), area.x + area.w);
  if (end <= x) return;
  ctx.fillStyle = colour('event-fill');
  ctx.fillRect(x, area.y, end - x, area.h);
  ctx.fillStyle = colour('event');
  ctx.fillRect(Math.round(x), area.y, 1, area.h);
  ctx.font = '11px system-ui, sans-serif';
  const text = `${event.name} ${upliftText(event)}`;
  const width = ctx.measureText(text).width;
  ctx.fillText(text, Math.max(area.x, Math.min(x + 4, area.x + area.w - width - 2)), area.y + area.h - 5);
}

/** The lead time as a tinted strip from now on, and a line at now. */
function shade(ctx, area, graph, leadMs, events) {
  for (const event of events) shadeEvent(ctx, area, graph, event);
  const x = graph.toDomXCoord(now());
  const end = graph.toDomXCoord(now() + leadMs);
  ctx.fillStyle = colour('lead-fill');
  ctx.fillRect(x, area.y, Math.max(end - x, 4), area.h);
  ctx.fillStyle = colour('now-line');
  ctx.fillRect(Math.round(x), area.y, 1, area.h);
}

function styles() {
  const line = (theme, more) => ({ color: colour(theme), ...more });
  return {
    Demand: line('demand', { strokeWidth: 2 }),
    Forecast: line('forecast', { strokeWidth: 1.5, strokePattern: [5, 4] }),
    Capacity: line('capacity', { stepPlot: true, strokeWidth: 1.5 }),
    Desired: line('desired', { stepPlot: true, strokeWidth: 1.5, strokePattern: [2, 3] }),
  };
}

function axes() {
  const grid = { axisLineColor: colour('line'), gridLineColor: colour('grid'), axisLabelFontSize: 11 };
  return {
    x: { ...grid, drawGrid: false, pixelsPerLabel: 70 },
    y: { ...grid, axisLabelWidth: 38, pixelsPerLabel: 36 },
  };
}

function optionsFor(chart) {
  const { rows, span } = chart.memory;
  return {
    file: toRows(rows), dateWindow: span, valueRange: [0, top(rows)], series: styles(), axes: axes(),
    underlayCallback: (ctx, area, graph) => shade(ctx, area, graph, chart.leadMs, chart.events),
  };
}

/** A line of figures for the place under the pointer. */
function readout(chart, x, row) {
  const r = chart.memory.rows[row];
  if (!r) return '';
  const parts = [timeText(x, now())];
  if (r.demand !== null) parts.push(`demand ${figure(r.demand, chart.unit)}`);
  if (r.band) parts.push(`forecast ${figure(r.band[0])} – ${figure(r.band[2], chart.unit)}`);
  if (r.capacity !== null) parts.push(`capacity ${figure(r.capacity, chart.unit)}`);
  return parts.join(' · ');
}

/** Draws, or draws again, into chart.canvas. */
export function draw(chart) {
  const options = optionsFor(chart);
  if (chart.graph) {
    chart.graph.updateOptions(options);
    return;
  }
  const { file, ...more } = options;
  chart.graph = new Dygraph(chart.canvas, file, {
    ...more, labels: ['Time', ...series.map(s => s.name)], customBars: true, fillAlpha: 0.22,
    connectSeparatedPoints: true, highlightCircleSize: 3, interactionModel: {}, rightGap: 4,
    highlightCallback: (event, x, points, row) => { chart.readout.textContent = readout(chart, x, row); },
    unhighlightCallback: () => { chart.readout.textContent = ''; },
  });
}

export function destroy(chart) {
  chart.graph?.destroy();
  chart.graph = null;
}

export function onTheme(fn) {
  dark.addEventListener('change', fn);
}
