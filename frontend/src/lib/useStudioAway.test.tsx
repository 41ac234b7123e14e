import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test, vi } from 'vitest';
import { socket } from './socket/useTopic';
import { useStudioAway } from './useStudioAway';

/** A socket that nobody answers. */
class DeadSocket {
  readyState = 3;
  onopen = null;
  onmessage = null;
  onclose: ((event: Event) => void) | null = null;
  constructor() {
    queueMicrotask(() => this.onclose?.(new Event('close')));
  }
  send(): void {
    throw new Error('closed');
  }
  close(): void {
    this.readyState = 3;
  }
}

test('a studio that has ended is told from a socket that a proxy blocks', async () => {
  vi.stubGlobal('WebSocket', DeadSocket);
  let isUp = true;
  vi.stubGlobal('fetch', () =>
    isUp ? Promise.resolve(Response.json({ status: 'ok' })) : Promise.reject(new TypeError('refused')),
  );
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const leave = socket.subscribe('project:p1', { onMessage: () => undefined, onGap: () => undefined });
  const { result, unmount } = renderHook(useStudioAway, { wrapper });

  await waitFor(() => expect(client.getQueryData(['health'])).toEqual({ status: 'ok' }), { timeout: 4_000 });
  expect(result.current).toBe(false);

  isUp = false;
  await waitFor(() => expect(result.current).toBe(true), { timeout: 4_000 });

  isUp = true;
  await waitFor(() => expect(result.current).toBe(false), { timeout: 4_000 });
  unmount();
  leave();
  socket.dispose();
  vi.unstubAllGlobals();
}, 15_000);
