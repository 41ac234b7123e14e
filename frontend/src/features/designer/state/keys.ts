/** Key combinations. Ctrl is the Command key on a Mac. */

import type { KeyEvent } from './commands';

type Matcher = (event: KeyEvent) => boolean;

const hasMain = (event: KeyEvent): boolean => event.ctrlKey || event.metaKey;

export function ctrl(key: string): Matcher {
  return (event) =>
    hasMain(event) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === key;
}

export function ctrlShift(key: string): Matcher {
  return (event) =>
    hasMain(event) && event.shiftKey && !event.altKey && event.key.toLowerCase() === key;
}

export function plain(...keys: readonly string[]): Matcher {
  return (event) => !hasMain(event) && !event.altKey && keys.includes(event.key);
}

export function anyOf(...matchers: readonly Matcher[]): Matcher {
  return (event) => matchers.some((matches) => matches(event));
}
