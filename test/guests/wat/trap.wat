;; Every common kind of trap.
(module
  (memory (export "memory") 1)
  (func (export "unreachable") unreachable)
  (func (export "div") (param $a i32) (result i32)
    (i32.div_s (local.get $a) (i32.const 0)))
  (func (export "oob") (result i32)
    (i32.load (i32.const 0x7ffffff0))))
