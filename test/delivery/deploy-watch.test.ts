import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, test } from 'node:test';
import { flowsOf, trackerFor, type Runtime } from '#dist/delivery/node-red-tracker';

describe('whether the flows of a runtime run', () => {
  let events: EventEmitter;
  let hooks: Map<string, unknown>;
  let runtime: Runtime;
  beforeEach(() => {
    events = new EventEmitter();
    hooks = new Map();
    runtime = {
      hooks: {
        add: (name: string, hook: unknown) => hooks.set(name, hook),
        remove: (name: string) => {
          if (name.startsWith('*')) hooks.clear();
          else hooks.delete(name);
        },
        has: (name: string) => [...hooks.keys()].some((hook) => hook.startsWith(name)),
      } as unknown as NonNullable<Runtime['hooks']>,
      events,
      nodes: { getNode: () => undefined },
    };
  });

  function watch() {
    const flows = flowsOf(runtime);
    assert.ok(flows !== undefined);
    return flows;
  }

  test('they do not when the first source is made, and do once they are started', async () => {
    const flows = watch();
    const { deploy } = flows;
    assert.ok(deploy !== undefined);
    events.emit('flows:started');
    await deploy;
    assert.equal(flows.deploy, undefined);
    events.emit('flows:stopping');
    assert.ok(flows.deploy !== undefined);
    flows.close();
  });

  test('a source that follows no message registers no hook, and the last one leaves no listener', async () => {
    const [one, other] = [watch(), watch()];
    assert.deepEqual([...hooks], []);
    one.close();
    events.emit('flows:started');
    events.emit('flows:stopping');
    const { deploy } = other;
    assert.ok(deploy !== undefined);
    other.close();
    await deploy;
    assert.deepEqual(events.eventNames(), []);
  });

  test('sources of both kinds know it alike', () => {
    const flows = watch();
    const tracker = trackerFor(runtime);
    assert.ok(tracker?.deploy !== undefined);
    assert.equal(tracker.deploy, flows.deploy);
    events.emit('flows:started');
    assert.equal(tracker.deploy, undefined);
    tracker.close();
    assert.deepEqual([...hooks], []);
    flows.close();
    assert.deepEqual(events.eventNames(), []);
  });

  test('is not known where the runtime has no hooks', () => {
    assert.equal(flowsOf({ ...runtime, hooks: undefined }), undefined);
  });
});
