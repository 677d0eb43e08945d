/** The saved properties as the editor creates and checks them. */
import { parseSignature } from '../../../host/values/parse-signature';
import { isNumber } from '../../editor/number';
import { allOf, trimmed, validator } from '../../editor/validator';
import type { NumberRange } from '../../saved-value';
import { MEMORY_RANGE, TIMEOUT_RANGE } from '../settings';
import { toldModules, type FaultKind } from './told-modules';

export interface FunctionProperties {
  name: string;
  file: string;
  fileType: string;
  export: string;
  abi: string;
  signature: string;
  convention: string;
  input: string;
  inputType: string;
  output: string;
  outputType: string;
  result: string;
  timeout: number | string;
  memory: number | string;
  instance: string;
  concurrency: number | string;
  queue: number | string;
  permissions: string;
}

export type FunctionNode = DialogNode<FunctionProperties>;

export const defaults: DialogDefinition<FunctionProperties>['defaults'] = {
  name: { value: '' },
  file: { value: '', validate: allOf(check('file', isFile), without('module')) },
  fileType: { value: 'str' },
  export: {
    value: '',
    validate: allOf(without('export-missing'), without('export-not-chosen'), without('export-open')),
  },
  abi: { value: 'auto' },
  signature: { value: '', validate: allOf(check('signature', isSignature), without('signature-unfit')) },
  convention: { value: 'auto', validate: without('convention-unfit') },
  input: { value: 'payload', validate: check('input', isInput) },
  inputType: { value: 'msg' },
  output: { value: 'payload', validate: check('output', isOutput) },
  outputType: { value: 'msg' },
  result: { value: 'auto' },
  timeout: { value: '', validate: numberWithin('timeout', TIMEOUT_RANGE) },
  memory: { value: '', validate: numberWithin('memory', MEMORY_RANGE) },
  instance: { value: 'shared' },
  concurrency: { value: 1, validate: numberWithin('concurrency', { least: 1, most: 64, whole: true }) },
  queue: { value: 1000, validate: numberWithin('queue', { least: 0, most: 1_000_000, whole: true }) },
  permissions: { value: '' },
};

/** Shows the defaults of properties that a flow written by hand leaves out; they are saved with the dialog. */
export function showDefaults(node: FunctionNode): void {
  for (const [property, { value }] of Object.entries(defaults)) {
    if (node[property as keyof FunctionNode] === undefined) $(`#node-input-${property}`).val(value);
  }
}

function check(reason: string, accepts: (this: FunctionNode, value: unknown) => boolean) {
  return validator<FunctionProperties>(`wasm-function.invalid.${reason}`, accepts);
}

function numberWithin(property: keyof FunctionProperties, range: NumberRange) {
  return check(property, (value) => isNumber(value, range));
}

function isFile(this: FunctionNode, value: unknown): boolean {
  return trimmed(value) !== '' && RED.validators.typedInput({ typeField: 'fileType' }).call(this, value);
}

/** Of a choice that nothing was told of, nothing is wrong. */
function without(fault: FaultKind) {
  return check(fault, function () {
    return toldModules.faultOf(this)?.kind !== fault;
  });
}

function isInput(this: FunctionNode, value: unknown): boolean {
  const type = $('#node-input-inputType').val() ?? this.inputType;
  return (
    type === 'full' || RED.validators.typedInput({ typeField: 'inputType', allowUndefined: true }).call(this, value)
  );
}

function isOutput(this: FunctionNode, value: unknown): boolean {
  return RED.validators.typedInput({ typeField: 'outputType', allowUndefined: true }).call(this, value);
}

function isSignature(value: unknown): boolean {
  const text = trimmed(value);
  try {
    if (text !== '') parseSignature(text);
    return true;
  } catch {
    return false;
  }
}
