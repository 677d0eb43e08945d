/**
 * What the runtime has said of each choice of a module and an export, for the checks of the saved properties: a choice
 * that cannot be used marks every node that has it, also once its dialog is closed, until the module is described anew
 * or another file takes its place. Of a choice that nobody has looked at nothing is known, and nothing is wrong.
 */
import { describeModule, type DescribedChoice, type Description } from './module-requests';

export type JudgedNode = Partial<DescribedChoice> & { readonly id?: string };

export interface OpenDialog {
  readonly id: string;
  /** What its fields hold; undefined while they are out of the document, below another dialog. */
  fields(): DescribedChoice | undefined;
  /** Whether a part of a name is typed to search the list of exports. */
  isSearching(): boolean;
}

/** What is wrong with a choice, as the catalogue names it under `invalid`. */
export type FaultKind =
  'module' | 'export-missing' | 'export-not-chosen' | 'export-open' | 'signature-unfit' | 'convention-unfit';

export interface Fault {
  readonly kind: FaultKind;
  /** The runtime's own sentence, in English; it may quote the module. */
  readonly why: string;
}

interface Verdict {
  /** The file as it was typed, with the type of that. */
  readonly file: string;
  /** Where it was found; undefined where it was not. */
  readonly path: string | undefined;
  /** Differs where the file's content does. */
  readonly content: string;
  readonly fault: Fault | undefined;
}

/** What decides what is said of a choice, and what stands there where a node does not say. */
const PRESETS: Readonly<Record<keyof DescribedChoice, string>> = {
  file: '',
  fileType: 'str',
  abi: 'auto',
  export: '',
  signature: '',
  convention: 'auto',
  memory: '',
};

class ToldModules {
  readonly #verdicts = new Map<string, Verdict>();
  /** `told` is the choice of which an answer came last, `listed` what that said of its exports. */
  #open: { readonly dialog: OpenDialog; told?: string; listed?: Listed } | undefined;
  #marksAreDue = false;

