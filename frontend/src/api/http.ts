import { addressOf } from './base';
import type { ProblemBody } from './contract';
import { Problem, offlineProblem } from './problem';

type Query = Record<string, string | number | boolean | null | undefined>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface RequestOptions {
  query?: Query | undefined;
  json?: unknown;
  bytes?: Blob;
  signal?: AbortSignal | undefined;
}

const GATEWAY_ERRORS = new Set([502, 503, 504]);
const MOST_TRIES = 3;
const MOST_WAIT_S = 10;
const CROSS_SITE = 'cross_site';

let csrfToken = '';
let onSignedOut: () => void = () => undefined;

/** The token of the current session; every change of session brings a new one. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Called when any request finds that nobody is signed in any more. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler;
}

/** Tells the app that the session ended; it asks the server who is signed in. */
export function announceSignedOut(): void {
  onSignedOut();
}

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

function initOf(method: Method, options: RequestOptions): RequestInit {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-CSRFToken'] = csrfToken;
  if (options.bytes) headers['Content-Type'] = 'application/octet-stream';
  else if (method !== 'GET') headers['Content-Type'] = 'application/json';
  const body = options.bytes ?? (method === 'GET' ? undefined : JSON.stringify(options.json ?? {}));
  return {
    method,
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body }),
    ...(options.signal ? { signal: options.signal } : {}),
  };
}

async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody;
  try {
    body = (await response.json()) as ProblemBody;
  } catch {
    body = { detail: `The server answered ${String(response.status)} without an explanation.` };
  }
  return new Problem(response.status, body);
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  try {
    const response = await fetch(addressOf(withQuery(path, options.query)), initOf(method, options));
    if (!GATEWAY_ERRORS.has(response.status) || isProblem(response)) return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
  }
  throw offlineProblem();
}

/** The server's own refusals are problem documents; a proxy without a server sends what it likes. */
function isProblem(response: Response): boolean {
  return (response.headers.get('Content-Type') ?? '').includes('json');
}

/** Asks for the token of now: none is known yet, or another tab has signed in since. */
async function renewCsrfToken(): Promise<void> {
  const response = await send('GET', '/api/session', {});
  if (response.ok) csrfToken = ((await response.json()) as { csrf_token: string }).csrf_token;
}

/**
 * Others held the database or a processor for long: nothing was done, and the server says when to
 * come again. Any request may be repeated then.
 */
async function sendWhenFree(method: Method, path: string, options: RequestOptions): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await send(method, path, options);
    const wait_s = response.status === 503 ? Number(response.headers.get('Retry-After')) : 0;
    if (!(wait_s > 0 && wait_s <= MOST_WAIT_S) || tries === MOST_TRIES) return response;
    await new Promise((resolve) => setTimeout(resolve, wait_s * 1000));
    options.signal?.throwIfAborted();
  }
}

/** One call of the API. Answers the parsed JSON, or throws a `Problem`. */
export async function request<T>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  if (method !== 'GET' && csrfToken === '') await renewCsrfToken();
  let response = await sendWhenFree(method, path, options);
  let problem = response.ok ? null : await problemOf(response);
  if (problem?.code === CROSS_SITE) {
    await renewCsrfToken();
    response = await sendWhenFree(method, path, options);
    problem = response.ok ? null : await problemOf(response);
  }
  if (problem) {
    if (problem.status === 401 && problem.code === 'signin_required') announceSignedOut();
    throw problem;
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const http = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    request<T>('GET', path, { query, signal }),
  post: <T>(path: string, json?: unknown, signal?: AbortSignal) =>
    request<T>('POST', path, { json, signal }),
  patch: <T>(path: string, json: unknown) => request<T>('PATCH', path, { json }),
  delete: <T>(path: string, json?: unknown) => request<T>('DELETE', path, { json }),
  put: <T>(path: string, bytes: Blob, query?: Query, signal?: AbortSignal) =>
    request<T>('PUT', path, { bytes, query, signal }),
};
