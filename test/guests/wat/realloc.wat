;; The Component Model's allocator in a core module, and memory that grows with each call, which detaches what the
;; host saw of it before.
(module
  (memory (export "memory") 1)
  (global $alignment (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (global.set $alignment (local.get $align))
    (i32.shl (memory.grow (i32.const 1)) (i32.const 16)))
  (func (export "alignment") (result i32) (global.get $alignment))
  (func (export "echo") (param $pointer i32) (param $length i32) (result i32 i32)
    (drop (memory.grow (i32.const 1)))
    (local.get $pointer) (local.get $length)))
