/** Compares pictures in the browser that made them, so that no decoder is needed. */
import type { Page } from 'playwright-core';

/** Pixels that are averaged, each way: the edges of letters differ from one browser version to the next. */
const CELL = 4;
/** Difference of a cell's colour, of 255, that can be seen. */
const VISIBLE = 32;
/** Part of the cells that may differ; a word of a dialog is more. */
const TOLERANCE = 0.0005;

/** @returns what is different, in words; undefined where they show the same */
export async function difference(page: Page, committed: Buffer, made: Buffer): Promise<string | undefined> {
  const urls = [committed, made].map((png) => `data:image/png;base64,${png.toString('base64')}`);
  const { sizes, part } = await page.evaluate(
    async ({ urls, cell, visible }) => {
      const images = await Promise.all(
        urls.map(async (url) => {
          const image = new Image();
          image.src = url;
          await image.decode();
          return image;
        }),
      );
      const sizes = images.map(({ width, height }) => `${String(width)} × ${String(height)}`);
      if (sizes[0] !== sizes[1]) return { sizes, part: 1 };
      const cells = images.map((image) => {
        const canvas = document.createElement('canvas');
        canvas.width = Math.ceil(image.width / cell);
        canvas.height = Math.ceil(image.height / cell);
        const context = canvas.getContext('2d');
        if (context === null) throw new Error('the browser has no canvas');
        context.imageSmoothingQuality = 'high';
        context.drawImage(image, 0, 0, canvas.width, canvas.height);
        return context.getImageData(0, 0, canvas.width, canvas.height).data;
      });
      const [first, second] = cells;
      if (first === undefined || second === undefined) throw new Error('two pictures are compared');
      let different = 0;
      for (let index = 0; index < first.length; index += 4) {
        const isDifferent = [0, 1, 2].some((colour) => {
          return Math.abs((first[index + colour] ?? 0) - (second[index + colour] ?? 0)) > visible;
        });
        if (isDifferent) different += 1;
      }
      return { sizes, part: different / (first.length / 4) };
    },
    { urls, cell: CELL, visible: VISIBLE },
  );
  if (sizes[0] !== sizes[1]) return `it is ${String(sizes[1])} now, and was ${String(sizes[0])}`;
  return part > TOLERANCE ? `${(part * 100).toFixed(2)} % of it look different` : undefined;
}

/** Widths of the same words in the editor's fonts: where they differ, pictures cannot be compared. */
export function fontMeasure(page: Page): Promise<string> {
  return page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d');
    if (context === null) throw new Error('the browser has no canvas');
    return ['"Helvetica Neue", Arial, Helvetica, sans-serif', 'Menlo, Consolas, "DejaVu Sans Mono", monospace']
      .map((family) => {
        context.font = `100px ${family}`;
        return Math.round(context.measureText('WebAssembly → Node-RED 0123').width);
      })
      .join(' and ');
  });
}
