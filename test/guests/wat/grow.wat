;; Takes all the memory it can get and touches every page of it; answers the number of pages.
(module
  (memory (export "memory") 1)
  (func (export "grow") (result i32)
    (local $page i32)
    (block $full
      (loop $more
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (br $more)))
    (loop $touch
      (i32.store (i32.shl (local.get $page) (i32.const 16)) (i32.const 1))
      (local.set $page (i32.add (local.get $page) (i32.const 1)))
      (br_if $touch (i32.lt_u (local.get $page) (memory.size))))
    (memory.size))
  ;; As programs do that need the memory: traps when it is refused.
  (func (export "exhaust")
    (loop $more
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
      (br $more))))
