/**
 * What each dialog was last told of its node's module, for the checks of the saved properties: a module that is refused
 * and an export that is left open keep their node marked after Done, until file or export are others or the module is
 * described anew. Of a node whose dialog was never confirmed nothing is known, and nothing is wrong.
 */
import type { Inspection } from '../../../host/inspection';
import { isLeftOpen, type Answer } from './open-question';
import { describeModule, type DescribedChoice, type Description } from './module-requests';

export type JudgedNode = Partial<DescribedChoice & Answer> & { readonly id?: string };

export interface OpenDialog {
  readonly id: string;
  /** What its fields hold; undefined while they are out of the document, below another dialog. */
  fields(): (DescribedChoice & Answer) | undefined;
  /** Whether a part of a name is typed to search the list of exports. */
  isSearching(): boolean;
}

/** What is wrong with the export that is named. */
export type ExportFault = 'missing' | 'not-chosen' | 'open';

interface Told {
  readonly choice: DescribedChoice;
  readonly description: Description;
}

/** What decides how a module is described. */
const ASKED = ['file', 'fileType', 'abi', 'export', 'memory'] as const;

class ToldModules {
  readonly #kept = new Map<string, Told>();
  /** Questions of dialogs that were confirmed before they had an answer, by the node's id. */
  readonly #asking = new Map<string, AbortController>();
  #open: { readonly dialog: OpenDialog; told?: Told } | undefined;

  open(dialog: OpenDialog): void {
    this.#asking.get(dialog.id)?.abort();
    this.#open = { dialog };
  }

  tell(choice: DescribedChoice, description: Description): void {
    if (this.#open !== undefined && isAnswer(description)) this.#open.told = { choice, description };
  }

  /** The dialog was confirmed with this choice. */
  confirm(choice: DescribedChoice): void {
    if (this.#open === undefined) return;
    const { dialog, told } = this.#open;
    this.#open = undefined;
    this.#kept.delete(dialog.id);
    if (told !== undefined && isSame(told.choice, choice, ASKED)) this.#kept.set(dialog.id, told);
    else if (choice.file.trim() !== '' && ['str', 'env'].includes(choice.fileType)) this.#ask(dialog.id, choice);
  }

  /** The dialog is left; what it was told since it was opened is forgotten where it was not confirmed. */
  close(id: string): void {
    if (this.#open?.dialog.id === id) this.#open = undefined;
  }

  /** False where the module was refused, or there is none. */
  isUsable(node: JudgedNode): boolean {
    const told = this.#toldOf(node);
    if (told === undefined || !isSame(told.choice, this.#current(node), ASKED)) return true;
    return told.description.inspection !== undefined && told.description.inspection.refusal === undefined;
  }

  exportFault(node: JudgedNode, name: string): ExportFault | undefined {
    const inspection = this.#toldOf(node)?.description.inspection;
    if (inspection === undefined || this.#isSearching(node)) return undefined;
    const { exports, unlisted, refusal } = inspection;
    const chosen = exports.find((each) => each.name === (name === '' ? inspection.defaultExport : name));
    if (chosen === undefined && name !== '')
      return exports.length > 0 && !hidesExports(unlisted) ? 'missing' : undefined;
    // why none of its functions can be called is said of the module
    if (refusal !== undefined) return undefined;
    if (chosen === undefined) return 'not-chosen';
    const { abi, signature, convention } = this.#current(node);
    const known = abi === undefined || abi === 'auto' ? inspection.abi : abi;
    const answer = { signature: signature ?? '', convention: convention ?? 'auto' };
    return isLeftOpen(chosen, known, answer) ? 'open' : undefined;
  }

  #toldOf(node: JudgedNode): Told | undefined {
    const id = node.id ?? '';
    const told = (this.#open?.dialog.id === id ? this.#open.told : undefined) ?? this.#kept.get(id);
    return told !== undefined && isSame(told.choice, this.#current(node), ['file', 'fileType']) ? told : undefined;
  }

  #current(node: JudgedNode): JudgedNode {
    return (this.#open?.dialog.id === node.id ? this.#open?.dialog.fields() : undefined) ?? node;
  }

  #isSearching({ id }: JudgedNode): boolean {
    return this.#open !== undefined && this.#open.dialog.id === id && this.#open.dialog.isSearching();
  }

  #ask(id: string, choice: DescribedChoice): void {
    const asking = new AbortController();
    this.#asking.set(id, asking);
    describeModule(choice, asking.signal)
      .then((description) => {
        if (asking.signal.aborted || !isAnswer(description)) return;
        this.#kept.set(id, { choice, description });
        whenNoDialogIsOpen(() => markNode(id));
      })
      // no answer says nothing of the module
      .catch(() => undefined)
      .finally(() => {
        if (this.#asking.get(id) === asking) this.#asking.delete(id);
      });
  }
}

export const toldModules = new ToldModules();

/** A request that failed says nothing of the module. */
function isAnswer({ error }: Description): boolean {
  return error?.code !== 'request';
}

/** The dialog's fields hold text where a node may hold a number. */
function isSame(a: JudgedNode, b: JudgedNode, properties: readonly (keyof DescribedChoice)[]): boolean {
  const presets: JudgedNode = { fileType: 'str', abi: 'auto' };
  const text = (node: JudgedNode, property: keyof DescribedChoice): string =>
    String(node[property] ?? presets[property] ?? '');
  return properties.every((property) => text(a, property) === text(b, property));
}

function hidesExports(unlisted: Inspection['unlisted']): boolean {
  return unlisted !== undefined && unlisted.exports > 0;
}

/** The editor's own checks look at the fields of whichever dialog is open. */
function whenNoDialogIsOpen(work: () => void): void {
  if ($('.red-ui-tray').length === 0) return work();
  const once = (): void => {
    RED.events.off('editor:close', once);
    work();
  };
  RED.events.on('editor:close', once);
}

function markNode(id: string): void {
  const node = RED.nodes.node(id);
  if (node === null || node === undefined) return;
  RED.editor.validateNode(node);
  RED.events.emit('nodes:change', node);
  RED.view.redraw();
}
