// asc --runtime stub --optimizeLevel 3 --shrinkLevel 2
export function add(a: i32, b: i32): i32 {
  return a + b;
}

export function half(x: f64): f64 {
  return x / 2;
}

export function double(x: u64): u64 {
  return x * 2;
}

export function positive(x: f32): bool {
  return x > 0;
}

// Aborts with a message, the file and the place.
export function checked(x: i32): i32 {
  if (x < 0) throw new Error('negative: not today');
  return x;
}
