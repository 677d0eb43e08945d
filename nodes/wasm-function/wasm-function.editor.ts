import { FunctionDialog } from './editor/dialog';
import { defaults, showDefaults, type FunctionNode, type FunctionProperties } from './editor/properties';

/** The editor opens one dialog of a type at a time. */
let dialog: FunctionDialog | undefined;

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
    dialog = new FunctionDialog(this);
  },
  oneditsave() {
    dialog?.save();
    return undefined;
  },
  oneditcancel() {
    dialog?.close();
  },
  oneditresize() {
    dialog?.resize();
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
