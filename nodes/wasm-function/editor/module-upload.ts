/** Sending a module, with its declarations, from the user's machine to the runtime. */
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
        (error: unknown) => RED.notify(plain((error as Error).message), { type: 'error' }),
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
  const exists = known.some(({ file, uploaded }) => uploaded && file === module.name);
  const stored = await replacing(module.name, exists, translate, (replace) => uploadModule(module, replace));
  if (stored === undefined || declarations === undefined) return stored;
  const name = declarationsName(module.name, declarations.name);
  await replacing(name, exists, translate, (replace) => uploadDeclarations(declarations, name, replace), exists);
  return stored;
}

/** wasm-pack also writes a `.wasm.d.ts`, which says no more than the binary does. */
function choose(files: readonly File[], translate: Translate): Chosen {
  const [module, ...others] = files.filter(({ name }) => /\.wasm$/i.test(name));
  if (module === undefined) throw new Error(translate('wasm-function.upload.no-module'));
  if (others.length > 0) throw new Error(translate('wasm-function.upload.several'));
  const declarations = files.filter(({ name }) => name.endsWith('.d.ts') && !name.endsWith('.wasm.d.ts'));
  const names = declarationNames(module.name);
  return { module, declarations: declarations.find(({ name }) => names.includes(name)) ?? declarations[0] };
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

/**
 * Sends a file, and asks first where another of that name would be lost.
 * @param exists whether there is known to be one
 * @param agreed whether the user has agreed to that already
 */
async function replacing(
  name: string,
  exists: boolean,
  translate: Translate,
  send: (replace: boolean) => Promise<string>,
  agreed = false,
): Promise<string | undefined> {
  const ask = (): Promise<boolean> => (agreed ? Promise.resolve(true) : confirmReplacing(name, translate));
  if (exists) return (await ask()) ? send(true) : undefined;
  try {
    return await send(false);
  } catch (error) {
    if (!(error instanceof RequestRefused) || error.status !== 409 || !(await ask())) throw error;
    return send(true);
  }
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

/** Notifications take HTML; a name or an error is none. */
function plain(text: string): string {
  return $('<p>').text(text).prop('outerHTML') as string;
}
