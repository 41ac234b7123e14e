/** True where a folder is among what is dropped. */
export function hasFolder(transfer: DataTransfer | null): boolean {
  return [...(transfer?.items ?? [])].some((item) => item.webkitGetAsEntry()?.isDirectory === true);
}
