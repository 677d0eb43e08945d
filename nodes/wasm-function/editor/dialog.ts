import './dialog.css';
import { CONVENTIONS } from '../../../host/abi/adapter';
import { DEFAULT_LIMITS, DEFAULT_QUEUE } from '../../../host/limits';
import { isNumber, takeNumber } from '../../editor/number';
import { showReasons } from '../../editor/reasons';
import { createTabs, type Tabs } from '../../editor/tabs';
import { CallGuide, type OpenQuestion } from './call-guide';
import { ChosenExport } from './chosen-export';
import { ExportList } from './export-list';
import { FollowedModule, type ModuleView } from './follow-module';
import { showCard } from './module-card';
import type { DescribedChoice } from './module-requests';
import { MEMORY_RANGE } from '../settings';
import { prepareModuleField } from './module-field';
import { offerUpload } from './module-upload';
import { OFFERED_ABIS } from './offered-abis';
import { defaults, type FunctionNode, type FunctionProperties } from './properties';
import { toldModules } from './told-modules';
import { TryIt } from './try-it';
import { nameTypedInput, typedInputOf } from './typed-input';

const NUMBERS = ['timeout', 'memory', 'concurrency', 'queue'] as const;
/** Comes with an event after which a field is checked again, although nothing was typed into it. */
const RECHECK = 'recheck';
/** Fields whose checks ask what was told of the module. */
const CHECKED = ['file', 'export', 'signature', 'convention'] as const;
const TABS = ['function', 'values', 'limits'] as const;

export class FunctionDialog {
  readonly #translate: Translate;
  readonly #tabs: Tabs;
  readonly #exports: ExportList;
  readonly #chosen: ChosenExport;
  readonly #guide: CallGuide;
  readonly #trial: TryIt;
  readonly #module: FollowedModule;
  readonly #refreshReasons: () => void;
  readonly #card = $('#wasm-function-module');
  #view: ModuleView | undefined;
  /** Whether another file was chosen since a module was last looked into. */
  #isOtherFile = false;

