import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';
import { addressOf, announceSignedOut } from '@/api';
import { SocketClient, type Connection, type TopicMessage } from './client';

function socketUrl(): string {
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${window.location.host}${addressOf('/ws/')}`;
}

/** The one socket of this page. */
export const socket = new SocketClient({
  open: () => new WebSocket(socketUrl()),
  onSignedOut: announceSignedOut,
});

interface TopicHandlers {
  since?: number;
  onMessage: (message: TopicMessage) => void;
  /** Messages may have been missed (or sockets are blocked and the page polls): read again. */
  onGap: () => void;
  onRefused?: (code: string) => void;
}

/** Follows a topic while the component is on screen; `null` follows nothing. */
export function useTopic(topic: string | null, handlers: TopicHandlers): void {
  const onMessage = useEffectEvent(handlers.onMessage);
  const onGap = useEffectEvent(handlers.onGap);
  const onRefused = useEffectEvent((code: string) => handlers.onRefused?.(code));
  const since = useEffectEvent(() => handlers.since ?? 0);
  useEffect(() => {
    if (topic === null) return;
    return socket.subscribe(topic, {
      since: since(),
      onMessage: (message) => onMessage(message),
      onGap: () => onGap(),
      onRefused: (code) => onRefused(code),
    });
  }, [topic]);
}

const watch = (listener: () => void) => socket.onConnection(listener);

export function useConnection(): Connection {
  return useSyncExternalStore(watch, () => socket.connection);
}
