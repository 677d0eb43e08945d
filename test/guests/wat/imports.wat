;; Imports that nobody supplies.
(module
  (import "__proto__" "constructor" (func (param i32)))
  (import "env" "now" (func (result f64)))
  (func (export "ok") (result i32) (i32.const 1)))
