import '../editor/form.css';
import { reachConfigButtons } from '../editor/config-buttons';
import { showReasons } from '../editor/reasons';
import { presetSelect } from '../editor/select';
import { trimmed, validator } from '../editor/validator';
import { isTagOrBlank, savedTag, showOtherNotation } from '../editor/yomo-values';

interface SinkProperties {
  name: string;
  zipper: string;
  appName: string;
  /** Blank: `msg.tag`. */
  tag: number | string;
  target: string;
  format: string;
}

const defaults: DialogDefinition<SinkProperties>['defaults'] = {
  name: { value: '' },
  zipper: { value: '', type: 'yomo-zipper', required: true },
  appName: { value: '' },
  tag: { value: '', validate: validator('yomo-sink.invalid.tag', isTagOrBlank) },
  target: { value: '' },
  format: { value: 'auto' },
};

RED.nodes.registerType<SinkProperties>('yomo-sink', {
  category: 'network',
  color: '#d8bfd8',
  defaults,
  inputs: 1,
  outputs: 0,
  align: 'right',
  icon: 'yomo-sink.svg',
  paletteLabel: function () {
    return this._('yomo-sink.palette-label');
  },
  label: function () {
    const tag = trimmed(this.tag);
    return this.name || (tag === '' ? this._('yomo-sink.palette-label') : `${this._('yomo-sink.label.tag')} ${tag}`);
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare: function () {
    reachConfigButtons('node-input-zipper', 'yomo-zipper');
    presetSelect('node-input-format', this.format, 'auto');
    showOtherNotation($('#node-input-tag'), $('#yomo-sink-tag-hint'));
    showReasons({ node: this, defaults, prefix: 'node-input' });
  },
  oneditsave: function () {
    const field = $('#node-input-tag');
    this.tag = savedTag(String(field.val() ?? ''));
    // The editor would save its text over it.
    field.removeAttr('id');
    return undefined;
  },
});
