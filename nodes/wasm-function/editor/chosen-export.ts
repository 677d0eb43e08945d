/**
 * Signature and convention belong to one export: when another is chosen they give way to what was said of that one,
 * and an export that a newly chosen module does not have does not stay unnoticed.
 */
import type { Inspection } from '../../../host/inspection';
import type { ExportList } from './export-list';

export interface ChosenExportParts {
  readonly exports: ExportList;
  readonly name: JQuery;
  readonly signature: JQuery;
  readonly convention: JQuery;
  /** Says what has been changed for the user. */
  readonly notice: JQuery;
  readonly translate: Translate;
}

interface Answer {
  readonly signature: string;
  readonly convention: string;
}

const UNANSWERED: Answer = { signature: '', convention: 'auto' };

export class ChosenExport {
  #current: string | undefined;
  readonly #answers = new Map<string, Answer>();

  constructor(private readonly parts: ChosenExportParts) {}

  /**
   * @param isOther whether another file was chosen than the one before
   * @returns whether the name was cleared
   */
  takeModule(inspection: Inspection, isOther: boolean): boolean {
    const { name, notice, translate } = this.parts;
    const typed = String(name.val() ?? '');
    const isListed = typed === '' || inspection.exports.some((each) => each.name === typed);
    // of a module with very many exports not all are listed
    const isThere = isListed || (inspection.unlisted?.exports ?? 0) > 0;
    const isReadable = inspection.kind === 'core module' && inspection.refusal?.code !== 'module';
    if (!isOther || isThere || !isReadable) return false;
    name.val('');
    notice.text(translate('wasm-function.hint.cleared', { name: typed })).show();
    return true;
  }

  /** Another file is being chosen. */
  forgetNotice(): void {
    this.parts.notice.hide();
  }

  /** To be called whenever the export that is meant may be another one. */
  follow(): void {
    const { exports, signature, convention } = this.parts;
    const name = exports.chosen?.name;
    // another was chosen, by the user or as the only one there is
    if (name !== undefined) this.forgetNotice();
    if (name === undefined || name === this.#current) return;
    const before = this.#current;
    this.#current = name;
    // the first one known is the one that signature and convention were saved for
    if (before === undefined) return;
    this.#answers.set(before, {
      signature: String(signature.val() ?? ''),
      convention: String(convention.val() ?? 'auto'),
    });
    const answer = this.#answers.get(name) ?? UNANSWERED;
    signature.val(answer.signature).trigger('change');
    convention.val(answer.convention).trigger('change');
  }
}
