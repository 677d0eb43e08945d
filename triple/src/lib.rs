use wasm_bindgen::prelude::*;

/// Three times the number.
#[wasm_bindgen]
pub fn triple(x: f64) -> f64 {
    x * 3.0
}
