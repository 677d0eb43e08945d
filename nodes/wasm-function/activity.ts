import type { NodeStatus } from 'node-red';
import { WasmFunctionError } from '../../host/errors';
import { toNodeStatus, type NodeActivity, type ShownState } from './status';

/** Milliseconds between two looks at the counters, and at least between two statuses. */
const LOOK_MS = 1000;
/** Looks without a message that ended after which the node rests: it shows its signature and has no timer. */
const REST_AFTER = 5;
/** Looks over which the rate is averaged. */
const AVERAGED = 5;
/** Messages in that time from which on there is a rate: one alone has none. */
const FEWEST_FOR_RATE = 2;
/** Milliseconds for which a reason is shown, and the number of failed messages after it. */
const TURN_MS = 2000;
/** Of a look; timers come a little early. */
const TOLERANCE_MS = 50;

interface Sample {
  /** Milliseconds. */
  readonly at: number;
  /** Messages that had ended then. */
  readonly ended: number;
}

/**
 * What a node's status says of its messages. On their way they are only counted; while there are some, the counters
 * are looked at once a second, and what has changed is published.
 */
export class Activity {
  #state: ShownState | undefined;
  #failure: NodeActivity['failure'];
  #errors = 0;
  #ended = 0;
  /** Messages taken that have not left. */
  #pending = 0;
  /** Milliseconds: since when, at the least, no message has ended although there are some. */
  #since = 0;
  #samples: Sample[] = [];
  #quietLooks = 0;
  #rate: number | undefined;
  /** Milliseconds: since when there is a reason to show; a failure's number takes turns with it from then on. */
  #reasonSince = 0;
  #timer: NodeJS.Timeout | undefined;
  #published = '{}';
  #publishedAt = -Infinity;
  #closed = false;

  /**
   * @param concurrency calls that may be under way at once; what is more than these waits
   * @param clock milliseconds
   */
  constructor(
    private readonly publish: (status: NodeStatus) => void,
    private readonly concurrency = 1,
    private readonly clock = () => performance.now(),
  ) {}

  // ——— on the way of a message ———

  /** @param now milliseconds on the clock */
  began(now: number): void {
    if (this.#pending === 0) this.#since = now;
    this.#pending += 1;
    if (this.#timer === undefined) this.#watch();
  }

  answered(): void {
    this.#pending -= 1;
    this.#ended += 1;
    this.#failure = undefined;
  }

  failed(error: unknown): void {
    const code = error instanceof WasmFunctionError ? error.code : 'unknown';
    const isNew = this.#failure !== code;
    this.#pending -= 1;
    this.#ended += 1;
    this.#errors += 1;
    this.#failure = code;
    this.#since = this.clock();
    if (!isNew) return;
    this.#reasonSince = this.#since;
    // what goes wrong shows at once
    this.#showSoon();
  }

  /** A message has left without a call. */
  skipped(): void {
    this.#pending -= 1;
  }

  // ——— what is shown ———

  become(state: ShownState): void {
    const wasReady = this.#state?.kind === 'ready';
    const wasLoading = this.#state?.kind === 'loading';
    this.#state = state;
    // what failed for want of a module is past
    if (state.kind === 'ready' && !wasReady) this.#failure = undefined;
    if (wasLoading) this.#show();
    else this.#showSoon();
  }

  /** Nothing is shown from here on. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #watch(): void {
    if (this.#closed) return;
    const now = this.clock();
    this.#samples = [{ at: now, ended: this.#ended }];
    this.#quietLooks = 0;
    this.#reasonSince = now;
    this.#timer = setInterval(this.#look, LOOK_MS);
    this.#timer.unref();
  }

  readonly #look = (): void => {
    const now = this.clock();
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#samples = [...this.#samples.slice(-AVERAGED), { at: now, ended: this.#ended }];
    if (this.#ended === last.ended) {
      this.#quietLooks += 1;
    } else {
      this.#quietLooks = 0;
      this.#since = now;
      const from = this.#samples[0] ?? first;
      const ended = this.#ended - from.ended;
      // once there is one it stays until the node rests, or a slow flow's would come and go
      if (this.#rate !== undefined || ended >= FEWEST_FOR_RATE) this.#rate = (ended * 1000) / (now - from.at);
    }
    if (this.#pending === 0 && this.#quietLooks >= REST_AFTER) this.#rest();
    this.#show();
  };

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#rate = undefined;
  }

  /** At once, or with the next look where something was published a moment ago. */
  #showSoon(): void {
    if (this.clock() - this.#publishedAt >= LOOK_MS) this.#show();
    else if (this.#timer === undefined) this.#watch();
  }

  #show(): void {
    if (this.#closed) return;
    const status = toNodeStatus({
      state: this.#state,
      failure: this.#failure,
      errors: this.#errors,
      isCountsTurn: this.#isCountsTurn(),
      rate: this.#rate,
      busy: this.#busy(),
    });
    const text = JSON.stringify(status);
    if (text === this.#published) return;
    this.#published = text;
    this.#publishedAt = this.clock();
    this.publish(status);
  }

  /** A node that rests shows the reason and stays silent. */
  #isCountsTurn(): boolean {
    if (this.#timer === undefined) return false;
    return Math.floor((this.clock() - this.#reasonSince + TOLERANCE_MS) / TURN_MS) % 2 === 1;
  }

  #busy(): NodeActivity['busy'] {
    const passed = this.clock() - this.#since + TOLERANCE_MS;
    if (this.#pending === 0 || passed < 1000) return undefined;
    return { seconds: Math.floor(passed / 1000), waiting: Math.max(0, this.#pending - this.concurrency) };
  }
}
