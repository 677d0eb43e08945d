;; Two results.
(module
  (func (export "swap") (param $a i32) (param $b i32) (result i32 i32)
    (local.get $b) (local.get $a)))
