/** The saved properties as the editor creates and checks them. */
import type { EditorRed, NodeDefinition, FunctionNode, Validator } from './red-types';

declare const RED: EditorRed;

/** A value that Node-RED replaces from the environment when the flow starts. */
const ENVIRONMENT_VALUE = /^\$\{[^}]+\}$/;

export const defaults: NodeDefinition['defaults'] = {
  name: { value: '' },
  file: { value: '', validate: isFile },
  fileType: { value: 'str' },
  export: { value: '' },
  abi: { value: 'auto' },
  signature: { value: '', validate: isSignature },
  convention: { value: 'auto' },
  input: { value: 'payload', validate: isInput },
  inputType: { value: 'msg' },
  output: { value: 'payload', validate: RED.validators.typedInput({ typeField: 'outputType', allowUndefined: true }) },
  outputType: { value: 'msg' },
  result: { value: 'auto' },
  timeout: { value: '', validate: number('timeout', (value) => value > 0 && value <= 2_147_483) },
  memory: { value: '', validate: number('memory', (value) => value >= 0.0625 && value <= 4096) },
  instance: { value: 'shared' },
  concurrency: { value: 1, validate: number('concurrency', (value) => isWhole(value, 1, 64)) },
  queue: { value: 1000, validate: number('queue', (value) => isWhole(value, 0, 1_000_000)) },
  permissions: { value: '' },
};

/** Shows the defaults of properties that a flow written by hand leaves out; they are saved with the dialog. */
export function showDefaults(node: FunctionNode): void {
  for (const [property, { value }] of Object.entries(defaults)) {
    if (node[property as keyof FunctionNode] === undefined) $(`#node-input-${property}`).val(value);
  }
}

function isFile(this: FunctionNode, value: unknown, options?: { label?: string }): boolean | string {
  if (String(value ?? '').trim() === '') return this._('wasm-function.invalid.file');
  return RED.validators.typedInput({ typeField: 'fileType' }).call(this, value, options);
}

function isInput(this: FunctionNode, value: unknown, options?: { label?: string }): boolean | string {
  const type = $('#node-input-inputType').val() ?? this.inputType;
  const validate = RED.validators.typedInput({ typeField: 'inputType', allowUndefined: true });
  return type === 'full' || validate.call(this, value, options);
}

// The editor takes text for a reason only from a validator of two parameters; from others it means yes.
function isSignature(this: FunctionNode, value: unknown, _options?: { label?: string }): boolean | string {
  const text = String(value ?? '').trim();
  const shaped = text === '' || ENVIRONMENT_VALUE.test(text) || /^\([^()]*\)\s*(?:->|→)\s*\S/.test(text);
  return shaped || this._('wasm-function.invalid.signature');
}

function number(property: string, accepts: (value: number) => boolean): Validator {
  return function (value, _options) {
    const text = String(value ?? '').trim();
    return (
      text === '' ||
      ENVIRONMENT_VALUE.test(text) ||
      accepts(Number(text)) ||
      this._(`wasm-function.invalid.${property}`)
    );
  };
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
