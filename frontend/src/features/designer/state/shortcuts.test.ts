import { describe, expect, it } from 'vitest';
import { COMMANDS, findCommand, type DesignerCommand } from './commands';
import { chordsOf, chordText, takenFor, type KeyEvent } from './keys';
import { keysOf, Shortcuts, shortcutText } from './shortcuts';

function pressed(key: string, code: string, held: Partial<KeyEvent> = {}): KeyEvent {
  return {
    key, code, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held,
  }; // prettier-ignore
}

function command(id: string): DesignerCommand {
  const found = findCommand(id);
  if (found === undefined) throw new Error(`No command ${id}`);
  return found;
}

function memory(): Pick<Storage, 'getItem' | 'setItem'> {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

describe('key combinations', () => {
  it.each([
    [pressed('z', 'KeyZ', { ctrlKey: true }), 'Ctrl+Z'],
    [pressed('Z', 'KeyZ', { metaKey: true, shiftKey: true }), 'Ctrl+Shift+Z'],
    [pressed('T', 'KeyT'), 'T'],
    [pressed('ArrowLeft', 'ArrowLeft', { altKey: true }), 'Alt+ArrowLeft'],
    [pressed('/', 'Digit7', { shiftKey: true }), '/'],
    [pressed('!', 'Digit1', { shiftKey: true }), 'Shift+1'],
    [pressed('я', 'KeyZ', { ctrlKey: true }), 'Ctrl+Z'],
    [pressed('+', 'Equal', { shiftKey: true }), '+'],
  ])('name what was pressed', (event, chord) => {
    expect(chordsOf(event)).toContain(chord);
  });

  it('follow the letters of the keyboard, not their places, where those are Latin', () => {
    expect(chordsOf(pressed('a', 'KeyQ'))).toEqual(['A']);
  });

  it('are nothing while only Ctrl is held', () => {
    expect(chordsOf(pressed('Control', 'ControlLeft', { ctrlKey: true }))).toEqual([]);
  });

  it('read as people write them', () => {
    expect(chordText('Ctrl+Shift+Z')).toBe('Ctrl Shift Z');
    expect(chordText('Ctrl++')).toBe('Ctrl +');
    expect(chordText('-')).toBe('−');
  });
});

describe('the commands', () => {
  it('have ids of their own, and no default that cannot be had', () => {
    expect(new Set(COMMANDS.map(({ id }) => id)).size).toBe(COMMANDS.length);
    expect(COMMANDS.flatMap(({ keys = [] }) => keys).filter((key) => takenFor(key))).toEqual([]);
  });

  it('share a default only where one is for another moment', () => {
    const shortcuts = new Shortcuts('test', memory());
    const shared = COMMANDS.filter(
      (each) => shortcuts.holders(COMMANDS, each, shortcuts.keysOf(each)).length > 0,
    ).map(({ id }) => id);
    // Of each pair, only one is possible at a time.
    const pairs = ['collapse-block', 'expand-block', 'leave-block', 'select-none'];
    expect(shared.sort()).toEqual(pairs);
  });
});

describe('changed shortcuts', () => {
  it('mean the command in place of the default, and are there again the next time', () => {
    const storage = memory();
    const shortcuts = new Shortcuts('one', storage);
    const tidy = command('tidy');
    shortcuts.assign(COMMANDS, tidy, 'Ctrl+Shift+L');
    const again = new Shortcuts('one', storage);
    const ctrlShiftL = pressed('L', 'KeyL', { ctrlKey: true, shiftKey: true });
    expect(again.means(tidy, ctrlShiftL)).toBe(true);
    expect(again.means(tidy, pressed('t', 'KeyT'))).toBe(false);
    expect(shortcutText(again.store.getState().changed, tidy)).toBe('Ctrl Shift L');
    expect(new Shortcuts('another person', storage).keysOf(tidy)).toEqual(['T']);
  });

  it('name who has a combination, and take it only from the one combination', () => {
    const shortcuts = new Shortcuts('one', memory());
    const redo = command('redo');
    const train = command('train');
    const holders = shortcuts.holders(COMMANDS, train, ['Ctrl+Y']);
    expect(holders.map(({ label }) => label)).toEqual(['Redo']);
    shortcuts.assign(COMMANDS, train, 'Ctrl+Y');
    expect(shortcuts.keysOf(redo)).toEqual(['Ctrl+Shift+Z']);
    shortcuts.reset(redo);
    shortcuts.reset(train);
    expect(shortcuts.isChanged(train)).toBe(false);
    expect(shortcuts.keysOf(redo)).toEqual(['Ctrl+Shift+Z', 'Ctrl+Y']);
  });

  it('can be taken away, also from every command', () => {
    const shortcuts = new Shortcuts('one', memory());
    for (const each of COMMANDS) shortcuts.clear(each);
    const { changed } = shortcuts.store.getState();
    expect(COMMANDS.every((each) => keysOf(changed, each).length === 0)).toBe(true);
    shortcuts.resetAll();
    expect(shortcuts.keysOf(command('undo'))).toEqual(['Ctrl+Z']);
  });

  it('survive what else is in the storage', () => {
    for (const text of ['nonsense', '[]', '{"undo": 3}', 'null', '{"undo": [1]}']) {
      const storage = { getItem: () => text, setItem: () => undefined };
      expect(new Shortcuts('one', storage).keysOf(command('undo'))).toEqual(['Ctrl+Z']);
    }
  });
});
