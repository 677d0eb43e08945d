// The same as `yomo-bridge.mjs` over a zipper of YoMo 2: the flow is a tool, and the terminal is the sensor that calls it.
import { setTimeout as sleep } from 'node:timers/promises';
import { limitLines } from './error-lines.mjs';
import { find, following, summarizeParts } from './flow.mjs';
import { ERROR_LENGTH, formatResult, printable } from './result-lines.mjs';
import { openCaller, printReturns, zipperText } from './zipper.mjs';
import { saveCredential, setZipper, zipperOf } from './zipper-node.mjs';

/** Milliseconds between two readings. */
const PAUSE = 100;

/** Milliseconds in which the tool may be unknown: it registers after the terminal, at first and when a zipper comes back. */
const UNKNOWN_FOR = 10_000;
const NOT_FOUND = 404;

/** @param {{ host: string, port: number }} address of the zipper */
export function toolBridge(address) {
  const closing = new AbortController();
  let client;
  return {
    example: { file: 'yomo-v2.json', name: 'flows-yomo-v2' },
    configure(flow) {
      if (flow.isNew) nameTool(flow);
      setZipper(flow, address, 'v2');
    },
    save: saveCredential,
    summarize: summarizeTool,
    async check({ zipper }) {
      client = await openCaller(zipper);
    },
    banner({ tool }, form) {
      return {
        peer: ['zipper', `${zipperText(address)} (YoMo 2)`],
        results:
          tool === undefined
            ? 'none: no yomo-source with an app name brings requests to the wasm-function'
            : `what the tool ${tool} answers to a noise level, ten times a second${form}`,
        errors: tool === undefined ? 'none' : 'whatever else it answers',
      };
    },
    listen(flow, print) {
      if (flow.tool !== undefined) void callTool(client, flow, print, closing.signal);
    },
    async close() {
      closing.abort();
      await client?.close();
    },
  };
}

/** The tool of a flow that is being made is called after its function. */
function nameTool({ nodes }) {
  const name = find(nodes, 'wasm-function')?.export;
  for (const node of nodes) {
    if (node.type === 'yomo-source') node.appName = name;
    if (node.type === 'yomo-sink' && node.target !== '') Object.assign(node, { target: name, name: `call ${name}` });
  }
}

/**
 * What the terminal has to know of a flow, as `summarize` says it of one over MQTT. `tool` is the name by which its function
 * is called. The sensor is the terminal itself, so that it sends whole numbers where they are needed.
 * @returns {{ function?: object, takesReading: boolean, sendsWhole: boolean, zipper: object, tool?: string, catches: boolean }}
 * @throws Error where the zipper of the flow is misconfigured
 */
export function summarizeTool(flow) {
  const { nodes } = flow;
  const parts = summarizeParts(nodes);
  const isInFront = (node) => following(nodes, node).some(({ type }) => type === 'wasm-function');
  const source = nodes.find((node) => node.type === 'yomo-source' && isInFront(node));
  return {
    function: parts.function,
    takesReading: parts.function?.inputType === 'msg' && parts.function.input === 'payload',
    sendsWhole: true,
    catches: parts.catches,
    zipper: zipperOf(flow),
    tool: source?.appName || undefined,
  };
}

/** Sends readings to the tool, and prints what it answers. */
async function callTool(client, { tool, numeric, wholeOnly }, print, signal) {
  const printError = limitLines((line) => print.error(`error: ${line}`));
  let connectedAt = performance.now();
  client.onState(({ kind }) => {
    if (kind === 'connected') connectedAt = performance.now();
  });
  printReturns(client, print);
  const isAwaited = ({ cause }) => cause?.status === NOT_FOUND && performance.now() - connectedAt < UNKNOWN_FOR;
  const call = async () => {
    if (client.state.kind !== 'connected') return;
    try {
      const { body } = await client.call({ target: tool, body: Buffer.from(String(noiseLevel(wholeOnly))) });
      print.result(formatResult(body.toString('utf8'), numeric));
    } catch (error) {
      if (!signal.aborted && !isAwaited(error)) printError(printable(error.message, ERROR_LENGTH));
    }
  };
  while (!signal.aborted) await Promise.all([call(), sleep(PAUSE, undefined, { signal }).catch(() => undefined)]);
}

function noiseLevel(isWhole) {
  return isWhole ? Math.floor(Math.random() * 201) : Math.fround(Math.random() * 200);
}
