import '../editor/form.css';
import { isQos, isTopicOrBlank } from '../editor/mqtt-values';
import { reachConfigButtons } from '../editor/config-buttons';
import { takeNumber } from '../editor/number';
import { showReasons } from '../editor/reasons';
import { presetSelect } from '../editor/select';
import { validator } from '../editor/validator';

interface SinkProperties {
  name: string;
  connection: string;
  topic: string;
  /** Blank: `msg.qos`. */
  qos: number | string;
  retain: boolean;
  format: string;
}

const defaults: DialogDefinition<SinkProperties>['defaults'] = {
  name: { value: '' },
  connection: { value: '', type: 'mqtt-connection', required: true },
  topic: { value: '', validate: validator('mqtt-sink.invalid.topic', isTopicOrBlank) },
  qos: { value: 1, validate: validator('mqtt-sink.invalid.qos', isQos) },
  retain: { value: false },
  format: { value: 'auto' },
};

RED.nodes.registerType<SinkProperties>('mqtt-sink', {
  category: 'network',
  color: '#d8bfd8',
  defaults,
  inputs: 1,
  outputs: 0,
  align: 'right',
  icon: 'mqtt-sink.svg',
  paletteLabel: function () {
    return this._('mqtt-sink.palette-label');
  },
  label: function () {
    return this.name || this.topic || this._('mqtt-sink.palette-label');
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare: function () {
    reachConfigButtons('node-input-connection', 'mqtt-connection');
    presetSelect('node-input-qos', this.qos, '1');
    presetSelect('node-input-format', this.format, 'auto');
    showReasons({ node: this, defaults, prefix: 'node-input' });
  },
  oneditsave: function () {
    this.qos = takeNumber($('#node-input-qos'), '');
    return undefined;
  },
});
