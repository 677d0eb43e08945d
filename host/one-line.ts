/** What steers a terminal or breaks a line: control and format characters, other line ends, halves of surrogates. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** A sentence as a log or a terminal may have it: what others put into it, such as a path or a topic, steers neither. */
export function printable(text: string): string {
  return text.replace(UNSHOWN, ' ');
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

/**
 * Text of a module or a guest as it may stand in a log or a sentence: one line, without what could steer a terminal.
 * @param length characters that are shown
 */
export function oneLine(text: string, length = 200): string {
  // a guest may say megabytes
  const line = text
    .slice(0, 4 * length)
    .replace(UNSHOWN, ' ')
    .trim();
  return line.length > length ? `${line.slice(0, length)} …` : line;
}
