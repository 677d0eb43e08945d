// The credentials of a flow that `npm start` runs, in a file as Node-RED itself writes it.
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Writes them unless there is a file already, which holds what the user has set in the editor. One is written where there
 * are none, too: Node-RED warns at each start of a file that is missing.
 * @param {string} flow its path; the settings are in the same folder
 * @param {Readonly<Record<string, object>>} credentials by the ids of nodes
 */
export function saveCredentials(flow, credentials) {
  const file = flow.replace(/\.json$/, '_cred.json');
  if (existsSync(file)) return;
  const secret = secretOf(dirname(flow));
  const isEmpty = Object.keys(credentials).length === 0;
  if (secret === undefined && isEmpty) return;
  const saved = secret === undefined ? credentials : encrypt(secret, credentials);
  writeFileSync(file, JSON.stringify(saved), { mode: 0o600 });
}

/** Undefined where the user's settings have none, so that Node-RED makes a secret of its own. */
function secretOf(directory) {
  try {
    const { credentialSecret } = createRequire(import.meta.url)(join(directory, 'settings.js'));
    return typeof credentialSecret === 'string' && credentialSecret !== '' ? credentialSecret : undefined;
  } catch {
    // Node-RED says what is wrong with them.
    return undefined;
  }
}

function encrypt(secret, credentials) {
  const key = createHash('sha256').update(secret).digest();
  const vector = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', key, vector);
  const text = cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64');
  return { $: vector.toString('hex') + text };
}
