/**
 * The exports of the module with their typed signatures, below the field of the name: what is typed there narrows the
 * list, arrow keys move in it and Enter takes one (a combobox, as WAI-ARIA calls it).
 */
import type { InspectedExport, Inspection } from '../../../host/inspection';
import { ListHeight } from './list-height';
import { PointerRest } from './pointer-rest';
import './export-list.css';

export interface ExportListParts {
  /** The field that a name can also be typed into. */
  readonly input: JQuery;
  readonly place: JQuery;
  readonly translate: Translate;
}

/** Rows that are shown at once: a module may export thousands. */
const MOST_ROWS = 200;
const LIST = 'wasm-function-export-list';

export class ExportList {
  #inspection: Inspection | undefined;
  /** Index of the row that arrow keys have moved to. */
  #active = -1;
  #rows: readonly InspectedExport[] = [];
  #isSearched = false;
  /** The export that stands on top. It is not another one as soon as it is chosen: rows stay where they are pointed at. */
  #first: string | undefined;
  readonly #height: ListHeight;

  constructor(private readonly parts: ExportListParts) {
    const { input } = parts;
    input.attr({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': LIST, 'aria-expanded': 'false' });
    input.on('keydown', (event) => this.#press(event));
    input.on('input', () => this.#search(true));
    const pointer = new PointerRest(input);
    input.on('blur', () => pointer.whenUp(() => this.#leave()));
    this.#height = new ListHeight(parts.place);
  }

  #leave(): void {
    const { input } = this.parts;
    if (input.is(':focus')) return;
    this.#search(false);
    // the checks of the field have looked at it before, while it was still searched
    input.trigger('keyup');
  }

  /** What is typed narrows the list until the field is left; a name that is wrong then is shown beside what there is. */
  #search(isSearched: boolean): void {
    this.#isSearched = isSearched;
    this.#active = -1;
    if (!isSearched) this.#first = this.chosen?.name;
    this.refresh();
  }

  /** Whether what is typed is a part of names that are there, and no name yet. */
  get isSearched(): boolean {
    return this.#isSearched && this.#rows.length > 0;
  }

  /** @param inspection undefined while nothing is known of the module */
  show(inspection: Inspection | undefined): void {
    this.#inspection = inspection;
    this.#active = -1;
    this.#first = this.chosen?.name;
    this.refresh();
  }

  get inspection(): Inspection | undefined {
    return this.#inspection;
  }

  /** The export that would be called with what is typed now. */
  get chosen(): InspectedExport | undefined {
    const name = this.#typed() || this.#inspection?.defaultExport;
    return this.#inspection?.exports.find((each) => each.name === name);
  }

  refresh(): void {
    const { input, place, translate } = this.parts;
    const exports = this.#inspection?.exports ?? [];
    this.#showPlaceholder();
    place.empty().toggle(exports.length > 0);
    const found = this.#sorted(exports.filter((each) => this.#matches(each)));
    this.#rows = found.slice(0, MOST_ROWS);
    const list = $('<div>', { id: LIST, role: 'listbox', class: 'wasm-function-exports', tabindex: -1 }).appendTo(
      place,
    );
    list.attr('aria-label', translate('wasm-function.exports.label'));
    // the field keeps the focus, for the keys
    list.on('mousedown', (event) => event.preventDefault());
    this.#rows.forEach((each, index) => list.append(this.#row(each, index)));
    const hidden = found.length - this.#rows.length;
    if (found.length === 0) this.#note(list, translate('wasm-function.exports.none-found'));
    else if (hidden > 0) this.#note(list, translate('wasm-function.exports.more', { count: hidden }));
    const unlisted = this.#inspection?.unlisted?.exports ?? 0;
    if (unlisted > 0) this.#note(list, translate('wasm-function.exports.unlisted', { count: unlisted }));
    input.attr('aria-expanded', String(exports.length > 0));
    const selected = list.find('[aria-selected="true"]').get(0);
    this.#height.follow(() => {
      if (selected !== undefined) this.#reveal(selected);
      this.#markActive();
    });
  }

  #showPlaceholder(): void {
    const { input, translate } = this.parts;
    const only = this.#inspection?.defaultExport;
    const several = (this.#inspection?.exports.length ?? 0) > 1;
    const key = only !== undefined ? 'only-export' : several ? 'search-export' : 'export';
    input.attr('placeholder', translate(`wasm-function.placeholder.${key}`, { name: only ?? '' }));
  }

  #row(each: InspectedExport, index: number): JQuery {
    const { translate } = this.parts;
    const row = $('<div>', { id: `${LIST}-${String(index)}`, role: 'option' });
    row.attr('aria-selected', String(each === this.chosen));
    row.append($('<i>', { class: 'fa fa-check', 'aria-hidden': 'true' }), $('<b>').text(each.name), ' ');
    row.append($('<span>').text(each.signature ?? each.type));
    if (each.signature === undefined) {
      const note = translate('wasm-function.exports.open');
      row.append(' ', $('<i>', { class: 'fa fa-question-circle-o', role: 'img', 'aria-label': note, title: note }));
    }
    return row.on('click', () => this.#take(each));
  }

  #note(list: JQuery, text: string): void {
    list.append($('<div>', { class: 'wasm-function-exports-note' }).text(text));
  }

  #take({ name }: InspectedExport): void {
    this.#active = -1;
    this.parts.input.val(name).trigger('change');
  }

  #press(event: JQuery.TriggeredEvent): void {
    const { key = '', altKey, ctrlKey, metaKey } = event;
    if (this.#rows.length === 0 || altKey || ctrlKey || metaKey) return;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      this.#active = this.#next(key === 'ArrowDown' ? 1 : -1);
      this.#markActive();
    } else if (key === 'Enter') {
      const row = this.#rows[this.#active] ?? (this.#rows.length === 1 ? this.#rows[0] : undefined);
      if (row !== undefined) this.#take(row);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** From the field an arrow leads to the export that is chosen, so that Enter does not take another one unawares. */
  #next(step: 1 | -1): number {
    const count = this.#rows.length;
    if (this.#active >= 0) return (this.#active + step + count) % count;
    const chosen = this.#rows.findIndex((each) => each === this.chosen);
    if (chosen >= 0) return chosen;
    return step > 0 ? 0 : count - 1;
  }

  #markActive(): void {
    const { input, place } = this.parts;
    const rows = place.find('[role="option"]').removeClass('wasm-function-active');
    const active = rows.get(this.#active);
    if (this.#active < 0 || active === undefined) {
      input.removeAttr('aria-activedescendant');
      return;
    }
    $(active).addClass('wasm-function-active');
    input.attr('aria-activedescendant', active.id);
    this.#reveal(active);
  }

  /** Moves the list only, not the dialog. */
  #reveal(row: HTMLElement): void {
    const list = this.parts.place.find('[role="listbox"]').get(0);
    if (list === undefined) return;
    const top = row.offsetTop - list.offsetTop;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + row.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = top + row.offsetHeight - list.clientHeight;
    }
  }

  #sorted(exports: readonly InspectedExport[]): readonly InspectedExport[] {
    const first = exports.filter(({ name }) => name === this.#first);
    return [...first, ...exports.filter((each) => !first.includes(each))];
  }

  /** A name that is whole narrows nothing: the others can still be seen and taken. */
  #matches({ name, signature, type }: InspectedExport): boolean {
    if (!this.#isSearched || this.chosen !== undefined) return true;
    const text = this.#typed().toLowerCase();
    return `${name} ${signature ?? type}`.toLowerCase().includes(text);
  }

  #typed(): string {
    return String(this.parts.input.val() ?? '');
  }
}
