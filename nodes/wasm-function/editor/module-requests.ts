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

export type DescribedChoice = Pick<
  FunctionProperties,
  'file' | 'fileType' | 'abi' | 'export' | 'signature' | 'convention' | 'memory'
>;

/** A module in one of the folders that a relative path is looked for in. */
export interface KnownModule {
  /** As a node's `file` names it. */
  readonly file: string;
  readonly folder: string;
  readonly uploaded: boolean;
  /** Bytes. */
  readonly size: number;
}

export interface Completion {
  readonly value: string;
  readonly kind: 'file' | 'folder';
}

/** A value as `RED.util.encodeObject` writes it; `RED.utils.decodeObject` reads it. */
export interface EncodedValue {
  readonly msg: string;
  readonly format: string;
}

export type TrialOutcome =
  | {
      readonly kind: 'value' | 'nothing' | 'messages';
      readonly value: EncodedValue;
      readonly signature: string;
      readonly milliseconds: number;
      readonly error?: undefined;
    }
  | {
      readonly error: ModuleError & { readonly cause?: { readonly guest?: string } };
      readonly milliseconds?: number;
    };

export type TriedChoice = Pick<
  FunctionProperties,
  'file' | 'fileType' | 'export' | 'abi' | 'signature' | 'convention' | 'result' | 'timeout' | 'memory'
> & { readonly argument: { readonly type: string; readonly value: string } };

/** A request that was refused; `code` is `request` where the runtime gave no other, or no answer at all. */
export class RequestRefused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** @param stop ends the question: the runtime looks at no module for a request that has ended */
export async function describeModule(choice: DescribedChoice, stop?: AbortSignal): Promise<Description> {
  return send<Description>({ url: 'wasm-function/describe', ...json(choice) }, stop);
}

/** @param stop ends the call: the runtime stops it when the request ends */
export async function tryFunction(choice: TriedChoice, stop: AbortSignal): Promise<TrialOutcome> {
  return send<TrialOutcome>({ url: 'wasm-function/try', ...json(choice) }, stop);
}

export async function listModules(): Promise<readonly KnownModule[]> {
  const { modules } = await send<{ modules: KnownModule[] }>({ url: 'wasm-function/modules', method: 'GET' });
  return modules;
}

/** @returns files and folders whose paths begin with what is typed */
export async function completePath(typed: string): Promise<readonly Completion[]> {
  const url = `wasm-function/completions?${$.param({ typed })}`;
  const { completions } = await send<{ completions: Completion[] }>({ url, method: 'GET' });
  return completions;
}

/** @returns what a module is that is stored nowhere yet */
export async function describeUpload(file: File): Promise<Inspection> {
  return (await sendFile<{ inspection: Inspection }>('describe-upload', 'application/wasm', file, { name: file.name }))
    .inspection;
}

/** @returns the name to put into `file` */
export async function uploadModule(file: File, replace: boolean): Promise<string> {
  return (await upload('modules', 'application/wasm', file, file.name, replace)).file;
}

/** @param name under which the host finds it beside its module */
export async function uploadDeclarations(file: File, name: string, replace: boolean): Promise<string> {
  return (await upload('declarations', 'application/typescript', file, name, replace)).file;
}

function upload(
  kind: string,
  contentType: string,
  file: File,
  name: string,
  replace: boolean,
): Promise<{ file: string }> {
  return sendFile(kind, contentType, file, { name, ...(replace ? { replace: 'true' } : {}) });
}

function sendFile<T>(kind: string, contentType: string, file: File, query: Record<string, string>): Promise<T> {
  const url = `wasm-function/${kind}?${$.param(query)}`;
  return send({ url, method: 'POST', contentType, processData: false, data: file as unknown as string });
}

function json(body: object): JQuery.AjaxSettings {
  return { method: 'POST', contentType: 'application/json', data: JSON.stringify(body) };
}

function send<T>(settings: JQuery.AjaxSettings, stop?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = $.ajax({ ...settings, dataType: 'json' });
    stop?.addEventListener('abort', () => request.abort());
    void request.then(
      (body: T) => resolve(body),
      (response: JQuery.jqXHR) => {
        const body = response.responseJSON as { error?: ModuleError } | undefined;
        const message = body?.error?.message ?? `${String(response.status)} ${response.statusText}`;
        reject(new RequestRefused(body?.error?.code ?? 'request', message));
      },
    );
  });
}
