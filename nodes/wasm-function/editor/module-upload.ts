/** Sending a module, with its declarations, from the user's machine to the runtime. */
import { BUILD_COMMANDS } from '../../../host/module/source-code';
import { listModules, RequestRefused, uploadDeclarations, uploadModule } from './module-requests';
import './module-upload.css';

export interface UploadParts {
  readonly button: JQuery;
  /** Files can be dropped anywhere in it. */
  readonly dropArea: JQuery;
  readonly translate: Translate;
  /** Gets the name to put into `file`. */
  onStored(file: string): void;
}

/** Files that are built into a module first, by the ending of their names. */
const SOURCES: Readonly<Record<string, keyof typeof BUILD_COMMANDS>> = {
  rs: 'rust',
  c: 'c',
  h: 'c',
  cc: 'c',
  cpp: 'c',
  cxx: 'c',
  go: 'go',
  zig: 'zig',
  ts: 'assemblyscript',
  as: 'assemblyscript',
  wat: 'wat',
};

/** Source code in place of a module, with what makes one of it. */
class SourceChosen extends Error {
  constructor(
    message: string,
    readonly command: string,
  ) {
    super(message);
  }
}

interface Chosen {
  readonly module: File;
  readonly declarations: File | undefined;
}

export function offerUpload({ button, dropArea, translate, onStored }: UploadParts): void {
  const label = translate('wasm-function.upload.button');
  RED.popover.tooltip(button, label);
  button.attr('aria-label', label);
  const picker = $('<input>', { type: 'file', accept: '.wasm,application/wasm,.ts', multiple: true });
  const take = (files: readonly File[]): void => {
    button.prop('disabled', true);
    upload(files, translate)
      .then(
        (stored) => {
          if (stored !== undefined) onStored(stored);
        },
        (error: unknown) => refuse(error as Error),
      )
      .finally(() => button.prop('disabled', false))
      .catch((error: unknown) => console.error(error));
  };
  button.on('click', () => picker.trigger('click'));
  picker.on('change', () => {
    const files = [...((picker.get(0) as HTMLInputElement).files ?? [])];
    picker.val('');
    if (files.length > 0) take(files);
  });
  acceptDrops(dropArea, take);
}

/** A file that is dropped beside its mark would make the browser leave the editor. */
function acceptDrops(area: JQuery, take: (files: readonly File[]) => void): void {
  const transfer = (event: JQuery.TriggeredEvent): DataTransfer | undefined => {
    const data = (event.originalEvent as DragEvent).dataTransfer;
    return data?.types.includes('Files') === true ? data : undefined;
  };
  area.on('dragenter dragover', (event) => {
    const data = transfer(event);
    if (data === undefined) return;
    event.preventDefault();
    data.dropEffect = 'copy';
    area.addClass('wasm-function-dragged-over');
  });
  area.on('dragleave', (event) => {
    const entered = (event.originalEvent as DragEvent).relatedTarget;
    if (!(entered instanceof Node) || area.get(0)?.contains(entered) !== true) {
      area.removeClass('wasm-function-dragged-over');
    }
  });
  area.on('drop', (event) => {
    area.removeClass('wasm-function-dragged-over');
    const data = transfer(event);
    if (data === undefined) return;
    event.preventDefault();
    take([...data.files]);
  });
}

/** @returns undefined where the user did not want to replace a module */
async function upload(files: readonly File[], translate: Translate): Promise<string | undefined> {
  const { module, declarations } = choose(files, translate);
  const known = await listModules();
  const there = known.find(({ file, uploaded }) => uploaded && file === module.name);
  const confirm = (name: string) => (): Promise<boolean> => confirmReplacing(name, translate);
  const isOther = there !== undefined && there.size !== module.size;
  const stored = await store((replace) => uploadModule(module, replace), isOther, confirm(module.name));
  if (stored === undefined || declarations === undefined) return stored?.file;
  const name = declarationsName(module.name, declarations.name);
  // who replaces a module replaces what belongs to it
  const agreed = stored.hasReplaced ? (): Promise<boolean> => Promise.resolve(true) : confirm(name);
  await store((replace) => uploadDeclarations(declarations, name, replace), stored.hasReplaced, agreed);
  return stored.file;
}

