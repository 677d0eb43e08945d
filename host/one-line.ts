/** What steers a terminal or breaks a line: control and format characters, other line ends, halves of surrogates. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

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
