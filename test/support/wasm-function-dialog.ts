/** The dialog of a wasm-function node, as its user finds things in it. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Locator, Page } from 'playwright-core';

export interface SavedNode {
  readonly id: string;
  readonly type: string;
  readonly z?: string;
  readonly [property: string]: unknown;
}

/** A wasm-function node of a flow, at a place of its own. */
export function functionNode(id: string, y: number, properties: Record<string, unknown> = {}): SavedNode {
  return { id, type: 'wasm-function', z: 'tab', x: 380, y, wires: [[]], ...properties };
}

export class FunctionDialog {
  readonly card: Locator;
  readonly exportName: Locator;
  readonly outcome: Locator;
  /** The visible part of the typed input. */
  readonly file: Locator;
  readonly argument: Locator;
  readonly tryButton: Locator;

  constructor(private readonly page: Page) {
    this.card = page.locator('.wasm-function-card');
    this.exportName = page.locator('#node-input-export');
    this.outcome = page.locator('#wasm-function-outcome');
    this.file = page.getByRole('textbox', { name: 'Module', exact: true });
    this.argument = page.getByRole('textbox', { name: 'Argument to try' });
    this.tryButton = page.locator('#wasm-function-try');
  }

  async typeFile(path: string): Promise<void> {
    await this.file.fill(path);
    await this.file.blur();
  }

  option(name: string): Locator {
    return this.page.getByRole('option', { name });
  }

  /** Names in the list of exports. */
  async listed(): Promise<string[]> {
    return this.page.locator('#wasm-function-export-list [role="option"] b').allInnerTexts();
  }

  async openTab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
  }

  guide(part: 'takes' | 'returns' | 'convention'): Locator {
    return this.page.locator(`#wasm-function-guide-${part}`);
  }

  /** Drops files onto an element, as a file manager does. */
  async drop(target: string, files: readonly string[]): Promise<void> {
    const contents = await Promise.all(
      files.map(async (file) => ({ name: basename(file), text: (await readFile(file)).toString('base64') })),
    );
    const transfer = await this.page.evaluateHandle((given) => {
      const data = new DataTransfer();
      for (const { name, text } of given) {
        const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        data.items.add(new File([bytes], name));
      }
      return data;
    }, contents);
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await this.page.dispatchEvent(target, type, { dataTransfer: transfer });
    }
  }
}
