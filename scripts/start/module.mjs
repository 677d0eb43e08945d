// What a module and its export are, asked of the built host.
import { createRequire } from 'node:module';

/** @returns the module and export to call, as `inspect` shows them; `problem` says why there is none */
export async function inspect(file, name) {
  const require = createRequire(import.meta.url);
  const { createWasmHost } = require('../../dist/host/host.js');
  const { DEFAULT_LIMITS } = require('../../dist/host/limits.js');
  const host = createWasmHost(DEFAULT_LIMITS, { warn: () => undefined }, { spare: false });
  try {
    const inspection = await host.inspectFile(file);
    if (inspection.refusal !== undefined) return { problem: inspection.refusal.message };
    const wanted = name ?? inspection.defaultExport;
    const found = inspection.exports.find((candidate) => candidate.name === wanted);
    if (found?.question !== undefined) return { problem: found.question };
    if (found !== undefined) return { export: found.name, label: `${found.name} ${found.signature ?? found.type}` };
    const names = inspection.exports.map((candidate) => candidate.name).join(', ');
    return {
      problem:
        wanted === undefined
          ? `${file} has several functions; name one of them: ${names}.`
          : `${file} has no function "${wanted}" that can be called; it has ${names === '' ? 'none' : names}.`,
    };
  } catch (error) {
    return { problem: error.message };
  } finally {
    await host.close();
  }
}
