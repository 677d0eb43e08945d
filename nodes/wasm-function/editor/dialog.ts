import { CONVENTIONS } from '../../../host/abi/adapter';
import type { Inspection } from '../../../host/inspection';
import { takeNumber } from '../../editor/number';
import { ExportList } from './export-list';
import { showCard } from './module-card';
import { describeModule, listModules, type DescribedChoice, type Description } from './module-requests';
import { offerUpload } from './module-upload';
import type { FunctionNode, FunctionProperties } from './properties';
import { typedInputOf } from './typed-input';

/** Milliseconds of rest before what is typed is looked at. */
const TYPING_PAUSE = 300;

/** Kinds of modules that can be called; `abi` may also name others, which a saved node keeps. */
const OFFERED_ABIS = ['auto', 'numeric', 'bytes', 'wasm-bindgen', 'assemblyscript'];
const NUMBERS = ['timeout', 'memory', 'concurrency', 'queue'] as const;

export function prepareDialog(node: FunctionNode): void {
  const translate: Translate = (key, values) => node._(key, values);
  prepareChoices(node, translate);
  prepareTypedInputs(translate);
  prepareLimits();
  const exports = new ExportList({
    input: input('export'),
    place: $('#wasm-function-exports'),
    isAnswered: () => input('signature').val() !== '' || input('convention').val() !== 'auto',
    translate,
  });
  const look = followModule(exports, translate);
  offerUpload($('#wasm-function-upload'), translate, (file) => {
    typedInputOf(input('file')).typedInput('type', 'str');
    typedInputOf(input('file')).typedInput('value', file);
    look();
  });
  look();
}

export function saveNumbers(node: FunctionNode): void {
  for (const property of NUMBERS) node[property] = takeNumber(input(property), '');
}

function input(property: keyof FunctionProperties): JQuery {
  return $(`#node-input-${property}`);
}

function prepareChoices(node: FunctionNode, translate: Translate): void {
  const fill = (property: 'abi' | 'convention', offered: readonly string[]): void => {
    const saved = node[property] ?? 'auto';
    const values = offered.includes(saved) ? offered : [...offered, saved];
    const options = values.map((value) =>
      $('<option>', { value }).text(translate(`wasm-function.${property}.${value}`)),
    );
    input(property).append(options).val(saved);
  };
  fill('abi', OFFERED_ABIS);
  fill('convention', ['auto', ...CONVENTIONS]);
}

function prepareTypedInputs(translate: Translate): void {
  typedInputOf(input('file')).typedInput({
    default: 'str',
    types: [
      { value: 'str', label: translate('wasm-function.type.path'), icon: '', autoComplete: completeFile },
      'env',
      'msg',
      'flow',
      'global',
    ],
    typeField: '#node-input-fileType',
  });
  typedInputOf(input('input')).typedInput({
    default: 'msg',
    types: [
      'msg',
      'flow',
      'global',
      'jsonata',
      'json',
      { value: 'full', label: translate('wasm-function.type.full'), hasValue: false },
    ],
    typeField: '#node-input-inputType',
  });
  typedInputOf(input('output')).typedInput({
    default: 'msg',
    types: ['msg', 'flow', 'global'],
    typeField: '#node-input-outputType',
  });
}

function completeFile(typed: string, done: (found: { value: string; label: string }[]) => void): void {
  const text = typed.toLowerCase();
  listModules().then(
    (files) =>
      done(files.filter((file) => file.toLowerCase().includes(text)).map((file) => ({ value: file, label: file }))),
    () => done([]),
  );
}

/** What applies where a field is left blank. */
function prepareLimits(): void {
  input('timeout').attr('placeholder', String(RED.settings.wasmFunctionTimeout ?? 5));
  input('memory').attr('placeholder', String(RED.settings.wasmFunctionMemory ?? 64));
  input('concurrency').attr('placeholder', '1');
  input('queue').attr('placeholder', '1000');
}

/**
 * Keeps the card, the list of exports and what depends on them in step with the fields.
 * @returns looks at the module at once
 */
function followModule(exports: ExportList, translate: Translate): () => void {
  const card = $('#wasm-function-module');
  let asked = 0;
  let pause: number | undefined;
  const show = (inspection: Inspection | undefined): void => {
    exports.show(inspection);
    showCallFields(exports, translate);
  };
  const look = (): void => {
    window.clearTimeout(pause);
    const question = ++asked;
    const choice = currentChoice();
    if (choice.file.trim() === '') {
      showCard(card, undefined, translate);
      return show(undefined);
    }
    if (choice.fileType !== 'str' && choice.fileType !== 'env') {
      showCard(card, { notice: translate('wasm-function.card.by-message') }, translate);
      return show(undefined);
    }
    describeModule(choice)
      .catch((error: unknown): Description => ({ error: { code: 'request', message: (error as Error).message } }))
      .then((description) => {
        // an answer that comes after a later question, or after the dialog was closed, is of no use
        if (question !== asked || !card.get(0)?.isConnected) return;
        showCard(card, description, translate);
        show(description.inspection);
      })
      .catch((error: unknown) => console.error(error));
  };
  const lookSoon = (): void => {
    window.clearTimeout(pause);
    pause = window.setTimeout(look, TYPING_PAUSE);
  };
  input('file').on('change keyup paste', lookSoon);
  for (const property of ['abi', 'memory'] as const) input(property).on('change', lookSoon);
  const refresh = (): void => {
    exports.refresh();
    showCallFields(exports, translate);
  };
  for (const property of ['signature', 'convention'] as const) input(property).on('change', refresh);
  input('export').on('change keyup', () => {
    refresh();
    lookSoon();
  });
  return look;
}

function currentChoice(): DescribedChoice {
  const text = (property: keyof FunctionProperties): string => String(input(property).val() ?? '');
  return {
    file: text('file'),
    fileType: text('fileType'),
    abi: text('abi'),
    export: text('export'),
    memory: text('memory'),
  };
}

/** The signature that is known shows in its field; how a result comes back is asked for bytes only. */
function showCallFields(exports: ExportList, translate: Translate): void {
  const { chosen } = exports;
  input('signature').attr('placeholder', chosen?.signature ?? translate('wasm-function.placeholder.signature'));
  const abi = input('abi').val();
  const convention = input('convention').val();
  const fitting = chosen?.conventions;
  input('convention')
    .children()
    .each((_index, option) => {
      const value = (option as HTMLOptionElement).value;
      const fits = fitting === undefined || value === 'auto' || value === convention || isOneOf(value, fitting);
      $(option).prop('hidden', !fits);
    });
  const kind = abi === 'auto' ? exports.inspection?.abi : abi;
  $('#wasm-function-convention').toggle(kind === 'bytes' || fitting !== undefined || convention !== 'auto');
}

function isOneOf(value: string, values: readonly string[]): boolean {
  return values.includes(value);
}
