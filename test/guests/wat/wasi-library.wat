;; A library that needs WASI.
(module
  (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
  (func (export "_initialize"))
  (func (export "ok") (result i32) (i32.const 1)))
