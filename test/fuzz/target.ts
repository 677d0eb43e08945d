import type { Random } from './random';

/** `accepted`: the case was understood and held every promise; `refused`: it ended in an error of this package. */
export type Outcome = 'accepted' | 'refused';

/** One part of the package that reads what it did not write. */
export interface Target {
  /** Also the folder of its found cases in `corpus/`. */
  readonly name: string;
  /** Its part of all mutations, in comparison with the others. */
  readonly weight: number;
  /** A case made of the seeds; the same numbers make the same case. */
  make(random: Random): Uint8Array;
  /** @throws anything where a promise is broken */
  check(bytes: Uint8Array): Outcome;
}
