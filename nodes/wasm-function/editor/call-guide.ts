/**
 * Asks what the binary cannot tell of an export: what it takes, what it returns and how that is handed back. The
 * answer goes into the fields of signature and convention.
 */
import type { InspectedExport } from '../../../host/inspection';
import { parseSignature } from '../../../host/values/parse-signature';
import type { Result } from '../../../host/values/signature';
import { formatSide, isData, readingsOf, type Reading } from './readings';
import './call-guide.css';

export interface GuideParts {
  readonly place: JQuery;
  readonly signature: JQuery;
  readonly convention: JQuery;
  /** Shows the field of the signature, for what none of the answers says. */
  writeSignature(): void;
  readonly translate: Translate;
}

export interface OpenQuestion {
  readonly item: InspectedExport;
  readonly abi: string | undefined;
}

/** One part of the answer: the readings that share it have one key. */
interface Part {
  readonly name: 'takes' | 'returns' | 'convention';
  keyOf(reading: Reading): string;
  textOf(reading: Reading): string;
}

export class CallGuide {
  readonly #parts: readonly Part[];
  #shown = '';
  #readings: readonly Reading[] = [];
  #half: Readonly<Record<string, string>> = {};

  constructor(private readonly parts: GuideParts) {
    this.#parts = [
      { name: 'takes', keyOf: ({ takes }) => formatSide(takes), textOf: ({ takes }) => this.#describe(takes) },
      {
        name: 'returns',
        keyOf: ({ returns }) => formatSide(returns),
        textOf: ({ returns }) => this.#describe(returns),
      },
      {
        name: 'convention',
        keyOf: ({ convention }) => convention,
        textOf: ({ convention }) => this.parts.translate(`wasm-function.convention.${convention}`),
      },
    ];
  }

  /** @param open undefined where nothing has to be asked */
  show(open: OpenQuestion | undefined): void {
    const { place } = this.parts;
    const readings = open === undefined ? [] : readingsOf(open.item, open.abi);
    const key = open === undefined ? '' : `${open.item.name} ${open.item.type} ${String(open.abi)}`;
    // made once for an export, so that whoever answers keeps the focus
    if (key !== this.#shown) {
      this.#shown = key;
      this.#readings = readings;
      this.#half = {};
      place.empty();
      if (open !== undefined) this.#build(open.item);
    }
    place.toggle(open !== undefined);
    if (open !== undefined) this.#follow();
  }

  #build(item: InspectedExport): void {
    const { place, translate, writeSignature } = this.parts;
    const title = 'wasm-function-guide-title';
    const box = $('<div>', { class: 'wasm-function-guide', role: 'group', 'aria-labelledby': title }).appendTo(place);
    box.append($('<b>', { id: title }).text(translate('wasm-function.guide.title', { name: item.name })));
    if (this.#readings.length > 0) {
      const isAmbiguous = item.conventions !== undefined || this.#readings.length > 1;
      const why = isAmbiguous ? translate('wasm-function.guide.why', { type: item.type }) : (item.question ?? '');
      box.append($('<p>').text(why));
      for (const part of this.#parts) box.append(this.#row(part));
    } else {
      box.append($('<p>').text(item.question ?? ''));
    }
    const write = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' });
    write.text(translate('wasm-function.guide.write')).on('click', writeSignature);
    box.append($('<div>', { class: 'wasm-function-guide-answer' }).append($('<span>', { role: 'status' }), write));
  }

  #row({ name }: Part): JQuery {
    const { translate } = this.parts;
    const id = `wasm-function-guide-${name}`;
    const label = $('<label>', { for: id }).text(translate(`wasm-function.guide.${name}`));
    const select = $('<select>', { id }).on('change', () => this.#answer());
    return $('<div>', { class: 'form-row' }).append(label, select);
  }

