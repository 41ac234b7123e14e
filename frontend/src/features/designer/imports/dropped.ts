/** A network has few; more than this many are data, dropped in the wrong place. */
const MOST_FILES = 32;

/** Why dropped files are taken for no network, and what to do; null where they may be one. */
export function whyNoNetwork(files: readonly Pick<File, 'type'>[], hasFolder: boolean): string | null {
  if (hasFolder) {
    return 'That is a folder. Of a SavedModel drop a zip of its folder; images go onto the page of a dataset.';
  }
  if (files.some(({ type }) => type.startsWith('image/'))) {
    return 'Images are data. Drop them on the page of a dataset.';
  }
  if (files.some(({ type }) => /^(video|audio)\//.test(type))) {
    return 'Videos and sounds are neither networks nor data that the studio takes. It takes their frames as images.';
  }
  if (files.length > MOST_FILES) {
    return `A network has at most ${String(MOST_FILES)} files, and these are ${String(files.length)}. Drop data on the page of a dataset.`;
  }
  return null;
}
