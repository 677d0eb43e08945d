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

RED.nodes.registerType<ZipperProperties>('yomo-zipper', {
  category: 'config',
  defaults,
  credentials: { credential: { type: 'password' } },
  label: function () {
    return this.name || `${this.host || DEFAULTS.host}:${String(this.port || DEFAULTS.port)}`;
  },
  oneditprepare: function () {
    presetSelect(`${FIELD}-protocol`, this.protocol, DEFAULTS.protocol);
    const refresh = showReasons({ node: this, defaults, prefix: FIELD });
    field('verify').on('change', () => {
      // The editor itself looks at a property only when its own field changes.
      field('host').trigger('change');
      refresh();
    });
  },
  oneditsave: function () {
    this.port = takeNumber(field('port'), DEFAULTS.port);
    this.buffer = takeNumber(field('buffer'), DEFAULTS.buffer);
    return undefined;
  },
});