  constructor(private readonly node: FunctionNode) {
    const translate: Translate = (key, values) => node._(key, values);
    this.#translate = translate;
    this.#tabs = createTabs(
      'wasm-function-tabs',
      TABS.map((name) => ({ id: `wasm-function-tab-${name}`, label: translate(`wasm-function.tab.${name}`) })),
    );
    prepareChoices(node, translate);
    prepareValues(translate);
    prepareLimits(translate);
    const chooseFile = prepareModuleField({
      input: input('file'),
      listButton: $('#wasm-function-list'),
      translate,
    });
    const fields = { signature: input('signature'), convention: input('convention'), translate };
    this.#exports = new ExportList({ input: input('export'), place: $('#wasm-function-exports'), translate });
    this.#chosen = new ChosenExport({
      ...fields,
      exports: this.#exports,
      name: input('export'),
      notice: $('#wasm-function-notice'),
    });
    this.#guide = new CallGuide({
      ...fields,
      place: $('#wasm-function-guide'),
      writeSignature: () => this.#writeSignature(),
    });
    this.#trial = new TryIt({
      argument: $('#wasm-function-argument'),
      button: $('#wasm-function-try'),
      outcome: $('#wasm-function-outcome'),
      choice: currentChoice,
      translate,
    });
    this.#module = new FollowedModule({
      choice: describedChoice,
      isShown: () => this.#isShown(),
      onLook: () => this.#card.attr('aria-busy', 'true'),
      onView: (view) => this.#show(view),
    });
    offerUpload({
      button: $('#wasm-function-upload'),
      dropArea: $('#wasm-function-tab-function'),
      translate,
      onStored: (file) => {
        toldModules.outdate(file);
        chooseFile(file);
        this.#isOtherFile = true;
        this.#module.look();
      },
    });
    toldModules.open({
      id: node.id,
      fields: () => (this.#isShown() ? describedChoice() : undefined),
      isSearching: () => this.#exports.isSearched,
    });
    // however it is left: a dialog whose node is deleted is neither confirmed nor cancelled
    this.#card.on('remove', () => this.close());
    this.#followFields();
    this.#refreshReasons = showReasons({
      node,
      defaults,
      prefix: 'node-input',
      detail: (property) => whyUnfit(node, property),
      onChange: (wrong) => this.#markTabs(wrong),
    });
    this.#module.look();
  }

  save(): void {
    toldModules.confirm(describedChoice());
    this.close();
    for (const property of NUMBERS) this.node[property] = takeNumber(input(property), '');
  }

  close(): void {
    this.#module.close();
    toldModules.close(this.node.id);
  }

  resize(): void {
    this.#tabs.resize();
    this.#module.resume();
  }

  #followFields(): void {
    let file = currentChoice().file;
    input('file').on('change keyup paste', (_event, why?: string) => {
      if (why === RECHECK) return;
      if (currentChoice().file !== file) {
        this.#isOtherFile = true;
        this.#chosen.forgetNotice();
        this.#trial.clear();
      }
      file = currentChoice().file;
      this.#module.lookSoon();
    });
    for (const property of ['abi', 'memory'] as const) input(property).on('change', () => this.#module.lookSoon());
    for (const property of ['signature', 'convention'] as const) {
      let before = currentChoice()[property];
      input(property).on('change keyup', (_event, why?: string) => {
        if (why === RECHECK) return;
        this.#showCallFields();
        this.#checkModule();
        if (currentChoice()[property] !== before) this.#module.lookSoon();
        before = currentChoice()[property];
      });
    }
    let name = currentChoice().export;
    input('export').on('change input', ({ type }) => {
      if (currentChoice().export !== name) this.#trial.clear();
      name = currentChoice().export;
      this.#exports.refresh();
      this.#chosen.follow();
      this.#showCallFields();
      // half a name says nothing of the module
      if (type === 'change' || this.#exports.chosen !== undefined) this.#module.lookSoon();
    });
  }

  #show(view: ModuleView): void {
    // an answer about the file before; the look at the present one is on its way
    if (view.kind === 'described' && view.choice.file !== currentChoice().file) return;
    if (view.kind === 'described') toldModules.tell(view.choice, view.description);
    // what is shown stays as it is, with what its user has unfolded
    if (!this.#isOtherFile && contentOf(view) === contentOf(this.#view)) {
      this.#card.removeAttr('aria-busy');
      this.#checkModule();
      return;
    }
    this.#view = view;
    const translate = this.#translate;
    const description = view.kind === 'described' ? view.description : undefined;
    showCard(this.#card, description ?? { notice: translate(`wasm-function.card.${view.kind}`) }, translate);
    const inspection = description?.inspection;
    const isCleared = inspection !== undefined && this.#chosen.takeModule(inspection, this.#isOtherFile);
    if (inspection !== undefined) this.#isOtherFile = false;
    this.#exports.show(inspection);
    this.#chosen.follow();
    // the checks of the fields know more now
    if (isCleared) input('export').trigger('change');
    this.#checkModule();
    this.#showCallFields();
  }

  /** The checks that ask what was told of the module, here and in the editor, which marks the fields. */
  #checkModule(): void {
    this.#refreshReasons();
    for (const property of CHECKED) input(property).trigger('keyup', [RECHECK]);
  }

  #isShown(): boolean {
    return this.#card.get(0)?.isConnected === true;
  }

  /** The signature that is known shows in its field; how a result comes back is asked for bytes only. */
  #showCallFields(): void {
    const { chosen, inspection } = this.#exports;
    const translate = this.#translate;
    const written = String(input('signature').val() ?? '');
    const convention = String(input('convention').val() ?? 'auto');
    input('signature').attr('placeholder', chosen?.signature ?? translate('wasm-function.placeholder.signature'));
    const fitting: readonly string[] | undefined = chosen?.conventions;
    input('convention')
      .children()
      .each((_index, option) => {
        const { value } = option as HTMLOptionElement;
        $(option).prop('hidden', fitting !== undefined && ![...fitting, 'auto', convention].includes(value));
      });
    const chosenAbi = input('abi').val();
    const abi = chosenAbi === 'auto' ? inspection?.abi : String(chosenAbi);
    $('#wasm-function-convention').toggle(abi === 'bytes' || fitting !== undefined || convention !== 'auto');
    this.#guide.show(this.#openQuestion(abi));
    this.#trial.propose(chosen, written);
    const canTry = this.#view?.kind === 'described' && inspection !== undefined && inspection.refusal === undefined;
    $('#wasm-function-try-row').toggle(canTry);
  }

  /** A question that no signature answers (an import that nobody supplies) is a reason, and on the card. */
  #openQuestion(abi: string | undefined): OpenQuestion | undefined {
    const { chosen, inspection } = this.#exports;
    if (chosen?.question === undefined || inspection?.refusal !== undefined) return undefined;
    return { item: chosen, abi };
  }

  #writeSignature(): void {
    this.#tabs.show('wasm-function-tab-values');
    input('signature').trigger('focus');
  }

  #markTabs(wrong: readonly JQuery[]): void {
    const note = this.#translate('wasm-function.tab.wrong');
    for (const name of TABS) {
      const id = `wasm-function-tab-${name}`;
      this.#tabs.mark(
        id,
        wrong.some((field) => field.closest(`#${id}`).length > 0),
        note,
      );
    }
  }
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

