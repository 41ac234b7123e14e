/**
 * Key combinations as text: `Ctrl+Shift+Z`, `/`, `Alt+ArrowLeft`. Ctrl is the Command key on a Mac.
 *
 * Letters are upper case and name Shift. Other signs stand for themselves, whatever a keyboard
 * takes to type them: `/` is Shift 7 on some.
 */

export type Chord = string;

export interface KeyEvent {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

const MODIFIERS = ['Control', 'Meta', 'Shift', 'Alt', 'AltGraph', 'CapsLock', 'Dead', 'Process'];

/** Every way to name what was pressed, the sign that it types first; empty while only Shift is. */
export function chordsOf(event: KeyEvent): Chord[] {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
  const held = [...(ctrlKey || metaKey ? ['Ctrl'] : []), ...(altKey ? ['Alt'] : [])];
  const named = (name: string, isShiftNamed: boolean): Chord =>
    [...held, ...(isShiftNamed && shiftKey ? ['Shift'] : []), name].join('+');
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  const isLatin = /^[a-z]$/i.test(key);
  const chords = new Set<Chord>();
  if (!MODIFIERS.includes(key)) {
    const isSign = key.length === 1 && !isLatin && key !== ' ';
    chords.add(named(key === ' ' ? 'Space' : key.length === 1 ? key.toUpperCase() : key, !isSign));
  }
  // Where letters are of another script, or Alt types signs, the place of the key says what it is.
  if (letter !== undefined && !isLatin) chords.add(named(letter, true));
  if (digit !== undefined && shiftKey) chords.add(named(digit, true));
  return [...chords];
}

const SHOWN: Readonly<Record<string, string>> = {
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  Delete: 'Del',
  Escape: 'Esc',
  '-': '−',
};

/** As people read it: `Ctrl Shift Z`. */
export function chordText(chord: Chord): string {
  return chord
    .split(/\+(?=.)/)
    .map((part) => SHOWN[part] ?? part)
    .join(' ');
}

const TAKEN: Readonly<Record<string, string>> = {
  Tab: 'moves on through the page',
  'Shift+Tab': 'moves back through the page',
  Enter: 'edits what is selected',
  'Shift+Enter': 'edits what is selected',
  ArrowLeft: 'walks along the layers',
  ArrowRight: 'walks along the layers',
  ArrowUp: 'walks along the layers',
  ArrowDown: 'walks along the layers',
  'Ctrl+K': 'opens the search of the studio',
  'Ctrl+C': 'copies',
  'Ctrl+X': 'cuts',
  'Ctrl+V': 'pastes',
  'Ctrl+W': 'closes the tab of the browser',
  'Ctrl+T': 'opens a tab of the browser',
  'Ctrl+N': 'opens a window of the browser',
};

/** What a combination does that no command can take over; null when it is free to choose. */
export function takenFor(chord: Chord): string | null {
  return Object.hasOwn(TAKEN, chord) ? (TAKEN[chord] ?? null) : null;
}
