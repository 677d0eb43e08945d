;; Work whose length the caller chooses: n rounds of a linear congruential generator.
(module
  (func (export "work") (param $n i32) (result i32)
    (local $x i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $x)))
