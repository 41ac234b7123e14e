import { expect, test } from 'vitest';
import { SocketClient, type SocketLike } from './client';

function fakeSocket(): SocketLike {
  return { readyState: 1, onopen: null, onclose: null, onmessage: null, send: () => undefined, close: () => undefined };
}

test('nothing to follow is idle, not for ever connecting', () => {
  const opened: SocketLike[] = [];
  const client = new SocketClient({
    open: () => {
      const socket = fakeSocket();
      opened.push(socket);
      return socket;
    },
  });
  expect(client.connection).toBe('idle');
  expect(opened).toHaveLength(0);

  const leave = client.subscribe('project:p1', { onMessage: () => undefined, onGap: () => undefined });
  expect(client.connection).toBe('connecting');
  opened[0]?.onopen?.(new Event('open'));
  expect(client.connection).toBe('live');

  leave();
  opened[0]?.onclose?.(new CloseEvent('close'));
  expect(client.connection).toBe('idle');
  client.dispose();
});
