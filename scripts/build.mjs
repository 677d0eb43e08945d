// Builds dist/: compiled TypeScript, and for each node its dialog (template and script), help and icons.
// `--clean` begins with an empty dist/, so that nothing is published whose source is gone.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { builtMark } from './ensure-built.mjs';
import { root } from './root.mjs';

const require = createRequire(import.meta.url);

function compile() {
  const { status } = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', root], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  chmodSync(join(root, 'dist', 'cli', 'main.js'), 0o755);
}

/**
 * One .html beside each .js (Node-RED's loader wants everything there): the styles that the editor script imports, the
 * template, the bundled script.
 */
async function buildDialog(node) {
  const source = join(root, 'nodes', node);
  const target = join(root, 'dist', 'nodes', node);
  mkdirSync(target, { recursive: true });
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(source, `${node}.editor.ts`)],
    bundle: true,
    outdir: target,
    format: 'iife',
    target: 'es2020',
    charset: 'utf8',
    write: false,
    legalComments: 'none',
  });
  const template = readFileSync(join(source, `${node}.html`), 'utf8');
  const bundled = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const script = `<script type="text/javascript">\n${bundled('.js').replaceAll('</script', '<\\/script')}</script>\n`;
  const style = bundled('.css');
  const parts = [...(style === '' ? [] : [`<style>\n${style}</style>`]), template, script];
  writeFileSync(join(target, `${node}.html`), parts.join('\n'));
  for (const folder of ['icons', 'locales']) {
    if (existsSync(join(source, folder))) cpSync(join(source, folder), join(target, folder), { recursive: true });
  }
}

/** A source changed while building counts as newer: the mark has the time of the beginning. */
function mark(begun) {
  writeFileSync(builtMark, '');
  utimesSync(builtMark, begun, begun);
}

const begun = new Date();
if (process.argv.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
compile();
for (const node of readdirSync(join(root, 'nodes'), { withFileTypes: true })) {
  if (node.isDirectory() && existsSync(join(root, 'nodes', node.name, `${node.name}.editor.ts`))) {
    await buildDialog(node.name);
  }
}
mark(begun);
