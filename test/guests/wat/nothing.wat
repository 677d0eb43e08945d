;; No result.
(module
  (func (export "nothing") (param $x i32)))
