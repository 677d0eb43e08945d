/** What the dialog asks of the runtime. Addresses are relative, so that the editor's own root applies. */
import type { Inspection } from '../../../host/inspection';
import type { FunctionProperties } from './properties';

export interface ModuleError {
  readonly code: string;
  readonly message: string;
}

export type Description =
  | { readonly inspection: Inspection; readonly error?: undefined }
  | { readonly inspection?: undefined; readonly error: ModuleError };

export type DescribedChoice = Pick<FunctionProperties, 'file' | 'fileType' | 'abi' | 'export' | 'memory'>;

export async function describeModule(choice: DescribedChoice): Promise<Description> {
  return send<Description>({
    url: 'wasm-function/describe',
    method: 'POST',
    contentType: 'application/json',
    data: JSON.stringify(choice),
  });
}

/** Names that a relative path may have. */
export async function listModules(): Promise<readonly string[]> {
  const { modules } = await send<{ modules: { file: string }[] }>({ url: 'wasm-function/modules', method: 'GET' });
  return modules.map(({ file }) => file);
}

/** @returns the name to put into `file` */
export async function uploadModule(file: File, replace: boolean): Promise<string> {
  const query = $.param({ name: file.name, ...(replace ? { replace: 'true' } : {}) });
  const stored = await send<{ file: string }>({
    url: `wasm-function/modules?${query}`,
    method: 'POST',
    contentType: 'application/wasm',
    processData: false,
    data: file as unknown as string,
  });
  return stored.file;
}

function send<T>(settings: JQuery.AjaxSettings): Promise<T> {
  return new Promise((resolve, reject) => {
    void $.ajax({ ...settings, dataType: 'json' }).then(
      (body: T) => resolve(body),
      (response: JQuery.jqXHR) => {
        const body = response.responseJSON as { error?: ModuleError } | undefined;
        reject(new Error(body?.error?.message ?? `${String(response.status)} ${response.statusText}`));
      },
    );
  });
}
