// The same as `mqtt-bridge.mjs` over a YoMo zipper, which is somebody else's program.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { find, following, summarizeParts } from './flow.mjs';
import { CREDENTIAL, openZipper, printFrames, zipperText } from './zipper.mjs';

/** Required when it is needed: this script is loaded before the build. */
function built(path) {
  return createRequire(import.meta.url)(`../../dist/${path}.js`);
}

/** @param {{ host: string, port: number }} address of the zipper */
export function yomoBridge(address) {
  let client;
  let frames;
  return {
    example: { file: 'yomo.json', name: 'flows-yomo' },
    configure: (flow) => setZipper(flow, address),
    save: saveCredential,
    summarize: summarizeYomo,
    async check(flow) {
      client = await openZipper(flow.zipper, flow);
      frames = keepFrames(client);
    },
    banner({ results, errors, others }, form) {
      const also = others.length === 0 ? '' : `; and what comes under ${others.map(tagText).join(', ')}`;
      return {
        peer: ['zipper', zipperText(address)],
        results:
          results === undefined
            ? 'none: no yomo-sink with a tag follows the wasm-function'
            : `tag ${tagText(results)}${form}${also}`,
        errors: errors === undefined ? undefined : `tag ${tagText(errors)}`,
        errorSink: 'yomo-sink with a tag',
      };
    },
    listen(flow, print) {
      printFrames(frames, flow, print);
    },
    async close() {
      await client?.close();
    },
  };
}

/**
 * What comes before anybody listens is kept until then: a zipper sends nothing twice, and the flow may write before
 * the editor answers.
 */
function keepFrames(client) {
  const early = [];
  const stop = client.onFrame((frame) => early.push(frame));
  return {
    onState: (listener) => client.onState(listener),
    onFrame(listener) {
      stop();
      early.splice(0).forEach(listener);
      return client.onFrame(listener);
    },
  };
}

/** Writes the zipper's address into the flow. */
export function setZipper(flow, { host, port }) {
  const zipper = find(flow.nodes, 'yomo-zipper');
  if (zipper === undefined) throw new Error(`${flow.path} has no yomo-zipper node that --yomo could change.`);
  if (zipper.host === host && Number(zipper.port) === port) return;
  Object.assign(zipper, { host, port });
  flow.changed = true;
}

/**
 * What the terminal has to know of a flow, as `summarize` says it of one over MQTT. `results` and `errors` are tags;
 * `others` those that functions besides the first write under.
 * @returns {{ function?: object, takesReading: boolean, zipper: object, results?: number, catches: boolean,
 *   errors?: number, others: number[] }} `zipper` is the address as the client takes it
 * @throws Error where the zipper of the flow is misconfigured
 */
export function summarizeYomo({ path, nodes }) {
  const { behindFunction, behindCatches, ...parts } = summarizeParts(nodes);
  const [, ...functions] = nodes.filter(({ type }) => type === 'wasm-function');
  const [results] = sinkTags(behindFunction);
  const [errors] = sinkTags(behindCatches);
  const others = functions.flatMap((node) => sinkTags(following(nodes, node)));
  return {
    ...parts,
    zipper: zipperOf(find(nodes, 'yomo-zipper'), dirname(path)),
    results,
    errors,
    others: [...new Set(others)].filter((tag) => tag !== results && tag !== errors),
  };
}

function zipperOf(saved, userDirectory) {
  const { parseZipper } = built('nodes/yomo-zipper/configuration');
  const { readCertificateFile } = built('nodes/yomo-zipper/certificate-file');
  const { address } = parseZipper(saved, {
    credential: process.env[CREDENTIAL] ?? '',
    readCertificates: (path) => readCertificateFile(path, [userDirectory]),
  });
  return address;
}

function sinkTags(nodes) {
  const { parseTag } = built('yomo/tag');
  return nodes
    .filter(({ type }) => type === 'yomo-sink')
    .map(({ tag }) => parseTag(tag))
    .filter((tag) => tag !== undefined);
}

function tagText(tag) {
  return `0x${tag.toString(16).toUpperCase()}`;
}

/**
 * Lets the flow take its credential from the same environment variable. Only the variable's name is written, and only
 * where the user has not set a credential in the editor.
 */
function saveCredential(flow) {
  const file = flow.path.replace(/\.json$/, '_cred.json');
  const zipper = find(flow.nodes, 'yomo-zipper');
  // Without the variable its name would be taken for the credential.
  process.env[CREDENTIAL] ??= '';
  if (zipper === undefined || process.env[CREDENTIAL] === '' || existsSync(file)) return;
  writeFileSync(file, JSON.stringify({ [zipper.id]: { credential: `\${${CREDENTIAL}}` } }), { mode: 0o600 });
}
