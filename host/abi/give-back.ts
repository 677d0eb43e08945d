/**
 * Reads what a call gave, and then gives its memory back to the guest: also where it is refused, since the guest is used
 * again after that.
 * @param giveBack runs guest code; what goes wrong with it hides no error of `read`, but the guest is `broken` by it
 */
export function readThenGiveBack<T>(read: () => T, giveBack: () => void): T {
  let value: T;
  try {
    value = read();
  } catch (error) {
    try {
      giveBack();
    } catch {
      // why the result was refused tells more
    }
    throw error;
  }
  giveBack();
  return value;
}
