import { afterEach, describe, expect, test, vi } from 'vitest';
import { http, setCsrfToken, setSignedOutHandler } from './http';
import { OFFLINE, Problem } from './problem';

interface Call {
  method: string;
  path: string;
  token: string | null;
}

function serve(answer: (call: Call) => Response): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const call = { method: init.method ?? 'GET', path, token: new Headers(init.headers).get('X-CSRFToken') };
    calls.push(call);
    return Promise.resolve(answer(call));
  });
  return calls;
}

const problem = (status: number, code: string) => Response.json({ code, detail: 'No.' }, { status });

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  setCsrfToken('');
  setSignedOutHandler(() => undefined);
});

describe('the CSRF token', () => {
  test('is fetched before the first change when none is known', async () => {
    const calls = serve(({ path }) => Response.json(path === '/api/session' ? { csrf_token: 't1' } : {}));
    await http.post('/api/session/link', { token: 'x' });
    expect(calls.map(({ path }) => path)).toEqual(['/api/session', '/api/session/link']);
    expect(calls[1]?.token).toBe('t1');
  });

  test('is renewed once when another tab has signed in since', async () => {
    setCsrfToken('old');
    const calls = serve(({ path, token }) => {
      if (path === '/api/session') return Response.json({ csrf_token: 'new' });
      return token === 'new' ? Response.json({ ok: true }) : problem(403, 'cross_site');
    });
    await expect(http.post('/api/things')).resolves.toEqual({ ok: true });
    expect(calls.map(({ path }) => path)).toEqual(['/api/things', '/api/session', '/api/things']);
  });
});

test('a refusal carries its code, text and next step', async () => {
  serve(() => Response.json({ code: 'run_state', detail: 'It has ended.', next_step: 'Start another.' }, { status: 409 }));
  const error = await http.get('/api/runs/1').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({ status: 409, code: 'run_state', message: 'It has ended.', nextStep: 'Start another.' });
});

test('a lost session is announced, a server that is away is told apart', async () => {
  const announced = vi.fn();
  setSignedOutHandler(announced);
  serve(() => problem(401, 'signin_required'));
  await expect(http.get('/api/runs')).rejects.toThrow('No.');
  expect(announced).toHaveBeenCalledOnce();

  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
  await expect(http.get('/api/runs')).rejects.toMatchObject({ code: OFFLINE, status: 0 });
});

describe('a busy database', () => {
  const busy = () =>
    Response.json({ code: 'unavailable', detail: 'Busy.' }, { status: 503, headers: { 'Retry-After': '2' } });

  test('is asked again after the time it names', async () => {
    vi.useFakeTimers();
    setCsrfToken('t');
    let refusals = 2;
    const calls = serve(() => (refusals-- > 0 ? busy() : Response.json({ ok: true })));
    const answer = http.post('/api/things');
    await vi.advanceTimersByTimeAsync(1_900);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_200);
    await expect(answer).resolves.toEqual({ ok: true });
    expect(calls).toHaveLength(3);
  });

  test('is given up on when it stays so', async () => {
    vi.useFakeTimers();
    const calls = serve(busy);
    const answer = http.get('/api/things').catch((reason: unknown) => reason);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await answer).toMatchObject({ status: 503, message: 'Busy.' });
    expect(calls).toHaveLength(3);
  });
});

test('a query leaves out what is absent', async () => {
  const calls = serve(() => Response.json({}));
  await http.get('/api/items', { label: 'a b', split: undefined, cursor: null, limit: 5 });
  expect(calls[0]?.path).toBe('/api/items?label=a+b&limit=5');
});
