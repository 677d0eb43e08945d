/** Calls the chosen export with an argument before anything is deployed, and shows what came of it. */
import type { InspectedExport } from '../../../host/inspection';
import { parseSignature } from '../../../host/values/parse-signature';
import type { Parameter } from '../../../host/values/signature';
import { tryFunction, type TrialOutcome, type TriedChoice } from './module-requests';
import { nameTypedInput, typedInputOf } from './typed-input';
import './try-it.css';

export interface TryItParts {
  readonly argument: JQuery;
  readonly button: JQuery;
  readonly outcome: JQuery;
  choice(): Omit<TriedChoice, 'argument'>;
  readonly translate: Translate;
}

type Trial = { readonly kind: 'ready' } | { readonly kind: 'running'; readonly stop: AbortController };

/** The type of the argument that goes best with the one parameter of a signature. */
const ARGUMENT_TYPES: Readonly<Record<string, string>> = { string: 'str', bool: 'bool', bytes: 'bin', json: 'json' };

/** Of values in an array, as JSON; of the others a number is one. */
const EXAMPLES: Readonly<Record<string, string>> = { string: '"text"', bool: 'true', bytes: '"text"', json: '{}' };

/** Characters that no text has, and that wrong pointers and lengths mostly lead to. */
const NONSENSE = /[^\P{Cc}\t-\r]|\ufffd/u;

export class TryIt {
  #trial: Trial = { kind: 'ready' };
  /** The signature for which the argument's type was proposed; what the user has chosen then stays. */
  #proposed = '';
  /** Whether it may be handed back in another way than was said. */
  #isConventionOpen = false;
  readonly #visible: JQuery;

