/** Hands a file to the person without a round trip to the server. */
export function downloadBlob(fileName: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName.replace(/[\\/:*?"<>|]/g, '_');
  link.click();
  // The browser reads the blob after the click; it may be dropped in the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

type Cell = string | number | null | undefined;

/** RFC 4180. A leading `=`, `+`, `-` or `@` in a text would be run as a formula by spreadsheets. */
export function csvText(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(csvCell).join(',')).join('\r\n');
}

function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function downloadCsv(fileName: string, rows: readonly (readonly Cell[])[]): void {
  downloadBlob(fileName, new Blob([csvText(rows)], { type: 'text/csv;charset=utf-8' }));
}
