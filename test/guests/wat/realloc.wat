;; The Component Model's allocator in a core module, which insists on how it is asked; and memory that grows with each
;; call, which detaches what the host saw of it before.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.or (i32.or (local.get $old) (local.get $old_size)) (i32.ne (local.get $align) (i32.const 1)))
      (then unreachable))
    (i32.shl (memory.grow (i32.const 1)) (i32.const 16)))
  (func (export "echo") (param $pointer i32) (param $length i32) (result i32 i32)
    (drop (memory.grow (i32.const 1)))
    (local.get $pointer) (local.get $length)))
