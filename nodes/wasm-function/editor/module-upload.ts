/** Choosing a file on the user's machine and sending it to the runtime. */
import { listModules, uploadModule } from './module-requests';

/** @param onStored gets the name to put into `file` */
export function offerUpload(button: JQuery, translate: Translate, onStored: (file: string) => void): void {
  RED.popover.tooltip(button, translate('wasm-function.upload.button'));
  const picker = $('<input>', { type: 'file', accept: '.wasm,application/wasm' });
  button.on('click', () => picker.trigger('click'));
  picker.on('change', () => {
    const file = (picker.get(0) as HTMLInputElement).files?.[0];
    picker.val('');
    if (file === undefined) return;
    store(file, translate).then(
      (stored) => {
        if (stored !== undefined) onStored(stored);
      },
      (error: unknown) => RED.notify(plain((error as Error).message), { type: 'error' }),
    );
  });
}

async function store(file: File, translate: Translate): Promise<string | undefined> {
  const known = await listModules();
  const replace = known.includes(file.name);
  if (replace && !(await confirmReplacing(file.name, translate))) return undefined;
  return uploadModule(file, replace);
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
