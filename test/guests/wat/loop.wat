;; A function that never ends, beside one that does.
(module
  (func (export "spin") (loop $again (br $again)))
  (func (export "ok") (result i32) (i32.const 1)))
