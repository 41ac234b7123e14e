/**
 * Copy by the copy event, which also works on plain http, where `navigator.clipboard` is missing.
 */
export function copyText(text: string): boolean {
  let isDone = false;
  const listener = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
    isDone = true;
  };
  document.addEventListener('copy', listener, { capture: true });
  // The one way to cause a copy event without the asynchronous clipboard.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  document.execCommand('copy');
  document.removeEventListener('copy', listener, { capture: true });
  return isDone;
}
