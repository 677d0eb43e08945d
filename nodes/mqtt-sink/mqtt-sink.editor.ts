import { invalidTopic } from '../../mqtt/topic';
import { presetSelect, validator } from '../editor/field';

interface SinkProperties {
  name: string;
  connection: string;
  topic: string;
  /** Blank: `msg.qos`. */
  qos: number | '';
  retain: boolean;
  format: string;
}

RED.nodes.registerType<SinkProperties>('mqtt-sink', {
  category: 'network',
  color: '#d8bfd8',
  defaults: {
    name: { value: '' },
    connection: { value: '', type: 'mqtt-connection', required: true },
    topic: { value: '', validate: validator((topic) => (topic === '' ? undefined : invalidTopic(topic))) },
    qos: { value: 1 },
    retain: { value: false },
    format: { value: 'auto' },
  },
  inputs: 1,
  outputs: 0,
  align: 'right',
  icon: 'mqtt-sink.svg',
  paletteLabel: function () {
    return this._('mqtt-sink.palette-label');
  },
  label: function () {
    return this.name || this.topic || 'mqtt-sink';
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare: function () {
    presetSelect('node-input-qos', this.qos, '1');
    presetSelect('node-input-format', this.format, 'auto');
  },
  oneditsave: function () {
    const qos = String($('#node-input-qos').val() ?? '');
    this.qos = qos === '' ? '' : Number(qos);
    return undefined;
  },
});
