/** A Node-RED, its editor in a browser, and the dialog of its wasm-function nodes, for the tests of one `describe`. */
import { after, afterEach, before } from 'node:test';
import type { Page } from 'playwright-core';
import { Editor, editorSettings } from './browser';
import { NodeRed } from './node-red';
import { FunctionDialog, type SavedNode } from './wasm-function-dialog';

export interface FunctionEditorOptions {
  readonly settings?: Record<string, unknown>;
  /** Before the editor opens. */
  prepare?(nodeRed: NodeRed): Promise<void>;
  /** Once it is open. */
  opened?(editor: Editor): Promise<void>;
}

/** What is there while the tests run. */
export class FunctionEditor {
  #nodeRed: NodeRed | undefined;
  #editor: Editor | undefined;
  #dialog: FunctionDialog | undefined;

  /** To be called within a `describe`: starts all of it before its tests, leaves the dialog after each, and ends it. */
  constructor(flows: readonly SavedNode[], { settings, prepare, opened }: FunctionEditorOptions = {}) {
    before(async () => {
      this.#nodeRed = await NodeRed.start({ flows, settings: { ...editorSettings, ...settings } });
      await prepare?.(this.#nodeRed);
      this.#editor = await Editor.open(this.#nodeRed);
      this.#dialog = new FunctionDialog(this.#editor.page);
      await opened?.(this.#editor);
    });
    after(async () => {
      await this.#nodeRed?.stop();
      await this.#editor?.close();
    });
    afterEach(() => this.#editor?.cancelDialog());
  }

  get nodeRed(): NodeRed {
    return there(this.#nodeRed);
  }

  get editor(): Editor {
    return there(this.#editor);
  }

  get dialog(): FunctionDialog {
    return there(this.#dialog);
  }

  get page(): Page {
    return this.editor.page;
  }
}

function there<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the editor is there while the tests run, and not before');
  return part;
}