  constructor(private readonly parts: TryItParts) {
    const { argument, button, translate } = parts;
    typedInputOf(argument).typedInput({
      default: 'num',
      types: [
        'str',
        'num',
        'bool',
        'json',
        'bin',
        { value: 'none', label: translate('wasm-function.try.none'), hasValue: false },
      ],
    });
    this.#visible = nameTypedInput(argument, {
      type: translate('wasm-function.try.argument-type'),
      value: translate('wasm-function.try.argument'),
    });
    this.#visible.on('keydown', (event) => {
      if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (this.#trial.kind === 'ready') this.#start();
    });
    button.on('click', () => {
      if (this.#trial.kind === 'running') this.#trial.stop.abort();
      else this.#start();
    });
    // however the dialog is left, its call ends with it
    argument.on('remove', () => this.stop());
    this.#showButton();
  }

  stop(): void {
    if (this.#trial.kind === 'running') this.#trial.stop.abort();
  }

  /** Another function is chosen: what came of the one before says nothing of it. */
  clear(): void {
    this.stop();
    this.#end();
    this.parts.outcome.empty().hide();
  }

  /** @param chosen what would be called; undefined while that is not known */
  propose(chosen: InspectedExport | undefined, signature: string): void {
    this.#isConventionOpen = (chosen?.conventions?.length ?? 0) > 1;
    const known = signature.trim() || chosen?.signature || '';
    if (known === this.#proposed || known === '') return;
    const parameters = readParameters(known);
    if (parameters === undefined) return;
    this.#proposed = known;
    typedInputOf(this.parts.argument).typedInput('type', argumentType(parameters));
    this.#visible.attr('placeholder', argumentExample(parameters));
  }

  #start(): void {
    const { argument, choice } = this.parts;
    const stop = new AbortController();
    this.#trial = { kind: 'running', stop };
    this.#showButton();
    this.#say($('<i>', { class: 'fa fa-spinner fa-spin' }), this.#text('running'));
    const field = typedInputOf(argument);
    const given = { type: field.typedInput('type'), value: String(field.typedInput('value')) };
    const isCurrent = (): boolean => this.#trial.kind === 'running' && this.#trial.stop === stop;
    tryFunction({ ...choice(), argument: given }, stop.signal)
      .then(
        (outcome) => {
          if (isCurrent()) this.#show(outcome);
        },
        (error: unknown) => {
          if (!isCurrent()) return;
          if (stop.signal.aborted) this.#say(this.#text('stopped'));
          else this.#showFailure((error as Error).message);
        },
      )
      .finally(() => {
        if (isCurrent()) this.#end();
      })
      .catch((error: unknown) => console.error(error));
  }

  #end(): void {
    this.#trial = { kind: 'ready' };
    this.#showButton();
  }

  #showButton(): void {
    const isRunning = this.#trial.kind === 'running';
    const icon = $('<i>', { class: isRunning ? 'fa fa-stop' : 'fa fa-play', 'aria-hidden': 'true' });
    const text = this.#text(isRunning ? 'stop' : 'start');
    this.parts.button.empty().append(icon, document.createTextNode(` ${text}`));
  }

  #show(outcome: TrialOutcome): void {
    if (outcome.error !== undefined) {
      const { error, milliseconds } = outcome;
      const guest = error.cause?.guest;
      this.#showFailure(error.message, error.code, guest, milliseconds);
      return;
    }
    const { kind, value, signature, milliseconds } = outcome;
    const facts = $('<div>', { class: 'wasm-function-outcome-facts' });
    facts.append($('<code>').text(signature), $('<span>').text(this.#duration(milliseconds)));
    if (kind === 'nothing') {
      this.#say(facts, this.#text('nothing'));
      return;
    }
    const decoded: unknown = RED.utils.decodeObject(value.msg, value.format);
    const element = RED.utils.createObjectElement(decoded, { typeHint: value.format, hideKey: false });
    const text = typeof decoded === 'string' && value.format.startsWith('string') ? decoded : undefined;
    this.#say(
      facts,
      ...(kind === 'messages' ? [this.#text('messages')] : []),
      ...(text === undefined ? [] : [this.#lengthOf(value.format)]),
      element,
      ...(text === '' || (text !== undefined && NONSENSE.test(text)) ? this.#conventionHint() : []),
    );
    makeReachable(element);
  }

  /** @param format as `string[12]`: of a long text the first characters are shown only */
  #lengthOf(format: string): JQuery {
    const [count = ''] = /\d+/.exec(format) ?? [];
    return $('<div>').text(this.#text('length', { count }));
  }

  /** Where nonsense came back: a pointer and a length that were taken for each other, mostly. */
  #conventionHint(): JQuery[] {
    if (!this.#isConventionOpen) return [];
    const label = this.parts.translate('wasm-function.guide.convention');
    return [$('<p>', { class: 'wasm-function-outcome-hint' }).text(this.#text('nonsense', { label }))];
  }

  #showFailure(message: string, code?: string, guest?: string, milliseconds?: number): void {
    const icon = $('<i>', { class: 'fa fa-exclamation-triangle', 'aria-hidden': 'true' });
    const facts = $('<div>', { class: 'wasm-function-outcome-facts' }).append(
      ...(code === undefined ? [] : [$('<code>').text(code)]),
      ...(milliseconds === undefined ? [] : [$('<span>').text(this.#duration(milliseconds))]),
    );
    const words = guest === undefined || message.includes(guest) ? [] : [$('<pre>').text(guest)];
    const text = $('<span>').text(` ${message}`);
    const hint = code === 'result' || code === 'trap' ? this.#conventionHint() : [];
    this.#say(facts, $('<div>', { class: 'wasm-function-warning' }).append(icon, text), ...words, ...hint);
  }

  #say(...content: (JQuery | string)[]): void {
    const nodes = content.map((each) => (typeof each === 'string' ? document.createTextNode(each) : each));
    const { outcome } = this.parts;
    outcome
      .empty()
      .append(...nodes)
      .show();
    outcome.get(0)?.scrollIntoView({ block: 'nearest' });
  }

  #duration(milliseconds: number): string {
    const shown = milliseconds < 10 ? milliseconds.toFixed(2) : milliseconds.toFixed(0);
    return this.#text('duration', { milliseconds: shown });
  }

  #text(key: string, values?: Record<string, string>): string {
    return this.parts.translate(`wasm-function.try.${key}`, values);
  }
}

/** @param signature as `(string) → string` */
function readParameters(signature: string): readonly Parameter[] | undefined {
  try {
    return parseSignature(signature).parameters;
  } catch {
    return undefined;
  }
}

/** As it is written: several parameters take an array, such as `["text", 2]`. */
function argumentExample(parameters: readonly Parameter[]): string {
  const [first, ...others] = parameters;
  if (first === undefined) return '';
  if (others.length === 0) return first.type;
  return `[${parameters.map(({ type }, index) => EXAMPLES[type] ?? String(index + 1)).join(', ')}]`;
}

/** Several parameters take an array. */
function argumentType([first, ...others]: readonly Parameter[]): string {
  if (first === undefined) return 'none';
  return others.length > 0 ? 'json' : (ARGUMENT_TYPES[first.type] ?? 'num');
}

/** What the debug sidebar shows can be unfolded by clicks only. */
function makeReachable(element: JQuery): void {
  const mark = (): void => {
    element.find('.red-ui-debug-msg-expandable').attr({ tabindex: 0, role: 'button' });
  };
  mark();
  element.on('click', () => window.setTimeout(mark));
  element.on('keydown', '.red-ui-debug-msg-expandable', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    $(event.currentTarget as HTMLElement).trigger('click');
  });
}