  /** Shows what the fields say now. */
  #follow(): void {
    const chosen = this.#chosen();
    const isBlank = this.#written() === '' && this.parts.convention.val() === 'auto';
    // half an answer is in no field yet, and stays
    if (chosen !== undefined) this.#fill(this.#keysOf(chosen));
    else this.#fill(isBlank ? this.#half : {});
    this.#say(chosen);
  }

  /** Offers what goes together with what is chosen before it. */
  #fill(keys: Readonly<Record<string, string>>): void {
    let open = this.#readings;
    for (const { name, keyOf, textOf } of this.#parts) {
      const options = new Map(open.map((reading) => [keyOf(reading), textOf(reading)] as const));
      const select = this.#select(name);
      const asked = keys[name] ?? '';
      // one question at least is asked, or nothing would be answered
      const only = options.size === 1 && name !== 'returns' ? [...options.keys()][0] : undefined;
      const value = options.has(asked) ? asked : (only ?? '');
      select.empty();
      if (value === '')
        select.append($('<option>', { value: '' }).text(this.parts.translate('wasm-function.guide.choose')));
      this.#offer(select, options);
      select.val(value);
      open = open.filter((reading) => value === '' || keyOf(reading) === value);
      const isKnown = name === 'convention' && (options.size < 2 || this.#select('returns').val() === '');
      select.closest('.form-row').toggle(!isKnown);
    }
  }

  /** What mostly is meant comes first; the many ways to read several values are kept apart from it. */
  #offer(select: JQuery, options: ReadonlyMap<string, string>): void {
    const label = this.parts.translate('wasm-function.guide.value.several');
    const group = $('<optgroup>', { label });
    for (const [key, text] of options) {
      const option = $('<option>', { value: key }).text(text);
      if (text === key) group.append(option);
      else select.append(option);
    }
    if (group.children().length > 0) select.append(group);
  }

  /** A later answer that does not go with the one just given is asked anew; the likeliest convention is proposed. */
  #answer(): void {
    const keys: Record<string, string> = {};
    let open = this.#readings;
    for (const { name, keyOf } of this.#parts) {
      const key = String(this.#select(name).val() ?? '');
      const fitting = open.filter((reading) => key === '' || keyOf(reading) === key);
      keys[name] = fitting.length > 0 ? key : '';
      if (fitting.length > 0) open = fitting;
    }
    this.#half = keys;
    const [likeliest] = open;
    if (keys.takes !== '' && keys.returns !== '' && likeliest !== undefined) {
      this.#save(likeliest.signature, likeliest.convention);
      return;
    }
    this.#save('', 'auto');
  }

  #save(signature: string, convention: string): void {
    this.parts.signature.val(signature).trigger('change');
    this.parts.convention.val(convention).trigger('change');
  }

  #say(chosen: Reading | undefined): void {
    const { place, translate } = this.parts;
    const written = this.#written();
    let text = translate('wasm-function.guide.open');
    if (chosen !== undefined) text = translate('wasm-function.guide.answered');
    else if (written !== '') text = translate('wasm-function.guide.written', { signature: written });
    const status = place.find('[role="status"]');
    if (status.text() !== text) status.text(text);
  }

  /** The reading that the fields say. */
  #chosen(): Reading | undefined {
    const written = normalize(this.#written());
    const convention = String(this.parts.convention.val() ?? 'auto');
    const same = this.#readings.filter(
      (reading) => normalize(reading.signature) === written && reading.convention === convention,
    );
    return same.length === 1 ? same[0] : undefined;
  }

  #written(): string {
    return String(this.parts.signature.val() ?? '').trim();
  }

  #keysOf(reading: Reading): Record<string, string> {
    return Object.fromEntries(this.#parts.map(({ name, keyOf }) => [name, keyOf(reading)]));
  }

  #select(name: Part['name']): JQuery {
    return this.parts.place.find(`#wasm-function-guide-${name}`);
  }

  #describe(values: readonly Result[]): string {
    const { translate } = this.parts;
    const [first, ...others] = values;
    if (first === undefined) return translate('wasm-function.guide.value.nothing');
    const isOneData = others.length === 0 && isData(first.type);
    if (isOneData) return translate(`wasm-function.guide.value.${first.type}`);
    const types = formatSide(values);
    return values.some(({ type }) => isData(type)) ? types : translate('wasm-function.guide.value.numbers', { types });
  }
}

/** Two ways to write one signature are equal. */
function normalize(signature: string): string {
  try {
    const { parameters, results } = parseSignature(signature);
    return `${formatSide(parameters)}${formatSide(results)}`;
  } catch {
    return signature;
  }
}
