// SPDX-License-Identifier: GPL-3.0-or-later
// The controller's REST API: the token, one call, lists with all their pages.

const KEY = 'foretide-token';
const PAGES_MAX = 20;
const TRIES = 3;

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: text => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

/** An error with the message of the API; status 0 when there was no answer. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function problemOf(answer) {
  try {
    const problem = await answer.json();
    return problem.detail || problem.title;
  } catch {
    return `the controller answered ${answer.status}`;
  }
}

/** A key by which the controller knows a repeated POST. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('');
}

function options(method, body, secret) {
  const headers = { Authorization: `Bearer ${secret}` };
  if (method === 'POST') headers['Idempotency-Key'] = newKey();
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
}

/** Retries after a broken connection, except requests that are not idempotent. */
async function exchange(path, request) {
  const tries = request.method === 'GET' || request.method === 'POST' ? TRIES : 1;
  for (let n = 1; ; n++) {
    try {
      return await fetch(path, { ...request, signal: AbortSignal.timeout(20000) });
    } catch {
      if (n >= tries) throw new ApiError(0, 'the controller does not answer');
      await new Promise(done => setTimeout(done, 200 * n));
    }
  }
}

async function answerTo(method, path, body, secret) {
  if (!secret) throw new ApiError(401, 'there is no token');
  const answer = await exchange(path, options(method, body, secret));
  if (!answer.ok) throw new ApiError(answer.status, await problemOf(answer));
  return answer;
}

/** One call; the document of the answer, or null when it has none. */
export async function call(method, path, body, secret = token.get()) {
  const answer = await answerTo(method, path, body, secret);
  return answer.status === 204 ? null : answer.json();
}

export const get = path => call('GET', path);

/** An answer that is no document. */
export const getText = async path => (await answerTo('GET', path, undefined, token.get())).text();

/** All items of a list. */
export async function list(path) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const url = new URL(path, location.origin);
    url.searchParams.set('limit', '1000');
    if (cursor) url.searchParams.set('cursor', cursor);
    const answer = await get(url.pathname + url.search);
    items.push(...answer.items);
    cursor = answer.next;
    if (!cursor) break;
  }
  return items;
}
