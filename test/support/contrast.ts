/** Whether text can be read on what is behind it. */
import type { Locator } from 'playwright-core';

export interface Text {
  readonly text: string;
  /** Of the element it stands in. */
  readonly element: string;
  /** Of the text's colour with what is behind it, from 1 to 21 (WCAG 2). */
  readonly contrast: number;
}

/** All texts that are shown in a part of the page, the values of fields included. */
export async function texts(part: Locator): Promise<Text[]> {
  const found = await part.evaluate((root) => {
    const ownText = (element: HTMLElement): string => {
      if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement) return element.value;
      return [...element.childNodes].map((node) => (node.nodeType === Node.TEXT_NODE ? node.nodeValue : '')).join('');
    };
    return [...root.querySelectorAll<HTMLElement>('*')]
      .filter((element) => element.offsetParent !== null && ownText(element).trim() !== '')
      .map((element) => {
        const behind: string[] = [];
        let opacity = 1;
        for (let each: HTMLElement | null = element; each !== null; each = each.parentElement) {
          const style = getComputedStyle(each);
          behind.push(style.backgroundColor);
          opacity *= Number(style.opacity);
        }
        return {
          text: ownText(element).trim().slice(0, 40),
          element: element.id || element.className || element.tagName.toLowerCase(),
          colour: getComputedStyle(element).color,
          opacity,
          behind,
        };
      });
  });
  return found.map(({ text, element, colour, opacity, behind }) => {
    const background = behind.reduceRight((below, each) => over(channels(each), below), [255, 255, 255]);
    const [red = 0, green = 0, blue = 0, alpha = 1] = channels(colour);
    const shown = over([red, green, blue, alpha * opacity], background);
    const [dark = 0, light = 0] = [luminance(shown), luminance(background)].sort((a, b) => a - b);
    return { text, element, contrast: (light + 0.05) / (dark + 0.05) };
  });
}

/** Of `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)`. */
function channels(colour: string): readonly number[] {
  return (colour.match(/[\d.]+/g) ?? []).map(Number);
}

function over([red = 0, green = 0, blue = 0, alpha = 1]: readonly number[], below: readonly number[]): number[] {
  return [red, green, blue].map((each, index) => each * alpha + (below[index] ?? 0) * (1 - alpha));
}

/** Relative, from 0 to 1 (WCAG 2). */
function luminance(colour: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((each) => {
    const share = each / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
