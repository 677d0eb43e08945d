// What brings messages into the flow of `npm start` and out of it: here MQTT, the embedded broker unless the flow says else.
import { saveCredentials } from './credentials.mjs';
import { setBrokerPort, summarize } from './flow.mjs';
import { checkPort } from './ports.mjs';

/** @param {{ mqttPort?: number }} options */
export function mqttBridge({ mqttPort }) {
  let client;
  return {
    /** As `openFlow` wants it. */
    example: { file: 'flows.json', name: 'flows' },
    /** Writes what the command line asks for into the flow. */
    configure(flow) {
      if (mqttPort !== undefined) setBrokerPort(flow, mqttPort);
    },
    /** Writes what the flow needs beside its file. */
    save: ({ path }) => saveCredentials(path, {}),
    summarize,
    /** @throws Error where it cannot work */
    async check({ embedded, broker }) {
      if (embedded && broker !== undefined) await checkPort(Number(broker.port || 1883), '--mqtt-port');
    },
    /** What the terminal shows of it; `form` says how numbers are printed. */
    banner({ broker, embedded, results, errors }, form) {
      const address = broker === undefined ? 'none' : `${broker.protocol}//${broker.host}`;
      return {
        peer: ['broker', `${address}${embedded ? ' (embedded)' : ''}`],
        results:
          results === undefined
            ? 'none: no mqtt-sink with a topic follows the wasm-function'
            : `topic ${results}${form}`,
        errors: errors === undefined ? undefined : `topic ${errors}`,
        errorSink: 'mqtt-sink with a topic',
      };
    },
    /** Prints what comes, from now on. */
    async listen(flow, print) {
      if (flow.broker === undefined || (flow.results ?? flow.errors) === undefined) return;
      // The library is there once the packages are installed.
      const { printResults } = await import('./results.mjs');
      client = printResults(flow.broker, flow, print);
    },
    async close() {
      await client?.endAsync(true);
    },
  };
}
