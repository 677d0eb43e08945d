//! Every kind of value that wasm-bindgen passes without JavaScript objects.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[wasm_bindgen]
pub fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

#[wasm_bindgen]
pub fn largest() -> u32 {
    u32::MAX
}

#[wasm_bindgen]
pub fn double(x: u64) -> u64 {
    x.wrapping_mul(2)
}

#[wasm_bindgen]
pub fn invert(flag: bool) -> bool {
    !flag
}

#[wasm_bindgen]
pub fn greet(name: &str) -> String {
    format!("Hello, {name}!")
}

#[wasm_bindgen]
pub fn shout(text: String) -> String {
    text.to_uppercase()
}

#[wasm_bindgen]
pub fn reverse(mut data: Vec<u8>) -> Vec<u8> {
    data.reverse();
    data
}

#[wasm_bindgen]
pub fn checksum(data: &[u8]) -> u32 {
    data.iter().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)))
}

#[wasm_bindgen]
pub fn repeat(text: &str, times: u32) -> String {
    text.repeat(times as usize)
}

#[wasm_bindgen]
pub fn divide(a: f64, b: f64) -> Result<f64, JsValue> {
    if b == 0.0 {
        Err(JsValue::from_str("division by zero"))
    } else {
        Ok(a / b)
    }
}

#[wasm_bindgen]
pub fn parse(text: &str) -> Result<String, String> {
    text.trim().parse::<i32>().map(|number| format!("number {number}")).map_err(|error| error.to_string())
}

#[wasm_bindgen]
pub fn validate(text: &str) -> Result<(), JsError> {
    if text.is_empty() {
        Err(JsError::new("nothing to validate"))
    } else {
        Ok(())
    }
}

#[wasm_bindgen]
pub fn reject(code: i32) -> Result<i32, JsValue> {
    if code < 0 {
        Err(JsValue::from_f64(f64::from(code)))
    } else {
        Ok(code)
    }
}

#[wasm_bindgen]
pub fn half(x: Option<i32>) -> Option<i32> {
    x.filter(|x| x % 2 == 0).map(|x| x / 2)
}

#[wasm_bindgen]
pub fn root(x: Option<f64>) -> Option<f64> {
    x.filter(|x| *x >= 0.0).map(f64::sqrt)
}

#[wasm_bindgen]
pub fn next_id(x: Option<u64>) -> Option<u64> {
    x?.checked_add(1)
}

#[wasm_bindgen]
pub fn first_word(text: Option<String>) -> Option<String> {
    text?.split_whitespace().next().map(str::to_owned)
}

#[wasm_bindgen]
pub fn opposite(flag: Option<bool>) -> Option<bool> {
    flag.map(|flag| !flag)
}

#[wasm_bindgen]
pub fn fail(text: &str) {
    panic!("{text}");
}

#[wasm_bindgen]
pub fn throw(text: &str) {
    wasm_bindgen::throw_str(text);
}
