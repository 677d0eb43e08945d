// Makes programs of the TypeScript in test/, bench/ and scripts/: one JavaScript file each, with everything that is
// not a package or of dist/ inside, so that a process starts without a compiler. Source maps keep the stack traces.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

/** Node.js options for a process that runs what comes out. */
export const bundleOptions = ['--enable-source-maps'];

/** A source speaks of its own folder, wherever its code has gone. */
const ownFolder = {
  name: 'own-folder',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const contents = readFileSync(path, 'utf8')
        .replaceAll('__dirname', JSON.stringify(dirname(path)))
        .replaceAll('__filename', JSON.stringify(path));
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * @param {string[]} sources paths from the repository's root
 * @returns {Promise<string[]>} absolute paths, in that order, of files that are gone when this process has ended
 */
export async function bundle(sources) {
  const { build } = await import('esbuild');
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  // Inside the repository, where its packages and `#dist/` are found from.
  const folder = mkdtempSync(join(cache, 'bundles-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  // A signal would end the process without that.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  await build({
    absWorkingDir: root,
    entryPoints: sources,
    outbase: root,
    outdir: folder,
    bundle: true,
    packages: 'external',
    // What is built starts workers from files beside it.
    external: ['#dist/*'],
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [ownFolder],
  });
  return sources.map((source) => join(folder, source.replace(/\.ts$/, '.js')));
}
