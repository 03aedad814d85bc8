// SPDX-License-Identifier: GPL-3.0-or-later
// The controller's REST API: the token, one call, lists with all their pages.

const KEY = 'foretide-token';
const PAGES_MAX = 20;

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: text => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

/** What the API refused, in its words; status 0 when nobody answered. */
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

/** One call; the document of the answer, or null when it has none. */
export async function call(method, path, body, secret = token.get()) {
  if (!secret) throw new ApiError(401, 'no token is there');
  const headers = { Authorization: `Bearer ${secret}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
  } catch {
    throw new ApiError(0, 'the controller does not answer');
  }
  if (!answer.ok) throw new ApiError(answer.status, await problemOf(answer));
  return answer.status === 204 ? null : answer.json();
}

export const get = path => call('GET', path);

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