  open(dialog: OpenDialog): void {
    this.#open = { dialog };
    const chosen = new Set(functionNodes().map(keyOf));
    for (const key of this.#verdicts.keys()) if (!chosen.has(key)) this.#verdicts.delete(key);
  }

  tell(choice: DescribedChoice, description: Description): void {
    if (!isVerdict(description)) return;
    if (this.#open !== undefined) {
      this.#open.told = keyOf(choice);
      this.#open.listed = { file: fileOf(choice), inspection: description.inspection };
    }
    this.#take(choice, description);
  }

  /** The dialog was confirmed with this choice: where no answer came in time, it is still waited for. */
  confirm(choice: DescribedChoice): void {
    const told = this.#open?.told;
    this.#open = undefined;
    if (told === keyOf(choice) || choice.file.trim() === '' || !['str', 'env'].includes(choice.fileType)) return;
    describeModule(choice)
      .then((description) => {
        if (isVerdict(description)) this.#take(choice, description);
      })
      // no answer says nothing of the module
      .catch(() => undefined);
  }

  /** The dialog is left. */
  close(id: string): void {
    if (this.#open?.dialog.id === id) this.#open = undefined;
  }

  /** Another file is stored under this name, or other declarations beside it. */
  outdate(file: string): void {
    this.#forget((verdict) => verdict.file === fileOf({ file }));
  }

  /** What is known to be wrong with the choice of a node, or of its dialog while that is open. */
  faultOf(node: JudgedNode): Fault | undefined {
    const dialog = this.#open?.dialog.id === node.id ? this.#open?.dialog : undefined;
    const choice = dialog?.fields() ?? node;
    const verdict = this.#verdicts.get(keyOf(choice));
    const fault = verdict === undefined ? missing(choice, dialog && this.#open?.listed) : verdict.fault;
    const isNameOnly = fault?.kind === 'export-missing' || fault?.kind === 'export-not-chosen';
    return isNameOnly && dialog?.isSearching() === true ? undefined : fault;
  }

  #take(choice: DescribedChoice, description: Description): void {
    const verdict = judge(choice, description);
    const isSameFile = ({ file, path }: Verdict): boolean =>
      file === verdict.file || (path !== undefined && path === verdict.path);
    this.#forget((each) => isSameFile(each) && each.content !== verdict.content);
    this.#verdicts.set(keyOf(choice), verdict);
    this.#markSoon();
  }

  #forget(isOutdated: (verdict: Verdict) => boolean): void {
    for (const [key, verdict] of this.#verdicts) if (isOutdated(verdict)) this.#verdicts.delete(key);
    this.#markSoon();
  }

  #markSoon(): void {
    if (this.#marksAreDue) return;
    this.#marksAreDue = true;
    whenNoDialogIsOpen(() => {
      this.#marksAreDue = false;
      markNodes();
    });
  }
}

export const toldModules = new ToldModules();

interface Listed {
  readonly file: string;
  readonly inspection: Description['inspection'];
}

/** A name that is in no list needs no answer of the runtime. */
function missing({ file, fileType, export: name = '' }: JudgedNode, listed: Listed | undefined): Fault | undefined {
  if (listed?.inspection === undefined || name === '') return undefined;
  const { exports, unlisted, refusal } = listed.inspection;
  if (refusal !== undefined || (unlisted?.exports ?? 0) > 0) return undefined;
  const isThere = exports.some((each) => each.name === name);
  return isThere || listed.file !== fileOf({ file, fileType } as DescribedChoice)
    ? undefined
    : { kind: 'export-missing', why: '' };
}

/** A request that failed, or a runtime that had no thread to look with, says nothing of the module. */
function isVerdict({ error }: Description): boolean {
  return error?.code !== 'request' && error?.code !== 'closed';
}

function judge(choice: DescribedChoice, description: Description): Verdict {
  const { inspection, error } = description;
  const fault = faultOf(choice, description);
  if (inspection === undefined) return { file: fileOf(choice), path: undefined, content: error.code, fault };
  const { file: path, hash, size } = inspection;
  return { file: fileOf(choice), path, content: `${hash} ${String(size)}`, fault };
}

function faultOf(choice: DescribedChoice, { inspection, error }: Description): Fault | undefined {
  if (inspection === undefined) return { kind: 'module', why: error.message };
  const { refusal, call } = inspection;
  if (refusal !== undefined) return { kind: 'module', why: refusal.message };
  if (call === undefined || call.kind === 'callable') return undefined;
  const { code, message: why } = call.refusal;
  // a signature that cannot be read is refused before the export is looked for
  const unlisted = missing(choice, { file: fileOf(choice), inspection });
  if (unlisted !== undefined) return unlisted;
  if (code === 'export') return { kind: choice.export === '' ? 'export-not-chosen' : 'export-missing', why };
  if (choice.signature.trim() !== '') return { kind: 'signature-unfit', why };
  return { kind: choice.convention === 'auto' ? 'export-open' : 'convention-unfit', why };
}

/** The dialog's fields hold text where a node may hold a number. */
function keyOf(node: JudgedNode): string {
  const properties = Object.entries(PRESETS) as [keyof DescribedChoice, string][];
  return JSON.stringify(properties.map(([property, preset]) => String(node[property] ?? preset)));
}

function fileOf({ file, fileType = PRESETS.fileType }: Partial<DescribedChoice>): string {
  return `${fileType} ${String(file)}`;
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

function functionNodes(): MarkedNode[] {
  return RED.nodes.filterNodes({ type: 'wasm-function' }) as unknown as MarkedNode[];
}

interface MarkedNode extends JudgedNode {
  readonly valid?: boolean;
  readonly validationErrors?: readonly string[];
}

function markNodes(): void {
  let hasChanged = false;
  for (const node of functionNodes()) {
    const before = String(node.validationErrors);
    RED.editor.validateNode(node as never);
    if (String(node.validationErrors) === before) continue;
    hasChanged = true;
    RED.events.emit('nodes:change', node);
  }
  if (hasChanged) RED.view.redraw();
}
