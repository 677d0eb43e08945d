// The same as `mqtt-bridge.mjs` over a YoMo zipper of protocol v1, which is somebody else's program.
import { createRequire } from 'node:module';
import { following, summarizeParts } from './flow.mjs';
import { openZipper, printFrames, zipperText } from './zipper.mjs';
import { saveCredential, setZipper, zipperOf } from './zipper-node.mjs';

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
    configure: (flow) => setZipper(flow, address, 'v1'),
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

/**
 * What the terminal has to know of a flow, as `summarize` says it of one over MQTT. `results` and `errors` are tags;
 * `others` those that functions besides the first write under.
 * @returns {{ function?: object, takesReading: boolean, zipper: object, results?: number, catches: boolean,
 *   errors?: number, others: number[] }} `zipper` is the address as the client takes it
 * @throws Error where the zipper of the flow is misconfigured
 */
export function summarizeYomo(flow) {
  const { nodes } = flow;
  const { behindFunction, behindCatches, ...parts } = summarizeParts(nodes);
  const [, ...functions] = nodes.filter(({ type }) => type === 'wasm-function');
  const [results] = sinkTags(behindFunction);
  const [errors] = sinkTags(behindCatches);
  const others = functions.flatMap((node) => sinkTags(following(nodes, node)));
  return {
    ...parts,
    zipper: zipperOf(flow),
    results,
    errors,
    others: [...new Set(others)].filter((tag) => tag !== results && tag !== errors),
  };
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
