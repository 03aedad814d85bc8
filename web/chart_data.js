// SPDX-License-Identifier: GPL-3.0-or-later
// The data of a tier's chart: measured series up to now and the forecast ahead, requested no
// more often than they change.
import { get } from './api.js';
import { now, state } from './state.js';

const MINUTE = 60000;
const SERIES_EVERY_MS = 4500;
const FORECAST_EVERY_MS = 15000;
const POINTS = 240;

export const ranges = {
  '1h': { name: '1 hour', back: 60 * MINUTE },
  '3h': { name: '3 hours', back: 180 * MINUTE },
  '1d': { name: '1 day', back: 1440 * MINUTE },
  '7d': { name: '1 week', back: 10080 * MINUTE },
};

/** How far ahead the forecast is shown: a third of the past, and the lead time in any case. */
function horizon(t, range) {
  return Math.max(ranges[range].back / 3, 30 * MINUTE, 2 * (t.lead?.used_ms ?? 0));
}

async function readSeries(t, range) {
  const step = Math.max(1, Math.round(ranges[range].back / POINTS / MINUTE)) * MINUTE;
  const to = Math.ceil(now() / step) * step;
  const iso = ms => new Date(ms).toISOString();
  const query = new URLSearchParams({ from: iso(to - Math.ceil(ranges[range].back / step) * step), to: iso(to), step: `${step / 1000}s` });
  return (await get(`/v1/tiers/${t.stack}/${t.name}/series?${query}`)).points;
}

async function readForecast(t, range) {
  if (!t.demand.expression) return null;
  try {
    return await get(`/v1/tiers/${t.stack}/${t.name}/forecast?horizon=${Math.round(horizon(t, range) / MINUTE)}m`);
  } catch (error) {
    if (error.status === 409) return null; // nothing is known of the demand yet
    throw error;
  }
}

/** The forecast from now on, as rows; its points lie before and after now. */
function aheadRows(forecast) {
  const at = now();
  const points = (forecast?.points ?? []).map(p => ({ t: Date.parse(p.t), q: p.q }));
  const next = points.findIndex(p => p.t > at);
  if (next > 0) {
    const [a, b] = [points[next - 1], points[next]];
    const share = (at - a.t) / (b.t - a.t);
    points.splice(0, next, { t: at, q: a.q.map((v, i) => v + share * (b.q[i] - v)) });
  }
  return next < 0 ? [] : points.map(p => ({ t: p.t, demand: null, capacity: null, desired: null, band: p.q }));
}

/** What so many instances serve; null when it is not known. */
export function served(t, instances) {
  return instances === null || !t.capacity ? null : instances * t.capacity;
}

/** Measured points, then the forecast's: rows of one chart. */
function rows(t, series, forecast) {
  const measured = series.map(p => ({
    t: Date.parse(p.t), demand: p.demand, capacity: t.capacity ? p.capacity : null, desired: served(t, p.desired), band: null,
  })).filter(p => p.t <= now());
  const at = { t: now(), demand: t.demand.stale ? null : t.demand.value, capacity: served(t, t.healthy),
    desired: served(t, t.desired), band: null };
  return [...measured, at, ...aheadRows(forecast)].sort((a, b) => a.t - b.t);
}

/** Reads what is due into the chart's memory; true when there is something new. */
export async function update(memory, t, range) {
  const at = performance.now();
  const isOther = memory.range !== range;
  const due = (last, every) => isOther || last === undefined || at - last > every;
  if (state.unreachableSince || !due(memory.seriesAt, SERIES_EVERY_MS)) return false;
  memory.range = range;
  memory.seriesAt = at;
  const wantsForecast = isOther || due(memory.forecastAt, FORECAST_EVERY_MS);
  if (wantsForecast) memory.forecastAt = at;
  const [series, forecast] = await Promise.all([
    readSeries(t, range), wantsForecast ? readForecast(t, range) : memory.forecast]);
  memory.forecast = forecast;
  memory.rows = rows(t, series, forecast);
  memory.span = [now() - ranges[range].back, now() + horizon(t, range)];
  return true;
}
