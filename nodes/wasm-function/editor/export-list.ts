/** The exports of the module as a list to choose from, each with its typed signature. */
import type { Inspection } from '../../../host/inspection';

export interface ExportListParts {
  /** The field a name can also be typed into. */
  readonly input: JQuery;
  readonly place: JQuery;
  /** Whether the dialog already says what the binary cannot tell of the chosen export. */
  isAnswered(): boolean;
  readonly translate: Translate;
}

type Export = Inspection['exports'][number];

export class ExportList {
  #inspection: Inspection | undefined;

  constructor(private readonly parts: ExportListParts) {}

  /** @param inspection undefined while nothing is known of the module */
  show(inspection: Inspection | undefined): void {
    this.#inspection = inspection;
    this.refresh();
  }

  get inspection(): Inspection | undefined {
    return this.#inspection;
  }

  /** The export that would be called with what is typed now. */
  get chosen(): Export | undefined {
    const name = this.#typed() || this.#inspection?.defaultExport;
    return this.#inspection?.exports.find((each) => each.name === name);
  }

  refresh(): void {
    const { input, place, translate } = this.parts;
    const exports = this.#inspection?.exports ?? [];
    const only = this.#inspection?.defaultExport;
    input.attr(
      'placeholder',
      only === undefined
        ? translate('wasm-function.placeholder.export')
        : translate('wasm-function.placeholder.only-export', { name: only }),
    );
    place.empty();
    if (exports.length > 0) {
      const list = $('<div>', { class: 'wasm-function-exports wasm-function-indent' }).appendTo(place);
      for (const each of exports) list.append(this.#row(each));
    }
    const hint = this.#hint(exports);
    if (hint !== undefined) place.append($('<div>', { class: 'form-tips wasm-function-indent' }).text(hint));
    place.toggle(place.children().length > 0);
  }

  #row(each: Export): JQuery {
    const { input } = this.parts;
    const row = $('<button>', { type: 'button', 'aria-pressed': String(each === this.chosen) });
    row.text(`${each.name} ${each.signature ?? each.type}`);
    if (each.question !== undefined) row.append(' ', $('<i>', { class: 'fa fa-question-circle-o' }));
    return row.on('click', () => input.val(each.name).trigger('change'));
  }

  #hint(exports: readonly Export[]): string | undefined {
    const { translate } = this.parts;
    const typed = this.#typed();
    if (typed !== '' && exports.length > 0 && this.chosen === undefined) {
      return translate('wasm-function.hint.no-such-export', { name: typed });
    }
    return this.parts.isAnswered() ? undefined : this.chosen?.question;
  }

  #typed(): string {
    return String(this.parts.input.val() ?? '');
  }
}
