// Errors in the terminal: a sensor sends ten readings a second, and each may fail for the same reason.

/** Milliseconds between two lines. */
const PAUSE = 1000;

/**
 * Passes the first error on at once, and then at most one line a second: the latest error and how many others there
 * were.
 * @param {(line: string) => void} print
 * @returns {(text: string) => void}
 */
export function limitLines(print) {
  let latest;
  let others = 0;
  let pausing = false;
  const pause = () => {
    pausing = true;
    setTimeout(() => {
      pausing = false;
      if (latest === undefined) return;
      print(others === 0 ? latest : `${latest} … and ${String(others)} more`);
      latest = undefined;
      others = 0;
      pause();
    }, PAUSE).unref();
  };
  return (text) => {
    if (!pausing) {
      print(text);
      pause();
      return;
    }
    if (latest !== undefined) others += 1;
    latest = text;
  };
}