/** wasm-pack also writes a `.wasm.d.ts`, which says no more than the binary does. */
function choose(files: readonly File[], translate: Translate): Chosen {
  const [module, ...others] = files.filter(({ name }) => /\.wasm$/i.test(name));
  if (module === undefined) throw noModule(files, translate);
  if (others.length > 0) throw new Error(translate('wasm-function.upload.several'));
  const declarations = files.filter(({ name }) => name.endsWith('.d.ts') && !name.endsWith('.wasm.d.ts'));
  const names = declarationNames(module.name);
  return { module, declarations: declarations.find(({ name }) => names.includes(name)) ?? declarations[0] };
}

/** What to do with files of which none is a module. */
function noModule(files: readonly File[], translate: Translate): Error {
  for (const { name } of files) {
    const language = name.endsWith('.d.ts') ? undefined : SOURCES[name.slice(name.lastIndexOf('.') + 1).toLowerCase()];
    if (language === undefined) continue;
    const target = `${name.slice(0, name.lastIndexOf('.'))}.wasm`;
    const command = BUILD_COMMANDS[language].replace('NAME.wasm', () => target).replace(/NAME\.\w+/, () => name);
    return new SourceChosen(translate('wasm-function.upload.source', { name }), command);
  }
  return new Error(translate('wasm-function.upload.no-module'));
}

/** Where the host looks: wasm-pack writes `x.d.ts` for `x_bg.wasm`, others `x.d.ts` for `x.wasm`. */
function declarationNames(module: string): readonly string[] {
  const name = module.replace(/\.wasm$/i, '');
  return [...(name.endsWith('_bg') ? [`${name.slice(0, -'_bg'.length)}.d.ts`] : []), `${name}.d.ts`];
}

function declarationsName(module: string, chosen: string): string {
  const names = declarationNames(module);
  return names.includes(chosen) ? chosen : (names[0] ?? chosen);
}

interface Stored {
  readonly file: string;
  readonly hasReplaced: boolean;
}

/**
 * Sends a file, and asks where another of that name would be lost; the runtime tells whether it is another.
 * @param isOther whether that is known beforehand
 * @returns undefined where the user did not want it
 */
async function store(
  send: (replace: boolean) => Promise<string>,
  isOther: boolean,
  confirm: () => Promise<boolean>,
): Promise<Stored | undefined> {
  if (!isOther) {
    try {
      return { file: await send(false), hasReplaced: false };
    } catch (error) {
      if (!(error instanceof RequestRefused) || error.status !== 409) throw error;
    }
  }
  return (await confirm()) ? { file: await send(true), hasReplaced: true } : undefined;
}

function confirmReplacing(name: string, translate: Translate): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (value: boolean) => () => {
      question.close();
      resolve(value);
    };
    const question = RED.notify(plain(translate('wasm-function.upload.replace', { name })), {
      modal: true,
      fixed: true,
      buttons: [
        { text: translate('wasm-function.upload.cancel'), click: answer(false) },
        { text: translate('wasm-function.upload.confirm'), class: 'primary', click: answer(true) },
      ],
    });
  });
}

function refuse(error: Error): void {
  if (!(error instanceof SourceChosen)) {
    RED.notify(plain(error.message), { type: 'error' });
    return;
  }
  // a command is to be copied: it stays until it is closed
  const command = $('<p>').append($('<code>').text(error.command)).prop('outerHTML') as string;
  const notice = RED.notify(plain(error.message) + command, {
    type: 'error',
    fixed: true,
    buttons: [{ text: RED._('common.label.close'), click: () => notice.close() }],
  });
}

/** Notifications take HTML; a name or an error is none. */
function plain(text: string): string {
  return $('<p>').text(text).prop('outerHTML') as string;
}
