// SPDX-License-Identifier: GPL-3.0-or-later
// Server-sent events with a token, which EventSource cannot send: read by fetch, resumed
// after the last event received when the connection breaks or stalls.
import { token } from './api.js';

const SILENCE_MS = 45000; // three of the controller's heartbeats
const WAIT_MAX_MS = 15000;

let stop = null;

/** One block of lines up to an empty line: its id and data. */
function parse(block) {
  const event = { id: null, data: [] };
  for (const line of block.split('\n')) {
    if (line.startsWith('id:')) event.id = line.slice(3).trim();
    else if (line.startsWith('data:')) event.data.push(line.slice(5).trimStart());
  }
  return event;
}

async function read(answer, alive, onEvent) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const event of blocks.map(parse))
      if (event.data.length) onEvent(event.id, JSON.parse(event.data.join('\n')));
  }
}

/** One connection, until it ends. */
async function connect(last, signal, onOpen, onEvent) {
  if (!token.get()) throw new Error('there is no token');
  const silence = new AbortController();
  let timer = null;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  const headers = { Authorization: `Bearer ${token.get()}` };
  if (last !== null) headers['Last-Event-ID'] = last;
  alive();
  try {
    const answer = await fetch('/v1/events/stream', {
      headers, cache: 'no-store', signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    onOpen();
    await read(answer, alive, onEvent);
  } finally {
    clearTimeout(timer);
  }
}

/** Follows the events after the last one known (an id or null); onState: whether it is connected. */
export async function follow(last, onEvent, onState) {
  const own = new AbortController();
  let wait = 500;
  unfollow();
  stop = own;
  while (!own.signal.aborted) {
    try {
      await connect(last, own.signal, () => {
        wait = 500;
        onState(true);
      }, (id, event) => {
        last = id;
        onEvent(event);
      });
    } catch {
      // Broken, stalled or rejected: retried below.
    }
    if (own.signal.aborted) return;
    onState(false);
    await new Promise(done => setTimeout(done, wait * (0.75 + Math.random() / 2)));
    wait = Math.min(2 * wait, WAIT_MAX_MS);
  }
}

export function unfollow() {
  stop?.abort();
  stop = null;
}
