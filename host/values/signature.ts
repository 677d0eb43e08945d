/**
 * Typed signatures as people read them: `(string, u32) -> bytes`. What the binary cannot tell
 * (text or bytes, signed or unsigned) comes from a `.d.ts` beside the module or from the node's
 * `signature` property.
 */
export const VALUE_TYPES = ['i32', 'u32', 'i64', 'u64', 'f32', 'f64', 'bool', 'string', 'bytes', 'json'] as const;

export type ValueType = (typeof VALUE_TYPES)[number];

export interface Parameter {
  readonly name?: string;
  readonly type: ValueType;
  /** True when `undefined` or `null` may be passed, as for Rust's `Option`. */
  readonly optional?: boolean;
  /**
   * True for an i32 or i64 read off the binary, which does not tell signed from unsigned: both ranges are
   * accepted. A signature somebody wrote says which of the two it is, and only that range is.
   */
  readonly eitherSign?: boolean;
}

export interface Result {
  readonly type: ValueType;
  /** True when the function may return nothing, as for Rust's `Option`; the value is then `null`. */
  readonly optional?: boolean;
}

export interface Signature {
  readonly parameters: readonly Parameter[];
  readonly results: readonly Result[];
}

/**
 * What passes between host and adapter. f32, f64, i32 and u32 are numbers, i64 and u64 BigInts, bool a
 * boolean, string a string without lone surrogates, bytes a Uint8Array, json its text (a value nested deeply
 * cannot be posted to another thread), an absent optional `null`. All of it can be posted to a worker.
 */
export type GuestValue = number | bigint | boolean | string | Uint8Array | null;
/** What JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
