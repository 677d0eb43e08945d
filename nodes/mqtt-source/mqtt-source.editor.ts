import '../editor/form.css';
import { invalidFilter } from '../../mqtt/topic';
import type { NumberRange } from '../saved-value';
import { isQos, isTopicOrBlank } from '../editor/mqtt-values';
import { isNumber, takeNumber } from '../editor/number';
import { reachConfigButtons } from '../editor/config-buttons';
import { showReasons } from '../editor/reasons';
import { presetSelect } from '../editor/select';
import { trimmed, validator } from '../editor/validator';

interface SourceProperties {
  name: string;
  connection: string;
  topic: string;
  qos: number | string;
  format: string;
  acknowledge: string;
  maxInFlight: number | string;
  attempts: number | string;
  deadLetter: string;
  settle: number | string;
}

function numberWithin(property: keyof SourceProperties, range: NumberRange): DialogValidator<SourceProperties> {
  return validator(`mqtt-source.invalid.${property}`, (value) => isNumber(value, range));
}

/** Deliveries and dead letters exist only where the flow is waited for, which a message of QoS 0 never is. */
function showDelivery(): void {
  const isUnacknowledged = $('#node-input-qos').val() === '0';
  const waits = !isUnacknowledged && $('#node-input-acknowledge').val() === 'completed';
  $('#mqtt-source-delivery').toggle(waits);
  $('#mqtt-source-tip-acknowledge').toggle(isUnacknowledged);
}

const defaults: DialogDefinition<SourceProperties>['defaults'] = {
  name: { value: '' },
  connection: { value: '', type: 'mqtt-connection', required: true },
  topic: {
    value: '',
    validate: validator('mqtt-source.invalid.topic', (value) => invalidFilter(trimmed(value)) === undefined),
  },
  qos: { value: 1, validate: validator('mqtt-source.invalid.qos', isQos) },
  format: { value: 'auto' },
  acknowledge: { value: 'completed' },
  maxInFlight: { value: 100, validate: numberWithin('maxInFlight', { least: 1, most: 0xffff, whole: true }) },
  attempts: { value: 3, validate: numberWithin('attempts', { least: 1, most: 1_000_000, whole: true }) },
  deadLetter: { value: '', validate: validator('mqtt-source.invalid.deadLetter', isTopicOrBlank) },
  settle: { value: 60, validate: numberWithin('settle', { least: 0.001, most: 86_400 }) },
};

RED.nodes.registerType<SourceProperties>('mqtt-source', {
  category: 'network',
  color: '#d8bfd8',
  defaults,
  inputs: 0,
  outputs: 1,
  icon: 'mqtt-source.svg',
  paletteLabel: function () {
    return this._('mqtt-source.palette-label');
  },
  label: function () {
    return this.name || this.topic || this._('mqtt-source.palette-label');
  },
  labelStyle: function () {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare: function () {
    reachConfigButtons('node-input-connection', 'mqtt-connection');
    presetSelect('node-input-qos', this.qos, '1');
    presetSelect('node-input-format', this.format, 'auto');
    presetSelect('node-input-acknowledge', this.acknowledge, 'completed');
    $('#node-input-acknowledge, #node-input-qos').on('change', showDelivery);
    showDelivery();
    showReasons({ node: this, defaults, prefix: 'node-input' });
  },
  oneditsave: function () {
    this.qos = takeNumber($('#node-input-qos'), 1);
    this.maxInFlight = takeNumber($('#node-input-maxInFlight'), 100);
    this.attempts = takeNumber($('#node-input-attempts'), 3);
    this.settle = takeNumber($('#node-input-settle'), 60);
    return undefined;
  },
});
