import { invalidFilter, invalidTopic } from '../../mqtt/topic';
import { numberField, presetSelect, validator, wholeNumber } from '../editor/field';

interface SourceProperties {
  name: string;
  connection: string;
  topic: string;
  qos: number;
  format: string;
  acknowledge: string;
  maxInFlight: number;
  attempts: number;
  deadLetter: string;
  settle: number;
}

function reasonAgainstSettle(text: string): string | undefined {
  return text === '' || Number(text) > 0 ? undefined : `"${text}" is not a number of seconds above 0.`;
}

/** Deliveries and dead letters exist only where the flow is waited for. */
function showDelivery(): void {
  const waits = $('#node-input-acknowledge').val() === 'completed' && $('#node-input-qos').val() !== '0';
  $('.mqtt-source-row-delivery').toggle(waits);
}

RED.nodes.registerType<SourceProperties>('mqtt-source', {
  category: 'network',
  color: '#d8bfd8',
  defaults: {
    name: { value: '' },
    connection: { value: '', type: 'mqtt-connection', required: true },
    topic: { value: '', validate: validator(invalidFilter) },
    qos: { value: 1, validate: wholeNumber(0, 2) },
    format: { value: 'auto' },
    acknowledge: { value: 'completed' },
    maxInFlight: { value: 100, validate: wholeNumber(1, 0xffff) },
    attempts: { value: 3, validate: wholeNumber(1, 1_000_000) },
    deadLetter: { value: '', validate: validator((topic) => (topic === '' ? undefined : invalidTopic(topic))) },
    settle: { value: 60, validate: validator(reasonAgainstSettle) },
  },
  inputs: 0,
  outputs: 1,
  icon: 'mqtt-source.svg',
  paletteLabel: function () {
    return this._('mqtt-source.palette-label');
  },
  label: function () {
    return this.name || this.topic || 'mqtt-source';
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare: function () {
    presetSelect('node-input-qos', this.qos, '1');
    presetSelect('node-input-format', this.format, 'auto');
    presetSelect('node-input-acknowledge', this.acknowledge, 'completed');
    $('#node-input-acknowledge, #node-input-qos').on('change', showDelivery);
    showDelivery();
  },
  oneditsave: function () {
    this.qos = numberField('node-input-qos', 1);
    this.maxInFlight = numberField('node-input-maxInFlight', 100);
    this.attempts = numberField('node-input-attempts', 3);
    this.settle = numberField('node-input-settle', 60);
    return undefined;
  },
});
