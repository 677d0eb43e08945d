import { parseBrokerAddress } from '../../mqtt/address';
import { invalidTopic } from '../../mqtt/topic';
import { numberField, presetSelect, validator, wholeNumber } from '../editor/field';

interface Announcement {
  topic?: string;
  payload?: string;
  qos?: number;
  retain?: boolean;
}

interface ConnectionProperties {
  name: string;
  url: string;
  clientId: string;
  protocolVersion: number;
  persistent: boolean;
  sessionExpiry: number;
  keepalive: number;
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

function reasonAgainstAddress(text: string): string | undefined {
  try {
    parseBrokerAddress(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Two parameters, as `validator` explains. */
function validAnnouncement(value: unknown, _options?: { label?: string }): true | string {
  const { topic = '' } = (value ?? {}) as Announcement;
  return topic === '' ? true : (invalidTopic(topic) ?? true);
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
    qos: numberField(`${FIELD}-${name}-qos`, 0),
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
    url: { value: 'mqtt://127.0.0.1:1883', required: true, validate: validator(reasonAgainstAddress) },
    clientId: {
      value: '',
      validate: validator<ConnectionProperties>(function (prefix) {
        const isMissing = isTicked('persistent', this.persistent) && prefix === '';
        return isMissing ? this._('mqtt-connection.error.client-id') : undefined;
      }),
    },
    protocolVersion: { value: 4, validate: wholeNumber(4, 5) },
    persistent: { value: false },
    sessionExpiry: { value: 86400, validate: wholeNumber(0, 0xffffffff) },
    keepalive: { value: 60, validate: wholeNumber(0, 0xffff) },
    tls: { value: '', type: 'tls-config', required: false },
    embedded: { value: false },
    bind: { value: '127.0.0.1' },
    birth: { value: {}, validate: validAnnouncement },
    will: { value: {}, validate: validAnnouncement },
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
    this.protocolVersion = numberField(`${FIELD}-protocolVersion`, 4);
    this.sessionExpiry = numberField(`${FIELD}-sessionExpiry`, 86400);
    this.keepalive = numberField(`${FIELD}-keepalive`, 60);
    return undefined;
  },
});
