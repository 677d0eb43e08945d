declare namespace __AdaptedExports {
  /** Exported memory */
  export const memory: WebAssembly.Memory;
  /**
   * numbers/add
   * @param a `i32`
   * @param b `i32`
   * @returns `i32`
   */
  export function add(a: number, b: number): number;
  /**
   * numbers/half
   * @param x `f64`
   * @returns `f64`
   */
  export function half(x: number): number;
  /**
   * numbers/double
   * @param x `u64`
   * @returns `u64`
   */
  export function double(x: bigint): bigint;
  /**
   * numbers/positive
   * @param x `f32`
   * @returns `bool`
   */
  export function positive(x: number): boolean;
  /**
   * numbers/checked
   * @param x `i32`
   * @returns `i32`
   */
  export function checked(x: number): number;
}
/** Instantiates the compiled WebAssembly module with the given imports. */
export declare function instantiate(module: WebAssembly.Module, imports: {
  env: unknown,
}): Promise<typeof __AdaptedExports>;
