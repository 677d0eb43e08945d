/** What an endpoint does with answers that no handler should give. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import type { Request, Response } from 'express';
import { endpoint, type Handler } from '#dist/nodes/wasm-function/endpoint';

/** A response of which the parts that an endpoint uses are there. */
class TestResponse extends EventEmitter {
  destroyed = false;
  headersSent = false;
  statusCode = 200;
  sent = '';

  /** @param broken whether nothing can be sent any more */
  constructor(private readonly broken: boolean) {
    super();
  }

  status(code: number): this {
    this.statusCode = code;
    return this;
  }

  json(body: unknown): void {
    if (this.broken) throw new Error('nothing can be sent');
    this.sent = JSON.stringify(body);
  }

  destroy(): void {
    this.destroyed = true;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function run(handler: Handler, broken = false): Promise<{ response: TestResponse; log: readonly string[] }> {
  const log: string[] = [];
  const response = new TestResponse(broken);
  const request = { path: '/wasm-function/test', complete: true } as Request;
  endpoint(handler, (text) => log.push(text))(request, response as unknown as Response, () => undefined);
  await settled();
  return { response, log };
}

describe('an endpoint', () => {
  test('whose result is no JSON says that it could not be answered', async () => {
    const { response, log } = await run(() => Promise.resolve({ count: 1n }));
    assert.equal(response.statusCode, 500);
    assert.match(response.sent, /could not be answered/);
    assert.match(log.join('\n'), /BigInt/);
  });

  test('whose refusal cannot be sent ends the connection, and Node-RED goes on', async () => {
    const { response, log } = await run(() => Promise.reject(new Error('a fault')), true);
    assert.equal(response.destroyed, true);
    assert.match(log.join('\n'), /a fault[^]*could not be refused/);
  });
});
