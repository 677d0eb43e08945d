;; Instantiation itself never ends.
(module
  (func $forever (loop $again (br $again)))
  (func (export "ok") (result i32) (i32.const 1))
  (start $forever))
