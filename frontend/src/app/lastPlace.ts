const KEY = 'netloom.lastPlace';
const IS_WORK = /^\/(networks|data|runs|inspect)(\/[\w-]+)?$/;

/** Whether a page lists things of the open project; that of a single thing answers for itself. */
export function needsProject(pathname: string): boolean {
  return pathname === '/' || /^\/(networks|data|runs|inspect|runs\/compare)$/.test(pathname);
}

/** Remembers the page as the one to open on next time, when it is a page of work. */
export function rememberPlace(pathname: string): void {
  if (!IS_WORK.test(pathname)) return;
  try {
    window.localStorage.setItem(KEY, pathname);
  } catch {
    // Storage may be forbidden; the studio opens on the networks then.
  }
}

export function lastPlace(): string {
  try {
    const place = window.localStorage.getItem(KEY);
    if (place !== null && IS_WORK.test(place)) return place;
  } catch {
    // As above.
  }
  return '/networks';
}
