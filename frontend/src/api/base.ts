/** Path the studio is mounted on, '' at the root; the server writes it into the page. */
export const BASE_PATH =
  document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';

/** Address of something the server has, for links, pictures and requests. */
export function addressOf(path: string): string {
  return BASE_PATH + path;
}
