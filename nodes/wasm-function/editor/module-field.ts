/** The module's path: typed with completion, or taken from the list of modules that are there. */
import { completePath, listModules, type Completion, type KnownModule } from './module-requests';
import { formatSize } from './size';
import { nameTypedInput, typedInputOf, type CompletionOption } from './typed-input';
import './module-field.css';

export interface ModuleFieldParts {
  readonly input: JQuery;
  readonly listButton: JQuery;
  readonly translate: Translate;
}

/** @returns puts a path into the field, as if it had been typed */
export function prepareModuleField({ input, listButton, translate }: ModuleFieldParts): (file: string) => void {
  const field = typedInputOf(input);
  const label = translate('wasm-function.type.path');
  field.typedInput({
    default: 'str',
    types: [{ value: 'str', label, icon: '', autoComplete: complete }, 'env', 'msg', 'flow', 'global'],
    typeField: '#node-input-fileType',
  });
  const visible = nameTypedInput(input, {
    type: translate('wasm-function.field.file-type'),
    value: translate('wasm-function.label.file'),
  });
  visible.attr('placeholder', translate('wasm-function.placeholder.file'));
  openChosenFolder(visible);
  keepValuesApart(input);
  const choose = (file: string): void => {
    field.typedInput('type', 'str');
    field.typedInput('value', file);
  };
  RED.popover.tooltip(listButton, translate('wasm-function.modules.button'));
  listButton.attr({ 'aria-label': translate('wasm-function.modules.button'), 'aria-haspopup': 'menu' });
  listButton.on('click', () => {
    listModules().then(
      (modules) =>
        showModules(modules, { listButton, translate, choose: (file) => (choose(file), visible.trigger('focus')) }),
      (error: unknown) =>
        RED.notify(
          $('<p>')
            .text((error as Error).message)
            .prop('outerHTML') as string,
          { type: 'error' },
        ),
    );
  });
  return choose;
}

function complete(typed: string, done: (found: CompletionOption[]) => void): void {
  completePath(typed).then(
    (found) => done(found.map(toOption)),
    () => done([]),
  );
}

function toOption({ value, kind }: Completion): CompletionOption {
  const icon = $('<i>', { class: kind === 'folder' ? 'fa fa-folder-o' : 'fa fa-file-o', 'aria-hidden': 'true' });
  return { value, label: $('<span>').append(icon, document.createTextNode(` ${value}`)) };
}

/** A path is no name of a property, nor the other way round: each type has the value that was typed for it. */
function keepValuesApart(input: JQuery): void {
  const field = typedInputOf(input);
  const kept = new Map<string, string>();
  let [type, value] = [field.typedInput('type'), String(field.typedInput('value'))];
  input.on('change', () => {
    const [nextType, nextValue] = [field.typedInput('type'), String(field.typedInput('value'))];
    const isCarriedOver = nextType !== type && nextValue === value;
    if (nextType !== type) kept.set(type, value);
    type = nextType;
    value = isCarriedOver ? (kept.get(type) ?? '') : nextValue;
    if (value !== nextValue) field.typedInput('value', value);
  });
}

/** The editor's completion ends with each choice; a folder is only half of one. */
function openChosenFolder(visible: JQuery): void {
  visible.on('change', () => {
    if (!/[/\\]$/.test(String(visible.val() ?? '')) || !visible.is(':focus')) return;
    visible.trigger($.Event('keyup', { keyCode: 39 }));
  });
}

interface ModuleListParts {
  readonly listButton: JQuery;
  readonly translate: Translate;
  choose(file: string): void;
}

/** Uploaded modules come first. */
function showModules(modules: readonly KnownModule[], { listButton, translate, choose }: ModuleListParts): void {
  const sorted = [...modules].sort((a, b) => Number(b.uploaded) - Number(a.uploaded) || a.file.localeCompare(b.file));
  const options = sorted.map((each) => ({ label: moduleLabel(each, translate), onselect: () => choose(each.file) }));
  const place = listButton.parent();
  const none = { label: translate('wasm-function.modules.none'), onselect: () => undefined };
  const menu = RED.popover.menu({
    options: options.length > 0 ? options : [none],
    width: Math.max(220, place.width() ?? 0),
    maxHeight: 240,
    class: 'wasm-function-modules',
    onclose: () => listButton.trigger('focus'),
  });
  menu.show({ target: place });
  $('.wasm-function-modules a').first().trigger('focus');
}

function moduleLabel({ file, folder, uploaded, size }: KnownModule, translate: Translate): JQuery {
  const place = uploaded ? translate('wasm-function.modules.uploaded') : folder;
  return $('<span>', { class: 'wasm-function-module' }).append(
    $('<b>').text(file),
    $('<span>').text(`${formatSize(size)} · ${place}`),
  );
}
