/**
 * One websocket per page. Topics are subscribed with the last sequence number that was seen, so a
 * dropped connection resumes where it stopped. The socket is a hint, never the record: whoever
 * subscribes reads the API first and again when told that something may have been missed.
 */

export interface TopicMessage {
  type: string;
  topic: string;
  seq?: number;
  [field: string]: unknown;
}

/** `idle`: there is nothing to follow, and so no connection. */
export type Connection = 'idle' | 'connecting' | 'live' | 'polling';

export interface Subscription {
  /** Last sequence number that is known already. */
  since?: number;
  onMessage: (message: TopicMessage) => void;
  /** Messages may have been missed: read the API again. Also called every 2 s while polling. */
  onGap: () => void;
  /** The server denies this topic to this person. */
  onRefused?: (code: string) => void;
}

export interface SocketLike {
  readyState: number;
  onopen: ((event: Event) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  send: (data: string) => void;
  close: () => void;
}

export interface SocketOptions {
  open: () => SocketLike;
  /** The server closed because the session ended. */
  onSignedOut?: () => void;
  firstRetryMs?: number;
  longestRetryMs?: number;
  /** After so many failures in a row the page polls, and says so. */
  failuresBeforePolling?: number;
  pollEveryMs?: number;
  /** The server pings every 20 s; silence for longer means a dead connection. */
  silenceMs?: number;
}

interface Topic {
  subscriptions: Set<Subscription>;
  last: number;
  wasSubscribed: boolean;
}

const OPEN = 1;
/** Close codes of the server, see `common/websocket.py`. */
const CLOSE_SIGNED_OUT = 4401;

export class SocketClient {
  private readonly topics = new Map<string, Topic>();
  private readonly listeners = new Set<(state: Connection) => void>();
  private readonly options: Required<SocketOptions>;
  private socket: SocketLike | null = null;
  private state: Connection = 'idle';
  private failures = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private pollTimer: ReturnType<typeof setInterval> | undefined;

  constructor(options: SocketOptions) {
    this.options = {
      firstRetryMs: 500,
      longestRetryMs: 15_000,
      failuresBeforePolling: 2,
      pollEveryMs: 2_000,
      silenceMs: 50_000,
      onSignedOut: () => undefined,
      ...options,
    };
  }

  get connection(): Connection {
    return this.state;
  }

  onConnection(listener: (state: Connection) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  subscribe(name: string, subscription: Subscription): () => void {
    let topic = this.topics.get(name);
    if (topic) {
      topic.subscriptions.add(subscription);
      const since = subscription.since ?? topic.last;
      // A second reader that is further behind asks for its own replay; others skip by `seq`.
      if (since < topic.last) this.sendSubscribe(name, since);
    } else {
      topic = { subscriptions: new Set([subscription]), last: subscription.since ?? 0, wasSubscribed: false };
      this.topics.set(name, topic);
      this.sendSubscribe(name, topic.last);
    }
    this.connect();
    return () => this.unsubscribe(name, subscription);
  }

  /** Drops the connection and every timer; a later `subscribe` starts afresh. */
  dispose(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    clearInterval(this.pollTimer);
    this.retryTimer = undefined;
    this.pollTimer = undefined;
    this.topics.clear();
    this.drop();
  }

  /** Opens the connection again with the cookies of now: after signing in or out. */
  reconnect(): void {
    this.failures = 0;
    this.drop();
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    if (this.topics.size > 0) this.connect();
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  }

  private unsubscribe(name: string, subscription: Subscription): void {
    const topic = this.topics.get(name);
    if (!topic) return;
    topic.subscriptions.delete(subscription);
    if (topic.subscriptions.size > 0) return;
    this.topics.delete(name);
    this.send({ type: 'unsubscribe', topic: name });
  }

  private connect(): void {
    if (this.socket || this.retryTimer !== undefined) return;
    if (this.state === 'idle') this.setState('connecting');
    const socket = this.options.open();
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.received(event.data);
    socket.onclose = (event) => {
      if (event.code === CLOSE_SIGNED_OUT) this.options.onSignedOut();
      this.closed();
    };
  }

  private opened(): void {
    this.failures = 0;
    this.setState('live');
    this.watchSilence();
    for (const [name, topic] of this.topics) {
      const isGap = topic.wasSubscribed;
      this.sendSubscribe(name, topic.last);
      if (isGap) topic.subscriptions.forEach((each) => each.onGap());
    }
  }

  private closed(): void {
    this.socket = null;
    clearTimeout(this.silenceTimer);
    this.failures += 1;
    if (this.topics.size === 0) {
      this.setState('idle');
      return;
    }
    this.setState(this.failures >= this.options.failuresBeforePolling ? 'polling' : 'connecting');
    const wait = this.options.firstRetryMs * 2 ** Math.min(this.failures - 1, 10);
    // Spread, so that a restarted server is not met by every page in the same instant.
    const spread = 0.75 + Math.random() / 2;
    this.retryTimer = setTimeout(
      () => {
        this.retryTimer = undefined;
        if (this.topics.size > 0) this.connect();
      },
      Math.min(wait, this.options.longestRetryMs) * spread,
    );
  }

  private received(data: unknown): void {
    this.watchSilence();
    const message = parseMessage(data);
    if (!message) return;
    const topic = this.topics.get(message.topic);
    if (!topic) return;
    if (message.type === 'refused') {
      const code = typeof message['code'] === 'string' ? message['code'] : 'not_found';
      topic.subscriptions.forEach((each) => each.onRefused?.(code));
      return;
    }
    if (message.seq !== undefined) topic.last = Math.max(topic.last, message.seq);
    topic.subscriptions.forEach((each) => each.onMessage(message));
  }

  private sendSubscribe(name: string, since: number): void {
    const topic = this.topics.get(name);
    if (!topic || !this.send({ type: 'subscribe', topic: name, since })) return;
    topic.wasSubscribed = true;
  }

  private send(message: object): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  private watchSilence(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => {
      this.drop();
      this.closed();
    }, this.options.silenceMs);
  }

  private setState(state: Connection): void {
    if (state === this.state) return;
    this.state = state;
    clearInterval(this.pollTimer);
    this.pollTimer = undefined;
    if (state === 'polling') {
      this.pollTimer = setInterval(() => this.poll(), this.options.pollEveryMs);
      this.poll();
    }
    this.listeners.forEach((listener) => listener(state));
  }

  private poll(): void {
    for (const topic of this.topics.values()) topic.subscriptions.forEach((each) => each.onGap());
  }
}

function parseMessage(data: unknown): TopicMessage | null {
  if (typeof data !== 'string') return null;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (!('type' in value) || typeof value.type !== 'string') return null;
  if (!('topic' in value) || typeof value.topic !== 'string') return null;
  return value as TopicMessage;
}
