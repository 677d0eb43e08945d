/** Text of others (a module, a guest, a path, a topic) as it may stand in a sentence, a log or on a terminal. */

/** What steers a terminal or breaks a line: control and format characters, other line ends, halves of surrogates. */
const STEERING = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]`;
const ONE = new RegExp(STEERING, 'gu');
const SEVERAL = new RegExp(`${STEERING}+`, 'gu');
/** But for the end of a line, the tab, and what joins letters and signs. */
const UNWANTED = new RegExp(String.raw`(?![\n\t\u200c\u200d])${STEERING}`, 'gu');

/** Characters of a name in a sentence. */
const NAME = 60;

/** A sentence as a log or a terminal may have it: what others put into it, such as a path or a topic, steers neither. */
export function printable(text: string): string {
  return text.replace(SEVERAL, ' ');
}

/**
 * Text of a module or a guest as it may stand in a log or a sentence: one line, without what could steer a terminal.
 * @param length characters that are shown
 */
export function oneLine(text: string, length = 200): string {
  // a guest may say megabytes
  const line = printable(text.slice(0, 4 * length)).trim();
  return line.length > length ? `${cut(line, length)} …` : line;
}

/**
 * A name from a module in quotes; where a character of it is not shown, that can be seen.
 * @param length characters that are shown
 */
export function quoted(name: string, length = NAME): string {
  const line = name.replace(ONE, '\ufffd');
  return `"${line.length > length ? `${cut(line, length)}…` : line}"`;
}

/** Text of several lines for a terminal, what could steer it in the form of JSON: so JSON stays what it is. */
export function escaped(text: string): string {
  return text.replace(UNWANTED, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/**
 * The first few of a list of names for a sentence, and how many more there are. One more is named instead: saying so
 * takes as much room.
 * @param count how many are named where there are more
 */
export function firstOf<T>(items: readonly T[], count: number, nameOf: (item: T) => string): string {
  const more = items.length - count;
  if (more <= 1) return items.map(nameOf).join(', ');
  return `${items.slice(0, count).map(nameOf).join(', ')} and ${String(more)} more`;
}

/** Never in the middle of a character. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{Cs}$/u, '');
}
