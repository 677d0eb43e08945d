import '../editor/form.css';
import { isNumber, takeNumber } from '../editor/number';
import { showReasons } from '../editor/reasons';
import { presetSelect } from '../editor/select';
import { allOf, trimmed, validator } from '../editor/validator';
import { BUFFER_RANGE, DEFAULTS, PORT_RANGE, PROTOCOLS } from './properties';

interface ZipperProperties {
  name: string;
  host: string;
  port: number | string;
  protocol: string;
  verify: boolean;
  ca: string;
  buffer: number | string;
}

const FIELD = 'node-config-input';

function field(name: string): JQuery {
  return $(`#${FIELD}-${name}`);
}

/** A name or an address without scheme and port; blank is the default. */
function isHost(value: unknown): boolean {
  const host = trimmed(value);
  return host === '' || /^[\w.-]+$/.test(host) || isAddress(host);
}

function isAddress(host: string): boolean {
  return /^\d+(?:\.\d+){3}$/.test(host) || /^[\da-f]*:[\da-f:.]*:[\da-f.]*$/i.test(host);
}

/** A certificate is compared with a name. What is ticked in the open dialog counts, otherwise what is saved. */
function isComparable(this: DialogNode<ZipperProperties>, value: unknown): boolean {
  const box = field('verify');
  const verify = box.length > 0 ? box.is(':checked') : this.verify;
  return !verify || !isAddress(trimmed(value));
}

function protocolOf(node: DialogNode<ZipperProperties>): 'v1' | 'v2' {
  const select = field('protocol');
  return (select.length > 0 ? select.val() : node.protocol) === 'v2' ? 'v2' : 'v1';
}

/** What the editor shows in the place of a password that is stored. */
const STORED = '__PWRD__';

/** In protocol v1 the kind stands before the secret: a zipper that is given the secret alone knows no such kind. */
function hasKind(this: DialogNode<ZipperProperties>, value: unknown): boolean {
  const credential = trimmed(value);
  return ['', STORED].includes(credential) || protocolOf(this) === 'v2' || /^[^:]+:./.test(credential);
}

const defaults: DialogDefinition<ZipperProperties>['defaults'] = {
  name: { value: '' },
  host: {
    value: DEFAULTS.host,
    validate: allOf(
      validator('yomo-zipper.invalid.host', isHost),
      validator('yomo-zipper.invalid.comparable', isComparable),
    ),
  },
  port: {
    value: DEFAULTS.port,
    validate: validator('yomo-zipper.invalid.port', (value) => isNumber(value, PORT_RANGE)),
  },
  protocol: {
    value: DEFAULTS.protocol,
    validate: validator('yomo-zipper.invalid.protocol', (value) => ['', ...PROTOCOLS].includes(trimmed(value))),
  },
  verify: { value: DEFAULTS.verify },
  ca: { value: '' },
  buffer: {
    value: DEFAULTS.buffer,
    validate: validator('yomo-zipper.invalid.buffer', (value) => isNumber(value, BUFFER_RANGE)),
  },
};

const credentials: DialogDefinition<ZipperProperties>['credentials'] = {
  credential: { type: 'password', validate: validator('yomo-zipper.invalid.credential', hasKind) },
};

RED.nodes.registerType<ZipperProperties>('yomo-zipper', {
  category: 'config',
  defaults,
  credentials,
  label: function () {
    const label = this.name || `${this.host || DEFAULTS.host}:${String(this.port || DEFAULTS.port)}`;
    return this.protocol === 'v2' ? `${label} (v2)` : label;
  },
  oneditprepare: function () {
    presetSelect(`${FIELD}-protocol`, this.protocol, DEFAULTS.protocol);
    const refresh = showReasons({ node: this, defaults, credentials, prefix: FIELD });
    // The editor itself looks at a property only when its own field changes.
    const look = (name: string): void => {
      field(name).trigger('change');
      refresh();
    };
    const showVerify = (): void => {
      field('ca').prop('disabled', !field('verify').is(':checked'));
      look('host');
    };
    const showProtocol = (): void => {
      const text = `yomo-zipper.placeholder.credentialOf.${protocolOf(this)}`;
      field('credential').attr('placeholder', this._(text));
      look('credential');
    };
    field('verify').on('change', showVerify);
    field('protocol').on('change', showProtocol);
    showVerify();
    showProtocol();
  },
  oneditsave: function () {
    this.port = takeNumber(field('port'), DEFAULTS.port);
    this.buffer = takeNumber(field('buffer'), DEFAULTS.buffer);
    return undefined;
  },
});
