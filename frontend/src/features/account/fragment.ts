import { useEffect, useEffectEvent } from 'react';

/**
 * One-time tokens travel in the URL's fragment, which no server or log ever sees. Taking one also
 * removes it from the address, so that it is not shared by copying the address.
 */
export function takeFragmentToken(): string | null {
  const token = parseFragmentToken(window.location.hash);
  if (token !== null) {
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  }
  return token;
}

/** Reads `#token=abc` as well as the bare `#abc`. */
export function parseFragmentToken(hash: string): string | null {
  const text = hash.replace(/^#/, '');
  if (text === '') return null;
  const named = new URLSearchParams(text).get('token');
  if (named !== null) return named === '' ? null : named;
  return /^[\w.~-]{8,200}$/.test(text) ? text : null;
}

/**
 * Gives the token of the address to `use`, at once and whenever another link is opened in this tab:
 * then only the fragment changes, and the page stays.
 */
export function useFragmentToken(use: (token: string) => void): void {
  const take = useEffectEvent(() => {
    const token = takeFragmentToken();
    if (token !== null) use(token);
  });
  useEffect(() => {
    const listen = () => take();
    // The token is taken out of the address at once: it works a single time, this effect may run twice.
    listen();
    window.addEventListener('hashchange', listen);
    return () => window.removeEventListener('hashchange', listen);
  }, []);
}
