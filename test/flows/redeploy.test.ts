/** Deploys while messages stream through: none is lost, whatever is stopped and started again. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { guestFile } from '../support/guests';
import { Mosquitto, mosquittoMissing } from '../support/mosquitto';
import { Probe } from '../support/mqtt';
import { deliveriesTo, keptSession, lane, type FlowNode } from '../support/mqtt-flow';
import { NodeRed, eventually } from '../support/node-red';

const LONG = process.env.TEST_LONG !== undefined;
const DEPLOYS = LONG ? 12 : 3;
/** Each takes a Node-RED of its own: in the short form one of the versions has to do. */
const TOO_LONG = LONG ? false : 'takes 12 s, as with MQTT 5: --long';
/** Messages published whose result has not come yet. */
const OUTSTANDING = 60;

/** Publishes one number after the other as fast as results come, and keeps what has come. */
class Load {
  /** Each number published whose result is missing. */
  readonly #missing = new Set<number>();
  #published = 0;
  #stopped = false;
  /** Until the broker has accepted it. */
  readonly #publishing = new Set<Promise<unknown>>();

  private constructor(private readonly probe: Probe) {
    probe.client.on('message', (_topic, payload) => {
      this.#missing.delete(Number(payload) / 3);
      this.#fill();
    });
    this.#fill();
  }

  static async start(url: string, protocolVersion: 4 | 5): Promise<Load> {
    return new Load(await Probe.connect(url, { protocolVersion }, 'out/load'));
  }

  #fill(): void {
    while (!this.#stopped && this.#missing.size < OUTSTANDING) {
      const number = this.#published++;
      this.#missing.add(number);
      const accepted = this.probe.client.publishAsync('in/load', String(number), { qos: 1 }).finally(() => {
        this.#publishing.delete(accepted);
      });
      this.#publishing.add(accepted);
    }
  }

  get published(): number {
    return this.#published;
  }

  get missing(): number[] {
    return [...this.#missing];
  }

  /** Publishes no more; resolves when the broker has accepted everything. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#publishing);
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await this.probe.end();
  }
}

for (const protocolVersion of [4, 5] as const) {
  describe(
    `deploys under load, MQTT ${protocolVersion === 4 ? '3.1.1' : '5'}`,
    { skip: mosquittoMissing || (protocolVersion === 4 && TOO_LONG) },
    () => {
      let broker: Mosquitto;
      let nodeRed: NodeRed;

      const flows = (names: Readonly<Record<string, string>> = {}): FlowNode[] => [
        { id: 'tab', type: 'tab', label: 'load' },
        keptSession(broker.url, protocolVersion),
        ...lane('load', {
          source: { name: names.source ?? '' },
          function: { name: names.function ?? '', file: guestFile('wat/triple'), export: 'triple' },
          sink: { name: names.sink ?? '' },
        }),
      ];

      before(async () => {
        broker = await Mosquitto.start();
        nodeRed = await NodeRed.start({ flows: flows() });
        await eventually('subscribed', () => broker.output.includes('Sending SUBACK to flow-load-source'));
      });
      after(async () => {
        await nodeRed.stop();
        await broker.stop();
      });

      /** Deploys again and again while messages come in; each message's result has to arrive, once at least. */
      async function withoutLoss(deploy: (round: number) => Promise<void>): Promise<void> {
        const load = await Load.start(broker.url, protocolVersion);
        try {
          for (let round = 0; round < DEPLOYS; round++) {
            const before = load.published;
            await eventually('messages stream', () => load.published > before + OUTSTANDING);
            await deploy(round);
          }
          await load.stop();
          await eventually('all results', () => load.missing.length === 0).catch(() => undefined);
          assert.deepEqual(load.missing, [], `results missing of ${String(load.published)}`);
          await eventually('all are acknowledged', () => deliveriesTo(broker, 'load').open === 0);
        } finally {
          await load.end();
        }
      }

      test('full deploys lose nothing', () => withoutLoss(() => nodeRed.deploy(flows(), 'full')));

      for (const part of ['source', 'function', 'sink']) {
        test(`deploys of a changed ${part} lose nothing`, () =>
          withoutLoss((round) => nodeRed.deploy(flows({ [part]: `${part} ${String(round)}` }), 'nodes')));
      }

      test('Node-RED has not warned of a leak on the way', () => {
        assert.doesNotMatch(nodeRed.output, /Warning:/);
      });
    },
  );
}
