import '../editor/form.css';
import { reachConfigButtons } from '../editor/config-buttons';
import { showReasons } from '../editor/reasons';
import { presetSelect } from '../editor/select';
import { trimmed, validator } from '../editor/validator';
import { isNameFree, isTagOrBlank, otherNotation, protocolOf, savedTag, showFieldsOf } from '../editor/yomo-values';

interface SinkProperties {
  name: string;
  zipper: string;
  appName: string;
  /** Blank: `msg.tag`. */
  tag: number | string;
  target: string;
  format: string;
}

/** Of the open dialog. */
let openId: string | undefined;

/** Protocol v2 has no tags. */
function isWritable(this: DialogNode<SinkProperties>, tag: unknown): boolean {
  return isTagOrBlank(tag) || protocolOf(this, this.id === openId) === 'v2';
}

/** Blank is a name of the node's own. */
function isOnly(this: DialogNode<SinkProperties>, appName: unknown): boolean {
  const isOpen = this.id === openId;
  const name = trimmed(appName);
  return name === '' || protocolOf(this, isOpen) === 'v1' || isNameFree(this, name, isOpen);
}

const defaults: DialogDefinition<SinkProperties>['defaults'] = {
  name: { value: '' },
  zipper: { value: '', type: 'yomo-zipper', required: true },
  appName: { value: '', validate: validator('yomo-sink.invalid.taken', isOnly) },
  tag: { value: '', validate: validator('yomo-sink.invalid.tag', isWritable) },
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
    if (protocolOf(this, this.id === openId) === 'v2') {
      const call = this.target === '' ? '' : this._('yomo-sink.label.call', { tool: this.target });
      return this.name || call || this._('yomo-sink.palette-label');
    }
    const tag = trimmed(this.tag);
    return this.name || this._(tag === '' ? 'yomo-sink.palette-label' : 'yomo-sink.label.to', { tag });
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare: function () {
    openId = this.id;
    reachConfigButtons('node-input-zipper', 'yomo-zipper');
    presetSelect('node-input-format', this.format, 'auto');
    const tag = $('#node-input-tag');
    const showNotation = (): void => {
      $('#yomo-sink-tag-hint').text(otherNotation(tag.val()));
    };
    tag.on('input change', showNotation);
    showNotation();
    const refresh = showReasons({ node: this, defaults, prefix: 'node-input' });
    showFieldsOf(this, (protocol) => {
      $('#node-input-target').attr('placeholder', this._(`yomo-sink.placeholder.targetOf.${protocol}`));
      $('#node-input-appName').attr('placeholder', this._(`yomo-sink.placeholder.appNameOf.${protocol}`));
      refresh();
    });
  },
  oneditsave: function () {
    const field = $('#node-input-tag');
    this.tag = savedTag(String(field.val() ?? ''));
    // The editor would save its text over it.
    field.removeAttr('id');
    openId = undefined;
    return undefined;
  },
  oneditcancel: function () {
    openId = undefined;
  },
  oneditdelete: function () {
    if (this.id === openId) openId = undefined;
  },
});
