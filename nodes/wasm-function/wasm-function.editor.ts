import { prepareDialog, saveNumbers } from './editor/dialog';
import { defaults, showDefaults, type FunctionNode, type FunctionProperties } from './editor/properties';
RED.nodes.registerType<FunctionProperties>('wasm-function', {
  category: 'function',
  color: '#B9A5F0',
  defaults,
  inputs: 1,
  outputs: 1,
  icon: 'wasm-function.svg',
  paletteLabel() {
    return this._('wasm-function.palette-label');
  },
  label() {
    return this.name || describe(this) || this._('wasm-function.palette-label');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    showDefaults(this);
    prepareDialog(this);
  },
  oneditsave() {
    saveNumbers(this);
    return undefined;
  },
});

/** `triple · triple_lib_bg.wasm`; the file alone while no export is named. */
function describe({ file, fileType = 'str', export: name }: FunctionNode): string {
  if (!file) return '';
  const shown =
    fileType === 'str'
      ? file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
      : `${fileType}.${file}`;
  return name ? `${name} · ${shown}` : shown;
}
