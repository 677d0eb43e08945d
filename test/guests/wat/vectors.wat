;; Types that no message carries, beside one that it does.
(module
  (func (export "ok") (param i64 f32) (result f32) (local.get 1))
  (func (export "reference") (param externref)))
