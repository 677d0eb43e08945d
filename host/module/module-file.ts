/**
 * Files are read without a promise: this runs in the loader's own thread, which may be ended in the middle of it. What
 * openSync has opened is closed with the thread; what a promise was about to give out stays open for good.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { WasmFunctionError } from '../errors';
import { MAX_DECLARATIONS, MIB } from '../limits';

/**
 * Reads a module's file whole. Opened without blocking and looked at before it is read, since a path may
 * name a FIFO that nobody writes to or a device without an end.
 * @param maxSize bytes
 * @throws WasmFunctionError `file`: missing, not readable, not a regular file, too large
 */
export function readModuleFile(file: string, maxSize: number): Buffer {
  try {
    return readRegularFile(file, maxSize);
  } catch (error) {
    if (error instanceof WasmFunctionError) throw error;
    throw new WasmFunctionError('file', fileProblem(file, error as NodeJS.ErrnoException), { file });
  }
}

/** The text of the first of these files that is there and of a sensible size. */
export function readDeclarationFile(files: readonly string[]): string | undefined {
  for (const file of files) {
    try {
      return readRegularFile(file, MAX_DECLARATIONS).toString('utf8');
    } catch {
      // declarations are a help, not a need: without them the binary speaks for itself
    }
  }
  return undefined;
}

function readRegularFile(file: string, maxSize: number): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? 'a folder' : 'not a regular file';
      throw new WasmFunctionError('file', `"${file}" is ${kind}; a .wasm file is needed.`, { file });
    }
    return readAtMost(descriptor, file, stat.size, maxSize);
  } finally {
    closeSync(descriptor);
  }
}

/** The file may grow while it is read, so its size alone bounds nothing. */
function readAtMost(descriptor: number, file: string, size: number, maxSize: number): Buffer {
  if (size <= maxSize) {
    const buffer = Buffer.allocUnsafeSlow(size + 1);
    let length = 0;
    for (;;) {
      const bytesRead = readSync(descriptor, buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0) return buffer.subarray(0, length);
      if (length === buffer.length) break;
    }
    throw new WasmFunctionError(
      'file',
      `"${file}" changed while it was read; wait until it rests, then it is read again.`,
      {
        file,
      },
    );
  }
  const mebibytes = (size / MIB).toFixed(1);
  throw new WasmFunctionError(
    'file',
    `"${file}" has ${mebibytes} MiB; at most ${String(maxSize / MIB)} MiB are read. ` +
      'Make the module smaller (wasm-opt -Oz, wasm-strip) or raise wasmFunctionMaxFileSize in settings.js.',
    { file },
  );
}

function fileProblem(file: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `There is no file "${file}". Check the path, or put the module there.`;
    case 'EACCES':
    case 'EPERM':
      return `Node-RED may not read "${file}". Give its user permission to read the file.`;
    case 'ELOOP':
      return `"${file}" is a link that leads back to itself. Replace it by the file.`;
    case 'ENXIO':
      return `"${file}" is not a regular file; a .wasm file is needed.`;
    default:
      return `"${file}" could not be read (${error.code ?? error.message}). Check the file and the disk it is on.`;
  }
}