function prepareValues(translate: Translate): void {
  const full = { value: 'full', label: translate('wasm-function.type.full'), hasValue: false };
  typedInputOf(input('input')).typedInput({
    default: 'msg',
    types: ['msg', 'flow', 'global', 'jsonata', 'json', full],
    typeField: '#node-input-inputType',
  });
  typedInputOf(input('output')).typedInput({
    default: 'msg',
    types: ['msg', 'flow', 'global'],
    typeField: '#node-input-outputType',
  });
  for (const property of ['input', 'output'] as const) {
    nameTypedInput(input(property), {
      type: translate(`wasm-function.field.${property}-type`),
      value: translate(`wasm-function.label.${property}`),
    });
  }
}

/** What applies where a field is left blank. */
function prepareLimits(translate: Translate): void {
  const show = (property: (typeof NUMBERS)[number], value: number): void => {
    input(property).attr('placeholder', translate('wasm-function.placeholder.default', { value }));
  };
  const setting = (name: string, preset: number): number => {
    const value = RED.settings[name];
    return typeof value === 'number' ? value : preset;
  };
  show('timeout', setting('wasmFunctionTimeout', DEFAULT_LIMITS.timeout));
  show('memory', setting('wasmFunctionMemory', DEFAULT_LIMITS.memory));
  show('concurrency', 1);
  show('queue', DEFAULT_QUEUE);
}

/** What the card and the list of exports show of it: of the call nothing, which is said at its fields. */
function contentOf(view: ModuleView | undefined): string {
  const { inspection, error } = view?.kind === 'described' ? view.description : {};
  return JSON.stringify([view?.kind, error, { ...inspection, call: undefined }]);
}

/** Why the export cannot be called with its signature or convention, in the runtime's words. */
function whyUnfit(node: FunctionNode, property: string): string | undefined {
  const fault = toldModules.faultOf(node);
  return fault?.kind === `${property}-unfit` ? fault.why : undefined;
}

/** A wrong limit is said at its field; the module can be looked into all the same. */
function describedChoice(): DescribedChoice {
  const { file, fileType, abi, export: name, signature, convention, memory } = currentChoice();
  const limit = isNumber(memory, MEMORY_RANGE) ? memory : '';
  return { file, fileType, abi, export: name, signature, convention, memory: limit };
}

function currentChoice() {
  const text = (property: keyof FunctionProperties): string => String(input(property).val() ?? '');
  return {
    file: text('file'),
    fileType: text('fileType'),
    export: text('export'),
    abi: text('abi'),
    signature: text('signature'),
    convention: text('convention'),
    result: text('result'),
    timeout: text('timeout'),
    memory: text('memory'),
  };
}
