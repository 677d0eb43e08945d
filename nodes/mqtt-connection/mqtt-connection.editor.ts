import '../editor/form.css';
import { isSecure, parseBrokerAddress, type BrokerAddress } from '../../mqtt/address';
import { isLoopback } from '../../mqtt/loopback';
import { isQos, isTopicOrBlank } from '../editor/mqtt-values';
import { reachConfigButtons } from '../editor/config-buttons';
import { isNumber, takeNumber } from '../editor/number';
import { showReasons } from '../editor/reasons';
import { presetSelect } from '../editor/select';
import { createTabs, type Tabs } from '../editor/tabs';
import { allOf, trimmed, validator } from '../editor/validator';
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

function addressOf(value: unknown): BrokerAddress | undefined {
  try {
    return parseBrokerAddress(trimmed(value));
  } catch {
    return undefined;
  }
}

/** The broker that runs here knows no TLS. */
function isServed(this: DialogNode<ConnectionProperties>, value: unknown): boolean {
  const address = addressOf(value);
  return address === undefined || !isSecure(address) || !isTicked('embedded', this.embedded);
}

/** The broker that runs here speaks MQTT 3.1.1. */
function isSpoken(this: DialogNode<ConnectionProperties>, value: unknown): boolean {
  return String(value) !== '5' || !isTicked('embedded', this.embedded);
}

/** A broker that others can reach needs a password. It is known in the open dialog only: elsewhere any will do. */
function isProtected(this: DialogNode<ConnectionProperties>, value: unknown): boolean {
  const bind = trimmed(value);
  if (bind === '' || isLoopback(bind)) return true;
  const user = field('user');
  if (user.length === 0 || !isTicked('embedded', this.embedded)) return true;
  return trimmed(user.val()) !== '' || field('password').val() !== '';
}

function isAnnouncement(value: unknown): boolean {
  const { topic, qos } = (value ?? {}) as Announcement;
  return trimmed(topic) === '' || (isTopicOrBlank(topic) && isQos(qos));
}

function wholeNumber(property: keyof ConnectionProperties, least: number, most: number) {
  const range: NumberRange = { least, most, whole: true };
  return validator<ConnectionProperties>(`mqtt-connection.invalid.${property}`, (value) => isNumber(value, range));
}

/** A will has the fields of a birth message, which the template holds, translated by now. */
function addWill(legend: string): void {
  const birth = $('#mqtt-connection-birth');
  const will = $(String(birth.prop('outerHTML')).replace(/birth/g, 'will'));
  will.children('legend').text(legend);
  will.insertAfter(birth);
}

function showAnnouncement(name: 'birth' | 'will', saved: Announcement | undefined): void {
  field(`${name}-topic`).val(saved?.topic ?? '');
  field(`${name}-payload`).val(saved?.payload ?? '');
  presetSelect(`${FIELD}-${name}-qos`, saved?.qos, '0');
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

const TABS = ['connection', 'security', 'messages'] as const;

/** A birth or will message is one property in several fields: its topic stands for it. */
function announcementCheck(name: (typeof ANNOUNCEMENTS)[number]): DialogProperty<string, ConnectionProperties> {
  const accepts = (topic: unknown): boolean => isAnnouncement({ topic, qos: field(`${name}-qos`).val() });
  return { value: '', validate: validator(`mqtt-connection.invalid.${name}`, accepts) };
}

/** Says below each field what is wrong with it, and marks the tabs of such fields. */
function showProblems(node: DialogNode<ConnectionProperties>, tabs: Tabs): void {
  const topics = { 'birth-topic': announcementCheck('birth'), 'will-topic': announcementCheck('will') };
  const refresh = showReasons({
    node,
    defaults: { ...defaults, ...topics } as typeof defaults,
    prefix: FIELD,
    onChange: (wrong) => {
      const ids = wrong.map((each) => each.attr('id'));
      for (const topic of Object.keys(topics))
        field(topic).toggleClass('input-error', ids.includes(`${FIELD}-${topic}`));
      for (const tab of TABS) {
        const isWrong = wrong.some((each) => each.closest(`#mqtt-connection-tab-${tab}`).length > 0);
        tabs.mark(`mqtt-connection-tab-${tab}`, isWrong, node._('mqtt-connection.tab.wrong'));
      }
    },
  });
  for (const name of ['persistent', 'embedded', 'user', 'password']) field(name).on('change keyup', refresh);
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
  lookAgain('persistent', ['clientId']);
  lookAgain('embedded', ['url', 'protocolVersion', 'bind']);
  for (const credential of ['user', 'password']) lookAgain(credential, ['bind']);
  show();
}

/** Has the editor check properties again that another one bears upon. */
function lookAgain(changed: string, properties: readonly string[]): void {
  field(changed).on('change', () => {
    for (const property of properties) field(property).trigger('change');
  });
}

const defaults: DialogDefinition<ConnectionProperties>['defaults'] = {
  name: { value: '' },
  url: {
    value: 'mqtt://127.0.0.1:1883',
    required: true,
    validate: allOf(
      validator('mqtt-connection.invalid.url', (value) => addressOf(value) !== undefined),
      validator('mqtt-connection.invalid.embeddedUrl', isServed),
    ),
  },
  clientId: {
    value: '',
    validate: validator('mqtt-connection.invalid.clientId', function (value) {
      return trimmed(value) !== '' || !isTicked('persistent', this.persistent);
    }),
  },
  protocolVersion: {
    value: 4,
    validate: allOf(
      wholeNumber('protocolVersion', 4, 5),
      validator('mqtt-connection.invalid.embeddedProtocol', isSpoken),
    ),
  },
  persistent: { value: false },
  sessionExpiry: { value: 86400, validate: wholeNumber('sessionExpiry', 0, 0xffffffff) },
  keepalive: { value: 60, validate: wholeNumber('keepalive', 0, 0xffff) },
  tls: { value: '', type: 'tls-config', required: false },
  embedded: { value: false },
  bind: { value: '127.0.0.1', validate: validator('mqtt-connection.invalid.bind', isProtected) },
  birth: { value: {}, validate: validator('mqtt-connection.invalid.birth', isAnnouncement) },
  will: { value: {}, validate: validator('mqtt-connection.invalid.will', isAnnouncement) },
};

RED.nodes.registerType<ConnectionProperties>('mqtt-connection', {
  category: 'config',
  defaults,
  credentials: { user: { type: 'text' }, password: { type: 'password' } },
  label: function () {
    return this.name || this.url;
  },
  oneditprepare: function () {
    const tabs = createTabs(
      'mqtt-connection-tabs',
      TABS.map((tab) => ({ id: `mqtt-connection-tab-${tab}`, label: this._(`mqtt-connection.tab.${tab}`) })),
    );
    reachConfigButtons(`${FIELD}-tls`, 'tls-config');
    presetSelect(`${FIELD}-protocolVersion`, this.protocolVersion, '4');
    addWill(this._('mqtt-connection.label.will'));
    for (const name of ANNOUNCEMENTS) {
      showAnnouncement(name, this[name]);
    }
    followChoices();
    showProblems(this, tabs);
    setTimeout(() => tabs.resize(), 0);
  },
  oneditsave: function () {
    for (const name of ANNOUNCEMENTS) this[name] = readAnnouncement(name);
    this.protocolVersion = takeNumber(field('protocolVersion'), 4);
    this.sessionExpiry = takeNumber(field('sessionExpiry'), 86400);
    this.keepalive = takeNumber(field('keepalive'), 60);
    return undefined;
  },
});
