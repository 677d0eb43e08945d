import { invalidTopic } from '../../mqtt/topic';

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
    topic: {
      value: '',
      validate: (value) => {
        const topic = String(value ?? '').trim();
        return topic === '' ? true : (invalidTopic(topic) ?? true);
      },
    },
    qos: { value: 1 },
    retain: { value: false },
    format: { value: 'auto' },
  },
  inputs: 1,
  outputs: 0,
  align: 'right',
  icon: 'mqtt-sink.svg',
  label: function () {
    return this.name || this.topic || 'mqtt-sink';
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditsave: function () {
    const qos = String($('#node-input-qos').val() ?? '');
    this.qos = qos === '' ? '' : Number(qos);
    return undefined;
  },
});
