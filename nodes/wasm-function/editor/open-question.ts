/** Whether signature and convention say all that the binary leaves open of an export. */
import type { Convention } from '../../../host/abi/adapter';
import { defaultSignature, layOut, possibleLayouts } from '../../../host/abi/bytes-layout';
import { layOutBindgen } from '../../../host/abi/wasm-bindgen-layout';
import type { InspectedExport } from '../../../host/inspection';
import type { FunctionType } from '../../../host/module/description';
import { parseSignature } from '../../../host/values/parse-signature';
import type { Signature } from '../../../host/values/signature';
import { functionType } from './readings';

export interface Answer {
  readonly signature: string;
  readonly convention: string;
}

/**
 * By the rules of the ABIs themselves, as far as they can be told without the module's bytes.
 * @param abi undefined where the module's is not known
 */
export function isLeftOpen(item: InspectedExport, abi: string | undefined, { signature, convention }: Answer): boolean {
  if (item.question === undefined) return false;
  const written = readSignature(signature);
  const type = functionType(item.type);
  // a signature that makes no sense is a reason of its own
  if (type === undefined || written === 'unreadable') return written === undefined;
  if (abi === 'bytes') return !isLaidOut(type, written, convention);
  if (written === undefined) return true;
  return abi === 'wasm-bindgen' && layOutBindgen(written, type) === undefined;
}

function isLaidOut(type: FunctionType, written: Signature | undefined, convention: string): boolean {
  if (convention === 'auto') {
    const [only, ...others] = written === undefined ? [] : possibleLayouts(written, type);
    // one i32 for a text may point to a NUL-terminated one or to one behind its length
    return only !== undefined && others.length === 0 && !only.carriers.includes('pointer');
  }
  const signature = written ?? defaultSignature(type, convention as Convention);
  return signature !== undefined && layOut(signature, type, convention as Convention) !== undefined;
}

function readSignature(text: string): Signature | 'unreadable' | undefined {
  if (text.trim() === '') return undefined;
  try {
    return parseSignature(text);
  } catch {
    return 'unreadable';
  }
}
