import { parseBrokerAddress } from '../../mqtt/address';
import { isQos, isTopicOrBlank } from '../editor/mqtt-values';
import { isNumber, takeNumber } from '../editor/number';
import { presetSelect } from '../editor/select';
import { trimmed, validator } from '../editor/validator';
import type { NumberRange } from '../saved-value';

interface Announcement {
  topic?: string;
  payload?: string;
  qos?: number | string;
  retain?: boolean;
}

interface ConnectionProperties {
  name: string;
  url: string;
  clientId: string;
  protocolVersion: number | string;
  persistent: boolean;
  sessionExpiry: number | string;
  keepalive: number | string;
  tls: string;
  embedded: boolean;
  bind: string;
  birth: Announcement;
  will: Announcement;
}

const FIELD = 'node-config-input';
const ANNOUNCEMENTS = ['birth', 'will'] as const;

function field(name: string): JQuery {
  return $(`#${FIELD}-${name}`);
}

/** What is ticked in the open dialog, otherwise what is saved. */
function isTicked(name: 'persistent' | 'embedded', saved: boolean): boolean {
  return field(name).length > 0 ? field(name).is(':checked') : saved;
}

function isAddress(value: unknown): boolean {
  try {
    parseBrokerAddress(trimmed(value));
    return true;
  } catch {
    return false;
  }
}

function isAnnouncement(value: unknown): boolean {
  const { topic, qos } = (value ?? {}) as Announcement;
  return trimmed(topic) === '' || (isTopicOrBlank(topic) && isQos(qos));
}

function wholeNumber(property: keyof ConnectionProperties, least: number, most: number) {
  const range: NumberRange = { least, most, whole: true };
  return validator<ConnectionProperties>(`mqtt-connection.invalid.${property}`, (value) => isNumber(value, range));
}

function showAnnouncement(name: 'birth' | 'will', saved: Announcement | undefined): void {
  field(`${name}-topic`).val(saved?.topic ?? '');
  field(`${name}-payload`).val(saved?.payload ?? '');
  field(`${name}-qos`).val(String(saved?.qos ?? 0));
  field(`${name}-retain`).prop('checked', saved?.retain === true);
}

/** An announcement without a topic is none. */
function readAnnouncement(name: 'birth' | 'will'): Announcement {
  const topic = String(field(`${name}-topic`).val() ?? '').trim();
  if (topic === '') return {};
  return {
    topic,
    payload: String(field(`${name}-payload`).val() ?? ''),
    qos: takeNumber(field(`${name}-qos`), 0),
    retain: field(`${name}-retain`).is(':checked'),
  };
}

function showTabs(node: DialogNode<ConnectionProperties>): void {
  const tabs = RED.tabs.create({
    id: 'mqtt-connection-tabs',
    onchange: (tab: { id: string }) => {
      $('#mqtt-connection-tabs-content').children().hide();
      $(`#${tab.id}`).show();
    },
  });
  for (const name of ['connection', 'security', 'messages']) {
    tabs.addTab({ id: `mqtt-connection-tab-${name}`, label: node._(`mqtt-connection.tab.${name}`) });
  }
  setTimeout(() => {
    tabs.resize();
  }, 0);
}

/** Shows only the rows that matter with what is chosen. */
function followChoices(): void {
  const show = (): void => {
    const url = String(field('url').val() ?? '').trim();
    const persistent = field('persistent').is(':checked');
    $('.mqtt-connection-row-tls').toggle(/^(mqtts|wss):/i.test(url));
    $('.mqtt-connection-row-bind').toggle(field('embedded').is(':checked'));
    $('.mqtt-connection-row-expiry').toggle(persistent && field('protocolVersion').val() === '5');
  };
  for (const name of ['url', 'embedded', 'persistent', 'protocolVersion']) field(name).on('change input', show);
  field('persistent').on('change', () => field('clientId').trigger('change'));
  show();
}

RED.nodes.registerType<ConnectionProperties>('mqtt-connection', {
  category: 'config',
  defaults: {
    name: { value: '' },
    url: {
      value: 'mqtt://127.0.0.1:1883',
      required: true,
      validate: validator('mqtt-connection.invalid.url', isAddress),
    },
    clientId: {
      value: '',
      validate: validator('mqtt-connection.invalid.clientId', function (value) {
        return trimmed(value) !== '' || !isTicked('persistent', this.persistent);
      }),
    },
    protocolVersion: { value: 4, validate: wholeNumber('protocolVersion', 4, 5) },
    persistent: { value: false },
    sessionExpiry: { value: 86400, validate: wholeNumber('sessionExpiry', 0, 0xffffffff) },
    keepalive: { value: 60, validate: wholeNumber('keepalive', 0, 0xffff) },
    tls: { value: '', type: 'tls-config', required: false },
    embedded: { value: false },
    bind: { value: '127.0.0.1' },
    birth: { value: {}, validate: validator('mqtt-connection.invalid.birth', isAnnouncement) },
    will: { value: {}, validate: validator('mqtt-connection.invalid.will', isAnnouncement) },
  },
  credentials: { user: { type: 'text' }, password: { type: 'password' } },
  label: function () {
    return this.name || this.url;
  },
  oneditprepare: function () {
    showTabs(this);
    presetSelect(`${FIELD}-protocolVersion`, this.protocolVersion, '4');
    for (const name of ANNOUNCEMENTS) showAnnouncement(name, this[name]);
    followChoices();
  },
  oneditsave: function () {
    for (const name of ANNOUNCEMENTS) this[name] = readAnnouncement(name);
    this.protocolVersion = takeNumber(field('protocolVersion'), 4);
    this.sessionExpiry = takeNumber(field('sessionExpiry'), 86400);
    this.keepalive = takeNumber(field('keepalive'), 60);
    return undefined;
  },
});
