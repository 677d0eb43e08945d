/** A picture of a page on which nothing moves and no time is shown. */
import type { Locator, Page } from 'playwright-core';
import { eventually } from '../../test/support/node-red';

/** What is different each time, and what is shown for it. */
const VARYING = [
  { selector: '.red-ui-debug-msg-date', pattern: '.+', shown: '12:00:00' },
  { selector: '.wasm-function-outcome-facts span', pattern: '[\\d.]+', shown: '0.15' },
  // another version of Node-RED makes no picture stale
  { selector: '.red-ui-header-version', pattern: '.+', shown: '' },
];

/**
 * @returns a PNG, when it has been taken before: not only the time before, since a page that stands still may be drawn
 * in two ways by turns, with hardly a pixel between them
 */
export async function takePicture(page: Page, part: Locator): Promise<Buffer> {
  await page.mouse.move(1, 1);
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  const earlier: Buffer[] = [];
  return eventually('the page stands still', async () => {
    await page.evaluate((varying) => {
      for (const { selector, pattern, shown } of varying) {
        for (const element of document.querySelectorAll(selector)) {
          element.textContent = (element.textContent ?? '').replace(new RegExp(pattern), shown);
        }
      }
    }, VARYING);
    const taken = await part.screenshot({ animations: 'disabled', caret: 'hide' });
    if (earlier.some((each) => each.equals(taken))) return taken;
    earlier.push(taken);
    return undefined;
  });
}
