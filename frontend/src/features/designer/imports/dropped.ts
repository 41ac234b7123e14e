/** A network has few; more than this many are data, dropped in the wrong place. */
const MOST_FILES = 32;

/** Why dropped files are taken for no network, and what to do; null where they may be one. */
export function whyNoNetwork(files: readonly Pick<File, 'type'>[], hasFolder: boolean): string | null {
  if (hasFolder) {
    return 'That is a folder. Of a SavedModel drop a zip of its folder; images go onto the page of a dataset.';
  }
  if (files.some(isMedia)) {
    return 'Images, videos and sounds are data. Drop them on the page of a dataset.';
  }
  if (files.length > MOST_FILES) {
    return `A network has at most ${String(MOST_FILES)} files, and these are ${String(files.length)}. Drop data on the page of a dataset.`;
  }
  return null;
}

/** Pictures and sounds are data, not networks. */
function isMedia({ type }: Pick<File, 'type'>): boolean {
  return /^(image|video|audio)\//.test(type);
}
