// asc --exportRuntime --runtime minimal --optimizeLevel 3 --shrinkLevel 2
export function greet(name: string): string {
  return 'Hello, ' + name + '!';
}

export function square(x: f64): f64 {
  return x * x;
}

export function next(x: i32): i32 {
  return x + 1;
}
