import { basename } from 'node:path';
import type { WasmFunctionError } from './errors';

/** What goes before a sentence where nothing else tells which file it is about: its name, unless the sentence has it. */
export function fileNamed({ cause: { file }, message }: Pick<WasmFunctionError, 'cause' | 'message'>): string {
  return file === undefined || message.includes(file) ? '' : `"${basename(file)}": `;
}
