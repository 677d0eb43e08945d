import type { Parameter, Result, Signature } from './signature';

/** A signature as people read it: `(string, u32) → bytes`, `(f64?) → ()`, `(i32) → (i32, i32)`. */
export function formatSignature(signature: Signature): string {
  const results = signature.results.map(formatType);
  const [only] = results;
  return `${list(signature.parameters.map(formatType))} → ${results.length === 1 && only !== undefined ? only : list(results)}`;
}

function formatType({ type, optional }: Parameter | Result): string {
  return optional === true ? `${type}?` : type;
}

function list(types: readonly string[]): string {
  return `(${types.join(', ')})`;
}
