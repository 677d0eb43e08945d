;; Names that JavaScript objects have already.
(module
  (func (export "__proto__") (param f64) (result f64) (local.get 0))
  (func (export "constructor") (param f64) (result f64) (local.get 0))
  (func (export "toString") (result f64) (f64.const 1)))
