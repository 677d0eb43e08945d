/** Names that an uploaded file may have: safe on every system, and leading nowhere but into its folder. */
import { WasmFunctionError } from '../../host/errors';

const SAFE = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$/;
/** Names that Windows takes for devices, whatever follows the first dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)\s*\./i;

/** @throws WasmFunctionError `file` where the name could lead anywhere but into the folder */
export function checkModuleName(name: unknown): string {
  return checkName(name, '.wasm', 'A module');
}

/** @throws WasmFunctionError `file` */
export function checkDeclarationsName(name: unknown): string {
  return checkName(name, '.d.ts', 'A declaration file');
}

function checkName(name: unknown, ending: string, what: string): string {
  if (typeof name === 'string' && name.endsWith(ending) && !DEVICE.test(name)) {
    if (SAFE.test(name.slice(0, -ending.length))) return name;
  }
  throw new WasmFunctionError(
    'file',
    `${what} is stored under a name of at most 100 letters, digits, dots, dashes, spaces and underscores before ` +
      `${ending}, which begins with none of dot, dash and space, and is none of Windows' own, such as "con". Rename the file.`,
  );
}
