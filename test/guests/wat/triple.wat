;; A pure function over a float.
(module
  (func (export "triple") (param $x f64) (result f64)
    (f64.mul (local.get $x) (f64.const 3))))
