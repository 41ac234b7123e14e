/** Finding what can be inserted by a few letters: by title, by type, by what others call it. */

export interface Searchable {
  readonly title: string;
  readonly type: string;
  readonly category: string;
  readonly summary: string;
  readonly aliases: readonly string[];
}

/**
 * What matches what was typed, best first. Every word has to be found somewhere; when nothing
 * fits, names that have the letters in this order do.
 */
export function searchCatalog<T extends Searchable>(options: readonly T[], query: string): T[] {
  // “LSTM(Keras)” names the layer and where the name is from.
  const plain = query.toLowerCase().replace(/\([^)]*\)?/g, ' ');
  const words = plain.split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...options];
  const wanted = words.join('');
  const isTopic = options.filter((option) => isCalled(option, wanted)).length > MOST_OF_A_NAME;
  const found = ranked(options, (option) => {
    const scores = words.map((word) => scoreWord(option, word));
    if (scores.includes(0)) return 0;
    return scores.reduce((sum, score) => sum + score, scoreName(option, wanted, isTopic));
  });
  return found.length > 0 ? found : ranked(options, (option) => scoreLetters(option, words.join('')));
}

function ranked<T>(options: readonly T[], scoreOf: (option: T) => number): T[] {
  return options
    .map((option) => ({ option, score: scoreOf(option) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ option }) => option);
}

/** “dense” is another name of Linear; “transformer”, which many are for, is a topic. */
const MOST_OF_A_NAME = 3;

const isCalled = ({ aliases }: Searchable, wanted: string): boolean =>
  aliases.some((alias) => squeezed(alias) === wanted);

const squeezed = (name: string): string => name.toLowerCase().replace(/[\s-]+/g, '');

/** “max pool” means MaxPool2d, rather than a layer that is called Max and is about pools too. */
function scoreName(option: Searchable, wanted: string, isTopic: boolean): number {
  const names = [option.title, option.type].map(squeezed);
  if (names.includes(wanted)) return 200;
  if (!isTopic && isCalled(option, wanted)) return 150;
  return names.some((name) => name.startsWith(wanted)) ? 100 : 0;
}

/** “tokens” and “classes” are also looked for as “token” and “classe”, a little later. */
function scoreWord(option: Searchable, word: string): number {
  const single = word.length > 3 && word.endsWith('s') ? scoreExactly(option, word.slice(0, -1)) : 0;
  return Math.max(scoreExactly(option, word), single - 1);
}

function scoreExactly(option: Searchable, word: string): number {
  const title = option.title.toLowerCase();
  const type = option.type.toLowerCase();
  if (title === word || type === word) return 100;
  if (title.startsWith(word) || type.startsWith(word)) return 50;
  if (title.includes(word) || type.includes(word)) return 25;
  if (option.aliases.some((alias) => alias.toLowerCase().startsWith(word))) return 15;
  if (option.aliases.some((alias) => alias.toLowerCase().includes(` ${word}`))) return 10;
  if (option.category.toLowerCase().includes(word)) return 8;
  return option.summary.toLowerCase().includes(word) ? 3 : 0;
}

const FEWEST_LETTERS = 3;

/** “cnv2d” and “btchnrm”: the letters in order, in as short a name as there is. */
function scoreLetters({ title, type, aliases }: Searchable, letters: string): number {
  if (letters.length < FEWEST_LETTERS) return 0;
  const names = [title, type, ...aliases].map(squeezed);
  const fitting = names.filter((name) => name[0] === letters[0] && hasLetters(name, letters));
  return Math.max(0, ...fitting.map((name) => letters.length / name.length));
}

function hasLetters(name: string, letters: string): boolean {
  let at = 0;
  for (const letter of name) if (letter === letters[at]) at += 1;
  return at === letters.length;
}
