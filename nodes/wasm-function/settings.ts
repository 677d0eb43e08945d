import type { NodeAPISettingsWithData, NodeSettings } from 'node-red';
import { DEFAULT_LIMITS, MEMORY_RANGE, TIMEOUT_RANGE, type HostLimits } from '../../host/limits';
import { readNumber, SavedValueError, type NumberRange } from '../saved-value';

/** What settings.js may say about this node; anything may stand there, so nothing is assumed. */
export interface WasmFunctionSettings {
  readonly wasmFunctionTimeout?: unknown;
  readonly wasmFunctionMemory?: unknown;
  readonly wasmFunctionMaxFileSize?: unknown;
  readonly wasmFunctionMaxOutput?: unknown;
  readonly wasmFunctionWorkers?: unknown;
  readonly wasmFunctionRoots?: unknown;
}

/** `fileWorkingDirectory` is core's: where its file nodes look for relative paths. */
export type RuntimeSettings = NodeAPISettingsWithData &
  WasmFunctionSettings & { readonly fileWorkingDirectory?: string | undefined };

// where the dialog's sides look for them: what a node saves and what a setting may be is the same
export { MEMORY_RANGE, TIMEOUT_RANGE };

/** As registered: the editor shows the exportable ones as placeholders; folders are nobody's business there. */
export const NODE_SETTINGS: NodeSettings<Required<WasmFunctionSettings>> = {
  wasmFunctionTimeout: { value: DEFAULT_LIMITS.timeout, exportable: true },
  wasmFunctionMemory: { value: DEFAULT_LIMITS.memory, exportable: true },
  wasmFunctionMaxFileSize: { value: DEFAULT_LIMITS.maxFileSize, exportable: true },
  wasmFunctionMaxOutput: { value: DEFAULT_LIMITS.maxOutput, exportable: false },
  wasmFunctionWorkers: { value: DEFAULT_LIMITS.workers, exportable: false },
  wasmFunctionRoots: { value: DEFAULT_LIMITS.roots, exportable: false },
};

/** A setting that makes no sense is said once and replaced by its default: Node-RED has to start. */
export function readLimits(settings: WasmFunctionSettings, warn: (text: string) => void): HostLimits {
  const number = (name: keyof WasmFunctionSettings, range: NumberRange, fallback: number): number => {
    try {
      return readNumber(name, settings[name], range, fallback);
    } catch (error) {
      if (!(error instanceof SavedValueError)) throw error;
      const { shown, expected } = error;
      warn(
        `In settings.js ${name} is ${shown}: expected ${expected}. Until it is corrected ${String(fallback)} is used.`,
      );
      return fallback;
    }
  };
  const size: NumberRange = { least: 0.001, most: 2047 };
  return {
    timeout: number('wasmFunctionTimeout', TIMEOUT_RANGE, DEFAULT_LIMITS.timeout),
    memory: number('wasmFunctionMemory', MEMORY_RANGE, DEFAULT_LIMITS.memory),
    maxFileSize: number('wasmFunctionMaxFileSize', size, DEFAULT_LIMITS.maxFileSize),
    maxOutput: number('wasmFunctionMaxOutput', size, DEFAULT_LIMITS.maxOutput),
    workers: number('wasmFunctionWorkers', { least: 1, most: 1024, whole: true }, DEFAULT_LIMITS.workers),
    roots: readRoots(settings.wasmFunctionRoots, warn),
  };
}

function readRoots(value: unknown, warn: (text: string) => void): readonly string[] {
  if (value === undefined) return DEFAULT_LIMITS.roots;
  if (Array.isArray(value) && value.every((each): each is string => typeof each === 'string' && each !== '')) {
    return value;
  }
  warn(
    'In settings.js wasmFunctionRoots is no list of folders: expected ["/folder", …]. Until it is corrected none is used.',
  );
  return DEFAULT_LIMITS.roots;
}
